"""Requests about lists, waiting ones included: where nothing is there they wait for a moment and give up."""

from tests.differential.draw import Draw, Request

WAITING_SHARE = 0.04
"""Waiting takes time."""
ENDS = [b"LEFT", b"RIGHT", b"left", b"Right"]


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    if draw.chance(WAITING_SHARE):
        return waiting(draw)
    form = draw.random.choice([pushing, pushing, popping, reading, changing, moving])
    return form(draw)


def end(draw: Draw) -> bytes:
    return draw.one(ENDS) if draw.chance(0.97) else draw.word()


def pushing(draw: Draw) -> Request:
    key = draw.key()
    many = [b"%d" % number for number in range(draw.random.randint(100, 300))]
    return draw.one_of(
        [
            [b"RPUSH", key, *draw.words(1, 5)],
            [b"LPUSH", key, *draw.words(1, 5)],
            [b"RPUSHX", key, *draw.words(1, 3)],
            [b"LPUSHX", key, *draw.words(1, 3)],
            [b"RPUSH", key, *many] if draw.chance(0.1) else [b"RPUSH", key, draw.word()],
        ]
    )


def popping(draw: Draw) -> Request:
    key = draw.key()
    keys = [draw.key() for _ in range(draw.random.randint(1, 3))]
    count = draw.options(lambda: [b"COUNT", draw.count()], share=0.5)
    return draw.one_of(
        [
            [b"LPOP", key, *draw.options(lambda: [draw.count()], share=0.5)],
            [b"RPOP", key, *draw.options(lambda: [draw.count()], share=0.5)],
            [b"LMPOP", b"%d" % len(keys) if draw.chance(0.9) else draw.count(), *keys, end(draw), *count],
        ]
    )


def reading(draw: Draw) -> Request:
    key = draw.key()
    options = draw.options(
        lambda: [b"RANK", draw.integer()], lambda: [b"COUNT", draw.count()], lambda: [b"MAXLEN", draw.count()]
    )
    return draw.one_of(
        [
            [b"LLEN", key],
            [b"LRANGE", key, b"0", b"-1"],
            [b"LRANGE", key, draw.integer(), draw.integer()],
            [b"LINDEX", key, draw.integer()],
            [b"LPOS", key, draw.word(), *options],
        ]
    )


def changing(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"LSET", key, draw.integer(), draw.word()],
            [b"LINSERT", key, draw.one([b"BEFORE", b"after", b"x"]), draw.word(), draw.word()],
            [b"LREM", key, draw.integer(), draw.word()],
            [b"LTRIM", key, draw.integer(), draw.integer()],
        ]
    )


def moving(draw: Draw) -> Request:
    key, other = draw.key(), draw.key()
    return draw.one_of([[b"LMOVE", key, other, end(draw), end(draw)], [b"RPOPLPUSH", key, other]])


def waiting(draw: Draw) -> Request:
    keys = [draw.key() for _ in range(draw.random.randint(1, 3))]
    count = draw.options(lambda: [b"COUNT", draw.count()], share=0.5)
    return draw.one_of(
        [
            [b"BLPOP", *keys, draw.timeout()],
            [b"BRPOP", *keys, draw.timeout()],
            [
                b"BLMPOP",
                draw.timeout(),
                b"%d" % len(keys) if draw.chance(0.9) else draw.count(),
                *keys,
                end(draw),
                *count,
            ],
            [b"BLMOVE", keys[0], keys[-1], end(draw), end(draw), draw.timeout()],
            [b"BRPOPLPUSH", keys[0], keys[-1], draw.timeout()],
        ]
    )
