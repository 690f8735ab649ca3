"""Streams as Redis ships them: taken apart and put together again they are the same to a redis-server."""

import pytest
from librt.strings import BytesWriter

from kvik.errors import PayloadDamaged
from kvik.rdb.cursor import Cursor
from kvik.rdb.kinds import FOOTER_BYTES, STREAM, STREAM_2, STREAM_3
from kvik.rdb.listpack import listpack_of
from kvik.rdb.stream_form import UNKNOWN, StreamForm, stream_at, write_stream
from tests.rdb.values import signed
from tests.reference import ReferenceServer

Lines = list[str]
STREAMS: dict[str, Lines] = {
    "one entry": ["XADD k 5-1 f v"],
    "the same fields": [f"XADD k {number}-0 name {number} other {'x' * number}" for number in range(1, 250)],
    "other fields": [f"XADD k {number}-{number} f{number % 3} v" + " g w" * (number % 2) for number in range(1, 30)],
    "large numbers": [
        *["XADD k 1-18446744073709551615 a 1", "XADD k 2-0 a -5"],
        "XADD k 18446744073709551615-3 a 99999999999999999999",
        "XADD k 18446744073709551615-18446744073709551615 b 12345678901",
    ],
    "deleted ones": [*[f"XADD k {number}-0 f v" for number in range(1, 20)], "XDEL k 1-0 7-0 19-0", "XTRIM k MAXLEN 9"],
    "empty": ["XADD k 5-1 f v", "XDEL k 5-1", "XGROUP CREATE k g 0"],
    "groups": [
        *[f"XADD k {number}-0 f v" for number in range(1, 20)],
        *["XGROUP CREATE k one 0", "XGROUP CREATE k two 5-0", "XGROUP CREATE k three $ ENTRIESREAD 19"],
        *["XREADGROUP GROUP one alice COUNT 4 STREAMS k >", "XREADGROUP GROUP one bob COUNT 2 STREAMS k >"],
        *["XREADGROUP GROUP one alice COUNT 1 STREAMS k >", "XACK k one 2-0", "XGROUP CREATECONSUMER k one carol"],
        *["XREADGROUP GROUP two dan NOACK COUNT 3 STREAMS k >", "XDEL k 3-0"],
        "XSETID k 30-0 ENTRIESADDED 40 MAXDELETEDID 3-0",
    ],
}


def dumped(reference: ReferenceServer, name: str) -> bytes:
    """Return what DUMP gives of a stream."""
    reference("FLUSHALL")
    for line in STREAMS[name]:
        reply = reference(*line.split())
        assert not isinstance(reply, str), reply
    payload = reference("DUMP", "k")
    assert isinstance(payload, bytes)
    return payload


def form_of(payload: bytes) -> StreamForm:
    cursor = Cursor(payload, len(payload) - FOOTER_BYTES)
    form = cursor.byte()
    stream = stream_at(cursor, form)
    assert cursor.is_at_end()
    return stream


def written(stream: StreamForm) -> bytes:
    out = BytesWriter()
    out.append(STREAM_2)
    write_stream(stream, out)
    return out.getvalue()


def everything(reference: ReferenceServer, key: str) -> object:
    """Return what the real server says of a stream, but for how it is kept."""
    facts = reference("XINFO", "STREAM", key, "FULL", "COUNT", "0")
    assert isinstance(facts, list)
    named = dict(zip(facts[::2], facts[1::2], strict=True))
    del named[b"radix-tree-keys"], named[b"radix-tree-nodes"]
    return named


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_taken_apart_is_put_together_again(reference: ReferenceServer, name: str) -> None:
    payload = dumped(reference, name)
    reference("CONFIG", "SET", "sanitize-dump-payload", "yes")
    stream = form_of(payload)
    assert reference("RESTORE", "twin", "0", signed(written(stream))) == b"OK"
    assert everything(reference, "twin") == everything(reference, "k")
    assert written(form_of(signed(written(stream)))) == written(stream)


def test_what_a_stream_knows_is_read(reference: ReferenceServer) -> None:
    stream = form_of(dumped(reference, "groups"))
    assert [entry for entry, _ in stream.entries[:3]] == [(1, 0), (2, 0), (4, 0)]
    assert stream.entries[0][1] == [b"f", b"v"]
    assert (stream.last, stream.highest_deleted, stream.entries_added) == ((30, 0), (3, 0), 40)
    groups = {group.name: group for group in stream.groups}
    assert (groups[b"one"].last, groups[b"one"].entries_read) == ((7, 0), 7)
    assert groups[b"two"].entries_read == UNKNOWN
    assert groups[b"three"].entries_read == 19
    consumers = {consumer.name: consumer for consumer in groups[b"one"].consumers}
    assert [each.entry for each in consumers[b"alice"].pending] == [(1, 0), (3, 0), (4, 0), (7, 0)]
    assert [each.delivery_count for each in consumers[b"bob"].pending] == [1, 1]
    assert consumers[b"carol"].pending == []


OLDEST = b"\x01\x10" + b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1"
NODE = listpack_of([b"1", b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"v", b"4"])
OLD = OLDEST + bytes([len(NODE)]) + NODE + b"\1\5\1"


def test_streams_of_older_and_newer_servers_are_read() -> None:
    group = b"\1\1g\5\1\1" + b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1" + b"\x10" + b"\0" * 7 + b"\3" + b"\1\1c"
    claim = b"\1" + b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1"
    data = OLD + group + b"\x20" + b"\0" * 7 + claim
    oldest = stream_at(Cursor(data, len(data)), STREAM)
    assert (oldest.entries, oldest.entries_added, oldest.last) == ([((5, 1), [b"f", b"v"])], 1, (5, 1))
    newest_group = group.replace(b"\1\1g\5\1", b"\1\1g\5\1\7") + b"\x20" + b"\0" * 7 + b"\x30" + b"\0" * 7 + claim
    data = OLD + b"\5\1\0\0\1" + newest_group
    newest = stream_at(Cursor(data, len(data)), STREAM_3)
    consumer = newest.groups[0].consumers[0]
    assert (newest.groups[0].entries_read, consumer.seen_time, consumer.active_time) == (7, 0x20, 0x30)
    assert [(each.entry, each.delivery_time, each.delivery_count) for each in consumer.pending] == [((5, 1), 0x10, 3)]


@pytest.mark.parametrize("name", ["groups", "deleted ones", "large numbers"])
def test_a_stream_that_somebody_has_made_up_is_one_or_refused(reference: ReferenceServer, name: str) -> None:
    sample = written(form_of(dumped(reference, name)))
    for end in range(1, len(sample)):
        with pytest.raises(PayloadDamaged):
            stream_at(Cursor(sample[1:end], end - 1), STREAM_2)
    taken = 0
    for place in range(1, len(sample)):
        for mask in (0x01, 0x40, 0x80, 0xFF):
            changed = sample[1:place] + bytes([sample[place] ^ mask]) + sample[place + 1 :]
            try:
                stream = stream_at(Cursor(changed, len(changed)), STREAM_2)
            except PayloadDamaged:
                continue
            taken += 1
            again = written(stream)
            assert written(stream_at(Cursor(again[1:], len(again) - 1), STREAM_2)) == again
    assert taken > 0
