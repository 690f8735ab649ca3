"""Strings as rows of bits: one bit, counting, finding, combining. Knows what arguments mean, not how bits are kept."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.bit_offset import bit_offset
from kvik.commands.family import Family
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE, Keys
from kvik.errors import ReplyError, not_an_integer, syntax_error, wrong_type
from kvik.events import GENERIC
from kvik.events import STRING as STRING_EVENT
from kvik.numbers import parse_integer
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.bits import combined, count_bits, find_bit, longest
from kvik.store.container import STRING
from kvik.store.long_string import LONG_MIN, LongString
from kvik.store.string_edit import overwrite
from kvik.store.value import Value, as_bytes, kind_of, length_of

family = Family("bitmap")

FROM_SECOND: Final = Keys(2, -1, 1)
BYTES: Final = [bytes([number]) for number in range(256)]
OPERATIONS: Final = (b"AND", b"OR", b"XOR", b"NOT")


@family.command(
    "SETBIT",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Sets or clears one bit of the string at a key, filling up with zeros; returns the bit it was.",
    syntax="key offset value",
    since="2.2.0",
)
def setbit(session: Session, args: Args) -> Reply:
    key = args.key()
    offset = bit_offset(session, args.next())
    word = args.next()
    if word != b"1" and word != b"0":
        raise ReplyError("ERR", "bit is not an integer or out of range")
    place = offset >> 3
    mask = 128 >> (offset & 7)
    keys = session.keys
    before = keys.edit(key)
    if before is None or place >= length_of(before):
        overwrite(keys, key, before, place, BYTES[mask] if word == b"1" else b"\x00")
        return 0
    byte = byte_of(before, place)
    after = byte | mask if word == b"1" else byte & ~mask
    if after != byte:
        if isinstance(before, LongString):
            before.set_byte(place, after)
            keys.edited(key, before)
        else:
            overwrite(keys, key, before, place, BYTES[after])
    return 1 if byte & mask else 0


def byte_of(value: Value, place: int) -> int:
    """Return one byte of a string; it is there."""
    if isinstance(value, LongString):
        return value.byte(place)
    return as_bytes(value)[place]


@family.command(
    "GETBIT",
    args=(2, 2),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns one bit of the string at a key; bits that are not there are 0.",
    syntax="key offset",
    since="2.2.0",
)
def getbit(session: Session, args: Args) -> Reply:
    key = args.key()
    offset = bit_offset(session, args.next())
    value = session.keys.read(key)
    place = offset >> 3
    if value is None or place >= length_of(value):
        return 0
    return 1 if byte_of(value, place) & (128 >> (offset & 7)) else 0


class Range:
    """Bits from `start` up to, not including, `end`; none where it is empty."""

    def __init__(self, start: int, end: int) -> None:
        self.start: Final = start
        self.end: Final = end


def range_of(length: int, start: int, end: int, counts_bits: bool) -> Range:
    """Return which bits of a string of `length` bytes two positions mean, both included; negative: from the end."""
    unit = 1 if counts_bits else 8
    total = length * 8 // unit
    first = start if start >= 0 else max(total + start, 0)
    last = end if end >= 0 else max(total + end, 0)
    return Range(first * unit, (min(last, total - 1) + 1) * unit)


def counts_bits(args: Args) -> bool:
    """Read BIT or BYTE, which may be left out: then positions are of bytes."""
    return args.more() and args.either(b"BIT", b"BYTE")


@family.command(
    "BITCOUNT",
    args=(1, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Counts the bits that are 1 in the string at a key, or in a part of it.",
    syntax="key [start end [BYTE | BIT]]",
    since="2.6.0",
)
def bitcount(session: Session, args: Args) -> Reply:
    value = session.keys.read(args.key())
    if value is None:
        return 0
    length = length_of(value)
    if not args.more():
        return count_bits(value, 0, length * 8)
    if args.left() == 1 or args.left() > 3:
        raise syntax_error()
    start, end = args.integer(), args.integer()
    if end < start < 0:
        return 0
    found = range_of(length, start, end, counts_bits(args))
    return count_bits(value, found.start, found.end) if found.start < found.end else 0


@family.command(
    "BITPOS",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the place of the first bit that is 1, or 0, in the string at a key, or in a part of it.",
    syntax="key bit [start [end [BYTE | BIT]]]",
    since="2.8.7",
)
def bitpos(session: Session, args: Args) -> Reply:
    key = args.key()
    bit = args.integer()
    if bit != 0 and bit != 1:
        raise ReplyError("ERR", "The bit argument must be 1 or 0.")
    value = session.keys.read(key)
    if value is None:
        return -1 if bit else 0
    length = length_of(value)
    if args.left() > 3:
        raise syntax_error()
    start = args.integer() if args.more() else 0
    has_end = args.more()
    end_word = args.next() if has_end else b"-1"
    is_in_bits = counts_bits(args)
    end = parse_integer(end_word)
    if end is None:
        raise not_an_integer()
    return first_place(value, length, bit, range_of(length, start, end, is_in_bits), has_end)


def first_place(value: Value, length: int, bit: int, where: Range, has_end: bool) -> int:
    """Return what BITPOS answers: a string without an end that was asked for goes on with zeros for ever."""
    if where.start >= where.end:
        return -1
    found = find_bit(value, bit, where.start, where.end)
    return length * 8 if found < 0 and bit == 0 and not has_end else found


@family.command(
    "BITOP",
    args=(3, ANY),
    flags=WRITE | DENYOOM,
    keys=FROM_SECOND,
    summary="Combines the bits of strings with AND, OR or XOR, or turns them over with NOT; returns the new length.",
    syntax="<AND | OR | XOR | NOT> destkey key [key ...]",
    since="2.6.0",
)
def bitop(session: Session, args: Args) -> Reply:
    operation = args.next().upper()
    if operation not in OPERATIONS:
        raise syntax_error()
    destination = args.key()
    if operation == b"NOT" and args.left() != 1:
        raise ReplyError("ERR", "BITOP NOT must be called with a single source key.")
    keys = session.keys
    values: list[Value] = []
    for key in args.rest():
        value = keys.read(key)
        if value is not None and kind_of(value) != STRING:
            raise wrong_type()
        values.append(b"" if value is None else value)
    length = longest(values)
    if length == 0:
        if keys.remove(destination):
            session.event(GENERIC, b"del", destination)
        return 0
    keys.put(destination, string_of(combined(operation, values, length), length))
    session.event(STRING_EVENT, b"set", destination)
    return length


def string_of(pieces: list[bytes], length: int) -> Value:
    """Return one string: one that can be changed in place where it is long."""
    if length < LONG_MIN:
        return b"".join(pieces)
    value = LongString(b"")
    for piece in pieces:
        value.append(piece)
    return value
