"""HyperLogLog: counting different elements, about. Knows what the arguments mean; the bytes are Redis' own."""

from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ADMIN, ALL, ANY, DENYOOM, FAST, FIRST, MAY_REPLICATE, READONLY, SECOND, WRITE
from kvik.errors import ReplyError
from kvik.errors import shown as as_text
from kvik.replies import OK, Reply, Status
from kvik.session import Session
from kvik.store.hyperloglog import (
    DENSE,
    DENSE_BYTES,
    DENSE_HEAD,
    EMPTY,
    ENCODING_AT,
    ESTIMATE_AT,
    HEADER_BYTES,
    NO_REGISTERS,
    REGISTERS,
    SPARSE,
    SPARSE_HEAD,
    STALE,
    STALE_AT,
    Corrupted,
    Runs,
    dense_of,
    dense_registers,
    estimate,
    highest_of,
    place_of,
    raised_by_sparse,
    run_bytes,
    run_length,
    run_value,
    shown,
    sparse_registers,
)
from kvik.store.long_string import LongString
from kvik.store.string_edit import overwrite
from kvik.store.value import Value, as_bytes, length_of, part_of

family = Family("hyperloglog")

NO_EVENT: Final = 0
SELF_TEST_ELEMENTS: Final = 10_000
SELF_TEST_ERROR: Final = 0.05


def encoding_of(value: Value) -> int:
    """Return how a HyperLogLog is kept, DENSE or SPARSE. Raises WRONGTYPE for a value that is none."""
    if isinstance(value, LongString) and len(value) == DENSE_BYTES and value.begins_with(DENSE_HEAD):
        return DENSE
    length = length_of(value)
    head = part_of(value, 0, ENCODING_AT + 1)
    if head == DENSE_HEAD and length == DENSE_BYTES:
        return DENSE
    if head == SPARSE_HEAD and length >= HEADER_BYTES:
        return SPARSE
    raise ReplyError("WRONGTYPE", "Key is not a valid HyperLogLog string value.")


def corrupted() -> ReplyError:
    return ReplyError("INVALIDOBJ", "Corrupted HLL object detected")


def registers_of(value: Value, encoding: int) -> bytes:
    """Return the registers of a HyperLogLog, a byte for each. Raises INVALIDOBJ for a damaged one."""
    try:
        return dense_registers(as_bytes(value)) if encoding == DENSE else sparse_registers(as_bytes(value))
    except Corrupted:
        raise corrupted() from None


def stale(text: bytes) -> bytes:
    """Return the bytes of a HyperLogLog with its estimate marked as one that holds no more."""
    return text[:STALE_AT] + bytes([text[STALE_AT] | STALE]) + text[HEADER_BYTES:]


@family.command(
    "PFADD",
    args=(1, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Adds elements to a HyperLogLog, which is created where there is none; returns 1 if it changed, else 0.",
    syntax="key [element [element ...]]",
    since="2.8.9",
)
def pfadd(session: Session, args: Args) -> Reply:
    key = args.key()
    value = session.keys.edit(key)
    if value is None:
        return add_sparse(session, key, EMPTY, args, True)
    if encoding_of(value) == DENSE:
        return add_dense(session, key, in_place(value), args, False)
    return add_sparse(session, key, as_bytes(value), args, False)


def add_sparse(session: Session, key: bytes, text: bytes, args: Args, is_new: bool) -> int:
    """Add what is left to a sparse HyperLogLog, which may become dense by it."""
    runs = Runs(text)
    is_changed = is_new
    try:
        while args.more():
            index, zeros = shown(args.next())
            is_raised = runs.raise_to(index, zeros)
            if is_raised is None:
                args.position -= 1
                dense = dense_of(sparse_registers(runs.text()), runs.text())
                return add_dense(session, key, LongString(dense), args, True)
            is_changed = is_changed or is_raised
    except Corrupted:
        raise corrupted() from None
    if is_changed:
        session.keys.replace(key, stale(runs.text()))
    return 1 if is_changed else 0


def in_place(value: Value) -> LongString:
    """Return a string that can be changed in place."""
    return value if isinstance(value, LongString) else LongString(as_bytes(value))


def add_dense(session: Session, key: bytes, value: LongString, args: Args, is_changed: bool) -> int:
    """Add what is left to a dense HyperLogLog."""
    while args.more():
        index, zeros = shown(args.next())
        if raise_register(value, index, zeros):
            is_changed = True
    if not is_changed:
        return 0
    value.set_byte(STALE_AT, value.byte(STALE_AT) | STALE)
    session.keys.edited(key, value)
    return 1


def raise_register(value: LongString, index: i64, zeros: i64) -> bool:
    """Let a register of a dense string be at least `zeros`; return whether it was less."""
    place = place_of(index)
    shift = (index * 6) & 7
    low = value.byte(place)
    # What is left of a register that does not end in this byte is in the next.
    high: i64 = value.byte(place + 1) if shift > 2 else 0
    pair = low | (high << 8)
    if (pair >> shift) & 63 >= zeros:
        return False
    pair = (pair & ~(63 << shift)) | (zeros << shift)
    value.set_byte(place, pair & 0xFF)
    if shift > 2:
        value.set_byte(place + 1, pair >> 8)
    return True


@family.command(
    "PFCOUNT",
    args=(1, ANY),
    flags=READONLY | MAY_REPLICATE,
    keys=ALL,
    summary="Returns about how many different elements were added to a HyperLogLog, or to several together.",
    syntax="key [key ...]",
    since="2.8.9",
)
def pfcount(session: Session, args: Args) -> Reply:
    """As in Redis an estimate is kept with the registers, and journalled: that counts as a change, told as no event."""
    if args.left() > 1:
        return estimate(merged(session, args.rest()).registers)
    key = args.key()
    value = session.keys.read(key)
    if value is None:
        return 0
    encoding = encoding_of(value)
    known = part_of(value, ESTIMATE_AT, HEADER_BYTES)
    if not known[7] & STALE:
        return read_i64_le(known, 0)
    count = estimate(registers_of(value, encoding))
    value = session.keys.edit(key)
    overwrite(session.keys, key, value, ESTIMATE_AT, count.to_bytes(8, "little", signed=True))
    session.event(NO_EVENT, b"pfcount", key)
    return count


class Merged:
    """The registers of several HyperLogLogs together, a byte for each, and whether any of them is dense."""

    def __init__(self) -> None:
        self.registers = NO_REGISTERS
        self.has_dense = False

    def add(self, value: Value) -> None:
        text = as_bytes(value)
        if encoding_of(value) == DENSE:
            self.registers = highest_of(self.registers, dense_registers(text))
            self.has_dense = True
            return
        try:
            self.registers = raised_by_sparse(self.registers, text)
        except Corrupted:
            raise corrupted() from None


def merged(session: Session, keys: list[bytes]) -> Merged:
    """Return the HyperLogLogs at these keys together. Raises for a key that holds anything else."""
    together = Merged()
    for key in keys:
        value = session.keys.read(key)
        if value is not None:
            together.add(value)
    return together


@family.command(
    "PFMERGE",
    args=(1, ANY),
    flags=WRITE | DENYOOM,
    keys=ALL,
    summary="Adds to a HyperLogLog, which is created where there is none, all that others have counted.",
    syntax="destkey [sourcekey [sourcekey ...]]",
    since="2.8.9",
    event="pfadd",
)
def pfmerge(session: Session, args: Args) -> Reply:
    words = args.rest()
    together = merged(session, words)
    keys = session.keys
    before = keys.find(words[0])
    text = EMPTY if before is None else as_bytes(before)
    sparse = None if together.has_dense else raised(text, together.registers)
    if sparse is None:
        keys.replace(words[0], LongString(stale(dense_of(together.registers, text))))
    else:
        keys.replace(words[0], stale(sparse))
    return OK


def raised(text: bytes, registers: bytes) -> bytes | None:
    """Return a sparse HyperLogLog with its registers raised to those given, None where that takes a dense one."""
    runs = Runs(text)
    for index in range(REGISTERS):
        value: i64 = registers[index]
        if value > 0 and runs.raise_to(index, value) is None:
            return None
    return runs.text()


@family.command(
    "PFDEBUG",
    args=(2, 2),
    flags=WRITE | DENYOOM | ADMIN,
    keys=SECOND,
    summary="Shows how a HyperLogLog is kept, or makes it dense.",
    syntax="<GETREG | DECODE | ENCODING | TODENSE> key",
    since="2.8.9",
)
def pfdebug(session: Session, args: Args) -> Reply:
    word = args.next()
    key = args.key()
    value = session.keys.edit(key)
    if value is None:
        raise ReplyError("ERR", "The specified key does not exist")
    encoding = encoding_of(value)
    what = word.upper()
    if what not in (b"GETREG", b"DECODE", b"ENCODING", b"TODENSE"):
        raise ReplyError("ERR", f"Unknown PFDEBUG subcommand '{as_text(word)}'")
    if args.more():
        raise ReplyError("ERR", f"Wrong number of arguments for the '{as_text(word)}' subcommand")
    if what == b"ENCODING":
        return Status(b"dense" if encoding == DENSE else b"sparse")
    if what == b"DECODE":
        if encoding == DENSE:
            raise ReplyError("ERR", "HLL encoding is not sparse")
        return described(as_bytes(value))
    registers = registers_of(value, encoding)
    if encoding == SPARSE:
        session.keys.replace(key, LongString(dense_of(registers, as_bytes(value))))
        session.event(NO_EVENT, b"pfdebug", key)
    return list(registers) if what == b"GETREG" else int(encoding == SPARSE)


def described(text: bytes) -> bytes:
    """Return the runs of a sparse HyperLogLog in Redis' notation."""
    words: list[bytes] = []
    at: i64 = HEADER_BYTES
    while at < len(text):
        byte: i64 = text[at]
        try:
            length = run_length(text, at)
        except Corrupted:
            raise corrupted() from None
        if byte & 0x80:
            words.append(b"v:%d,%d" % (run_value(byte), length))
        else:
            words.append(b"%b:%d" % (b"Z" if byte & 0x40 else b"z", length))
        at += run_bytes(byte)
    return b" ".join(words)


@family.command(
    "PFSELFTEST",
    args=(0, 0),
    flags=ADMIN,
    summary="Counts known elements and compares: answers OK where sparse and dense registers and the estimate agree.",
    since="2.8.9",
)
def pfselftest(session: Session, args: Args) -> Reply:
    registers = bytearray(REGISTERS)
    runs: Runs | None = Runs(EMPTY)
    for number in range(SELF_TEST_ELEMENTS):
        index, zeros = shown(b"%d" % number)
        registers[index] = max(registers[index], int(zeros))
        if runs is not None and runs.raise_to(index, zeros) is None:
            runs = None
        if runs is not None and number == 500 and sparse_registers(runs.text()) != registers:
            raise ReplyError("TESTFAILED", "Sparse registers differ from those they stand for")
    if dense_registers(dense_of(bytes(registers), EMPTY)) != registers:
        raise ReplyError("TESTFAILED", "Dense registers differ from those they stand for")
    if abs(estimate(bytes(registers)) - SELF_TEST_ELEMENTS) > SELF_TEST_ELEMENTS * SELF_TEST_ERROR:
        raise ReplyError("TESTFAILED", "Too high error in the estimate")
    return OK
