"""Requests that touch keys of any kind: what a family meets when its keys are another's, die or are renamed."""

from tests.differential.draw import Draw, Request


def request(draw: Draw) -> Request:
    """Return one random request about keys."""
    key, other = draw.key(), draw.key()
    return draw.one_of(
        [
            [b"DEL", key],
            [b"UNLINK", key, other],
            [b"EXISTS", key, other],
            [b"TYPE", key],
            [b"RENAME", key, other],
            [b"RENAMENX", key, other],
            [b"COPY", key, other, *draw.options(b"REPLACE")],
            [b"SET", key, draw.word()],
            [b"GET", key],
            [b"SADD", key, draw.word()],
            [b"HSET", key, draw.word(), draw.word()],
            [b"ZADD", key, b"0", draw.word()],
            [b"RPUSH", key, draw.word()],
            [b"EXPIRE", key, b"1000"],
            [b"PERSIST", key],
            [b"EXPIRE", key, b"-1"],
            [b"DBSIZE"],
            [b"KEYS", draw.pattern()],
        ]
    )
