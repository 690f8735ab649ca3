"""Requests to SORT.

Elements of sets and sorted sets whose texts are equal come in the order of Redis' hash tables: BY with ALPHA is
asked of lists only, and no two elements are equal up to a zero byte, where ALPHA compares no further. No number is
too large or too small for a double: Redis 7.0 would refuse the next ones too.
"""

from tests.differential.draw import Draw, Request

LISTS = [b"l1", b"l2", b"l3"]
# Names of their own: SORT makes a sorted set a skiplist in Redis, which OBJECT ENCODING would show.
KEYS = [b"sa", b"sb", b"sc", b"sd"]
NUMBERS = [b"0", b"-0", b"1", b"2", b"10", b"9", b"-5", b"3.25", b"1e3", b"inf", b"-inf", b"0x10"]
HOSTILE_ELEMENTS = [b"nan", b"x", b"", b" 1", b"1 ", b" ", b"1_0"]
HOSTILE_NUMBERS = [*HOSTILE_ELEMENTS, b"1\x00x", b"\x00"]
PATTERNS = [b"w_*", b"h_*->f", b"w_*->f", b"h_*", b"*", b"nosort", b"#", b"w_*x", b"h_*->", b"->*", b"h_*->f->g"]
HOSTILE_PATTERNS = [b"", b"w\x00_*", b"#\x00", b"w_*\x00", b"w_**", b"l*", b"h_*->\x00"]


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    form = draw.random.choice([filling, filling, weighing, weighing, sorting, sorting, sorting, sorting])
    return form(draw)


def element(draw: Draw) -> bytes:
    if draw.chance(0.08):
        return draw.word()
    return draw.one(HOSTILE_ELEMENTS) if draw.chance(0.01) else b"%d" % draw.random.randrange(25)


def filling(draw: Draw) -> Request:
    elements = [element(draw) for _ in range(draw.random.randint(1, 12))]
    key = draw.one(KEYS)
    if draw.chance(0.05):
        elements = [b"%d" % draw.random.randrange(200) for _ in range(draw.random.randint(30, 120))]
    return draw.one_of(
        [
            [draw.one([b"RPUSH", b"LPUSH"]), draw.one([*LISTS, key]), *elements],
            [b"SADD", key, *elements],
            [b"ZADD", key, *[word for each in elements for word in (b"%d" % draw.random.randrange(5), each)]],
            [b"DEL", draw.one([*LISTS, key])],
            [b"EXPIRE", draw.one([*LISTS, key]), draw.one([b"-1", b"1000"])],
            [b"LRANGE", draw.one([*LISTS, b"s1", b"s2"]), b"0", b"-1"],
        ]
    )


def weighing(draw: Draw) -> Request:
    value = draw.one(NUMBERS) if draw.chance(0.95) else draw.one([*HOSTILE_NUMBERS, b"foo"])
    return draw.one_of(
        [
            [b"SET", b"w_" + element(draw), value],
            [b"SET", b"w_" + element(draw) + b"x", draw.word()],
            [b"HSET", b"h_" + element(draw), draw.one([b"f", b"f->g", b""]), value],
            [b"DEL", draw.one([b"w_", b"h_"]) + element(draw)],
            [b"SET", element(draw), value],
        ]
    )


def pattern(draw: Draw) -> bytes:
    return draw.one(HOSTILE_PATTERNS) if draw.chance(0.06) else draw.one(PATTERNS)


def limit(draw: Draw) -> list[bytes]:
    if draw.chance(0.2):
        return [b"LIMIT", draw.integer(), draw.integer()]
    return [draw.cased(b"LIMIT"), b"%d" % draw.random.randrange(8), b"%d" % draw.random.randrange(8)]


def sorting(draw: Draw) -> Request:
    by = lambda: [draw.cased(b"BY"), pattern(draw)]  # noqa: E731
    get = lambda: [draw.cased(b"GET"), pattern(draw)]  # noqa: E731
    store = lambda: [draw.cased(b"STORE"), draw.one([b"s1", b"s2"])]  # noqa: E731
    limit_of = lambda: limit(draw)  # noqa: E731
    name = draw.cased(draw.one([b"SORT", b"SORT", b"SORT_RO"]))
    stores = [] if name.upper() == b"SORT_RO" and draw.chance(0.9) else [store]
    if draw.chance(0.5):
        return [name, draw.one(LISTS), *draw.options(by, get, get, b"ALPHA", b"DESC", b"ASC", limit_of, *stores)]
    options = draw.options(b"ALPHA", b"ALPHA", get, get, b"DESC", b"ASC", limit_of, *stores)
    if draw.chance(0.5):
        options = draw.options(by, get, get, b"DESC", b"ASC", *stores)
    key = draw.one(KEYS) if draw.chance(0.9) else draw.one([b"w_1", b"h_1", b"none"])
    return [name, key, *options]
