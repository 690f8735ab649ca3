"""DUMP and RESTORE as commands: times to live, the journal, what is forgotten. Payloads have tests of their own."""

import pytest

from kvik.rdb.listpack import listpack_of
from tests.commands.redis_declarations import declared_as_in_redis
from tests.engines import Caller
from tests.rdb.values import signed
from tests.reference import ReferenceServer


@pytest.mark.parametrize("name", ["DUMP", "RESTORE"])
def test_dump_and_restore_are_declared_as_in_redis(caller: Caller, reference: ReferenceServer, name: str) -> None:
    declared_as_in_redis(caller, reference, name)


def payload(caller: Caller) -> bytes:
    """Return what DUMP gives of a list."""
    caller("RPUSH", "source", "a", "b")
    reply = caller.plain("DUMP", "source")
    caller("DEL", "source")
    assert isinstance(reply, bytes)
    return reply


def test_a_time_to_live_is_journalled_as_a_moment(caller: Caller) -> None:
    data = payload(caller)
    now = caller.clock.now
    assert caller.recorded("RESTORE", "k", "5000", data) == [[b"RESTORE", b"k", b"%d" % (now + 5000), data, b"ABSTTL"]]
    assert caller.plain("PEXPIRETIME", "k") == now + 5000
    assert caller.recorded("RESTORE", "k", "0", data, "REPLACE", "IDLETIME", "5") == [
        [b"RESTORE", b"k", b"0", data, b"ABSTTL", b"REPLACE"]
    ]
    assert caller.plain("TTL", "k") == -1
    assert caller.replayed().content() == caller.content()


def test_what_redis_7_0_does_not_take_is_journalled_as_commands(caller: Caller) -> None:
    newer = signed(b"\x01\x02\x01a\x01b", 11)
    assert caller.recorded("RESTORE", "k", "0", newer) == [[b"RPUSH", b"k", b"a", b"b"]]
    assert caller.recorded("RESTORE", "k", "9999999999999", newer, "ABSTTL", "REPLACE") == [
        [b"DEL", b"k"],
        [b"RPUSH", b"k", b"a", b"b"],
        [b"PEXPIREAT", b"k", b"9999999999999"],
    ]
    assert caller.replayed().content() == caller.content()


def test_the_deadlines_of_fields_are_dumped_and_restored(caller: Caller) -> None:
    caller("HSET", "h", "a", "1", "b", "2", "c", "3")
    caller("HPEXPIREAT", "h", "4102444800000", "FIELDS", "1", "a")
    caller("HPEXPIREAT", "h", "4102444800500", "FIELDS", "1", "b")
    data = caller.plain("DUMP", "h")
    assert isinstance(data, bytes)
    caller("RESTORE", "k", "0", data)
    fields = ["FIELDS", "3", "a", "b", "c"]
    assert caller.plain("HPEXPIRETIME", "k", *fields) == [4102444800000, 4102444800500, -1]
    assert caller.plain("HGETALL", "k") == caller.plain("HGETALL", "h")
    assert caller.replayed().content() == caller.content()
    assert b"RESTORE" not in [words[0] for words in caller.journal.words()], "Redis 7.0 takes no such payload"


def test_deadlines_of_fields_in_a_listpack_are_read(caller: Caller) -> None:
    moment = 4_102_444_800_000
    items = listpack_of([b"a", b"1", b"%d" % moment, b"b", b"2", b"0"])
    data = bytes([25]) + moment.to_bytes(8, "little") + bytes([len(items)]) + items
    assert caller.plain("RESTORE", "k", "0", signed(data, 12)) == b"OK"
    assert caller.plain("HPEXPIRETIME", "k", "FIELDS", "2", "a", "b") == [moment, -1]
    caller.clock.now = moment
    assert caller.plain("HGETALL", "k") == [b"b", b"2"]


def test_a_moment_that_has_passed_makes_no_key_and_removes_the_one_there_was(caller: Caller) -> None:
    data = payload(caller)
    assert caller.recorded("RESTORE", "k", "1", data, "ABSTTL") == []
    caller("SET", "k", "v")
    assert caller.recorded("RESTORE", "k", "1", data, "ABSTTL", "REPLACE") == [[b"DEL", b"k"]]
    assert caller.plain("EXISTS", "k") == 0


def test_a_key_that_is_watched_is_changed_by_restore(caller: Caller) -> None:
    data = payload(caller)
    other = caller.another()
    for options in ([], ["REPLACE"]):
        other("WATCH", "k")
        other("MULTI")
        caller("RESTORE", "k", "0", data, *options)
        assert other.plain("EXEC") is None


def test_who_waits_for_a_list_gets_what_is_restored(caller: Caller) -> None:
    data = payload(caller)
    other = caller.another()
    other("BLPOP", "k", "0")
    caller("RESTORE", "k", "0", data)
    assert [reply for _, reply in other.outlet.delivered] == [[b"k", b"a"]]


def test_a_value_that_is_restored_is_weighed(caller: Caller) -> None:
    caller("SET", "big", b"x" * 100_000)
    data = caller.plain("DUMP", "big")
    caller("CONFIG", "SET", "maxmemory", "150000")
    assert isinstance(data, bytes)
    caller("RESTORE", "k", "0", data)
    assert caller.error("RESTORE", "other", "0", data).startswith("OOM")


def test_a_damaged_payload_leaves_what_there_is(caller: Caller) -> None:
    data = payload(caller)
    caller("SET", "k", "v")
    caller.error("RESTORE", "k", "0", data[:-1], "REPLACE")
    assert caller.plain("GET", "k") == b"v"
