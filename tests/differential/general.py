"""Requests that touch keys of any kind: what a family meets when its keys are another's, die or are renamed."""

from tests.differential.draw import Draw, Request

FAR = [b"100000", b"100001", b"200000"]
"""Seconds and more: nothing of it ends while the requests run."""
FAR_MOMENTS = [b"4102444800", b"4102444801", b"5000000000"]
NO_SPANS = [b"0", b"-1", b"abc", b"", b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"1.5"]
DATABASES = [b"0", b"1", b"1", b"15", b"16", b"-1", b"x"]
KINDS = [b"string", b"list", b"SET", b"zset", b"hash", b"stream", b"none", b""]


def request(draw: Draw) -> Request:
    """Return one random request about keys."""
    form = draw.random.choice([keys, keys, making, dying, carrying, looking])
    return form(draw)


def keys(draw: Draw) -> Request:
    key, other = draw.key(), draw.key()
    return draw.one_of(
        [
            [b"DEL", key],
            [b"UNLINK", key, other],
            [b"EXISTS", key, other],
            [b"TOUCH", key, other, key],
            [b"TYPE", key],
            [b"RENAME", key, other],
            [b"RENAMENX", key, other],
            [b"GET", key],
            [b"DBSIZE"],
            [b"KEYS", draw.pattern()],
        ]
    )


def making(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"SET", key, draw.word()],
            [b"SADD", key, draw.word()],
            [b"HSET", key, draw.word(), draw.word()],
            [b"ZADD", key, b"0", draw.word()],
            [b"RPUSH", key, draw.word()],
        ]
    )


def dying(draw: Draw) -> Request:
    key = draw.key()
    conditions = draw.options(b"NX", b"XX", b"GT", b"LT", draw.word(), share=0.15)
    return draw.one_of(
        [
            [b"EXPIRE", key, draw.one(FAR), *conditions],
            [b"PEXPIRE", key, draw.one(FAR) + b"000", *conditions],
            [b"EXPIREAT", key, draw.one(FAR_MOMENTS), *conditions],
            [b"PEXPIREAT", key, draw.one(FAR_MOMENTS) + b"999", *conditions],
            [draw.one([b"EXPIRE", b"PEXPIRE", b"EXPIREAT", b"PEXPIREAT"]), key, draw.one(NO_SPANS), *conditions],
            [draw.one([b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME"]), key],
            [draw.one([b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME"]), key],
            [b"PERSIST", key],
        ]
    )


def carrying(draw: Draw) -> Request:
    key, other = draw.key(), draw.key()
    return draw.one_of(
        [
            [b"COPY", key, other, *draw.options(b"REPLACE", lambda: [b"DB", draw.one(DATABASES)])],
            [b"MOVE", key, draw.one(DATABASES)],
            [b"SWAPDB", draw.one(DATABASES), draw.one(DATABASES)],
            [b"SELECT", draw.one(DATABASES)],
            [b"SELECT", b"0"],
        ]
    )


def looking(draw: Draw) -> Request:
    scan = draw.options(lambda: [b"MATCH", draw.pattern()], lambda: [b"TYPE", draw.one(KINDS)], share=0.5)
    return draw.one_of([[b"OBJECT", b"ENCODING", draw.key()], [b"SCAN", b"0", b"COUNT", b"100000", *scan]])
