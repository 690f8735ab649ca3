"""BITFIELD: numbers of any width at any bit of a string. Knows what the operations mean, not how strings are kept."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.bit_offset import bad_offset, bit_offset
from kvik.commands.family import Family
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, syntax_error
from kvik.events import STRING
from kvik.numbers import INTEGER_MAX, decimal, parse_integer
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.bits import bits_at
from kvik.store.string_edit import overwrite
from kvik.store.value import Value, length_of

family = Family("bitmap")

GET: Final = 0
SET: Final = 1
INCRBY: Final = 2

NOTHING_WRITTEN: Final = 0
THE_SAME: Final = 1
CHANGED: Final = 2
"""What a write has come to: it was refused (or none was asked for), wrote what was there, or something else."""

NO_EVENT: Final = 0

WRAP: Final = 0
SATURATE: Final = 1
FAIL: Final = 2
OVERFLOWS: Final = {b"WRAP": WRAP, b"SAT": SATURATE, b"FAIL": FAIL}


class Operation:
    """One operation on one field: `number` is what to set or to add, `overflow` what to do where it does not fit."""

    def __init__(self, what: int, is_signed: bool, width: int, offset: int, number: int, overflow: int) -> None:
        self.what: Final = what
        self.is_signed: Final = is_signed
        self.width: Final = width
        self.offset: Final = offset
        self.number: Final = number
        self.overflow: Final = overflow
        self.outcome = NOTHING_WRITTEN

    def end(self) -> int:
        """Return how many bytes a string needs to have this field."""
        return (self.offset + self.width + 7) >> 3

    def window(self, value: Value | None) -> int:
        """Return the bytes from that of `offset` up to `end` as one number; what is not there is 0."""
        first = self.offset >> 3
        return 0 if value is None else bits_at(value, first << 3, (self.end() - first) << 3)

    def read(self, window: int) -> int:
        """Return the number in the field."""
        number = (window >> self._below()) & ((1 << self.width) - 1)
        return number - (1 << self.width) if self.is_signed and number >> (self.width - 1) else number

    def patch(self, window: int, number: int) -> bytes:
        """Return the bytes from that of `offset` up to `end` with another number in the field."""
        below = self._below()
        mask = (1 << self.width) - 1
        changed = (window & ~(mask << below)) | ((number & mask) << below)
        return changed.to_bytes(self.end() - (self.offset >> 3), "big")

    def _below(self) -> int:
        """Return how many bits of the last byte are behind the field."""
        return (self.end() << 3) - self.offset - self.width

    def fitting(self, number: int) -> int | None:
        """Return a number that fits the field as `overflow` says, None where it is to be refused."""
        lowest = -(1 << (self.width - 1)) if self.is_signed else 0
        highest = lowest + (1 << self.width) - 1
        if lowest <= number <= highest:
            return number
        if self.overflow == FAIL:
            return None
        if self.overflow == SATURATE:
            return lowest if number < lowest and not self.is_huge_to_redis(number) else highest
        number &= (1 << self.width) - 1
        return number - (1 << self.width) if number > highest else number

    def is_huge_to_redis(self, number: int) -> bool:
        """Return whether a negative number that is set, not added, passes for one above all others.

        Redis takes it for unsigned where the field is; and its subtraction from a signed field's highest overflows.
        """
        if self.what == INCRBY:
            return False
        return not self.is_signed or (1 << (self.width - 1)) - 1 - number > INTEGER_MAX


def read_operations(session: Session, args: Args) -> list[Operation]:
    """Read all operations. Raises for the first that makes no sense."""
    operations: list[Operation] = []
    overflow = WRAP
    while args.more():
        word = args.next().upper()
        if word == b"GET" and args.left() >= 2:
            operations.append(read_operation(session, args, GET, overflow))
        elif word == b"SET" and args.left() >= 3:
            operations.append(read_operation(session, args, SET, overflow))
        elif word == b"INCRBY" and args.left() >= 3:
            operations.append(read_operation(session, args, INCRBY, overflow))
        elif word == b"OVERFLOW" and args.more():
            overflow = read_overflow(args.next())
        else:
            raise syntax_error()
    return operations


def read_operation(session: Session, args: Args, what: int, overflow: int) -> Operation:
    kind = args.next()
    is_signed = kind[:1] == b"i"
    width = width_of(kind)
    offset = field_offset(session, args.next(), width)
    return Operation(what, is_signed, width, offset, 0 if what == GET else args.integer(), overflow)


def width_of(kind: bytes) -> int:
    """Return how many bits a type such as `u8` or `i16` has."""
    width = parse_integer(kind[1:])
    most = 64 if kind[:1] == b"i" else 63 if kind[:1] == b"u" else 0
    if width is None or width < 1 or width > most:
        raise ReplyError(
            "ERR", "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
        )
    return width


def field_offset(session: Session, word: bytes, width: int) -> int:
    """Return the place of a field: of a bit, or with `#` of a field where all are as wide as this."""
    if not word.startswith(b"#"):
        return bit_offset(session, word)
    number = parse_integer(word[1:])
    if number is None or number < 0:
        raise bad_offset()
    return bit_offset(session, decimal(number * width))


def read_overflow(word: bytes) -> int:
    overflow = OVERFLOWS.get(word.upper())
    if overflow is None:
        raise ReplyError("ERR", "Invalid OVERFLOW type specified")
    return overflow


@family.command(
    "BITFIELD",
    args=(1, ANY),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Reads, sets and adds to integers of any width at any place of the string at a key.",
    syntax="key [GET type offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET type offset value | INCRBY type offset n> ...]",
    since="3.2.0",
    event="setbit",
)
def bitfield(session: Session, args: Args) -> Reply:
    key = args.key()
    operations = read_operations(session, args)
    needed = bytes_needed(operations)
    if needed == 0:
        return answers(session, key, operations)
    keys = session.keys
    before = keys.edit(key)
    grows = before is None or length_of(before) < needed
    if grows:
        # As in Redis the string grows first, even for an operation that is refused then.
        overwrite(keys, key, before, needed - 1, b"\x00")
    replies: list[Reply] = [answer_to(session, key, operation) for operation in operations]
    session.event(STRING if has_changed(operations, grows) else NO_EVENT, b"setbit", key)
    return replies


def has_changed(operations: list[Operation], grew: bool) -> bool:
    """Return whether Redis tells of a change: one event for all, none where only room was made for what was refused."""
    outcomes = [operation.outcome for operation in operations]
    return CHANGED in outcomes or (grew and THE_SAME in outcomes)


@family.command(
    "BITFIELD_RO",
    args=(1, ANY),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Reads integers of any width at any place of the string at a key.",
    syntax="key [GET type offset [GET type offset ...]]",
    since="6.0.0",
)
def bitfield_ro(session: Session, args: Args) -> Reply:
    key = args.key()
    operations = read_operations(session, args)
    if bytes_needed(operations) > 0:
        raise ReplyError("ERR", "BITFIELD_RO only supports the GET subcommand")
    return answers(session, key, operations)


def bytes_needed(operations: list[Operation]) -> int:
    """Return how many bytes a string needs for what is to be written, 0 where nothing is."""
    needed = 0
    for operation in operations:
        if operation.what != GET:
            needed = max(needed, operation.end())
    return needed


def answers(session: Session, key: bytes, operations: list[Operation]) -> list[Reply]:
    """Return what operations that only read answer."""
    value = session.keys.read(key)
    if value is not None:
        length_of(value)
    return [operation.read(operation.window(value)) for operation in operations]


def answer_to(session: Session, key: bytes, operation: Operation) -> Reply:
    """Do one operation and return what it answers."""
    value = session.keys.edit(key)
    window = operation.window(value)
    before = operation.read(window)
    if operation.what == GET:
        return before
    after = operation.fitting(operation.number + (before if operation.what == INCRBY else 0))
    if after is None:
        return None
    operation.outcome = THE_SAME if after == before else CHANGED
    if after != before:
        overwrite(session.keys, key, value, operation.offset >> 3, operation.patch(window, after))
    return before if operation.what == SET else after
