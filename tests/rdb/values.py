"""Values of every kind, size and way of keeping them, for payloads; and payloads with a checksum that is right."""

from random import Random
from typing import Final

from kvik.rdb.checksum import crc64
from kvik.rdb.kinds import VERSION

Command = list[bytes]

INTEGERS: Final = [
    *[0, 1, 127, 128, -1, -128, -129, 4095, 4096, -4096, -4097, 32767, 32768, -32768, -32769, 8388607, 8388608],
    *[-8388608, -8388609, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, -(2**63), 99999999999],
]
LENGTHS: Final = [0, 1, 5, 20, 21, 63, 64, 65, 120, 126, 127, 128, 300, 4095, 4096, 16383, 16384]
SCORES: Final = [b"0", b"1", b"-1", b"0.1", b"1e17", b"1e300", b"inf", b"-inf", b"-0", b"3.25"]
SIZES: Final = [1, 3, 100, 130, 520, 2_000]


def texts(random: Random, count: int) -> list[bytes]:
    """Return words that are integers, noise, or something that can be compressed."""
    kinds = [
        lambda: b"%d" % random.choice(INTEGERS),
        lambda: random.randbytes(random.choice(LENGTHS[:10])),
        lambda: b"abcdef"[: random.randint(1, 6)] * random.choice([1, 10, 40]),
        lambda: b"%d" % random.randrange(10**9),
    ]
    return [random.choice(kinds)() for _ in range(count)]


def commands() -> dict[str, Command]:
    """Return for each value its name and the command that makes it at the key `k`."""
    random = Random(7)
    made: dict[str, Command] = {}
    for number in INTEGERS:
        made[f"integer {number}"] = [b"SET", b"k", b"%d" % number]
    for length in LENGTHS:
        made[f"noise of {length}"] = [b"SET", b"k", random.randbytes(length)]
        made[f"{length} that compress"] = [b"SET", b"k", (b"hello world, " * 2_000)[:length]]
    made["a run"] = [b"SET", b"k", b"a" * 1_000_000]
    made["a list of large values"] = [b"RPUSH", b"k", b"x" * 10_000, random.randbytes(9_000), b"", b"y" * 70_000]
    for size in SIZES:
        words = texts(random, size)
        made[f"a list of {size}"] = [b"RPUSH", b"k", *words]
        made[f"a set of {size}"] = [b"SADD", b"k", *words]
        made[f"a set of {size} integers"] = [b"SADD", b"k", *[b"%d" % random.randrange(10**6) for _ in words]]
        made[f"a hash of {size}"] = [b"HSET", b"k", *[part for word in words for part in (word, word[::-1])]]
        made[f"a sorted set of {size}"] = [
            *[b"ZADD", b"k"],
            *[part for word in words for part in (random.choice(SCORES), word)],
        ]
    for number in (-(2**15), 2**31 - 1, 2**63 - 1):
        made[f"a set around {number}"] = [b"SADD", b"k", b"1", b"%d" % number]
    return made


def signed(data: bytes, version: int = VERSION) -> bytes:
    """Return a payload of what was written, with version and checksum."""
    data += version.to_bytes(2, "little")
    return data + crc64(data, len(data)).to_bytes(8, "little")
