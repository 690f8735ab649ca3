"""Requests about places."""

from tests.differential.draw import Draw, Request

PLACES = [
    (b"13.361389", b"38.115556"),
    (b"15.087269", b"37.502669"),
    (b"0", b"0"),
    (b"180", b"85.05112878"),
    (b"-180", b"-85.05112878"),
    (b"179.9999", b"0.00001"),
    (b"-0", b"-0"),
    (b"2.35", b"48.85"),
    (b"2.36", b"48.86"),
]
HOSTILE_PLACES = [
    (b"180.1", b"0"),
    (b"0", b"85.06"),
    (b"inf", b"0"),
    (b"nan", b"0"),
    (b"x", b"0"),
    (b"0", b""),
    (b"1e400", b"0"),
    (b"-1e300", b"1e300"),
]
SIZES = [b"0", b"1", b"10", b"200.5", b"1e3", b"5000", b"20000", b"1e7", b"inf", b"1e300", b"1e-320"]
HOSTILE_SIZES = [b"-1", b"x", b"", b"nan", b"1e400", b" 1"]
SCORES = [b"0", b"-1", b"4503599627370495", b"4503599627370496", b"1e19", b"-1e19", b"inf", b"-inf", b"0.5", b"9e18"]


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    form = draw.random.choice([adding, adding, asking, asking, searching, searching, searching, around, around])
    return form(draw)


def place(draw: Draw) -> list[bytes]:
    if draw.chance(0.04):
        return list(draw.random.choice(HOSTILE_PLACES))
    if draw.chance(0.3):
        return list(draw.random.choice(PLACES))
    if draw.chance(0.4):
        # A town, whose places are metres apart.
        return [b"%.6f" % (2.35 + draw.random.random() / 1000), b"%.6f" % (48.85 + draw.random.random() / 1000)]
    return [b"%.5f" % draw.random.uniform(-180, 180), b"%.5f" % draw.random.uniform(-85.05112, 85.05112)]


def member(draw: Draw) -> bytes:
    return draw.word() if draw.chance(0.1) else b"m%d" % draw.random.randrange(30)


def unit(draw: Draw) -> bytes:
    return draw.cased(draw.one([b"m", b"km", b"ft", b"mi"])) if draw.chance(0.97) else draw.one([b"", b"cm", b"x"])


def size(draw: Draw) -> bytes:
    if draw.chance(0.5):
        return b"%d" % (10 ** draw.random.uniform(0, 7.5))
    return draw.one(HOSTILE_SIZES) if draw.chance(0.06) else draw.one(SIZES)


def key(draw: Draw) -> bytes:
    return draw.key() if draw.chance(0.1) else draw.one([b"a", b"b", b"c"])


def adding(draw: Draw) -> Request:
    options = draw.options(b"NX", b"XX", b"CH", share=0.12)
    places = [word for _ in range(draw.random.randint(1, 6)) for word in (*place(draw), member(draw))]
    if draw.chance(0.08):
        places = [word for number in range(draw.random.randint(50, 200)) for word in (*place(draw), b"m%d" % number)]
    if draw.chance(0.05):
        return [b"ZADD", key(draw), draw.one(SCORES), member(draw)]
    if draw.chance(0.1):
        return [b"ZREM", key(draw), *[member(draw) for _ in range(5)]]
    return [b"GEOADD", key(draw), *options, *places]


def asking(draw: Draw) -> Request:
    return draw.one_of(
        [
            [b"GEOPOS", key(draw), *[member(draw) for _ in range(draw.random.randrange(4))]],
            [b"GEOHASH", key(draw), *[member(draw) for _ in range(draw.random.randrange(4))]],
            [b"GEODIST", key(draw), member(draw), member(draw), *draw.options(lambda: [unit(draw)], share=0.5)],
            [b"ZRANGE", key(draw), b"0", b"-1", b"WITHSCORES"],
        ]
    )


def endings(draw: Draw, *more: bytes) -> list[bytes]:
    return draw.options(*more, b"ASC", b"DESC", lambda: counted(draw), share=0.2)


def counted(draw: Draw) -> list[bytes]:
    count = draw.integer() if draw.chance(0.1) else b"%d" % draw.random.randint(1, 40)
    return [draw.cased(b"COUNT"), count, *draw.options(b"ANY", share=0.4)]


def searching(draw: Draw) -> Request:
    parts = [
        draw.random.choice([[b"FROMMEMBER", member(draw)], [b"FROMLONLAT", *place(draw)]]),
        draw.random.choice([[b"BYRADIUS", size(draw), unit(draw)], [b"BYBOX", size(draw), size(draw), unit(draw)]]),
    ]
    if draw.chance(0.04):
        parts.append(draw.random.choice([parts[0], parts[1], [b"FROMMEMBER", member(draw)], [b"BYRADIUS"]]))
    draw.random.shuffle(parts)
    words = [word for part in parts for word in part]
    if draw.chance(0.25):
        return [
            draw.cased(b"GEOSEARCHSTORE"),
            draw.one([b"d", b"e", b"a"]),
            key(draw),
            *words,
            *endings(draw, b"STOREDIST"),
        ]
    return [draw.cased(b"GEOSEARCH"), key(draw), *words, *endings(draw, b"WITHCOORD", b"WITHDIST", b"WITHHASH")]


def around(draw: Draw) -> Request:
    options = endings(draw, b"WITHCOORD", b"WITHDIST", b"WITHHASH")
    if draw.chance(0.3):
        store = draw.cased(draw.one([b"STORE", b"STOREDIST"]))
        options = [*endings(draw), store, draw.one([b"d", b"e", b"a"])]
    if draw.chance(0.5):
        return [
            draw.one([b"GEORADIUS", b"GEORADIUS_RO"]),
            key(draw),
            *place(draw),
            size(draw),
            unit(draw),
            *options,
        ]
    name = draw.one([b"GEORADIUSBYMEMBER", b"GEORADIUSBYMEMBER_RO"])
    return [name, key(draw), member(draw), size(draw), unit(draw), *options]
