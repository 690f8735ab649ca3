"""Requests about strings: whole ones, parts of them, counters, times to live."""

from tests.differential.draw import Draw, Request

OFFSETS = [b"0", b"1", b"2", b"5", b"20", b"70", b"-1", b"3999", b"4095", b"4096", b"65535", b"65536", b"140000"]
FAR_OFFSETS = [b"536870911", b"536870912", b"9223372036854775807", b"4294967295"]
"""What lies beyond 512 MB; a patch of one byte at the first of them would still be allowed."""
LONG = [b"q" * 100, b"long " * 900, b"\x00\x01" * 3_000, b"e" * 65_530]
SECONDS = [b"100000", b"1000000", b"0", b"-1", b"9223372036854775807", b"9223372036854775"]
FUTURE = [b"4102444800", b"4102444800000", b"0", b"-5", b"9223372036854775807"]
NO_LIFETIMES = [b"0", b"-1", b"abc", b"", b"1.5", b" 100000", b"9223372036854775808", b"9223372036854775807"]
HOSTILE_SHARE = 0.1


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    form = draw.random.choice([setting, setting, reading, reading, changing, changing, counting, comparing])
    return form(draw)


def value(draw: Draw) -> bytes:
    if draw.chance(0.08):
        return draw.one(LONG)
    return draw.integer() if draw.chance(0.3) else draw.word()


def lifetime(draw: Draw) -> list[bytes]:
    """Return how long a key shall live: long enough not to die meanwhile."""
    if draw.chance(HOSTILE_SHARE):
        return [draw.one([b"EX", b"PX", b"EXAT", b"PXAT"]), draw.one(NO_LIFETIMES)]
    if draw.chance(0.5):
        return [draw.cased(draw.one([b"EX", b"PX"])), draw.one(SECONDS)]
    return [draw.cased(b"PXAT"), draw.one(FUTURE)] if draw.chance(0.5) else [b"EXAT", draw.one(FUTURE)]


def setting(draw: Draw) -> Request:
    key = draw.key()
    options = draw.options(b"NX", b"XX", b"GET", b"KEEPTTL", lambda: lifetime(draw), share=0.15)
    pairs = [word for _ in range(draw.random.randint(1, 3)) for word in (draw.key(), value(draw))]
    return draw.one_of(
        [
            [b"SET", key, value(draw), *options],
            [b"SET", key, value(draw)],
            [b"SETNX", key, value(draw)],
            [draw.one([b"SETEX", b"PSETEX"]), key, draw.one([draw.one(SECONDS), draw.one(NO_LIFETIMES)]), value(draw)],
            [b"GETSET", key, value(draw)],
            [b"MSET", *pairs],
            [b"MSETNX", *pairs],
            [b"MSETNX", draw.word(), value(draw)],
        ]
    )


def reading(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"GET", key],
            [b"GET", key],
            [b"MGET", *[draw.key() for _ in range(draw.random.randint(1, 4))]],
            [b"STRLEN", key],
            [b"GETDEL", key],
            [b"GETEX", key, *draw.options(b"PERSIST", lambda: lifetime(draw), share=0.4)],
            [draw.one([b"GETRANGE", b"SUBSTR"]), key, draw.one(OFFSETS), draw.one(OFFSETS)],
            [b"GETRANGE", key, draw.integer(), draw.integer()],
        ]
    )


def changing(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"APPEND", key, value(draw)],
            [b"APPEND", key, value(draw)],
            [b"SETRANGE", key, draw.one(OFFSETS), value(draw)],
            [b"SETRANGE", key, draw.one(OFFSETS), draw.word()],
            [
                b"SETRANGE",
                key,
                draw.integer() if draw.chance(0.5) else draw.one(FAR_OFFSETS[1:]),
                draw.one([b"", b"xy"]),
            ],
        ]
    )


def counting(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"INCR", key],
            [b"DECR", key],
            [b"INCRBY", key, draw.integer()],
            [b"DECRBY", key, draw.integer()],
            [b"INCRBYFLOAT", key, draw.float()],
            [b"SET", key, draw.integer()],
            [b"SET", key, draw.float()],
        ]
    )


def comparing(draw: Draw) -> Request:
    options = draw.options(b"LEN", b"IDX", b"WITHMATCHLEN", lambda: [b"MINMATCHLEN", draw.count()])
    text = b"".join([draw.one([b"a", b"b", b"c"]) for _ in range(draw.random.randint(0, 30))])
    return draw.one_of([[b"LCS", draw.key(), draw.key(), *options], [b"SET", draw.key(), text]])
