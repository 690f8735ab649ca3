"""A payload that is damaged is refused, with a checksum that is right as well: never an error of our own."""

import tracemalloc

import pytest

from kvik.errors import PayloadDamaged
from kvik.rdb.listpack import listpack_of
from kvik.rdb.reading import is_genuine, value_in
from kvik.rdb.writing import payload_of
from tests.engines import Caller
from tests.rdb.values import signed

REFUSED = ["ERR DUMP payload version or checksum are wrong", "ERR Bad data format"]
MASKS = [0x01, 0x80, 0xFF, 0x10]


def text(data: bytes) -> bytes:
    """Return a string as it stands in a payload."""
    return bytes([len(data)]) + data


def ziplist(*items: bytes) -> bytes:
    body, last = b"", 0
    for item in items:
        entry = bytes([last]) + text(item)
        body, last = body + entry, len(entry)
    size = 11 + len(body)
    tail = 10 + len(body) - last
    return size.to_bytes(4, "little") + tail.to_bytes(4, "little") + bytes([len(items), 0]) + body + b"\xff"


def raw(number: int) -> bytes:
    return number.to_bytes(8, "big")


def node(*items: bytes) -> bytes:
    """Return a stream's only node, which begins at the ID 5-1."""
    return b"\x13\x01" + text(raw(5) + raw(1)) + text(listpack_of(list(items)))


def group(*consumers: bytes, pending: bytes = b"\x01" + raw(5) + raw(1) + b"\0" * 8 + b"\x02") -> bytes:
    """Return a group that was given all, whose entry 5-1 is pending, with its consumers."""
    return b"\x01g\x05\x01\x01" + pending + bytes([len(consumers)]) + b"".join(consumers)


ENTRY = node(b"1", b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"v", b"4")
# What follows the nodes of a stream with one entry: how many, last ID, first ID, highest deleted, how many ever.
FACTS = b"\x01\x05\x01\x05\x01\x00\x00\x01"
ALICE = b"\x01a" + b"\0" * 8 + b"\x01" + raw(5) + raw(1)
BOB = b"\x01b" + b"\0" * 8 + b"\x00"
LISTPACK = b"\x13\0\0\0\4\0\x81a\x02\xf1\x00\x10\x03\x81b\x02\x05\x01\xff"
SAMPLES = {
    "string": b"\0\x03foo",
    "integer": b"\0\xc2\1\2\3\4",
    "compressed": b"\0\xc3\x05\x17\x00a\xe0\x0d\x00",
    "list": b"\x01\x02\x01a\xc0\x05",
    "set": b"\x02\x02\x01a\x01b",
    "sorted set of texts": b"\x03\x03\x01a\x031.5\x01b\xfe\x01c\xff",
    "hash": b"\x04\x01\x01f\x01v",
    "sorted set": b"\x05\x02\x01a" + b"\0" * 6 + b"\xf8\x3f" + b"\x01b" + b"\0" * 8,
    "zipmap": b"\x09" + text(b"\x01\x01f\x03\x02val\0\0\xff"),
    "ziplist": b"\x0a" + text(ziplist(b"a", b"bc", b"d")),
    "intset": b"\x0b" + text(b"\x02\0\0\0\x03\0\0\0\x01\0\x02\0\x03\0"),
    "sorted set in a ziplist": b"\x0c" + text(ziplist(b"a", b"1.5")),
    "hash in a ziplist": b"\x0d" + text(ziplist(b"f", b"v")),
    "list of ziplists": b"\x0e\x02" + text(ziplist(b"a")) + text(ziplist(b"b")),
    "hash in a listpack": b"\x10" + text(LISTPACK),
    "sorted set in a listpack": b"\x11" + text(LISTPACK),
    "list of listpacks": b"\x12\x02\x02" + text(LISTPACK) + b"\x01\x05plain",
    "set in a listpack": b"\x14" + text(LISTPACK),
    "stream": ENTRY + FACTS + b"\x01" + group(ALICE, BOB),
}


def test_the_samples_are_whole() -> None:
    for name, sample in SAMPLES.items():
        assert is_genuine(signed(sample)), name
        assert payload_of(value_in(signed(sample))), name


@pytest.mark.parametrize("name", SAMPLES)
def test_a_payload_that_is_cut_or_longer_is_refused(caller: Caller, name: str) -> None:
    sample = SAMPLES[name]
    for end in range(len(sample)):
        assert caller.error("RESTORE", "k", "0", signed(sample[:end])) == REFUSED[1]
    assert caller.error("RESTORE", "k", "0", signed(sample + b"\0")) == REFUSED[1]
    whole = signed(sample)
    for end in range(len(whole)):
        assert caller.error("RESTORE", "k", "0", whole[:end]) in REFUSED
    assert caller.plain("DBSIZE") == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_a_payload_with_a_changed_byte_is_refused_by_its_checksum(caller: Caller, name: str) -> None:
    whole = signed(SAMPLES[name])
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        assert caller.error("RESTORE", "k", "0", changed) == REFUSED[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_payload_that_somebody_has_made_up_is_a_value_or_refused(name: str) -> None:
    sample = SAMPLES[name]
    taken = 0
    for place in range(len(sample)):
        for byte in {*range(0, 256, 7), *[sample[place] ^ mask for mask in MASKS]}:
            payload = signed(sample[:place] + bytes([byte]) + sample[place + 1 :])
            try:
                value = value_in(payload)
            except PayloadDamaged:
                continue
            taken += 1
            assert is_genuine(payload_of(value))
    assert taken > 0, "another letter is another value"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x81" + b"\xff" * 8,
        b"\x00\x80\x7f\xff\xff\xff",
        b"\x01\x81\x7f" + b"\xff" * 7 + b"\0" * 50,
        b"\x02\x80\x7f\xff\xff\xff" + b"\0" * 50,
        b"\x04\x81\xff" + b"\xff" * 7 + b"\0" * 50,
        b"\x05\x80\xff\xff\xff\xff" + b"\0" * 50,
        b"\x12\x81\x7f" + b"\xff" * 7 + b"\0" * 50,
        b"\x00\xc3\x05\x80\x7f\xff\xff\xff\x00a\xe0\xff\x00",
        b"\x00\xc3\x81" + b"\xff" * 8 + b"\x05abc",
        b"\x0b" + text(b"\x08\0\0\0\xff\xff\xff\xff" + b"\0" * 8),
        b"\x10" + text(b"\xff\xff\xff\x7f\xff\xff\x81a\x02\xff"),
        b"\x10" + text(b"\x0d\0\0\0\1\0\xf0\xff\xff\xff\xff\1\xff"),
        b"\x0a" + text(b"\xff\xff\xff\x7f\x0a\0\0\0\xff\xff\x00\x01a\xff"),
        b"\x09" + text(b"\x01\xfe\xff\xff\xff\x7ff\x01v\xff"),
        b"\x13\x81\x7f" + b"\xff" * 7 + b"\0" * 50,
        node(b"1", b"0", b"%d" % 2**62, b"f", b"0", b"2", b"0", b"0", b"v", b"4") + FACTS + b"\x00",
        node(b"%d" % 2**62, b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"v", b"4") + FACTS + b"\x00",
        ENTRY + FACTS + b"\x81\x7f" + b"\xff" * 7,
        ENTRY + FACTS + b"\x01" + group(ALICE, pending=b"\x81\x7f" + b"\xff" * 7),
    ],
    ids=lambda data: data[:12].hex(),
)
def test_nothing_is_set_aside_for_what_is_only_claimed(caller: Caller, data: bytes) -> None:
    payload = signed(data)
    caller.error("RESTORE", "k", "0", payload)
    tracemalloc.start()
    assert caller.error("RESTORE", "k", "0", payload) == REFUSED[1]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xfa\0",
        b"\x01\0",
        b"\x02\0",
        b"\x02\x02\x01a\x01a",
        b"\x04\x02\x01f\x01v\x01f\x01w",
        b"\x05\x01\x01a" + b"\0" * 6 + b"\xf8\x7f",
        b"\x03\x01\x01a\xfd",
        b"\x03\x01\x01a\x03nan",
        b"\x10" + text(b"\x0b\0\0\0\2\0\1\1\1\1\xff") + b"x",
        b"\x10" + text(b"\x0d\0\0\0\3\0\1\1\2\1\3\1\xff"),
        b"\x11" + text(b"\x0d\0\0\0\2\0\x81a\x02\x81b\x02\xff")[:-1],
        b"\x0b" + text(b"\x02\0\0\0\x02\0\0\0\x02\0\x01\0"),
        b"\x0b" + text(b"\x03\0\0\0\x01\0\0\0\x02\0\x01"),
        node(b"0", b"0", b"1", b"f", b"0") + b"\0\5\1\0\0\0\0\0" + b"\x00",
        node(b"1", b"0", b"0", b"0", b"2", b"0", b"0", b"3") + FACTS + b"\x00",
        node(b"1", b"0", b"1", b"f", b"0", b"2", b"-5", b"-1", b"v", b"4") + FACTS + b"\x00",
        node(b"1", b"0", b"1", b"f", b"0", b"2", b"-1", b"0", b"v", b"4") + FACTS + b"\x00",
        node(b"0", b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"v", b"4") + FACTS + b"\x00",
        b"\x18" + (1 << 46).to_bytes(8, "little") + b"\x01\x01\x01f\x01v",
        ENTRY + FACTS[:-1] + b"\x00" + b"\x00",
        ENTRY + b"\x01\x05\x00" + FACTS[3:] + b"\x00",
        ENTRY + FACTS + b"\x02" + 2 * group(ALICE),
        ENTRY + FACTS + b"\x01" + group(ALICE, BOB, BOB),
        ENTRY + FACTS + b"\x01" + group(BOB),
        ENTRY + FACTS + b"\x01" + group(ALICE, b"\x01b" + ALICE[2:]),
        ENTRY + FACTS + b"\x01" + group(ALICE, pending=b"\x01" + b"\0" * 24 + b"\x02"),
        ENTRY + FACTS + b"\x01" + group(ALICE).replace(b"\x05\x01\x01", b"\x05\x01\x81\xf0" + b"\0" * 7, 1),
    ],
    ids=lambda data: data[:12].hex(),
)
def test_what_is_empty_or_twice_there_or_no_number_is_refused(caller: Caller, data: bytes) -> None:
    assert caller.error("RESTORE", "k", "0", signed(data)) == REFUSED[1]


@pytest.mark.parametrize(("version", "is_read"), [(0, True), (10, True), (12, True), (13, False), (99, False)])
def test_a_payload_of_a_newer_version_than_is_known_is_refused(caller: Caller, version: int, is_read: bool) -> None:
    reply = caller.plain("RESTORE", "k", "0", signed(b"\0\x01a", version))
    assert reply == (b"OK" if is_read else REFUSED[0])
