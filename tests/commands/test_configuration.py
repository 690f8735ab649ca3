"""CONFIG: reading and changing settings while the server runs."""

import pytest

from kvik.replies import OK
from kvik.services import House
from kvik.settings import SETTINGS, Settings
from tests.engines import Caller


def test_benchmarks_may_ask_for_save_and_appendonly(caller: Caller) -> None:
    assert caller.plain("CONFIG", "GET", "save") == [b"save", b""]
    assert caller.plain("CONFIG", "GET", "appendonly") == [b"appendonly", b"no"]


def test_several_patterns_answer_each_setting_once(caller: Caller) -> None:
    assert caller.plain("CONFIG", "GET", "TIMEO*", "timeout", "max[c]lients", "nope") == [
        b"maxclients",
        b"10000",
        b"timeout",
        b"0",
    ]


def test_every_setting_can_be_read(caller: Caller) -> None:
    reply = caller.plain("CONFIG", "GET", "*")
    assert isinstance(reply, list)
    assert {name.encode() for name in SETTINGS} <= set(reply[::2])
    assert len(set(reply[::2])) == len(reply) // 2


def test_values_are_written_as_redis_writes_them(caller: Caller) -> None:
    assert caller.plain("CONFIG", "GET", "protected-mode") == [b"protected-mode", b"yes"]
    assert caller.plain("CONFIG", "GET", "proto-max-bulk-len") == [b"proto-max-bulk-len", b"536870912"]
    assert caller.plain("CONFIG", "GET", "unixsocketperm") == [b"unixsocketperm", b"700"]


def test_several_settings_change_together(caller: Caller) -> None:
    assert caller("CONFIG", "SET", "MaxClients", "5", "proto-max-bulk-len", "2mb", "protected-mode", "no") is OK
    settings = caller.engine.settings
    assert (settings.maxclients, settings.proto_max_bulk_len, settings.protected_mode) == (5, 2_097_152, False)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["a", "b"], "ERR Unknown option or number of arguments for CONFIG SET - 'a'"),
        (["timeout", "5", "Nope", "1"], "ERR Unknown option or number of arguments for CONFIG SET - 'Nope'"),
        (["timeout", "5", "maxclients"], "ERR syntax error"),
    ],
)
def test_what_is_unknown_changes_nothing(caller: Caller, words: list[str], error: str) -> None:
    assert caller.error("CONFIG", "SET", *words) == error
    assert caller.engine.settings == Settings()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("maxclients", "x", "argument couldn't be parsed into an integer"),
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("timeout", " 5", "argument couldn't be parsed into an integer"),
        ("databases", "3", "can't set immutable config"),
        ("logfile", "/etc/passwd", "can't set immutable config"),
        ("loglevel", "foo", "argument(s) must be one of the following: debug, verbose, notice, warning"),
        ("protected-mode", "maybe", "argument must be 'yes' or 'no'"),
        ("proto-max-bulk-len", "foo", "argument must be a memory value"),
        ("appendonly", "yes", "can't set immutable config"),
        ("client-output-buffer-limit", "a", "Wrong number of arguments in buffer limit configuration."),
    ],
)
def test_one_wrong_value_changes_nothing_at_all(caller: Caller, name: str, value: str, reason: str) -> None:
    error = f"ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"
    assert caller.error("CONFIG", "SET", "tcp-keepalive", "9", name, value) == error
    assert caller.engine.settings == Settings()


def test_a_setting_named_twice_is_refused(caller: Caller) -> None:
    error = "ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter"
    assert caller.error("CONFIG", "SET", "timeout", "1", "TIMEOUT", "2") == error


def test_what_is_fixed_may_be_set_to_what_it_is(caller: Caller) -> None:
    assert caller("CONFIG", "SET", "save", "") is OK
    assert caller("CONFIG", "SET", "appendonly", "no") is OK


class Told(House):
    """A house that remembers which settings it was told about."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def apply(self, name: str) -> None:
        self.names.append(name)


def test_the_house_is_told_what_changed_after_all_of_it_has() -> None:
    house = Told()
    caller = Caller(house=house)
    caller.error("CONFIG", "SET", "timeout", "1", "maxclients", "x")
    assert house.names == []
    caller("CONFIG", "SET", "timeout", "1", "maxclients", "2")
    assert house.names == ["timeout", "maxclients"]


def test_resetstat_begins_to_count_anew(caller: Caller) -> None:
    caller("GET", "missing")
    caller("NONSENSE")
    assert caller("CONFIG", "RESETSTAT") is OK
    assert caller.session.keys.misses == 0
    assert caller.engine.statistics.errors_by_code == {}
    assert sum(usage.calls for usage in caller.engine.usage()) == 0


def test_the_settings_file_is_never_written(caller: Caller) -> None:
    assert caller.error("CONFIG", "REWRITE").startswith("ERR CONFIG REWRITE is refused")


def test_changes_of_settings_are_no_data(caller: Caller) -> None:
    assert caller.recorded("CONFIG", "SET", "timeout", "5") == []
