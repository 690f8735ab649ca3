"""The client reads every reply the server writes, wherever the network tore it."""

import subprocess
import sys
import time
from pathlib import Path

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kvik.replies
from kvik.dialects.resp import RespDialect
from kvik.dialects.resp_reader import DEPTH_MAX, ReplyReader
from kvik.errors import ProtocolError, ReplyError
from kvik.replies import NULL_ARRAY, BigNumber, Map, NullArray, Push, Reply, Set, Status, Verbatim
from tests.dialects.feeding import byte_by_byte, cut_at, encoded, whole

CUTS = st.lists(st.integers(0, 10_000), max_size=10)
PLAIN: st.SearchStrategy[Reply] = (
    st.binary()
    | st.integers()
    | st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.binary().map(lambda text: Status(text.replace(b"\r", b"").replace(b"\n", b"")))
    | st.text().map(lambda text: ReplyError("ERR", text))
    | st.binary().map(Verbatim)
    | st.integers(-(10**100), 10**100).map(BigNumber)
)
NESTED: st.SearchStrategy[Reply] = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(Set)
        | st.lists(inner).map(Push)
        | st.lists(st.tuples(inner, inner)).map(Map)
    ),
)


def read(pieces: list[bytes]) -> list[Reply]:
    reader = ReplyReader()
    replies: list[Reply] = []
    for piece in pieces:
        reader.feed(piece)
        while reader.advance():
            replies.append(reader.reply)
    return replies


def plain(reply: Reply) -> object:
    """Return a reply as values that compare: each kind with its name, its contents plain too."""
    kind = type(reply).__name__
    if isinstance(reply, ReplyError):
        return kind, reply.line()
    if isinstance(reply, Map):
        return kind, [(plain(name), plain(value)) for name, value in reply.pairs]
    if isinstance(reply, Set):
        return kind, [plain(member) for member in reply.members]
    if isinstance(reply, Push):
        return kind, [plain(item) for item in reply.items]
    if isinstance(reply, list):
        return kind, [plain(item) for item in reply]
    if isinstance(reply, Verbatim):
        return kind, reply.form, reply.text
    if isinstance(reply, Status):
        return kind, reply.text
    return kind, reply.value if isinstance(reply, BigNumber) else None if isinstance(reply, NullArray) else reply


@given(st.lists(NESTED, max_size=5), CUTS)
def test_what_the_server_writes_in_resp3_is_read_back(sent: list[Reply], cuts: list[int]) -> None:
    data = b"".join([encoded(RespDialect(), reply, 3) for reply in sent])
    expected = [plain(reply) for reply in sent]
    for pieces in (whole(data), byte_by_byte(data), cut_at(data, cuts)):
        assert [plain(reply) for reply in read(pieces)] == expected


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"+OK\r\n", ("Status", b"OK")),
        (b"-ERR no such key\r\n", ("ReplyError", b"ERR no such key")),
        (b":-7\r\n", ("int", -7)),
        (b"$-1\r\n", ("NoneType", None)),
        (b"*-1\r\n", ("NullArray", None)),
        (b"_\r\n", ("NoneType", None)),
        (b"$4\r\n\r\n\r\n\r\n", ("bytes", b"\r\n\r\n")),
        (b"!8\r\nERR a\r\nb\r\n", ("ReplyError", b"ERR a  b")),
        (b",inf\r\n", ("float", float("inf"))),
        (b"#t\r\n", ("bool", True)),
        (b"(123456789012345678901234567890\r\n", ("BigNumber", 123456789012345678901234567890)),
        (b"=5\r\nmkd:x\r\n", ("Verbatim", b"mkd", b"x")),
        (b"|1\r\n+ttl\r\n:9\r\n$1\r\na\r\n", ("bytes", b"a")),
        (b"*2\r\n|1\r\n+ttl\r\n*1\r\n:9\r\n:1\r\n:2\r\n", ("list", [("int", 1), ("int", 2)])),
        (b"|0\r\n:1\r\n", ("int", 1)),
        (b"%1\r\n+a\r\n~0\r\n", ("Map", [(("Status", b"a"), ("Set", []))])),
        (b">1\r\n+x\r\n", ("Push", [("Status", b"x")])),
    ],
)
def test_each_kind_of_reply_is_read(data: bytes, reply: object) -> None:
    for pieces in (whole(data), byte_by_byte(data)):
        assert [plain(found) for found in read(pieces)] == [reply]
    assert [plain(found) for found in read([data + b"*1\r\n$9\r\ntail"])] == [reply]


def test_the_usual_status_is_the_one_everybody_compares_with() -> None:
    assert read([b"+OK\r\n*-1\r\n"]) == [kvik.replies.OK, NULL_ARRAY]


@pytest.mark.parametrize(
    "data",
    [
        b"?\r\n",
        b"\r\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"$+1\r\n",
        b"*1_0\r\n",
        b"$9999999999999999999999\r\n",
        b":1.5\r\n",
        b":\r\n",
        b"(" + b"1" * 5000 + b"\r\n",
        b",x\r\n",
        b"#x\r\n",
        b"_x\r\n",
        b"~-1\r\n",
        b"=3\r\nabc\r\n",
        b"$1\r\nabc",
        b"*1\r\n" * (DEPTH_MAX + 1),
        b"+" * (1024 * 1024 + 1),
    ],
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read([data])


@given(NESTED, st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_replies_raise_nothing_but_protocol_errors(reply: Reply, damage: list[tuple[int, int]]) -> None:
    data = bytearray(encoded(RespDialect(), reply, 3))
    for place, byte in damage:
        data[place % len(data)] = byte
    outcomes = []
    for pieces in (whole(bytes(data)), byte_by_byte(bytes(data))):
        try:
            outcomes.append([repr(plain(found)) for found in read(pieces)])
        except ProtocolError as error:
            outcomes.append([error.message])
    assert outcomes[0] == outcomes[1]


@given(st.recursive(st.binary() | st.integers(-(2**63), 2**63 - 1) | st.none(), lambda inner: st.lists(inner)))
def test_hiredis_reads_the_same(reply: Reply) -> None:
    data = encoded(RespDialect(), reply, 2)
    reader = hiredis.Reader()
    reader.feed(data)
    assert read([data]) == [reader.gets()]


def test_a_huge_value_in_small_pieces_costs_no_more_than_its_size() -> None:
    value = b"v" * (100 * 1024 * 1024)
    data = encoded(RespDialect(), value)
    start = time.perf_counter()
    assert read(cut_at(data, range(0, len(data), 65536))) == [value]
    assert time.perf_counter() - start < 5


def test_the_reader_needs_nothing_but_the_standard_library() -> None:
    source = str(Path(kvik.replies.__file__).parents[1])
    program = (
        f"import sys; sys.path.insert(0, {source!r})\n"
        "import kvik.dialects.resp_reader, kvik.dialects.words\n"
        "heavy = {'asyncio', 'socket', 'json', 'librt', 'mypy_extensions', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
