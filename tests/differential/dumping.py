"""Requests to DUMP and RESTORE.

The payloads are what kvik writes, or samples from a redis-server. One that only its checksum vouches for is not sent:
Redis 7.0 believes it, and may end by that. What is damaged here fails the check, or is cut to nothing.
"""

from functools import cache
from random import Random

from kvik.rdb.checksum import crc64
from kvik.rdb.writing import payload_of
from kvik.store.consumer_group import UNKNOWN, ConsumerGroup
from kvik.store.hash_value import HashValue
from kvik.store.list_value import ListValue
from kvik.store.set_value import SetValue
from kvik.store.sorted_set import SortedSet
from kvik.store.stream import StreamValue
from kvik.store.stream_id import HIGHEST, LOWEST, StreamId
from kvik.store.value import Value
from tests.differential.draw import HOSTILE_INTEGERS, Draw, Request

PAYLOADS = 300
MOMENT = 1_000_000_000_000
"""When consumers asked, and entries were given to them, in milliseconds."""
MOMENTS = [b"0", b"0", b"0", b"100000", b"4102444800000", b"9223372036854775807", b"9223372036853775807", b"-1"]


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    key, count = draw.key(), draw.random.randrange(700)
    many = [b"%d" % draw.random.randrange(-70_000, 70_000) for _ in range(draw.random.randint(1, 600))]
    pairs = [word for _ in range(draw.random.randint(1, 5)) for word in (draw.float(), draw.word())]
    forms = [
        [b"DUMP", key],
        [b"DUMP", key],
        [b"DUMP", key],
        restoring(draw, key),
        restoring(draw, key),
        restoring(draw, key),
        [b"RPUSH", key, *draw.words(1, 6)],
        [b"SADD", key, *draw.words(1, 6)],
        [b"HSET", key, *[word for _ in range(3) for word in (draw.word(), draw.word())]],
        [b"ZADD", key, *pairs],
        [draw.one([b"RPUSH", b"SADD"]), key, *many],
        [b"XADD", key, b"5-*", b"f", draw.word(), *draw.words(1, 1) * 2 * draw.random.randrange(2)],
        [b"XADD", key, b"NOMKSTREAM", b"MAXLEN", b"~", b"%d" % draw.random.randrange(600), b"%d-*" % count, b"f", b"v"],
        about_stream(draw, key),
        about_stream(draw, key),
        [b"SET", key, draw.word() * draw.random.choice([1, 1, 30, 3000])],
        [b"LRANGE", key, b"0", b"-1"],
        [b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"],
        [b"SMEMBERS", key],
        [b"HGETALL", key],
        [b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"],
        [b"OBJECT", b"ENCODING", key],
        [b"EXPIRETIME", key],
        [b"DEL", key],
    ]
    return draw.one_of(forms)


def about_stream(draw: Draw, key: bytes) -> Request:
    """Return a request that changes, or asks of, what a stream has besides its entries."""
    ids = [b"%d-%d" % (draw.random.randrange(1, 600), draw.random.randrange(3)) for _ in range(30)]
    return draw.one_of(
        [
            [b"XGROUP", b"CREATE", key, b"g", draw.one([b"0", b"$", b"5-1"])],
            [b"XREADGROUP", b"GROUP", b"g", draw.one([b"c", b"d"]), b"COUNT", b"9", b"STREAMS", key, b">"],
            [b"XDEL", key, *ids],
            [b"XTRIM", key, b"MAXLEN", b"~", b"%d" % draw.random.randrange(600)],
            [b"XACK", key, b"g", *ids],
            [b"XAUTOCLAIM", key, b"g", b"d", b"0", b"0", b"JUSTID"],
            [b"XPENDING", key, b"g"],
        ]
    )


def restoring(draw: Draw, key: bytes) -> Request:
    moment = draw.one(HOSTILE_INTEGERS if draw.chance(0.06) else MOMENTS)
    options = draw.options(
        b"ABSTTL", lambda: [b"IDLETIME", draw.count()], lambda: [b"FREQ", draw.integer()], b"WITHTTL", share=0.12
    )
    replace = [draw.cased(b"REPLACE")] if draw.chance(0.7) else []
    return [b"RESTORE", key, moment, payload(draw), *draw.random.choice([[*options, *replace], [*replace, *options]])]


def payload(draw: Draw) -> bytes:
    sample = payloads()[draw.random.randrange(PAYLOADS)]
    if draw.chance(0.9):
        return sample
    place = draw.random.randrange(len(sample))
    return draw.one_of(
        [
            [sample[:place]],
            [sample[:place] + bytes([sample[place] ^ 1]) + sample[place + 1 :]],
            [sample + b"x"],
            [signed(sample[:-10], 99)],
            [signed(b"", 10)],
            [signed(b"\xfa\x00", 10)],
            [draw.word()],
        ]
    )[0]


def signed(data: bytes, version: int) -> bytes:
    """Return a payload with a checksum that is right."""
    data += version.to_bytes(2, "little")
    return data + crc64(data, len(data)).to_bytes(8, "little")


@cache
def payloads() -> list[bytes]:
    """Return payloads of all kinds and sizes."""
    draw = Draw(0)
    draw.random = Random(20_261_121)
    return [payload_of(value(draw)) for _ in range(PAYLOADS)]


def value(draw: Draw) -> Value:
    """Return a random value."""
    kind = draw.random.randrange(6)
    count = draw.random.choice([1, 2, 5, 20, 130, 520])
    items = [draw.word() if draw.chance(0.5) else b"%d" % draw.random.randrange(-(2**40), 2**40) for _ in range(count)]
    if kind == 0:
        return items[0] * draw.random.choice([1, 1, 1, 100])
    if kind == 1:
        values = ListValue()
        values.extend(items)
        return values
    if kind == 2:
        members = SetValue()
        for item in items:
            members.add(item)
        return members
    if kind == 3:
        fields = HashValue()
        for item in items:
            fields.set(item, draw.word())
        return fields
    if kind == 4:
        return stream(draw, count)
    scores = SortedSet(count > 128)
    for item in items:
        scores.put(item, draw.random.choice([0.0, 1.0, -1.5, 0.1, 1e300, float("inf"), draw.random.random()]))
    return scores


def stream(draw: Draw, count: int) -> StreamValue:
    """Return a stream of so many entries, perhaps some of them deleted again, with groups that were given some."""
    made = StreamValue()
    names = draw.words(1, 3)
    for number in range(1, count + 1):
        if draw.chance(0.05):
            names = draw.words(1, 3)
        made.append(
            StreamId(number, draw.random.randrange(3)), [word for name in names for word in (name, draw.word())]
        )
    ids = [entry.id() for entry in made.range(LOWEST, HIGHEST, count)]
    for name in (b"g", b"h"):
        group = ConsumerGroup(name, draw.random.choice(ids), draw.random.choice([UNKNOWN, 0, count]))
        for entry_id in ids:
            if draw.chance(0.3):
                consumer = draw.one([b"c", b"d"])
                here = group.consumers.get(consumer) or group.create_consumer(consumer, MOMENT)
                group.give(entry_id, here, MOMENT, draw.random.randrange(5))
        made.add_group(group)
    if draw.chance(0.5):
        for entry_id in draw.random.sample(ids, count // 2):
            made.delete(entry_id)
    return made
