"""Streams as Redis ships them: taken apart and put together again they are the same to a redis-server."""

import pytest

from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.errors import PayloadDamaged, ReplyError
from kvik.rdb.kinds import FOOTER_BYTES, STREAM, STREAM_2, STREAM_3
from kvik.rdb.listpack import listpack_of
from kvik.rdb.reading import value_in
from kvik.rdb.writing import payload_of
from kvik.store.consumer_group import UNKNOWN, ConsumerGroup
from kvik.store.stream import StreamValue
from kvik.store.stream_id import HIGHEST, LOWEST
from tests.engines import Caller
from tests.rdb.values import HOW_IT_IS_KEPT, signed, stream_lines, without
from tests.reference import ReferenceServer

STREAMS = stream_lines()


def dumped(reference: ReferenceServer, name: str) -> bytes:
    """Return what DUMP gives of a stream."""
    reference("FLUSHALL")
    for line in STREAMS[name]:
        reply = reference(*line.split())
        assert not isinstance(reply, str), reply
    payload = reference("DUMP", "k")
    assert isinstance(payload, bytes)
    return payload


def stream_in(payload: bytes) -> StreamValue:
    value = value_in(payload)
    assert isinstance(value, StreamValue)
    return value


def stream_of(data: bytes, form: int) -> StreamValue:
    return stream_in(signed(bytes([form]) + data))


def everything(reference: ReferenceServer, key: str) -> object:
    """Return what the real server says of a stream, but for how it is kept."""
    return without(reference("XINFO", "STREAM", key, "FULL", "COUNT", "0"), HOW_IT_IS_KEPT)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_taken_apart_is_put_together_again(reference: ReferenceServer, name: str) -> None:
    payload = dumped(reference, name)
    reference("CONFIG", "SET", "sanitize-dump-payload", "yes")
    own = payload_of(stream_in(payload))
    assert reference("RESTORE", "twin", "0", own) == b"OK"
    assert everything(reference, "twin") == everything(reference, "k")
    assert payload_of(stream_in(own)) == own


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_was_shipped_weighs_what_it_weighed(caller: Caller, name: str) -> None:
    for line in STREAMS[name]:
        caller.plain(*line.split())
    before = caller("MEMORY", "USAGE", "k")
    payload = caller.plain("DUMP", "k")
    assert isinstance(payload, bytes)
    assert caller.plain("RESTORE", "k", "0", payload, "REPLACE") == b"OK"
    assert caller("MEMORY", "USAGE", "k") == pytest.approx(before, rel=0.01)


def pending(group: ConsumerGroup, consumer: bytes) -> list[tuple[bytes, int, int]]:
    """Return the ID, the time and the count of all that a consumer has."""
    rows = group.consumers[consumer].pending.rows()
    return [(each.id.text(), each.time, each.count) for row in rows for each in row]


def test_what_a_stream_knows_is_read(reference: ReferenceServer) -> None:
    stream = stream_in(dumped(reference, "groups"))
    entries = stream.range(LOWEST, HIGHEST, 3)
    assert [entry.id().text() for entry in entries] == [b"1-0", b"2-0", b"4-0"]
    assert entries[0].fields == [b"f", b"v"]
    assert (stream.last.text(), stream.highest_deleted.text(), stream.entries_added) == (b"30-0", b"3-0", 40)
    one = stream.groups[b"one"]
    assert (one.last.text(), one.entries_read) == (b"7-0", 7)
    assert stream.groups[b"two"].entries_read == UNKNOWN
    assert stream.groups[b"three"].entries_read == 19
    assert [entry for entry, _, _ in pending(one, b"alice")] == [b"1-0", b"3-0", b"4-0", b"7-0"]
    assert [count for _, _, count in pending(one, b"bob")] == [1, 1]
    assert pending(one, b"carol") == []


def test_rough_trimming_ends_where_it_does_in_redis(caller: Caller, reference: ReferenceServer) -> None:
    reference("FLUSHALL")
    for number in range(1, 251):
        reference("XADD", "k", f"{number}-0", "f", "v")
    reference("XDEL", "k", *[f"{number}-0" for number in range(1, 91)])
    payload = reference("DUMP", "k")
    assert isinstance(payload, bytes)
    caller("RESTORE", "k", "0", payload)
    for most in (151, 149, 60, 49):
        assert caller("XTRIM", "k", "MAXLEN", "~", most) == reference("XTRIM", "k", "MAXLEN", "~", most)


OLDEST = b"\x01\x10" + b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1"
NODE = listpack_of([b"1", b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"v", b"4"])
OLD = OLDEST + bytes([len(NODE)]) + NODE + b"\1\5\1"


def test_streams_of_older_and_newer_servers_are_read() -> None:
    group = b"\1\1g\5\1\1" + b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1" + b"\x10" + b"\0" * 7 + b"\3" + b"\1\1c"
    claim = b"\1" + b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1"
    oldest = stream_of(OLD + group + b"\x20" + b"\0" * 7 + claim, STREAM)
    assert (oldest.first_id().text(), oldest.entries_added, oldest.last.text()) == (b"5-1", 1, b"5-1")
    assert oldest.groups[b"g"].entries_read == 1
    newest_group = group.replace(b"\1\1g\5\1", b"\1\1g\5\1\7") + b"\x20" + b"\0" * 7 + b"\x30" + b"\0" * 7 + claim
    newest = stream_of(OLD + b"\5\1\0\0\1" + newest_group, STREAM_3)
    assert (newest.groups[b"g"].entries_read, newest.groups[b"g"].consumers[b"c"].seen_time) == (7, 0x20)
    assert pending(newest.groups[b"g"], b"c") == [(b"5-1", 0x10, 3)]


def test_moments_before_1970_are_that(caller: Caller) -> None:
    long_ago = b"\0" * 7 + b"\x80"
    pending_id = b"\0" * 7 + b"\5" + b"\0" * 7 + b"\1"
    group = b"\1\1g\5\1\1\1" + pending_id + long_ago + b"\3\1\1c" + long_ago + b"\1" + pending_id
    caller("RESTORE", "k", "0", signed(bytes([STREAM_2]) + OLD + b"\5\1\0\0\1" + group))
    now = caller.clock.now
    assert caller.plain("XPENDING", "k", "g", "-", "+", 1) == [[b"5-1", b"c", now, 3]]
    assert caller.plain("XPENDING", "k", "g", "IDLE", now, "-", "+", 1) == [[b"5-1", b"c", now, 3]]
    assert caller.plain("XINFO", "CONSUMERS", "k", "g") == [[b"name", b"c", b"pending", 1, b"idle", now]]


@pytest.mark.parametrize("name", ["groups", "deleted ones", "large numbers"])
def test_a_stream_that_somebody_has_made_up_is_one_or_refused(reference: ReferenceServer, name: str) -> None:
    sample = payload_of(stream_in(dumped(reference, name)))[:-FOOTER_BYTES]
    for end in range(1, len(sample)):
        with pytest.raises(PayloadDamaged):
            value_in(signed(sample[:end]))
    taken, table = 0, CommandTable(BUILT_IN)
    for place in range(1, len(sample)):
        for mask in (0x01, 0x40, 0x80, 0xFF):
            changed = signed(sample[:place] + bytes([sample[place] ^ mask]) + sample[place + 1 :])
            try:
                value = stream_in(changed)
            except PayloadDamaged:
                continue
            taken += 1
            again = payload_of(value)
            assert payload_of(value_in(again)) == again
            made = Caller()
            for words in table.rebuild(b"k", value, -1):
                assert not isinstance(made(*words), ReplyError), (place, mask, words)
            assert made("XLEN", "k") == len(value)
    assert taken > 0
