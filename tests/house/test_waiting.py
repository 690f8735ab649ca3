"""Waiting is a value: a command that blocks answers Wait, and TAKE (in taking.py) shows what the house does then."""

import pytest

from kvik.dialects.resp import RespDialect
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.replies import Reply, Wait
from tests.engines import Caller
from tests.house.taking import FAMILIES


class Carried(Carrier):
    """Remembers when its connection wanted to be woken."""

    def __init__(self) -> None:
        self.deadlines: list[int] = []

    def wait_until(self, deadline: int) -> None:
        self.deadlines.append(deadline)


class Line:
    """A RESP connection without a network."""

    def __init__(self, caller: Caller) -> None:
        self.carrier = Carried()
        self.connection = Connection(caller.engine, RespDialect(), self.carrier)

    def say(self, line: str) -> bytes:
        self.connection.receive(line.encode() + b"\r\n")
        return self.hear()

    def hear(self) -> bytes:
        self.connection.go_on()
        return self.connection.take_output()


@pytest.fixture
def call() -> Caller:
    return Caller(FAMILIES)


@pytest.fixture
def lines(call: Caller) -> list[Line]:
    return [Line(call) for _ in range(3)]


def late(caller: Caller) -> list[Reply]:
    """Return the answers that came after the request."""
    return [reply for _, reply in caller.outlet.delivered]


def test_what_is_there_is_taken_without_waiting(call: Caller) -> None:
    call("SET", "k", "v")
    assert call("TAKE", "k", 0) == b"v"
    assert call("EXISTS", "k") == 0


def test_who_waits_gets_what_another_sets(call: Caller) -> None:
    waiting = call.another()
    assert isinstance(waiting("TAKE", "k", 0), Wait)
    call("SET", "other", "x")
    assert late(waiting) == []
    call("SET", "k", "v")
    assert late(waiting) == [b"v"]
    assert call("EXISTS", "k") == 0


def test_the_first_who_came_is_the_first_who_is_served(call: Caller) -> None:
    one, two, three = [call.another() for _ in range(3)]
    for waiting in (one, two, three):
        waiting("TAKE", "k", 0)
    call("SET", "k", "first")
    assert (late(one), late(two), late(three)) == ([b"first"], [], [])
    call("SET", "k", "second")
    call("SET", "k", "third")
    assert (late(one), late(two), late(three)) == ([b"first"], [b"second"], [b"third"])


def test_who_was_served_waits_no_longer(call: Caller) -> None:
    waiting = call.another()
    waiting("TAKE", "k", 0)
    call("SET", "k", "one")
    call("SET", "k", "two")
    assert late(waiting) == [b"one"]
    assert call("GET", "k") == b"two"


def test_the_journal_is_told_what_happened_and_in_what_order(call: Caller) -> None:
    call.another()("TAKE", "k", 0)
    call("SET", "k", "v")
    assert call.journal.words() == [[b"SET", b"k", b"v"], [b"DEL", b"k"]]
    assert call.replayed().content() == call.content()


def test_inside_a_transaction_nobody_waits(call: Caller) -> None:
    call("MULTI")
    call("TAKE", "k", 0)
    call("SET", "k", "v")
    call("TAKE", "k", 0)
    assert call("EXEC")[::2] == [None, b"v"]


def test_a_waiter_is_served_after_the_whole_transaction(call: Caller) -> None:
    waiting = call.another()
    waiting("TAKE", "k", 0)
    call("MULTI")
    call("SET", "k", "first")
    call("SET", "k", "second")
    call("GET", "k")
    assert call("EXEC")[2] == b"second"
    assert late(waiting) == [b"second"]


def test_a_transaction_that_takes_away_again_leaves_the_waiter_waiting(call: Caller) -> None:
    waiting = call.another()
    waiting("TAKE", "k", 0)
    call("MULTI")
    call("SET", "k", "v")
    call("DEL", "k")
    call("EXEC")
    assert late(waiting) == []
    call("SET", "k", "w")
    assert late(waiting) == [b"w"]


def test_a_waiter_that_died_is_passed_over(call: Caller) -> None:
    dying, waiting = call.another(), call.another()
    dying("TAKE", "k", 0)
    waiting("TAKE", "k", 0)
    call.engine.close_session(dying.session)
    call("SET", "k", "v")
    assert (late(dying), late(waiting)) == ([], [b"v"])


def test_a_key_that_comes_by_another_way_serves_the_waiter(call: Caller) -> None:
    for number, words in enumerate((["RENAME", "x", "k"], ["COPY", "x", "k"], ["APPEND", "k", "v"], ["INCR", "k"])):
        waiting = call.another()
        waiting("TAKE", "k", 0)
        call("SET", "x", "v")
        call(*words)
        assert late(waiting) == [[b"v", b"v", b"v", b"1"][number]], words


def test_a_database_that_is_swapped_in_serves_the_waiter(call: Caller) -> None:
    waiting = call.another()
    waiting("TAKE", "k", 0)
    call("SELECT", 1)
    call("SET", "k", "v")
    call("SWAPDB", 0, 1)
    assert late(waiting) == [b"v"]


def test_waiters_of_another_database_are_not_served(call: Caller) -> None:
    waiting = call.another()
    waiting("SELECT", 1)
    waiting("TAKE", "k", 0)
    call("SET", "k", "v")
    assert late(waiting) == []


# On a connection


def test_a_connection_that_waits_is_silent_and_then_answered(call: Caller, lines: list[Line]) -> None:
    one, other, _ = lines
    assert one.say("TAKE k 0") == b""
    assert other.say("SET k v") == b"+OK\r\n"
    assert one.hear() == b"$1\r\nv\r\n"


def test_requests_behind_one_that_waits_are_answered_after_it(call: Caller, lines: list[Line]) -> None:
    one, other, _ = lines
    assert one.say("TAKE k 0\r\nPING") == b""
    assert one.say("ECHO x") == b""
    other.say("SET k v")
    assert one.hear() == b"$1\r\nv\r\n+PONG\r\n$1\r\nx\r\n"


def test_the_deadline_answers_null(call: Caller, lines: list[Line]) -> None:
    one, other, _ = lines
    assert one.say("TAKE k 100") == b""
    deadline = call.clock.now + 100
    assert one.carrier.deadlines == [deadline]
    call.clock.advance(100)
    one.connection.give_up_waiting(deadline)
    assert one.hear() == b"$-1\r\n"
    other.say("SET k v")
    assert (one.hear(), other.say("GET k")) == (b"", b"$1\r\nv\r\n")


def test_a_deadline_that_is_late_harms_no_later_wait(call: Caller, lines: list[Line]) -> None:
    one, other, _ = lines
    one.say("TAKE k 100")
    deadline = one.carrier.deadlines[0]
    other.say("SET k v")
    assert one.hear() == b"$1\r\nv\r\n"
    one.say("TAKE k 0")
    one.connection.give_up_waiting(deadline)
    assert one.hear() == b""


def test_connections_are_served_in_the_order_they_came(call: Caller, lines: list[Line]) -> None:
    one, two, three = lines
    one.say("TAKE k 0")
    two.say("TAKE k 0")
    assert three.say("SET k 1\r\nSET k 2") == b"+OK\r\n+OK\r\n"
    assert (one.hear(), two.hear()) == (b"$1\r\n1\r\n", b"$1\r\n2\r\n")


def test_a_connection_that_dies_waiting_leaves_nothing_behind(call: Caller, lines: list[Line]) -> None:
    one, two, three = lines
    one.say("TAKE k 0")
    two.say("TAKE k 0")
    one.connection.hang_up()
    three.say("SET k v")
    assert (one.hear(), two.hear()) == (b"", b"$1\r\nv\r\n")
