"""CLIENT PAUSE and UNPAUSE, asked of a redis-server 7.0.15: who waits, in which order they go on, and what is told."""

import pytest

from kvik.embedded import Database
from kvik.engine import Engine
from kvik.replies import OK, QUEUED, Wait
from tests.engines import Caller


class Guest(Caller):
    """A second session, and what it was answered late."""

    def __init__(self, beside: Caller) -> None:
        super().__init__(beside=beside)

    def waits(self, line: str) -> bool:
        return isinstance(self(*line.split()), Wait)


@pytest.fixture
def guest(caller: Caller) -> Guest:
    return Guest(caller)


def pass_time(caller: Caller, milliseconds: int) -> None:
    """Let time pass, and the deadlines of those who wait, as a server's timer does."""
    caller.clock.advance(milliseconds)
    for session in list(caller.engine.sessions.values()):
        wait = session.wait
        if wait is not None and 0 < wait.deadline <= caller.clock.now:
            caller.engine.give_up_waiting(session)


@pytest.mark.parametrize("line", ["GET k", "PING", "EXISTS k", "WATCH k", "SUBSCRIBE c", "MULTI"])
def test_a_pause_of_writes_lets_others_through(caller: Caller, guest: Guest, line: str) -> None:
    assert caller("CLIENT", "PAUSE", "300", "WRITE") == OK
    assert not guest.waits(line)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("SET k v", b"OK"),
        ("PUBLISH c x", 0),
        ("PFCOUNT k", 0),
        ("SORT k", []),
        ("FLUSHALL", b"OK"),
        ("EXPIRE k 1", 0),
        ("HEXPIRE k 1 FIELDS 1 f", [-2]),
    ],
)
def test_what_may_write_waits_until_the_pause_is_over(caller: Caller, guest: Guest, line: str, answer: object) -> None:
    caller("CLIENT", "PAUSE", "300", "write")
    assert guest.waits(line)
    pass_time(caller, 299)
    assert guest.late() == []
    pass_time(caller, 1)
    assert guest.late() == [answer]


@pytest.mark.parametrize("words", [("300",), ("300", "ALL"), ("300", "all")])
def test_a_pause_of_all_holds_everybody_up(caller: Caller, guest: Guest, words: tuple[str, ...]) -> None:
    caller("CLIENT", "PAUSE", *words)
    assert guest.waits("PING") and Guest(caller).waits("CLIENT UNPAUSE")
    assert caller.error("NOSUCH") == "ERR unknown command 'NOSUCH', with args beginning with: "
    pass_time(caller, 300)
    assert guest.late() == [b"PONG"]


def test_what_is_wrong_is_told_at_once(caller: Caller, guest: Guest) -> None:
    caller("CLIENT", "PAUSE", "300", "WRITE")
    assert guest.error("SET", "a") == "ERR wrong number of arguments for 'set' command"


def test_unpause_lets_them_go_on_in_the_order_they_came(caller: Caller) -> None:
    guests = [Guest(caller) for _ in range(5)]
    caller("CLIENT", "PAUSE", "300", "WRITE")
    for number in (3, 1, 4, 0, 2):
        assert guests[number].waits(f"RPUSH l {number}")
    assert caller("CLIENT", "UNPAUSE") == OK
    assert [guest.late() for guest in guests] == [[4], [2], [5], [1], [3]]
    assert caller.plain("LRANGE", "l", "0", "-1") == [b"3", b"1", b"4", b"0", b"2"]
    assert caller.journal.words() == [[b"RPUSH", b"l", b"%d" % number] for number in (3, 1, 4, 0, 2)]
    assert caller("CLIENT", "UNPAUSE") == OK, "also without a pause"


def test_the_order_holds_when_the_time_is_over_too(caller: Caller) -> None:
    guests = [Guest(caller) for _ in range(3)]
    caller("CLIENT", "PAUSE", "300", "WRITE")
    for number in (2, 0, 1):
        guests[number].waits(f"RPUSH l {number}")
    caller.clock.advance(300)
    assert caller("RPUSH", "l", "late") == 4
    assert caller.plain("LRANGE", "l", "0", "-1") == [b"2", b"0", b"1", b"late"]


def test_the_later_end_and_the_stricter_kind_count(caller: Caller, guest: Guest) -> None:
    caller("CLIENT", "PAUSE", "500", "WRITE")
    caller("CLIENT", "PAUSE", "100", "WRITE")
    caller("CLIENT", "PAUSE", "0", "WRITE")
    assert guest.waits("SET a 1")
    pass_time(caller, 499)
    assert guest.late() == []
    caller("CLIENT", "PAUSE", "400", "ALL")
    pass_time(caller, 1)
    assert guest.late() == [], "a pause was put behind the pause"
    assert Guest(caller).waits("PING")
    pass_time(caller, 399)
    assert guest.late() == [b"OK"]
    caller("CLIENT", "PAUSE", "100", "WRITE")
    assert caller("PING") is not None and guest.waits("SET a 2"), "a new pause has its own kind"


def test_a_transaction_that_writes_waits_whole(caller: Caller, guest: Guest) -> None:
    other = Guest(caller)
    guest("MULTI")
    other("MULTI")
    assert guest("SET", "a", "1") == other("GET", "a") == QUEUED
    caller("CLIENT", "PAUSE", "300", "WRITE")
    assert other("EXEC") == [None]
    assert guest.waits("EXEC")
    third = Guest(caller)
    third("MULTI")
    assert third.waits("SET a 2"), "as in Redis, it is not even queued"
    pass_time(caller, 300)
    assert guest.late() == [[b"OK"]] and third.late() == [b"QUEUED"]
    assert third.plain("EXEC") == [b"OK"]


def test_who_blocks_after_the_pause_waits_on_for_its_key(caller: Caller, guest: Guest) -> None:
    caller("CLIENT", "PAUSE", "300", "WRITE")
    assert guest.waits("BLPOP q 1")
    caller("CLIENT", "UNPAUSE")
    assert guest.late() == []
    caller("RPUSH", "q", "v")
    assert guest.late() == [[b"q", b"v"]]


def test_who_waits_for_a_pause_is_not_unblocked_and_may_leave(caller: Caller, guest: Guest) -> None:
    caller("CLIENT", "PAUSE", "300", "WRITE")
    guest.waits("SET a 1")
    assert caller("CLIENT", "UNBLOCK", guest.session.id) == 0
    assert f"id={guest.session.id} " in caller("CLIENT", "LIST").text.decode()  # type: ignore[union-attr]
    caller.engine.close_session(guest.session)
    pass_time(caller, 300)
    assert guest.late() == [] and caller("EXISTS", "a") == 0


def test_nothing_is_evicted_in_a_pause(caller: Caller) -> None:
    for number in range(50):
        caller("SET", number, "x" * 1000)
    caller("CLIENT", "PAUSE", "300", "WRITE")
    engine: Engine = caller.engine
    engine.settings.maxmemory_policy, engine.settings.maxmemory = "allkeys-lru", 20_000
    engine.limit_data()
    assert not engine.make_room() and caller("DBSIZE") == 50
    caller.clock.advance(300)
    for _ in range(20):
        engine.make_room()
    assert caller.plain("DBSIZE") < 30  # type: ignore[operator]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("CLIENT PAUSE", "ERR wrong number of arguments for 'client|pause' command"),
        ("CLIENT PAUSE x", "ERR timeout is not an integer or out of range"),
        ("CLIENT PAUSE 1.5", "ERR timeout is not an integer or out of range"),
        ("CLIENT PAUSE -1", "ERR timeout is negative"),
        ("CLIENT PAUSE 10 foo", "ERR CLIENT PAUSE mode must be WRITE or ALL"),
        (
            "CLIENT PAUSE 10 all x",
            "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
        ),
        ("CLIENT UNPAUSE x", "ERR wrong number of arguments for 'client|unpause' command"),
        ("CLIENT UNBLOCK", "ERR wrong number of arguments for 'client|unblock' command"),
        ("CLIENT UNBLOCK x", "ERR value is not an integer or out of range"),
        ("CLIENT UNBLOCK x foo", "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
        (
            "CLIENT UNBLOCK 99 timeout x",
            "ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.",
        ),
    ],
)
def test_what_is_wrong_is_told_as_redis_does(caller: Caller, line: str, error: str) -> None:
    assert caller.error(*line.split()) == error


def test_the_longest_pause_has_an_end(caller: Caller, guest: Guest) -> None:
    assert caller("CLIENT", "PAUSE", (1 << 63) - 1, "WRITE") == OK
    assert guest.waits("SET a 1")
    caller("CLIENT", "UNPAUSE")
    assert guest.late() == [b"OK"]


def test_who_waited_is_answered_as_if_it_came_now(caller: Caller, guest: Guest) -> None:
    guest.session.protocol = 3
    caller("CLIENT", "PAUSE", "300", "ALL")
    assert guest.waits("SELECT 3")
    pass_time(caller, 300)
    assert guest.late() == [b"OK"] and guest.session.keys.number == 3
    assert caller.engine.statistics.commands_processed == 2


def test_an_embedded_database_pauses_too() -> None:
    from kvik import open as open_database

    with open_database() as database:
        assert isinstance(database, Database)
        database.execute("CLIENT", "PAUSE", "60", "WRITE")
        assert database.execute("GET", "a") is None
        assert database.execute("SET", "a", "1") == b"OK"
        database.execute("CLIENT", "PAUSE", "40", "WRITE")
        assert database.execute("BLPOP", "q", "0.01") is None
