"""Commands that wait for a list: who is served, when, with what, and what the journal is told."""

import time

import pytest

from kvik.dialects.resp import RespDialect
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.replies import NULL_ARRAY
from tests.engines import Caller
from tests.patience import wait_until_blocked
from tests.servers import KvikServer
from tests.wire import encode_words

POPPING = ["BLPOP l 0", "BRPOP l 0", "BLMPOP 0 1 l LEFT"]
WAITING = [*POPPING, "BLMOVE l other LEFT LEFT 0", "BRPOPLPUSH l other 0"]


@pytest.mark.parametrize(
    ("line", "answer", "journalled"),
    [
        ("BLPOP l 0", [b"l", b"a"], "LPOP l"),
        ("BRPOP l 0", [b"l", b"b"], "RPOP l"),
        ("BLMPOP 0 2 x l LEFT COUNT 9", [b"l", [b"a", b"b"]], "LPOP l 2"),
        ("BLMPOP 0 1 l RIGHT", [b"l", [b"b"]], "RPOP l 1"),
        ("BLMOVE l m LEFT RIGHT 0", b"a", "LMOVE l m LEFT RIGHT"),
        ("BRPOPLPUSH l m 0", b"b", "LMOVE l m RIGHT LEFT"),
    ],
)
def test_who_waited_gets_what_comes_and_the_journal_is_told_what_happened(
    caller: Caller, line: str, answer: object, journalled: str
) -> None:
    one = caller.waiting(line)
    assert caller.recorded("RPUSH", "l", "a", "b") == [b"RPUSH l a b".split(), journalled.encode().split()]
    assert one.late() == [answer]
    assert caller.replayed().content() == caller.content()
    caller("DEL", "l")
    caller("RPUSH", "l", "a", "b")
    assert caller.plain(*line.split()) == answer
    assert caller.journal.words()[-1] == journalled.encode().split()


def test_several_values_serve_several_clients_in_the_order_they_came(caller: Caller) -> None:
    clients = [caller.waiting(line) for line in ("BLPOP l 0", "BLMPOP 0 1 l LEFT", "BRPOP l 0", "BLPOP l 0")]
    caller("RPUSH", "l", "a", "b", "c")
    assert [client.late() for client in clients] == [[[b"l", b"a"]], [[b"l", [b"b"]]], [[b"l", b"c"]], []]
    assert caller("EXISTS", "l") == 0


def test_a_client_waits_for_several_keys_and_is_served_once(caller: Caller) -> None:
    one = caller.waiting("BLPOP a b c 0")
    caller("RPUSH", "b", "x")
    caller("RPUSH", "a", "y")
    assert one.late() == [[b"b", b"x"]]
    assert caller("LRANGE", "a", 0, -1) == [b"y"]


def test_of_several_keys_the_one_that_came_first_serves(caller: Caller) -> None:
    one = caller.waiting("BLPOP a b 0")
    caller("MULTI")
    caller("RPUSH", "b", "x")
    caller("RPUSH", "a", "y")
    caller("EXEC")
    assert one.late() == [[b"b", b"x"]]


def test_a_key_that_goes_is_no_reason_to_serve_it_before_one_that_came(caller: Caller) -> None:
    one = caller.waiting("BLPOP a b 0")
    caller("SET", "a", "v")
    caller("MULTI")
    for line in ("DEL a", "RPUSH b x", "RPUSH a y"):
        caller(*line.split())
    caller("EXEC")
    assert one.late() == [[b"b", b"x"]]


def test_a_move_serves_who_waits_at_the_other_end_of_it(caller: Caller) -> None:
    last = caller.waiting("BLPOP third 0")
    middle = caller.waiting("BLMOVE second third LEFT LEFT 0")
    first = caller.waiting("BRPOPLPUSH first second 0")
    caller("RPUSH", "first", "v")
    assert [each.late() for each in (first, middle, last)] == [[b"v"], [b"v"], [[b"third", b"v"]]]
    assert caller("DBSIZE") == 0
    assert caller.replayed().content() == caller.content()


def test_a_list_that_turns_round_between_two_clients_comes_to_rest(caller: Caller) -> None:
    one = caller.waiting("BLMOVE a b LEFT LEFT 0")
    other = caller.waiting("BLMOVE b a LEFT LEFT 0")
    caller("RPUSH", "a", "v")
    assert (one.late(), other.late()) == ([b"v"], [b"v"])
    assert caller("LRANGE", "a", 0, -1) == [b"v"]


@pytest.mark.parametrize("line", WAITING)
def test_a_key_of_another_kind_leaves_who_waited_waiting(caller: Caller, line: str) -> None:
    one = caller.waiting(line)
    caller("SET", "l", "v")
    assert one.late() == []
    caller("DEL", "l")
    caller("RPUSH", "l", "a")
    assert len(one.late()) == 1


@pytest.mark.parametrize("line", WAITING)
def test_a_list_that_goes_again_in_the_same_transaction_serves_nobody(caller: Caller, line: str) -> None:
    one = caller.waiting(line)
    caller("MULTI")
    caller("RPUSH", "l", "a")
    caller("LPOP", "l")
    caller("EXEC")
    assert one.late() == []


def test_a_destination_of_another_kind_is_an_error_and_nothing_is_lost(caller: Caller) -> None:
    one = caller.waiting("BLMOVE l s LEFT LEFT 0")
    caller("SET", "s", "v")
    caller("RPUSH", "l", "a")
    assert one.late() == ["WRONGTYPE Operation against a key holding the wrong kind of value"]
    assert caller("LRANGE", "l", 0, -1) == [b"a"]


@pytest.mark.parametrize("line", WAITING)
def test_a_client_that_died_waiting_takes_nothing(caller: Caller, line: str) -> None:
    dying = caller.waiting(line)
    caller.engine.close_session(dying.session)
    caller("RPUSH", "l", "a")
    assert dying.late() == []
    assert caller("LRANGE", "l", 0, -1) == [b"a"]


@pytest.mark.parametrize("words", ["RENAME x l", "COPY x l", "LMOVE x l LEFT LEFT", "PUT l a", "UPDATE l o a"])
def test_a_list_that_comes_by_another_way_serves_as_well(caller: Caller, words: str) -> None:
    one = caller.waiting("BLPOP l 0")
    caller("RPUSH", "x", "a")
    caller(*words.split())
    assert one.late() == [[b"l", b"a"]]


def test_a_thousand_clients_on_one_key_cost_no_more_than_those_that_are_served(caller: Caller) -> None:
    clients = [caller.waiting("BLPOP l 0") for _ in range(1_000)]
    usage = {each.declaration.name: each for each in caller.engine.usage()}["BLPOP"]
    before = usage.calls
    caller("RPUSH", "l", "a", "b")
    assert usage.calls - before == 2
    assert [client.late() for client in clients[:3]] == [[[b"l", b"a"]], [[b"l", b"b"]], []]


@pytest.mark.parametrize(
    ("timeout", "milliseconds"), [("0.25", 250), ("1e-1", 100), ("0.0001", 1), ("0x10", 16_000), ("2", 2_000)]
)
def test_a_timeout_is_a_float_of_seconds(caller: Caller, timeout: str, milliseconds: int) -> None:
    for line in ("BLPOP l %s", "BLMOVE l m LEFT LEFT %s", "BLMPOP %s 1 l LEFT"):
        one = caller.waiting(line % timeout)
        assert one.session.wait is not None
        assert one.session.wait.deadline == caller.clock.now + milliseconds


@pytest.mark.parametrize("timeout", ["0", "-0", "-0.0001", "0.0"])
def test_a_timeout_of_nothing_is_for_ever(caller: Caller, timeout: str) -> None:
    one = caller.waiting(f"BLPOP l {timeout}")
    assert one.session.wait is not None and one.session.wait.deadline == 0


@pytest.mark.parametrize("line", WAITING)
def test_who_waited_in_vain_gets_the_null_array(caller: Caller, line: str) -> None:
    one = caller.waiting(line)
    caller.engine.give_up_waiting(one.session)
    assert [reply for _, reply in one.outlet.delivered] == [NULL_ARRAY]
    caller("RPUSH", "l", "a")
    assert caller("LLEN", "l") == 1


@pytest.mark.parametrize(("protocol", "nulls"), [(2, b"*-1\r\n*-1\r\n$-1\r\n$-1\r\n"), (3, b"_\r\n" * 4)])
def test_inside_a_transaction_nothing_is_answered_at_once(caller: Caller, protocol: int, nulls: bytes) -> None:
    connection = Connection(caller.engine, RespDialect(), Carrier())
    connection.session.protocol = protocol
    lines = ["BLPOP l 0", "BLMPOP 0 1 l LEFT", "BLMOVE l m LEFT LEFT 0", "BRPOPLPUSH l m 0"]
    connection.receive("\r\n".join(["MULTI", *lines, "EXEC", ""]).encode())
    assert connection.take_output() == b"+OK\r\n" + b"+QUEUED\r\n" * 4 + b"*4\r\n" + nulls


def test_a_waiting_client_of_a_real_server_is_served_or_gives_up_on_time(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire, kvik_server.open() as other:
        wire.send(encode_words(["BLPOP", "queue", "0"]) + encode_words(["PING"]))
        wait_until_blocked(other.call)
        assert other.call("RPUSH", "queue", "job") == 1
        assert [wire.reply(), wire.reply()] == [[b"queue", b"job"], b"PONG"]
        start = time.monotonic()
        assert wire.call("BRPOP", "queue", "0.1") is None
        assert 0.095 <= time.monotonic() - start < 1.0
        assert other.call("EXISTS", "queue") == 0


def test_serving_one_does_not_take_longer_the_more_wait(caller: Caller) -> None:
    for _ in range(5_000):
        caller.waiting("BLPOP l 0")
    start = time.thread_time()
    for _ in range(200):
        caller("RPUSH", "l", "a")
    assert time.thread_time() - start < 0.08
