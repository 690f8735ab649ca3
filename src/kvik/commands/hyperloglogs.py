"""HyperLogLog: counting different elements, about. Knows what the arguments mean; the bytes are Redis' own."""

from typing import Final

from mypy_extensions import i64

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ADMIN, ALL, ANY, DENYOOM, FAST, FIRST, READONLY, WRITE, Keys
from kvik.errors import ReplyError, shown
from kvik.replies import OK, Reply, Status
from kvik.session import Session
from kvik.store.hyperloglog import (
    DENSE,
    EMPTY,
    ENCODING_AT,
    ESTIMATE_AT,
    HEADER_BYTES,
    REGISTERS,
    STALE,
    STALE_AT,
    Corrupted,
    Hash,
    Runs,
    dense_bytes,
    dense_of,
    dense_register,
    dense_registers,
    estimate,
    is_hyperloglog,
    place_of,
    run_bytes,
    run_length,
    run_value,
    sparse_registers,
)
from kvik.store.long_string import LongString
from kvik.store.string_edit import overwrite
from kvik.store.value import Value, as_bytes, length_of, part_of

family = Family("hyperloglog")

SECOND_WORD: Final = Keys(2, 2, 1)
NO_EVENT: Final = 0
SELF_TEST_ELEMENTS: Final = 10_000
SELF_TEST_ERROR: Final = 0.05


def check(value: Value) -> None:
    """Refuse a value that is no HyperLogLog."""
    length = length_of(value)
    if not is_hyperloglog(length, part_of(value, 0, HEADER_BYTES)):
        raise ReplyError("WRONGTYPE", "Key is not a valid HyperLogLog string value.")


def corrupted() -> ReplyError:
    return ReplyError("INVALIDOBJ", "Corrupted HLL object detected")


def is_dense(value: Value) -> bool:
    return part_of(value, ENCODING_AT, ENCODING_AT + 1) == bytes([DENSE])


def registers_of(value: Value) -> list[i64]:
    """Return the registers of a HyperLogLog. Raises INVALIDOBJ for a damaged one."""
    try:
        return dense_registers(as_bytes(value)) if is_dense(value) else sparse_registers(as_bytes(value))
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
    check(value)
    if is_dense(value):
        return add_dense(session, key, value, args, False)
    return add_sparse(session, key, as_bytes(value), args, False)


def add_sparse(session: Session, key: bytes, text: bytes, args: Args, is_new: bool) -> int:
    """Add what is left to a sparse HyperLogLog, which may become dense by it."""
    runs = Runs(text)
    is_changed = is_new
    try:
        while args.more():
            element = Hash(args.next())
            is_raised = runs.raise_to(element.index, element.zeros)
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


def add_dense(session: Session, key: bytes, value: Value, args: Args, is_changed: bool) -> int:
    """Add what is left to a dense HyperLogLog."""
    while args.more():
        element = Hash(args.next())
        place = place_of(element.index)
        data = part_of(value, place, place + 2)
        if dense_register(data, element.index) < element.zeros:
            if not isinstance(value, LongString):
                value = LongString(as_bytes(value))
            value.write(place, dense_bytes(data, element.index, element.zeros))
            is_changed = True
    if not is_changed:
        return 0
    if isinstance(value, LongString):
        value.set_byte(STALE_AT, value.byte(STALE_AT) | STALE)
        session.keys.edited(key, value)
    return 1


@family.command(
    "PFCOUNT",
    args=(1, ANY),
    flags=READONLY,
    keys=ALL,
    summary="Returns about how many different elements were added to a HyperLogLog, or to several together.",
    syntax="key [key ...]",
    since="2.8.9",
)
def pfcount(session: Session, args: Args) -> Reply:
    """As in Redis an estimate is kept with the registers, and journalled: that counts as a change, told as no event."""
    if args.left() > 1:
        return estimate(highest_registers(session, args))
    key = args.key()
    value = session.keys.read(key)
    if value is None:
        return 0
    check(value)
    known = part_of(value, ESTIMATE_AT, HEADER_BYTES)
    if not known[7] & STALE:
        return int.from_bytes(known, "little")
    count = estimate(registers_of(value))
    value = session.keys.edit(key)
    overwrite(session.keys, key, value, ESTIMATE_AT, count.to_bytes(8, "little"))
    session.event(NO_EVENT, b"pfcount", key)
    return count


def highest_registers(session: Session, args: Args) -> list[i64]:
    """Return the registers of all HyperLogLogs that are left together: of each the highest."""
    highest: list[i64] = [0] * REGISTERS
    for key in args.rest():
        value = session.keys.read(key)
        if value is not None:
            check(value)
            raise_all(highest, registers_of(value))
    return highest


def raise_all(highest: list[i64], registers: list[i64]) -> None:
    for index in range(REGISTERS):
        if registers[index] > highest[index]:
            highest[index] = registers[index]


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
    start = args.position
    highest = highest_registers(session, args)
    keys = session.keys
    destination = args.words[start]
    has_dense = False
    for key in args.words[start:]:
        value = keys.find(key)
        has_dense = has_dense or (value is not None and is_dense(value))
    before = keys.find(destination)
    text = EMPTY if before is None else as_bytes(before)
    merged = None if has_dense else merged_runs(text, highest)
    if merged is None:
        keys.replace(destination, LongString(stale(dense_of(highest, text))))
    else:
        keys.replace(destination, stale(merged))
    return OK


def merged_runs(text: bytes, highest: list[i64]) -> bytes | None:
    """Return a sparse HyperLogLog with its registers raised, None where that takes a dense one."""
    runs = Runs(text)
    for index in range(REGISTERS):
        value = highest[index]
        if value > 0 and runs.raise_to(index, value) is None:
            return None
    return runs.text()


@family.command(
    "PFDEBUG",
    args=(2, ANY),
    flags=WRITE | DENYOOM | ADMIN,
    keys=SECOND_WORD,
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
    check(value)
    what = word.upper()
    if what not in (b"GETREG", b"DECODE", b"ENCODING", b"TODENSE"):
        raise ReplyError("ERR", f"Unknown PFDEBUG subcommand '{shown(word)}'")
    if args.more():
        raise ReplyError("ERR", f"Wrong number of arguments for the '{shown(word)}' subcommand")
    if what == b"ENCODING":
        return Status(b"dense" if is_dense(value) else b"sparse")
    if what == b"DECODE":
        if is_dense(value):
            raise ReplyError("ERR", "HLL encoding is not sparse")
        return described(as_bytes(value))
    has_changed = make_dense(session, key, value)
    return registers_of(value) if what == b"GETREG" else int(has_changed)


def make_dense(session: Session, key: bytes, value: Value) -> bool:
    """Make a HyperLogLog dense; return whether it was sparse."""
    if is_dense(value):
        return False
    session.keys.replace(key, LongString(dense_of(registers_of(value), as_bytes(value))))
    session.event(NO_EVENT, b"pfdebug", key)
    return True


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
    registers: list[i64] = [0] * REGISTERS
    runs: Runs | None = Runs(EMPTY)
    for number in range(SELF_TEST_ELEMENTS):
        element = Hash(b"%d" % number)
        registers[element.index] = max(registers[element.index], element.zeros)
        if runs is not None and runs.raise_to(element.index, element.zeros) is None:
            runs = None
        if runs is not None and number == 500 and sparse_registers(runs.text()) != registers:
            raise ReplyError("TESTFAILED", "Sparse registers differ from those they stand for")
    if dense_registers(dense_of(registers, EMPTY)) != registers:
        raise ReplyError("TESTFAILED", "Dense registers differ from those they stand for")
    if abs(estimate(registers) - SELF_TEST_ELEMENTS) > SELF_TEST_ELEMENTS * SELF_TEST_ERROR:
        raise ReplyError("TESTFAILED", "Too high error in the estimate")
    return OK
