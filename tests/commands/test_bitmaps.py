"""What commands on bits and on parts of long strings leave behind: the journal's words, long values, refusals."""

import pytest

from kvik.commands import bitfields, bitmaps, hyperloglogs
from kvik.declaration import Declaration
from kvik.settings import Settings
from kvik.store.long_string import LONG_MIN, LongString
from tests.engines import Caller
from tests.reference import ReferenceServer

DECLARATIONS = [
    declaration
    for family in (bitmaps.family, bitfields.family, hyperloglogs.family)
    for declaration, _ in family.commands
]
TOO_FAR = "ERR bit offset is not an integer or out of range"


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda declaration: declaration.full_name())
def test_a_command_is_declared_as_in_redis(declaration: Declaration, reference: ReferenceServer) -> None:
    reply = reference("COMMAND", "INFO", declaration.full_name())
    assert isinstance(reply, list)
    assert isinstance(reply[0], list)
    name, arity, flags, first, last, step, *_ = reply[0]
    spots = declaration.keys
    assert (declaration.full_name().encode(), declaration.arity()) == (name, arity)
    assert sorted(declaration.flag_names()) == sorted(set(flags) - {b"may_replicate"})
    assert (spots.first, spots.last, spots.step if spots.first else 0) == (first, last, step)


@pytest.mark.parametrize(
    "line",
    [
        "SETBIT b 6 1",
        "SETBIT new 100 0",
        "SETBIT b 5 0",
        "BITFIELD b SET u8 #3 200 INCRBY i5 3 -7",
        "BITFIELD new OVERFLOW FAIL INCRBY u1 9 5",
        "BITOP NOT b b",
        "BITOP OR b nothing",
        "SETRANGE b 9000 tail",
        "APPEND b tail",
        "PFADD h a b c",
        "PFCOUNT h2",
        "PFMERGE h h2 nothing",
        "PFDEBUG TODENSE h2",
    ],
)
def test_the_journal_is_told_what_was_asked(caller: Caller, line: str) -> None:
    caller("SET", "b", b"\x05\xff")
    caller("PFADD", "h2", *range(50))
    assert caller.recorded(*line.split()) == [line.encode().split()]
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    "line",
    [
        "SETBIT b 7 1",
        "SETBIT b 800000 x",
        "GETBIT b 7",
        "BITCOUNT b",
        "BITPOS b 1",
        "BITFIELD b GET u8 0",
        "BITFIELD b SET u8 0 5",
        "BITFIELD b OVERFLOW FAIL INCRBY u1 7 5",
        "BITFIELD_RO b GET u8 0",
        "BITOP AND nothing nothing",
        "SETRANGE b 9000 ''",
        "PFADD h a",
        "PFCOUNT h",
        "PFCOUNT h h2",
        "PFADD b a",
    ],
)
def test_the_journal_hears_nothing_where_nothing_changes(caller: Caller, line: str) -> None:
    caller("SET", "b", b"\x05\xff")
    caller("PFADD", "h", "a")
    caller("PFCOUNT", "h")
    assert caller.recorded(*[word.strip("'") for word in line.split()]) == []


def long_caller() -> Caller:
    """Return a caller with a long string of 100,000 bytes that is changed in place."""
    caller = Caller()
    caller("SETBIT", "long", 799_999, 1)
    caller("SETRANGE", "long", 5, "hello")
    assert isinstance(caller.session.keys.find(b"long"), LongString)
    return caller


def test_a_long_string_is_a_string_to_every_command() -> None:
    caller = long_caller()
    text = (bytes(5) + b"hello").ljust(100_000 - 1, b"\0") + b"\1"
    assert caller("GET", "long") == text
    assert caller("MGET", "long", "none") == [text, None]
    assert caller("STRLEN", "long") == 100_000
    assert caller("GETRANGE", "long", 3, 7) == b"\0\0hel"
    assert caller("GETRANGE", "long", -1, -1) == b"\1"
    assert caller.plain("TYPE", "long") == b"string"
    assert caller("OBJECT", "ENCODING", "long") == b"raw"
    assert caller.error("INCR", "long") == "ERR value is not an integer or out of range"
    assert caller.error("LPUSH", "long", "a").startswith("WRONGTYPE")
    assert caller.error("HGET", "long", "a").startswith("WRONGTYPE")
    assert caller("BITCOUNT", "long") == sum(byte.bit_count() for byte in text)
    assert caller("APPEND", "long", "!") == 100_001
    assert caller("COPY", "long", "twin") == 1
    assert caller("SETBIT", "twin", 0, 1) == 0
    assert caller("GETBIT", "long", 0) == 0
    assert caller("RENAME", "twin", "other") is not None
    assert caller("GETSET", "other", "short") == b"\x80" + text[1:] + b"!"
    assert caller("PUT", "long", "more") == 2
    assert caller("VALUES", "long") == [text + b"!", b"more"]


@pytest.mark.parametrize(
    "line",
    ["GETDEL long", "DEL long", "SET long x", "RENAME long b", "MOVE long 1", "BITOP NOT long long", "EXPIRE long 9"],
)
def test_a_long_string_is_made_again_by_the_journal_whatever_became_of_it(line: str) -> None:
    caller = long_caller()
    caller(*line.split())
    assert caller.replayed().content() == caller.content()


def test_a_long_string_is_rebuilt_by_one_set() -> None:
    caller = long_caller()
    caller("PEXPIREAT", "long", 4_102_444_800_000)
    text = caller("GET", "long")
    assert list(caller.engine.rebuild(caller.session.keys)) == [[b"SET", b"long", text, b"PXAT", b"4102444800000"]]


def test_a_change_in_place_keeps_the_time_to_live_and_dirties_who_watches() -> None:
    caller = long_caller()
    other = caller.another()
    caller("EXPIRE", "long", 100)
    caller("WATCH", "long")
    other("SETBIT", "long", 3, 1)
    caller("MULTI")
    caller("PING")
    assert caller.plain("EXEC") is None
    assert caller("TTL", "long") == 100


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("SETBIT k 4294967296 1", TOO_FAR),
        ("GETBIT k 4294967296", TOO_FAR),
        ("BITFIELD k SET u8 #536870912 1", TOO_FAR),
        ("BITFIELD k GET u8 4294967296", TOO_FAR),
        ("SETRANGE k 536870912 x", "ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ("SETRANGE k 9223372036854775807 x", "ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
    ],
)
def test_a_string_of_more_than_512_mb_is_not_made(caller: Caller, line: str, error: str) -> None:
    assert caller.error(*line.split()) == error
    assert caller("EXISTS", "k") == 0


def test_what_is_replayed_may_be_longer_than_the_setting_allows_now() -> None:
    caller = Caller(settings=Settings(proto_max_bulk_len=1 << 20))
    assert caller.error("SETBIT", "k", 1 << 24, 1) == TOO_FAR
    caller.session.is_replay = True
    assert caller("SETBIT", "k", 1 << 24, 1) == 0
    assert caller("APPEND", "k", "x") == (1 << 21) + 2


def test_a_bit_at_512_mb_is_set_without_making_all_zeros_before_it(caller: Caller) -> None:
    assert caller("SETBIT", "k", (1 << 32) - 1, 1) == 0
    value = caller.session.keys.find(b"k")
    assert isinstance(value, LongString)
    assert value.weight < 1 << 20
    assert caller("STRLEN", "k") == 1 << 29
    assert caller("GETBIT", "k", (1 << 32) - 1) == 1
    assert caller("BITCOUNT", "k", -100, -1) == 1


def test_the_result_of_bitop_can_be_changed_in_place_where_it_is_long(caller: Caller) -> None:
    caller("SET", "a", b"\x0f" * LONG_MIN)
    caller("BITOP", "NOT", "long", "a")
    caller("BITOP", "NOT", "short", "short2")
    assert isinstance(caller.session.keys.find(b"long"), LongString)
    assert caller("GET", "long") == b"\xf0" * LONG_MIN
