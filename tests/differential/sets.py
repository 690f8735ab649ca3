"""Requests about sets."""

from tests.differential.draw import Draw, Request


def request(draw: Draw) -> Request:
    """Return one random request of the family. SPOP takes all there is: which ones it takes is each server's choice."""
    key = draw.key()
    many = [b"%d" % number for number in range(draw.random.randint(100, 700))]
    keys = [draw.key() for _ in range(draw.random.randint(1, 4))]
    scan = [b"0", *draw.options(lambda: [b"MATCH", draw.pattern()], share=0.5), b"COUNT", b"100000"]
    forms = [
        [b"SADD", key, *draw.words(1, 5)],
        [b"SADD", key, *draw.words(1, 5)],
        [b"SREM", key, *draw.words(1, 4)],
        [b"SMOVE", key, draw.key(), draw.word()],
        [b"SISMEMBER", key, draw.word()],
        [b"SMISMEMBER", key, *draw.words(1, 4)],
        [b"SCARD", key],
        [b"SMEMBERS", key],
        [b"SRANDMEMBER", key],
        [b"SRANDMEMBER", key, draw.count()],
        [b"SPOP", key, b"100000"],
        [b"SPOP", key, draw.one([b"0", b"-1", b"x", b"9223372036854775808"])],
        [b"SINTER", *keys],
        [b"SINTERSTORE", key, *keys],
        [
            b"SINTERCARD",
            draw.one([b"%d" % len(keys), draw.count()]),
            *keys,
            *draw.options(lambda: [b"LIMIT", draw.count()]),
        ],
        [b"SUNION", *keys],
        [b"SUNIONSTORE", key, *keys],
        [b"SDIFF", *keys],
        [b"SDIFFSTORE", key, *keys],
        [b"SSCAN", key, *scan],
        [b"SADD", key, *many] if draw.chance(0.1) else [b"SMEMBERS", key],
    ]
    return draw.one_of(forms)
