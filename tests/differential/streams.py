"""Requests about streams. IDs never come from a clock; times are so far apart that both servers see them alike."""

from tests.differential.draw import Draw, Request

LIMIT = b"18446744073709551615"
NEXT_IDS = [b"5-*", b"5-*", b"5-*", b"5-*", b"0-*", b"1-*", b"6-*"]
IDS = [b"0-1", b"1-1", b"2", b"5", b"5-3", b"6-0", b"6", b"0", b"0-0", b"7-7"]
HOSTILE_IDS = [
    *[b"", b"-", b"+", b"$", b">", b"*", b"(", b"x", b"5-", b"-5", b"5-x", b"5-*", b"5-*x", b"1-2-3", b"((5"],
    *[b"5--1", b"-1-1", b"5- -1", b"+5-1", b" 5-1", b"05-01", b"5-1\x00x", b"-\x00", b"1" * 128],
    *[LIMIT, LIMIT + b"-" + LIMIT, LIMIT + b"-*", b"5-" + LIMIT, b"9223372036854775808-1"],
    *[b"18446744073709551616-1", b"1-18446744073709551616"],
]
GROUPS = [b"g", b"g", b"g", b"h", b"\x00g"]
CONSUMERS = [b"c", b"c", b"d", b"e", b""]
SPANS = [b"0", b"0", b"0", b"0", b"20000", b"60000", b"100000", b"-1", b"x", b"", b"1.5", b"9223372036854775808"]
MOMENTS = [b"0", b"1", b"1000000000000", b"-5", b"99999999999999"]
LENGTHS = [b"0", b"1", b"3", b"10", b"50", b"99", b"100", b"150", b"201"]
WAITING_SHARE = 0.02
BIG = b"v" * 1_300


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    if draw.chance(WAITING_SHARE):
        return waiting(draw)
    forms = [adding, adding, adding, ranging, removing, reading, reading_in_group, reading_in_group]
    forms += [grouping, pending, claiming, telling]
    form = draw.random.choice(forms)
    return shortened(draw, form(draw))


def shortened(draw: Draw, request: Request) -> Request:
    """Return the request, now and then without its last words."""
    return request[: draw.random.randrange(2, len(request) + 1)] if draw.chance(0.02) else request


def key(draw: Draw) -> bytes:
    """Return a key, most often the same: streams are to be long."""
    return b"a" if draw.chance(0.5) else draw.one([b"b", b"c"]) if draw.chance(0.8) else draw.key()


def entry_id(draw: Draw) -> bytes:
    """Return an ID that may be there, now and then something else."""
    if draw.chance(0.05):
        return draw.one(HOSTILE_IDS)
    return b"5-%d" % draw.random.randrange(200) if draw.chance(0.6) else draw.one(IDS)


def end(draw: Draw) -> bytes:
    """Return an end of a range."""
    if draw.chance(0.4):
        return draw.one([b"-", b"+"])
    return b"(" * draw.chance(0.3) + entry_id(draw)


def fields(draw: Draw) -> list[bytes]:
    """Return fields and values: often the same fields, seldom large values, now and then a word too few."""
    if draw.chance(0.5):
        return [b"f", draw.word()]
    if draw.chance(0.1):
        return [b"f", BIG, b"n", draw.integer()]
    return draw.words(1, 2) * 2 if draw.chance(0.9) else draw.words(1, 4)


def trimming(draw: Draw) -> list[bytes]:
    sign = draw.one_of([[b"~"], [b"~"], [b"="], []])
    limit = [b"LIMIT", draw.one([b"0", b"50", b"100", b"150", draw.integer()])] if draw.chance(0.2) else []
    what = [b"MINID", *sign, entry_id(draw)]
    if draw.chance(0.6):
        what = [b"MAXLEN", *sign, draw.one(LENGTHS) if draw.chance(0.9) else draw.integer()]
    what[0] = draw.cased(what[0])
    return what + limit if draw.chance(0.97) else limit + what


def adding(draw: Draw) -> Request:
    options = draw.options(b"NOMKSTREAM", lambda: trimming(draw), share=0.1)
    new = draw.one(NEXT_IDS) if draw.chance(0.9) else entry_id(draw)
    return [b"XADD", key(draw), *options, new if new != b"*" else b"5-*", *fields(draw)]


def count(draw: Draw) -> list[bytes]:
    return draw.options(lambda: [draw.cased(b"COUNT"), draw.count()], share=0.5)


def ranging(draw: Draw) -> Request:
    return draw.one_of(
        [
            [b"XRANGE", key(draw), end(draw), end(draw), *count(draw)],
            [b"XREVRANGE", key(draw), end(draw), end(draw), *count(draw)],
            [b"XRANGE", key(draw), b"-", b"+"],
            [b"XLEN", key(draw)],
        ]
    )


def removing(draw: Draw) -> Request:
    added = draw.options(
        lambda: [b"ENTRIESADDED", draw.one([b"0", b"5", b"1000", b"-1", b"x"])],
        lambda: [b"MAXDELETEDID", entry_id(draw)],
        share=0.4,
    )
    return draw.one_of(
        [
            [b"XDEL", key(draw), *[entry_id(draw) for _ in range(draw.random.randint(1, 4))]],
            [b"XDEL", key(draw), *[entry_id(draw) for _ in range(draw.random.randint(1, 40))]],
            [b"XTRIM", key(draw), *trimming(draw)],
            [b"XSETID", key(draw), entry_id(draw), *added] if draw.chance(0.3) else [b"XLEN", key(draw)],
        ]
    )


def streams(draw: Draw, *words: bytes) -> list[bytes]:
    keys = [key(draw) for _ in range(draw.random.choice([1, 1, 1, 2, 3]))]
    ids = [draw.one(words) if draw.chance(0.7) else entry_id(draw) for _ in keys]
    return [draw.cased(b"STREAMS"), *keys, *ids]


def reading(draw: Draw) -> Request:
    return [b"XREAD", *count(draw), *streams(draw, b"0", b"$", b"5-50")]


def reading_in_group(draw: Draw) -> Request:
    options = draw.options(b"NOACK", lambda: [b"COUNT", draw.count()], share=0.3)
    place = draw.random.randrange(2)
    group = [b"GROUP", draw.one(GROUPS), draw.one(CONSUMERS)] if draw.chance(0.98) else []
    return [b"XREADGROUP", *(group + options if place else options + group), *streams(draw, b">", b">", b"0")]


def waiting(draw: Draw) -> Request:
    block = [b"BLOCK", draw.one([b"1", b"1", b"1", b"-1", b"x", b"9223372036854775808", b"0.01"])]
    name = reading(draw) if draw.chance(0.5) else reading_in_group(draw)
    return [name[0], *block, *name[1:]]


def grouping(draw: Draw) -> Request:
    group = draw.one(GROUPS)
    options = draw.options(b"MKSTREAM", lambda: [b"ENTRIESREAD", draw.one([b"0", b"-1", b"3", b"-2", b"x"])], share=0.3)
    position = draw.one([b"0", b"$", b"5-20", entry_id(draw)])
    return draw.one_of(
        [
            [b"XGROUP", b"CREATE", key(draw), group, position, *options],
            [b"XGROUP", b"create", key(draw), group, position, b"MKSTREAM"],
            [b"XGROUP", b"SETID", key(draw), group, position, *options],
            [b"XGROUP", b"CREATECONSUMER", key(draw), group, draw.one(CONSUMERS)],
            [b"XGROUP", b"DELCONSUMER", key(draw), group, draw.one(CONSUMERS)],
            [b"XGROUP", b"DESTROY", key(draw), group] if draw.chance(0.3) else [b"XINFO", b"GROUPS", key(draw)],
            [b"XGROUP", draw.word(), key(draw), group],
        ]
    )


def pending(draw: Draw) -> Request:
    group = draw.one(GROUPS)
    consumer = draw.options(lambda: [draw.one(CONSUMERS)], lambda: [draw.word()], share=0.2)
    idle = draw.options(lambda: [b"IDLE", draw.one(SPANS)])
    ids = [entry_id(draw) for _ in range(draw.random.randint(1, 20))]
    return draw.one_of(
        [
            [b"XACK", key(draw), group, *ids],
            [b"XPENDING", key(draw), group],
            [b"XPENDING", key(draw), group, *idle, end(draw), end(draw), draw.integer(), *consumer],
            [b"XPENDING", key(draw), group, b"-", b"+", b"100", *consumer],
        ]
    )


def claiming(draw: Draw) -> Request:
    group, consumer = draw.one(GROUPS), draw.one(CONSUMERS)
    ids = [entry_id(draw) for _ in range(draw.random.randint(1, 20))]
    options = draw.options(
        *[b"FORCE", b"JUSTID"],
        lambda: [b"IDLE", draw.one([*SPANS, draw.integer()])],
        lambda: [b"TIME", draw.one([*MOMENTS, draw.integer()])],
        lambda: [b"RETRYCOUNT", draw.integer()],
        lambda: [b"LASTID", entry_id(draw)] if draw.chance(0.3) else [b"FORCE"],
        share=0.2,
    )
    start = draw.one([b"-", b"0", end(draw)])
    return draw.one_of(
        [
            [b"XCLAIM", key(draw), group, consumer, draw.one(SPANS), *ids, *options],
            [b"XAUTOCLAIM", key(draw), group, consumer, draw.one(SPANS), start, *count(draw), *draw.options(b"JUSTID")],
        ]
    )


def telling(draw: Draw) -> Request:
    full = draw.options(b"FULL", share=0.6)
    return draw.one_of(
        [
            [b"XINFO", b"STREAM", key(draw), *full, *(count(draw) if draw.chance(0.9) else draw.words(0, 2))],
            [b"XINFO", b"GROUPS", key(draw)],
            [b"XINFO", b"CONSUMERS", key(draw), draw.one(GROUPS)],
        ]
    )
