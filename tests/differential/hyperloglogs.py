"""Requests about HyperLogLogs: their bytes are compared too, sparse, dense, and damaged."""

from tests.differential.draw import DAMAGED, Draw, Request

HIGHEST = b"HYLL".ljust(15, b"\x00") + b"\x80" + b"\xff" * 12_288
"""Dense registers that no element makes: what they say is more than an integer holds."""


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    key = draw.key()
    keys = [draw.key() for _ in range(draw.random.randint(1, 4))]
    start = draw.random.randrange(100_000)
    many = [b"%d" % number for number in range(start, start + draw.random.choice([20, 200, 3_000]))]
    return draw.one_of(
        [
            [b"PFADD", key, *draw.words(0, 4)],
            [b"PFADD", key, *draw.words(1, 4)],
            [b"PFADD", key, *[draw.random.randbytes(draw.random.randrange(40)) for _ in range(5)]],
            [b"PFADD", key, *many] if draw.chance(0.3) else [b"PFADD", key, *many[:20]],
            [b"PFCOUNT", key],
            [b"PFCOUNT", *keys],
            [b"PFMERGE", *keys],
            [b"PFMERGE", *keys],
            [b"GET", key],
            [b"GET", key],
            [b"STRLEN", key],
            [b"PFDEBUG", draw.cased(draw.one([b"ENCODING", b"DECODE"])), key],
            [b"PFDEBUG", draw.one([b"GETREG", b"TODENSE"]), key] if draw.chance(0.3) else [b"GET", key],
            [b"PFDEBUG", draw.one([b"x", b"%s", b"getregs", b""]), key] if draw.chance(0.1) else [b"DEL", key],
            damaged(draw) if draw.chance(0.5) else [b"GET", key],
        ]
    )


def damaged(draw: Draw) -> Request:
    """Return a request about a string which is no HyperLogLog, or none any more, or makes it one."""
    text = draw.one([b"HYLL", b"HYLL\x00", b"HYLL\x01", b"HYLL\x02", b"hyll\x01"])
    return draw.one_of(
        [
            [b"SET", DAMAGED, text.ljust(draw.random.choice([4, 15, 16, 18, 12_304, 12_303]), b"\x00")],
            [b"SETRANGE", DAMAGED, draw.one([b"0", b"3", b"4"]), draw.word()],
            [b"APPEND", DAMAGED, draw.one([b"\x00", b"\x80", b"\x7f\xff"])],
            [b"SETRANGE", DAMAGED, draw.one([b"5", b"8", b"15"]), draw.one([b"\x00", b"\x01", b"\xff"])],
            [b"SET", DAMAGED, HIGHEST],
            [b"COPY", draw.key(), DAMAGED, b"REPLACE"],
            [b"COPY", draw.key(), DAMAGED, b"REPLACE"],
            [b"DEL", DAMAGED],
            [b"PFADD", DAMAGED, draw.word()],
            [b"PFADD", DAMAGED, draw.word()],
            [b"PFCOUNT", DAMAGED],
            [b"PFCOUNT", draw.key(), DAMAGED],
            [b"PFMERGE", draw.key(), DAMAGED],
            [b"PFMERGE", DAMAGED, draw.key()],
            [b"PFDEBUG", draw.one([b"ENCODING", b"TODENSE"]), DAMAGED],
            [b"GET", DAMAGED],
            [b"GET", DAMAGED],
        ]
    )
