"""Replies have Redis' bytes; hiredis is asked what they mean."""

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from kvik.dialects.resp import RespDialect
from kvik.errors import ReplyError
from kvik.replies import (
    NULL_ARRAY,
    OK,
    PONG,
    QUEUED,
    BigNumber,
    CommandLines,
    Composite,
    Map,
    Pairs,
    Push,
    Reply,
    Set,
    Status,
    Stored,
    Verbatim,
)
from tests.dialects.feeding import encoded

PAIRS: list[tuple[Reply, Reply]] = [(b"a", 1.5), (b"b", 2.0)]

KINDS: list[tuple[Reply, bytes, bytes]] = [
    (OK, b"+OK\r\n", b"+OK\r\n"),
    (QUEUED, b"+QUEUED\r\n", b"+QUEUED\r\n"),
    (PONG, b"+PONG\r\n", b"+PONG\r\n"),
    (Status(b"string"), b"+string\r\n", b"+string\r\n"),
    (Status(b"a\r\n+b"), b"+a  +b\r\n", b"+a  +b\r\n"),
    (Stored(b"value"), b"+OK\r\n", b"+OK\r\n"),
    ([Stored(b"value")], b"*1\r\n+OK\r\n", b"*1\r\n+OK\r\n"),
    (ReplyError("ERR", "a\r\n+OK"), b"-ERR a  +OK\r\n", b"-ERR a  +OK\r\n"),
    (0, b":0\r\n", b":0\r\n"),
    (1023, b":1023\r\n", b":1023\r\n"),
    (1024, b":1024\r\n", b":1024\r\n"),
    (54_007, b":54007\r\n", b":54007\r\n"),
    (1_023_999, b":1023999\r\n", b":1023999\r\n"),
    (1_024_000, b":1024000\r\n", b":1024000\r\n"),
    (-1, b":-1\r\n", b":-1\r\n"),
    (-(2**63), b":-9223372036854775808\r\n", b":-9223372036854775808\r\n"),
    (2**63 - 1, b":9223372036854775807\r\n", b":9223372036854775807\r\n"),
    (b"", b"$0\r\n\r\n", b"$0\r\n\r\n"),
    (b"a\r\nb", b"$4\r\na\r\nb\r\n", b"$4\r\na\r\nb\r\n"),
    (b"v" * 1024, b"$1024\r\n" + b"v" * 1024 + b"\r\n", b"$1024\r\n" + b"v" * 1024 + b"\r\n"),
    (None, b"$-1\r\n", b"_\r\n"),
    (NULL_ARRAY, b"*-1\r\n", b"_\r\n"),
    (True, b":1\r\n", b"#t\r\n"),
    (False, b":0\r\n", b"#f\r\n"),
    (3.0, b"$1\r\n3\r\n", b",3\r\n"),
    (0.1, b"$19\r\n0.10000000000000001\r\n", b",0.10000000000000001\r\n"),
    (1e17, b"$5\r\n1e+17\r\n", b",1e+17\r\n"),
    (1.5e-9, b"$7\r\n1.5e-09\r\n", b",1.5e-09\r\n"),
    (float("inf"), b"$3\r\ninf\r\n", b",inf\r\n"),
    (float("-inf"), b"$4\r\n-inf\r\n", b",-inf\r\n"),
    ([], b"*0\r\n", b"*0\r\n"),
    ((1, b"a"), b"*2\r\n:1\r\n$1\r\na\r\n", b"*2\r\n:1\r\n$1\r\na\r\n"),
    ([[1, [True]], None], b"*2\r\n*2\r\n:1\r\n*1\r\n:1\r\n$-1\r\n", b"*2\r\n*2\r\n:1\r\n*1\r\n#t\r\n_\r\n"),
    (
        Map([(b"a", 1), (b"b", None)]),
        b"*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n$-1\r\n",
        b"%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n_\r\n",
    ),
    (Map([]), b"*0\r\n", b"%0\r\n"),
    (Set([b"a"]), b"*1\r\n$1\r\na\r\n", b"~1\r\n$1\r\na\r\n"),
    (
        Pairs(PAIRS),
        b"*4\r\n$1\r\na\r\n$3\r\n1.5\r\n$1\r\nb\r\n$1\r\n2\r\n",
        b"*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n,2\r\n",
    ),
    (Verbatim(b"a\nb"), b"$3\r\na\nb\r\n", b"=7\r\ntxt:a\nb\r\n"),
    (Verbatim(b"#", b"mkd"), b"$1\r\n#\r\n", b"=5\r\nmkd:#\r\n"),
    (BigNumber(10**30), b"$31\r\n%d\r\n" % 10**30, b"(%d\r\n" % 10**30),
    (Push([b"message", 1]), b"*2\r\n$7\r\nmessage\r\n:1\r\n", b">2\r\n$7\r\nmessage\r\n:1\r\n"),
    (
        CommandLines([[b"SET", b"a b", b"1"], [b"SET", b"c", b""]]),
        b'*2\r\n$11\r\nSET "a b" 1\r\n$8\r\nSET c ""\r\n',
        b'*2\r\n$11\r\nSET "a b" 1\r\n$8\r\nSET c ""\r\n',
    ),
    (CommandLines([]), b"*0\r\n", b"*0\r\n"),
]

PLAIN: st.SearchStrategy[Reply] = (
    st.binary() | st.integers(-(2**63), 2**63 - 1) | st.none() | st.booleans() | st.floats(allow_nan=False)
)
NESTED: st.SearchStrategy[Reply] = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.lists(inner).map(tuple))


@pytest.mark.parametrize(("reply", "resp2", "resp3"), KINDS)
def test_each_kind_of_reply_has_redis_bytes(reply: Reply, resp2: bytes, resp3: bytes) -> None:
    assert encoded(RespDialect(), reply, 2) == resp2
    assert encoded(RespDialect(), reply, 3) == resp3


@pytest.mark.parametrize(("reply", "resp2", "resp3"), KINDS)
def test_each_kind_of_reply_stays_itself_inside_an_array(reply: Reply, resp2: bytes, resp3: bytes) -> None:
    assert encoded(RespDialect(), [b"x", reply, 7], 2) == b"*3\r\n$1\r\nx\r\n" + resp2 + b":7\r\n"
    assert encoded(RespDialect(), [b"x", reply, 7], 3) == b"*3\r\n$1\r\nx\r\n" + resp3 + b":7\r\n"


def as_resp3_value(reply: Reply) -> object:
    return [as_resp3_value(item) for item in reply] if isinstance(reply, list | tuple) else reply


@given(NESTED)
def test_hiredis_reads_back_what_was_written(reply: Reply) -> None:
    reader = hiredis.Reader()
    reader.feed(encoded(RespDialect(), reply, 3))
    assert reader.gets() == as_resp3_value(reply)
    assert reader.gets() is False


def test_replies_nested_a_hundred_thousand_deep_are_written_without_recursion() -> None:
    reply: Reply = b"x"
    for _ in range(100_000):
        reply = [reply]
    assert encoded(RespDialect(), reply) == b"*1\r\n" * 100_000 + b"$1\r\nx\r\n"
    while isinstance(reply, list):
        reply = reply.pop()


def test_an_unknown_kind_of_reply_is_one_error_and_the_stream_stays_whole() -> None:
    data = encoded(RespDialect(), [1, Composite(), 2])
    assert data == b"*3\r\n:1\r\n-ERR the command gave a kind of answer that cannot be sent\r\n:2\r\n"


def test_a_message_nobody_asked_for_is_a_push() -> None:
    out = BytesWriter()
    RespDialect().push([b"message", b"a"], 3, out)
    RespDialect().push([b"message", b"a"], 2, out)
    assert out.getvalue() == b">2\r\n$7\r\nmessage\r\n$1\r\na\r\n*2\r\n$7\r\nmessage\r\n$1\r\na\r\n"
