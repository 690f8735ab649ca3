"""Commands that wait for entries of a stream: who is served, when, with what, and what the journal is told."""

import threading

import pytest

from kvik.replies import Map, Wait
from tests.engines import Caller
from tests.patience import wait_until_blocked
from tests.servers import RedisServer

GONE = "UNBLOCKED the stream key no longer exists"
NO_GROUP = "NOGROUP the consumer group this client was blocked on no longer exists"
ALONE = "XREAD BLOCK 0 STREAMS s $"
IN_GROUP = "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"


def row(number: int) -> list[object]:
    return [b"%d-1" % number, [b"n", b"%d" % number]]


@pytest.fixture
def call(caller: Caller) -> Caller:
    """An engine with a stream of one entry, which the group `g` has read."""
    caller("XADD", "s", "1-1", "n", 1)
    caller("XGROUP", "CREATE", "s", "g", "$")
    return caller


def test_the_end_of_a_stream_is_where_it_was_when_the_wait_began(call: Caller) -> None:
    first = call.waiting(ALONE)
    call("MULTI")
    call("XADD", "s", "2-1", "n", 2)
    call("XADD", "s", "3-1", "n", 3)
    call("EXEC")
    assert first.late() == [[[b"s", [row(2), row(3)]]]]
    assert call.waiting(ALONE).late() == []


def test_who_waits_for_a_later_entry_goes_on_waiting(call: Caller) -> None:
    other = call.waiting("XREAD BLOCK 0 STREAMS s 2-1")
    call("XADD", "s", "2-1", "n", 2)
    assert other.late() == []
    call("XADD", "s", "3-1", "n", 3)
    assert other.late() == [[[b"s", [row(3)]]]]


def test_of_several_streams_the_one_that_changed_is_answered(call: Caller) -> None:
    other = call.waiting("XREAD COUNT 1 BLOCK 0 STREAMS t s u v $ $ 0 9")
    call("XADD", "u", "5-1", "n", 5)
    assert other.late() == [[[b"u", [row(5)]]]]


def test_everybody_who_reads_alone_is_served(call: Caller) -> None:
    others = [call.waiting(ALONE) for _ in range(3)]
    call("XADD", "s", "2-1", "n", 2)
    assert [other.late() for other in others] == [[[[b"s", [row(2)]]]]] * 3


def test_of_a_group_only_who_came_first_is_served(call: Caller) -> None:
    others = [call.waiting(IN_GROUP) for _ in range(2)]
    assert call.recorded("XADD", "s", "2-1", "n", 2) == [
        b"XADD s 2-1 n 2".split(),
        b"XGROUP CREATECONSUMER s g c".split(),
        (b"XCLAIM s g c 0 2-1 TIME %d RETRYCOUNT 1 FORCE JUSTID" % call.clock.now).split(),
        b"XGROUP SETID s g 2-1 ENTRIESREAD 2".split(),
    ]
    assert [other.late() for other in others] == [[[[b"s", [row(2)]]]], []]
    call("XADD", "s", "3-1", "n", 3)
    assert others[1].late() == [[[b"s", [row(3)]]]]
    assert call.plain("XPENDING", "s", "g") == [2, b"2-1", b"3-1", [[b"c", b"2"]]]
    assert call.replayed().content() == call.content()


def test_who_has_gone_is_given_nothing(call: Caller) -> None:
    others = [call.waiting(IN_GROUP) for _ in range(2)]
    call.engine.close_session(others[0].session)
    call("XADD", "s", "2-1", "n", 2)
    assert [other.late() for other in others] == [[], [[[b"s", [row(2)]]]]]
    assert call.plain("XPENDING", "s", "g") == [1, b"2-1", b"2-1", [[b"c", b"1"]]]


@pytest.mark.parametrize("line", [ALONE, IN_GROUP])
def test_a_wait_ends_with_nothing_when_its_time_is_over(call: Caller, line: str) -> None:
    other = call.waiting(line.replace("BLOCK 0", "BLOCK 100"))
    assert other.session.wait is not None and other.session.wait.deadline == call.clock.now + 100
    call.engine.give_up_waiting(other.session)
    call("XADD", "s", "2-1", "n", 2)
    assert other.late() == [None]


def test_who_waits_is_not_woken_when_others_acknowledge(call: Caller) -> None:
    call("XADD", "s", "2-1", "n", 2)
    call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
    other = call.waiting(IN_GROUP)
    call("XACK", "s", "g", "2-1")
    call("XGROUP", "SETID", "s", "g", "0")
    call("XGROUP", "DESTROY", "s", "x")
    assert other.late() == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("DEL s", GONE),
        ("UNLINK s", GONE),
        ("SET s 1", GONE),
        ("RENAME s t", GONE),
        ("MOVE s 1", GONE),
        ("FLUSHALL", GONE),
        ("SWAPDB 0 1", GONE),
        ("PEXPIREAT s 1", GONE),
        ("XGROUP DESTROY s g", NO_GROUP),
    ],
)
def test_who_reads_in_a_group_hears_that_it_has_gone(call: Caller, line: str, error: str) -> None:
    in_group, alone = call.waiting(IN_GROUP), call.waiting(ALONE)
    call(*line.split())
    assert in_group.late() == [error]
    assert alone.late() == []


def test_a_stream_that_dies_is_gone_too(call: Caller) -> None:
    other = call.waiting(IN_GROUP)
    call("PEXPIRE", "s", 100)
    call.clock.advance(100)
    call("EXISTS", "s")
    assert other.late() == [GONE]


def test_a_stream_without_the_group_in_its_place_is_no_group(call: Caller) -> None:
    other = call.waiting(IN_GROUP)
    call("MULTI")
    call("DEL", "s")
    call("XADD", "s", "9-1", "n", 9)
    call("EXEC")
    assert other.late() == [NO_GROUP]


def test_inside_a_transaction_nobody_waits(call: Caller) -> None:
    call("MULTI")
    call(*ALONE.split())
    call(*IN_GROUP.split())
    assert call.plain("EXEC") == [None, None]


def test_the_answer_is_a_map_in_resp3(call: Caller) -> None:
    other = call.another()
    other("HELLO", 3)
    assert isinstance(other(*ALONE.split()), Wait)
    call("XADD", "s", "2-1", "n", 2)
    ((_, reply),) = other.outlet.delivered
    assert isinstance(reply, Map)


SCRIPTS = [
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "DEL s"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "SET s 1"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "FLUSHALL"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "SWAPDB 0 1"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "RENAME s t"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "XGROUP DESTROY s g"),
    ("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "XADD s 2-1 n 2"),
    ("XREADGROUP GROUP g c COUNT 1 NOACK BLOCK 0 STREAMS t s > >", "XADD s 2-1 n 2"),
    ("XREAD BLOCK 0 STREAMS x s s 9 $ 5", "XADD s 2-1 n 2"),
    ("XREAD BLOCK 0 STREAMS s s $ 5", "XADD s 9-1 n 2"),
    ("XREAD BLOCK 40 STREAMS s $", "XADD t 9-1 n 2"),
    ("XREADGROUP GROUP g c BLOCK 40 STREAMS s >", "XACK s g 1-1"),
]


@pytest.mark.parametrize(("wait", "line"), SCRIPTS)
def test_who_waits_hears_what_a_redis_server_says(redis_server: RedisServer, wait: str, line: str) -> None:
    before = ["FLUSHALL", "XADD s 1-1 n 1", "XGROUP CREATE s g $", "XADD t 1-1 n 1", "XGROUP CREATE t g $"]
    with redis_server.open() as one, redis_server.open() as other:
        for each in before:
            other.call(*each.split())
        answers: list[object] = []
        thread = threading.Thread(target=lambda: answers.append(one.call(*wait.split())))
        thread.start()
        wait_until_blocked(other.call)
        other.call(*line.split())
        thread.join(5)
    caller = Caller()
    for each in before:
        caller(*each.split())
    waiter = caller.waiting(wait)
    caller(*line.split())
    caller.engine.give_up_waiting(waiter.session)
    assert [told(each) for each in answers] == waiter.late()


def told(reply: object) -> object:
    """Return a reply of the real server as `plain_reply` shows one of kvik's."""
    return str(reply) if isinstance(reply, Exception) else reply
