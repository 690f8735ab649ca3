"""Requests about sorted sets."""

from tests.differential.draw import LEXICAL, Draw, Request

SCORE_ENDS = [b"-inf", b"+inf", b"(1", b"1", b"0", b"(0.1", b"3.25", b"(inf", b"100", b"", b"(", b"x", b" 1", b"1e400"]
BYTE_ENDS = [b"-", b"+", b"[", b"(", b"[foo", b"(foo", b"[b", b"(x", b"[zz", b"1", b""]


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    form = draw.random.choice([adding, adding, removing, taking, asking, ranging, ranging, combining, storing])
    return form(draw)


def adding(draw: Draw) -> Request:
    key = draw.key()
    options = draw.options(b"NX", b"XX", b"GT", b"LT", b"CH", share=0.1)
    pairs = [word for _ in range(draw.random.randint(1, 4)) for word in (draw.float(), draw.word())]
    if draw.chance(0.03):
        count = draw.random.randint(60, 400)
        pairs = [word for number in range(count) for word in (b"%d" % (number % 7), b"m%d" % number)]
    if draw.chance(0.2):
        return draw.one_of(
            [[b"ZINCRBY", key, draw.float(), draw.word()], [b"ZADD", key, *options, b"INCR", *pairs[:2]]]
        )
    if draw.chance(0.2):
        return [b"ZADD", LEXICAL, *[word for member in draw.words(1, 5) for word in (b"0", member)]]
    return [b"ZADD", key, *options, *pairs]


def removing(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"ZREM", key, *draw.words(1, 4)],
            [b"ZPOPMIN", key, *draw.options(lambda: [draw.count()], share=0.5)],
            [b"ZPOPMAX", key, *draw.options(lambda: [draw.count()], share=0.5)],
            [b"ZREMRANGEBYRANK", key, draw.integer(), draw.integer()],
            [b"ZREMRANGEBYSCORE", key, draw.one(SCORE_ENDS), draw.one(SCORE_ENDS)],
            [b"ZREMRANGEBYLEX", LEXICAL, draw.one(BYTE_ENDS), draw.one(BYTE_ENDS)],
        ]
    )


def taking(draw: Draw) -> Request:
    """Take members from the ends, waiting for a moment where there are none."""
    keys = [draw.key() for _ in range(draw.random.randint(1, 3))]
    end = draw.one([b"MIN", b"MAX", b"min"]) if draw.chance(0.97) else draw.word()
    counted = [b"%d" % len(keys) if draw.chance(0.9) else draw.count(), *keys, end]
    counted += draw.options(lambda: [b"COUNT", draw.count()], share=0.5)
    return draw.one_of(
        [
            [b"ZMPOP", *counted],
            [b"ZMPOP", *counted],
            draw.one_of(
                [
                    [b"BZMPOP", draw.timeout(), *counted],
                    [b"BZPOPMIN", *keys, draw.timeout()],
                    [b"BZPOPMAX", *keys, draw.timeout()],
                ]
            ),
        ]
    )


def asking(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"ZSCORE", key, draw.word()],
            [b"ZMSCORE", key, *draw.words(1, 4)],
            [b"ZCARD", key],
            [b"ZRANK", key, draw.word()],
            [b"ZREVRANK", key, draw.word()],
            [b"ZCOUNT", key, draw.one(SCORE_ENDS), draw.one(SCORE_ENDS)],
            [b"ZLEXCOUNT", LEXICAL, draw.one(BYTE_ENDS), draw.one(BYTE_ENDS)],
            [b"ZRANDMEMBER", key],
            [b"ZRANDMEMBER", key, draw.count(), *draw.options(b"WITHSCORES")],
            [b"ZSCAN", key, b"0", *draw.options(lambda: [b"MATCH", draw.pattern()]), b"COUNT", b"100000"],
        ]
    )


def ranging(draw: Draw) -> Request:
    key = draw.key()
    limit = lambda: [b"LIMIT", draw.integer(), draw.integer()]  # noqa: E731
    ways = [
        ([], draw.integer(), draw.integer()),
        ([b"BYSCORE"], draw.one(SCORE_ENDS), draw.one(SCORE_ENDS)),
        ([b"BYLEX"], draw.one(BYTE_ENDS), draw.one(BYTE_ENDS)),
    ]
    way, low, high = draw.random.choice(ways)
    if way == [b"BYLEX"]:
        key = LEXICAL
    options = draw.options(b"REV", b"WITHSCORES", limit)
    by_score = [draw.one(SCORE_ENDS), draw.one(SCORE_ENDS), *draw.options(b"WITHSCORES", limit)]
    by_bytes = [draw.one(BYTE_ENDS), draw.one(BYTE_ENDS), *draw.options(limit)]
    return draw.one_of(
        [
            [b"ZRANGE", key, low, high, *way, *options],
            [b"ZRANGE", key, low, high, *way, *options],
            [b"ZRANGESTORE", draw.one([b"a", b"b"]), key, low, high, *way, *draw.options(b"REV", limit)],
            [b"ZREVRANGE", key, draw.integer(), draw.integer(), *draw.options(b"WITHSCORES")],
            [draw.one([b"ZRANGEBYSCORE", b"ZREVRANGEBYSCORE"]), key, *by_score],
            [draw.one([b"ZRANGEBYLEX", b"ZREVRANGEBYLEX"]), LEXICAL, *by_bytes],
        ]
    )


def combined_keys(draw: Draw) -> list[bytes]:
    keys = [draw.key() for _ in range(draw.random.randint(1, 3))]
    return [b"%d" % len(keys) if draw.chance(0.9) else draw.count(), *keys]


def combining_options(draw: Draw, keys: int) -> list[bytes]:
    return draw.options(
        lambda: [b"WEIGHTS", *[draw.float() for _ in range(keys)]],
        lambda: [b"AGGREGATE", draw.one([b"SUM", b"min", b"MAX", b"AVG"])],
    )


def combining(draw: Draw) -> Request:
    keys = combined_keys(draw)
    name = draw.one([b"ZUNION", b"ZINTER", b"ZDIFF"])
    options = [] if name == b"ZDIFF" and draw.chance(0.9) else combining_options(draw, len(keys) - 1)
    return draw.one_of(
        [
            [name, *keys, *options, *draw.options(b"WITHSCORES", share=0.7)],
            [b"ZINTERCARD", *keys, *draw.options(lambda: [b"LIMIT", draw.count()])],
        ]
    )


def storing(draw: Draw) -> Request:
    keys = combined_keys(draw)
    name = draw.one([b"ZUNIONSTORE", b"ZINTERSTORE", b"ZDIFFSTORE"])
    options = [] if name == b"ZDIFFSTORE" and draw.chance(0.9) else combining_options(draw, len(keys) - 1)
    return [name, draw.one([b"a", b"b", b"c"]), *keys, *options]
