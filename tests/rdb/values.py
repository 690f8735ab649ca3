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


def stream_lines() -> dict[str, list[str]]:
    """Return for each stream its name and the commands that make it at the key `k`."""
    return {
        "one entry": ["XADD k 5-1 f v"],
        "the same fields": [f"XADD k {number}-0 name {number} other {'x' * number}" for number in range(1, 250)],
        "other fields": [
            f"XADD k {number}-{number} f{number % 3} v" + " g w" * (number % 2) for number in range(1, 30)
        ],
        "large numbers": [
            *["XADD k 1-18446744073709551615 a 1", "XADD k 2-0 a -5"],
            "XADD k 18446744073709551615-3 a 99999999999999999999",
            "XADD k 18446744073709551615-18446744073709551615 b 12345678901",
        ],
        "deleted ones": [
            *[f"XADD k {number}-0 f v" for number in range(1, 20)],
            *["XDEL k 1-0 7-0 19-0", "XTRIM k MAXLEN 9"],
        ],
        "a gap in a full node": [
            *[f"XADD k {number}-0 f v" for number in range(1, 251)],
            "XDEL k " + " ".join([f"{number}-0" for number in range(40, 90)]),
        ],
        "large entries": [f"XADD k {number}-0 f {'x' * (number * 700)}" for number in range(1, 20)],
        "empty": ["XADD k 5-1 f v", "XDEL k 5-1", "XGROUP CREATE k g 0"],
        "never used": ["XGROUP CREATE k g $ MKSTREAM"],
        "groups": [
            *[f"XADD k {number}-0 f v" for number in range(1, 20)],
            *["XGROUP CREATE k one 0", "XGROUP CREATE k two 5-0", "XGROUP CREATE k three $ ENTRIESREAD 19"],
            *["XREADGROUP GROUP one alice COUNT 4 STREAMS k >", "XREADGROUP GROUP one bob COUNT 2 STREAMS k >"],
            *["XREADGROUP GROUP one alice COUNT 1 STREAMS k >", "XACK k one 2-0", "XGROUP CREATECONSUMER k one carol"],
            *["XREADGROUP GROUP two dan NOACK COUNT 3 STREAMS k >", "XDEL k 3-0"],
            "XSETID k 30-0 ENTRIESADDED 40 MAXDELETEDID 3-0",
        ],
        "pending in thousands": [
            *[f"XADD k {number}-1 f v" for number in range(1, 1_001)],
            *["XGROUP CREATE k g 0", "XREADGROUP GROUP g a COUNT 700 STREAMS k >"],
            *["XREADGROUP GROUP g b COUNT 300 STREAMS k >", "XCLAIM k g b 0 5-1 9-1 RETRYCOUNT 70 TIME 1000"],
            "XTRIM k MAXLEN 10",
        ],
    }


HOW_IT_IS_KEPT: Final = (b"radix-tree-keys", b"radix-tree-nodes")


def without(reply: object, names: tuple[bytes, ...]) -> object:
    """Return what XINFO STREAM says without these facts."""
    if not isinstance(reply, list):
        return reply
    kept = [index for index in range(len(reply)) if reply[index] not in names]
    return [without(reply[index], names) for index in kept if index == 0 or reply[index - 1] not in names]


def signed(data: bytes, version: int = VERSION) -> bytes:
    """Return a payload of what was written, with version and checksum."""
    data += version.to_bytes(2, "little")
    return data + crc64(data, len(data)).to_bytes(8, "little")
