"""Requests about hashes."""

from tests.differential.draw import Draw, Request


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    key = draw.key()
    pairs = [word for _ in range(draw.random.randint(1, 4)) for word in (draw.word(), draw.word())]
    many = [word for number in range(draw.random.randint(100, 700)) for word in (b"f%d" % number, b"%d" % number)]
    scan = [b"0", *draw.options(lambda: [b"MATCH", draw.pattern()], share=0.5), b"COUNT", b"100000"]
    forms = [
        [b"HSET", key, *pairs],
        [b"HSET", key, *pairs],
        [b"HMSET", key, *pairs],
        [b"HSETNX", key, draw.word(), draw.word()],
        [b"HGET", key, draw.word()],
        [b"HMGET", key, *draw.words(1, 4)],
        [b"HDEL", key, *draw.words(1, 4)],
        [b"HLEN", key],
        [b"HSTRLEN", key, draw.word()],
        [b"HEXISTS", key, draw.word()],
        [b"HKEYS", key],
        [b"HVALS", key],
        [b"HGETALL", key],
        [b"HINCRBY", key, draw.word(), draw.integer()],
        [b"HINCRBYFLOAT", key, draw.word(), draw.float()],
        [b"HRANDFIELD", key, *draw.options(lambda: [draw.count()])],
        [b"HRANDFIELD", key, draw.count(), draw.cased(b"WITHVALUES")],
        [b"HSCAN", key, *scan],
        [b"HSET", key, *many] if draw.chance(0.1) else [b"HGETALL", key],
    ]
    return draw.one_of(forms)
