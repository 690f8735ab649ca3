"""LCS: the longest common subsequence of two strings.

How it is found: let L(i, j) be the length for the first i bytes of one string, the rows, and the
first j of the other, the columns. Neighbours differ by 0 or 1, so a row is a number with one bit a
column, and a row follows from the one before by an addition that carries through all columns at
once. Only the bits of the steps along the rows are kept, an eighth of a byte where Redis keeps
four; walking back from the end with them makes the same choices as Redis does.
"""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ANY, FIRST_TWO, READONLY
from kvik.errors import ReplyError, syntax_error
from kvik.replies import Map, Reply
from kvik.session import Session
from kvik.store.container import STRING
from kvik.store.keyspace import Keyspace
from kvik.store.value import as_bytes, kind_of

family = Family("string")

# Redis keeps a table of 32-bit numbers and limits its size.
CELL_BYTES: Final = 4
LENGTH_LIMIT: Final = 2**32 - 2


class LcsOptions:
    """What LCS was asked for."""

    def __init__(self) -> None:
        self.only_length = False
        self.with_ranges = False
        self.with_lengths = False
        self.shortest = 0

    def read(self, args: Args) -> None:
        while args.more():
            word = args.next().upper()
            if word == b"LEN":
                self.only_length = True
            elif word == b"IDX":
                self.with_ranges = True
            elif word == b"WITHMATCHLEN":
                self.with_lengths = True
            elif word == b"MINMATCHLEN":
                self.shortest = args.integer()
            else:
                raise syntax_error()
        if self.only_length and self.with_ranges:
            raise ReplyError("ERR", "If you want both the length and indexes, please just use IDX.")


class Range:
    """Bytes that are the same in both strings: `length` from `a` in the one and from `b` in the other."""

    def __init__(self, a: int, b: int, length: int) -> None:
        self.a: Final = a
        self.b: Final = b
        self.length: Final = length


@family.command(
    "LCS",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST_TWO,
    summary="Returns the longest common subsequence of the strings at two keys, its length or where it is.",
    syntax="key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]",
    since="7.0.0",
)
def lcs(session: Session, args: Args) -> Reply:
    a = string_to_compare(session.keys, args.key())
    b = string_to_compare(session.keys, args.key())
    if a is None or b is None:
        raise ReplyError("ERR", "The specified keys must contain string values")
    options = LcsOptions()
    options.read(args)
    check_size(session, len(a), len(b))
    if options.only_length:
        return shared_length(a, b)
    ranges = shared_ranges(a, b)
    if options.with_ranges:
        return described(ranges, options)
    return b"".join([a[found.a : found.a + found.length] for found in reversed(ranges)])


def string_to_compare(keys: Keyspace, key: bytes) -> bytes | None:
    """Return the string at `key`, empty where there is none; None for another kind."""
    value = keys.read(key)
    if value is None:
        return b""
    return as_bytes(value) if kind_of(value) == STRING else None


def check_size(session: Session, a: int, b: int) -> None:
    """Refuse what Redis refuses because its table would be too large."""
    if a >= LENGTH_LIMIT or b >= LENGTH_LIMIT:
        raise ReplyError("ERR", "String too long for LCS")
    if (a + 1) * (b + 1) * CELL_BYTES > session.services.settings.proto_max_bulk_len:
        raise ReplyError("ERR", "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")


def described(ranges: list[Range], options: LcsOptions) -> Reply:
    """Return what LCS IDX answers: the ranges that are long enough, the last first, and the length of all."""
    matches: list[Reply] = []
    for found in ranges:
        if found.length >= options.shortest:
            match: list[Reply] = [
                [found.a, found.a + found.length - 1],
                [found.b, found.b + found.length - 1],
            ]
            if options.with_lengths:
                match.append(found.length)
            matches.append(match)
    return Map([(b"matches", matches), (b"len", sum([found.length for found in ranges]))])


def shared_length(a: bytes, b: bytes) -> int:
    """Return the length of the longest common subsequence."""
    rows, columns = (a, b) if len(a) <= len(b) else (b, a)
    row = Row(columns, rows)
    for byte in rows:
        row.advance(byte)
    return row.steps.bit_count()


def shared_ranges(a: bytes, b: bytes) -> list[Range]:
    """Return the parts of the longest common subsequence that Redis finds, the last first."""
    steps = Steps(a, b)
    ranges: list[Range] = []
    i, j, length = len(a), len(b), 0
    while i > 0 and j > 0:
        if a[i - 1] == b[j - 1]:
            i -= 1
            j -= 1
            length += 1
            continue
        if length:
            ranges.append(Range(i, j, length))
            length = 0
        if steps.contain(i, j):
            i -= 1
        else:
            j -= 1
    if length:
        ranges.append(Range(i, j, length))
    return ranges


class Row:
    """A row of the table: bit j - 1 of `steps` is set where L(i, j) is one more than L(i, j - 1)."""

    def __init__(self, columns: bytes, rows: bytes) -> None:
        self._all: Final = (1 << len(columns)) - 1
        self._places: Final = {byte: places_of(byte, columns) for byte in set(rows)}
        self.steps = 0

    def advance(self, byte: int) -> None:
        """Become the next row, the one of `byte`."""
        flat = self._all ^ self.steps
        met = flat & self._places[byte]
        self.steps = self._all ^ (((flat + met) | (flat ^ met)) & self._all)


def places_of(byte: int, columns: bytes) -> int:
    """Return a number whose bit k is set where `columns[k]` is `byte`."""
    digits = bytearray(b"0" * 256)
    digits[byte] = ord("1")
    return int(columns.translate(bytes(digits))[::-1] or b"0", 2)


class Steps:
    """Where L(i, j) is one more than L(i, j - 1), for the whole table.

    The table is made along its shorter side, so that few rows have many bits: then each of the many
    bits of a row costs next to nothing.
    """

    def __init__(self, a: bytes, b: bytes) -> None:
        self._is_transposed: Final = len(a) > len(b)
        self._rows: Final = steps_down(a, b) if self._is_transposed else steps_along(a, b)

    def contain(self, i: int, j: int) -> bool:
        if self._is_transposed:
            i, j = j, i
        return (self._rows[i - 1][(j - 1) >> 3] >> ((j - 1) & 7)) & 1 == 1


def steps_along(a: bytes, b: bytes) -> list[bytes]:
    """Return for each i the bits of all j where L(i, j) is one more than L(i, j - 1)."""
    size = (len(b) + 7) // 8
    row = Row(b, a)
    rows: list[bytes] = []
    for byte in a:
        row.advance(byte)
        rows.append(row.steps.to_bytes(size, "little"))
    return rows


def steps_down(a: bytes, b: bytes) -> list[bytes]:
    """Return for each j the bits of all i where L(i, j) is one more than L(i, j - 1).

    A row of the turned table has the steps from i - 1 to i. Where the next row has one more of
    them, L(i, j) - L(i, j - 1) rises to 1 and stays there until it has one less: bits from such
    a place up to the other are what a subtraction leaves.
    """
    size = (len(a) + 7) // 8
    everywhere = (1 << len(a)) - 1
    row = Row(a, b)
    rows: list[bytes] = []
    for byte in b:
        before = row.steps
        row.advance(byte)
        rises = row.steps & ~before
        falls = before & ~row.steps
        rows.append(((falls - rises) & everywhere).to_bytes(size, "little"))
    return rows
