"""Commands that wait for a sorted set, and CLIENT UNBLOCK, which ends the waiting of any client."""

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

WAITING = ["BZPOPMIN z 0", "BZPOPMAX z 0", "BZMPOP 0 2 x z MIN"]


@pytest.mark.parametrize(
    ("line", "answer", "journalled"),
    [
        ("BZPOPMIN z 0", [b"z", b"a", 1.0], "ZPOPMIN z"),
        ("BZPOPMAX x z 0", [b"z", b"b", 2.0], "ZPOPMAX z"),
        ("BZMPOP 0 2 x z MIN", [b"z", [[b"a", 1.0]]], "ZPOPMIN z 1"),
        ("BZMPOP 0 1 z MAX COUNT 9", [b"z", [[b"b", 2.0], [b"a", 1.0]]], "ZPOPMAX z 2"),
    ],
)
def test_who_waited_gets_what_comes_and_the_journal_is_told_what_happened(
    caller: Caller, line: str, answer: object, journalled: str
) -> None:
    one = caller.waiting(line)
    assert caller.recorded("ZADD", "z", "1", "a", "2", "b") == [b"ZADD z 1 a 2 b".split(), journalled.encode().split()]
    assert one.late() == [answer]
    assert caller.replayed().content() == caller.content()
    caller("DEL", "z")
    caller("ZADD", "z", "1", "a", "2", "b")
    assert caller.plain(*line.split()) == answer
    assert caller.journal.words()[-1] == journalled.encode().split()


def test_several_members_serve_several_clients_in_the_order_they_came(caller: Caller) -> None:
    clients = [caller.waiting(line) for line in (*WAITING, "BZPOPMIN z 0")]
    caller("ZADD", "z", "1", "a", "2", "b", "3", "c")
    assert [client.late() for client in clients] == [
        [[b"z", b"a", 1.0]],
        [[b"z", b"c", 3.0]],
        [[b"z", [[b"b", 2.0]]]],
        [],
    ]
    assert caller("EXISTS", "z") == 0


def test_clients_that_wait_for_different_kinds_at_one_key_get_what_is_theirs(caller: Caller) -> None:
    for_list, for_set = caller.waiting("BLPOP k 0"), caller.waiting("BZPOPMIN k 0")
    caller("ZADD", "k", "1", "a")
    caller("RPUSH", "k", "b")
    assert (for_list.late(), for_set.late()) == ([[b"k", b"b"]], [[b"k", b"a", 1.0]])


@pytest.mark.parametrize("line", WAITING)
def test_a_key_of_another_kind_leaves_who_waited_waiting(caller: Caller, line: str) -> None:
    one = caller.waiting(line)
    caller("SET", "z", "v")
    assert one.late() == []
    caller("DEL", "z")
    caller("ZADD", "z", "1", "a")
    assert len(one.late()) == 1
    assert caller("EXISTS", "z") == 0


@pytest.mark.parametrize("line", WAITING)
def test_a_set_that_goes_again_in_the_same_transaction_serves_nobody(caller: Caller, line: str) -> None:
    one = caller.waiting(line)
    caller("MULTI")
    caller("ZADD", "z", "1", "a")
    caller("ZREM", "z", "a")
    caller("EXEC")
    assert one.late() == []


@pytest.mark.parametrize(
    "line", ["ZUNIONSTORE z 1 x", "ZRANGESTORE z x 0 -1", "RENAME x z", "COPY x z", "GEOADD z 1 1 m", "ZINCRBY z 1 m"]
)
def test_a_set_that_comes_by_another_way_serves_as_well(caller: Caller, line: str) -> None:
    one = caller.waiting("BZPOPMIN z 0")
    caller("ZADD", "x", "1", "m")
    caller(*line.split())
    assert len(one.late()) == 1


@pytest.mark.parametrize("line", WAITING)
def test_a_client_that_died_waiting_takes_nothing(caller: Caller, line: str) -> None:
    dying = caller.waiting(line)
    caller.engine.close_session(dying.session)
    caller("ZADD", "z", "1", "a")
    assert (dying.late(), caller("ZCARD", "z")) == ([], 1)


@pytest.mark.parametrize(("protocol", "null"), [(2, b"*-1\r\n"), (3, b"_\r\n")])
def test_inside_a_transaction_nothing_is_answered_at_once(caller: Caller, protocol: int, null: bytes) -> None:
    connection = Connection(caller.engine, RespDialect(), Carrier())
    connection.session.protocol = protocol
    connection.receive("\r\n".join(["MULTI", *WAITING, "EXEC", ""]).encode())
    assert connection.take_output() == b"+OK\r\n" + b"+QUEUED\r\n" * 3 + b"*3\r\n" + null * 3


# Ending the waiting of another client


def unblock(caller: Caller, other: Caller, *reason: str) -> object:
    return caller.plain("CLIENT", "UNBLOCK", other.session.id, *reason)


@pytest.mark.parametrize("line", [*WAITING, "BLPOP z 0", "BLMOVE z y LEFT LEFT 0"])
def test_a_client_can_be_told_to_wait_no_longer(caller: Caller, line: str) -> None:
    one, other = caller.waiting(line), caller.waiting(line)
    assert unblock(caller, one) == 1
    assert [reply for _, reply in one.outlet.delivered] == [NULL_ARRAY]
    assert unblock(caller, other, "error") == 1
    assert other.late() == ["UNBLOCKED client unblocked via CLIENT UNBLOCK"]
    assert (unblock(caller, one), unblock(caller, other, "TIMEOUT"), unblock(caller, caller)) == (0, 0, 0)
    caller("ZADD", "z", "1", "a")
    assert caller("ZCARD", "z") == 1


def test_who_is_told_to_wait_no_longer_is_named_by_a_number(caller: Caller) -> None:
    assert caller("CLIENT", "UNBLOCK", "12345") == 0
    assert caller.error("CLIENT", "UNBLOCK", "me") == "ERR value is not an integer or out of range"
    assert caller.error("CLIENT", "UNBLOCK", "me", "x") == "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"


def test_a_waiting_client_of_a_real_server_is_served_released_or_gives_up_on_time(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire, kvik_server.open() as other:
        number = wire.call("CLIENT", "ID")
        assert isinstance(number, int)
        wire.send(encode_words(["BZPOPMIN", "z", "0"]) + encode_words(["PING"]))
        wait_until_blocked(other.call)
        assert other.call("ZADD", "z", "1", "job") == 1
        assert [wire.reply(), wire.reply()] == [[b"z", b"job", b"1"], b"PONG"]
        wire.send(encode_words(["BZPOPMIN", "z", "0"]) + encode_words(["PING"]))
        wait_until_blocked(other.call)
        assert other.call("CLIENT", "UNBLOCK", number) == 1
        assert [wire.reply(), wire.reply()] == [None, b"PONG"]
        start = time.monotonic()
        assert wire.call("BZMPOP", "0.1", "1", "z", "MIN") is None
        assert 0.095 <= time.monotonic() - start < 1.0
