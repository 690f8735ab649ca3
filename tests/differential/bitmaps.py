"""Requests about bits."""

from tests.differential.draw import Draw, Request

OFFSETS = [b"0", b"1", b"7", b"8", b"9", b"15", b"16", b"63", b"64", b"100", b"32767", b"32768", b"524287", b"524288"]
HOSTILE_OFFSETS = [
    *[b"-1", b"4294967296", b"9223372036854775807", b"9223372036854775808", b"", b"x", b"1.5", b" 1", b"01", b"#0"],
    *[b"#-1", b"#x", b"#", b"##1", b"#9223372036854775808"],
]
ENDS = [b"0", b"1", b"-1", b"-2", b"2", b"5", b"7", b"8", b"9", b"-9", b"17", b"4095", b"-4096", b"70000", b"1000000"]
TYPES = [b"u1", b"u8", b"i8", b"u3", b"i5", b"u16", b"i16", b"u32", b"i32", b"u63", b"i64", b"i1", b"u2", b"i63"]
HOSTILE_TYPES = [b"u64", b"i65", b"u0", b"i0", b"U8", b"I8", b"u", b"i", b"x8", b"", b"u-1", b"u08", b"8", b"i+8"]
NUMBERS = [
    *[b"0", b"1", b"-1", b"2", b"7", b"100", b"127", b"128", b"-128", b"-129", b"255", b"256", b"65535", b"-32769"],
    *[b"9223372036854775807", b"-9223372036854775808", b"4611686018427387904", b"2147483648"],
]
HOSTILE_SHARE = 0.05


def request(draw: Draw) -> Request:
    """Return one random request of the family."""
    form = draw.random.choice([bits, bits, counting, finding, combining, fields, fields, whole])
    return form(draw)


def offset(draw: Draw) -> bytes:
    if draw.chance(HOSTILE_SHARE):
        return draw.one(HOSTILE_OFFSETS)
    return draw.one(OFFSETS) if draw.chance(0.6) else b"%d" % draw.random.randrange(80)


def end(draw: Draw) -> bytes:
    if draw.chance(HOSTILE_SHARE):
        return draw.integer()
    return draw.one(ENDS) if draw.chance(0.6) else b"%d" % draw.random.randrange(-90, 90)


def bits(draw: Draw) -> Request:
    key = draw.key()
    return draw.one_of(
        [
            [b"SETBIT", key, offset(draw), draw.one([b"0", b"1"])],
            [b"SETBIT", key, offset(draw), draw.one([b"0", b"1"])],
            [b"SETBIT", key, offset(draw), draw.integer()],
            [b"GETBIT", key, offset(draw)],
            [b"GET", key],
        ]
    )


def counting(draw: Draw) -> Request:
    unit = draw.options(b"BIT", b"BYTE", share=0.3) if draw.chance(0.9) else [draw.word()]
    return draw.one_of(
        [
            [b"BITCOUNT", draw.key()],
            [b"BITCOUNT", draw.key(), end(draw), end(draw), *unit],
            [b"BITCOUNT", draw.key(), end(draw), end(draw), *unit],
            [b"BITCOUNT", draw.key(), end(draw), *unit],
        ]
    )


def finding(draw: Draw) -> Request:
    bit = draw.one([b"0", b"1"]) if draw.chance(0.95) else draw.integer()
    ends = [end(draw) for _ in range(draw.random.randrange(3))]
    unit = draw.options(b"BIT", b"BYTE", share=0.3)
    return [b"BITPOS", draw.key(), bit, *ends, *unit]


def combining(draw: Draw) -> Request:
    name = draw.cased(draw.one([b"AND", b"OR", b"XOR", b"NOT"])) if draw.chance(0.97) else draw.word()
    keys = [draw.key() for _ in range(1 if name.upper() == b"NOT" and draw.chance(0.9) else draw.random.randint(1, 4))]
    return [b"BITOP", name, draw.key(), *keys]


def fields(draw: Draw) -> Request:
    words = [word for _ in range(draw.random.randint(0, 5)) for word in operation(draw)]
    reads = [word for _ in range(draw.random.randint(0, 3)) for word in [b"GET", kind(draw), field(draw)]]
    return draw.one_of(
        [
            [b"BITFIELD", draw.key(), *words],
            [b"BITFIELD", draw.key(), *words],
            [b"BITFIELD", draw.key(), *reads],
            [b"BITFIELD_RO", draw.key(), *(reads if draw.chance(0.9) else words)],
        ]
    )


def operation(draw: Draw) -> list[bytes]:
    what = draw.random.randrange(6)
    if what == 0:
        return [draw.cased(b"GET"), kind(draw), field(draw)]
    if what in (1, 2):
        return [draw.cased(b"SET"), kind(draw), field(draw), number(draw)]
    if what in (3, 4):
        return [draw.cased(b"INCRBY"), kind(draw), field(draw), number(draw)]
    return [b"OVERFLOW", draw.cased(draw.one([b"WRAP", b"SAT", b"FAIL"])) if draw.chance(0.97) else draw.word()]


def kind(draw: Draw) -> bytes:
    if draw.chance(HOSTILE_SHARE / 3):
        return draw.one(HOSTILE_TYPES)
    return draw.one(TYPES) if draw.chance(0.6) else draw.one([b"u", b"i"]) + b"%d" % draw.random.randint(1, 63)


def field(draw: Draw) -> bytes:
    if draw.chance(HOSTILE_SHARE / 3):
        return draw.one(HOSTILE_OFFSETS)
    return b"#%d" % draw.random.randrange(20) if draw.chance(0.4) else b"%d" % draw.random.randrange(100)


def number(draw: Draw) -> bytes:
    return draw.integer() if draw.chance(HOSTILE_SHARE) else draw.one(NUMBERS)


def whole(draw: Draw) -> Request:
    text = draw.random.randbytes(draw.random.choice([1, 3, 8, 40, 4_100, 66_000 if draw.chance(0.1) else 9]))
    filled = draw.one([b"\xff", b"\x00"]) * draw.random.choice([1, 2, 9, 5_000])
    return draw.one_of(
        [
            [b"SET", draw.key(), text],
            [b"SET", draw.key(), filled],
            [b"APPEND", draw.key(), text],
            [b"GET", draw.key()],
            [b"STRLEN", draw.key()],
        ]
    )
