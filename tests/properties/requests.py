"""Random requests for the property tests: few keys and telling values, so that commands meet."""

import os
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.differential.campaign import FAMILIES
from tests.differential.draw import BLOCK, WAITING, Draw

Words = list[bytes]

EXAMPLES: Final = int(os.environ.get("KVIK_EXAMPLES", "0"))
"""How many examples each property tries; 0: the usual number, the same ones every time."""

KEYS: Final = st.sampled_from([b"a", b"b", b"c", b"\x00\xff"])
NUMBERS: Final = [b"0", b"1", b"-1", b"10", b"-7", b"9223372036854775807", b"-9223372036854775808"]
NOT_NUMBERS: Final = [b"", b"x", b" 1", b"1 ", b"01", b"+1", b"-0", b"1.5", b"-", b"9223372036854775808", b"1_0"]
VALUES: Final = st.one_of(st.sampled_from(NUMBERS + NOT_NUMBERS + [b"Hello World"]), st.binary(max_size=12))
STEPS: Final = st.sampled_from(NUMBERS + NOT_NUMBERS)
MILLISECONDS: Final = st.integers(1, 5000).map(lambda number: b"%d" % number)
OFFSETS: Final = st.integers(-15, 15).map(lambda number: b"%d" % number)
FAR_FUTURE: Final = st.integers(4_102_444_800_000, 4_102_444_800_009).map(lambda number: b"%d" % number)


def limits(usual: int) -> settings:
    """Return how hard a property is tried: `usual` examples, or KVIK_EXAMPLES new ones."""
    return settings(
        max_examples=EXAMPLES or usual,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
    )


def words(*parts: "st.SearchStrategy[bytes] | str") -> st.SearchStrategy[Words]:
    """Return requests made of fixed words and of strategies for single words."""
    return st.tuples(*[st.just(part.encode()) if isinstance(part, str) else part for part in parts]).map(list)


def with_options(request: st.SearchStrategy[Words], *options: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    """Return requests followed by some of the options."""
    return st.tuples(request, *[st.one_of(st.just([]), option) for option in options]).map(lambda parts: sum(parts, []))


def several(name: str, *parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[Words]:
    """Return requests that repeat the parts one to three times."""
    groups = st.lists(st.tuples(*parts), min_size=1, max_size=3)
    return groups.map(lambda items: [name.encode()] + [word for group in items for word in group])


Step = tuple[int, Words]
"""Which of two callers says what."""


def stories(requests: st.SearchStrategy[Words]) -> st.SearchStrategy[list[Step]]:
    """Return requests of two callers in a row, some of them in transactions that another may come between.

    A list of short lists, because hypothesis' lists have five elements on average however long they may be.
    """
    single = st.tuples(st.integers(0, 1), requests)
    inside = st.lists(st.one_of(requests.map(lambda words: (0, words)), single), max_size=4)
    transaction = inside.map(lambda steps: [(0, [b"MULTI"]), *steps, (0, [b"EXEC"])])
    watched = st.tuples(KEYS, st.lists(single, max_size=1), transaction)
    parts = st.one_of(
        st.lists(single, max_size=8),
        transaction,
        watched.map(lambda parts: [(0, [b"WATCH", parts[0]]), *parts[1], *parts[2]]),
    )
    return st.lists(parts, max_size=12).map(lambda lists: [step for steps in lists for step in steps])


def option(*texts: str) -> st.SearchStrategy[Words]:
    return st.sampled_from([[text.encode()] for text in texts])


READS: Final = [
    words("GET", KEYS),
    words("STRLEN", KEYS),
    words("TYPE", KEYS),
    words("GETRANGE", KEYS, OFFSETS, OFFSETS),
    several("MGET", KEYS),
    several("EXISTS", KEYS),
    words("PEXPIRETIME", KEYS),
]
WRITES: Final = [
    words("SET", KEYS, VALUES),
    words("SETNX", KEYS, VALUES),
    words("GETSET", KEYS, VALUES),
    words("GETDEL", KEYS),
    words("APPEND", KEYS, VALUES),
    words("SETRANGE", KEYS, st.sampled_from([b"0", b"1", b"3", b"20"]), VALUES),
    several("MSET", KEYS, VALUES),
    several("MSETNX", KEYS, VALUES),
    several("DEL", KEYS),
    words("RENAME", KEYS, KEYS),
    words("RENAMENX", KEYS, KEYS),
    with_options(words("COPY", KEYS, KEYS), option("REPLACE")),
    words("PERSIST", KEYS),
    words("INCR", KEYS),
    words("DECR", KEYS),
    words("INCRBY", KEYS, STEPS),
    words("DECRBY", KEYS, STEPS),
    words("FLUSHDB"),
]
TRANSACTIONS: Final = [
    words("MULTI"),
    words("EXEC"),
    words("DISCARD"),
    several("WATCH", KEYS),
    words("UNWATCH"),
]
CONDITION: Final = option("NX", "XX")
COMPARISON: Final = option("NX", "XX", "GT", "LT")
RELATIVE: Final = [
    with_options(words("SET", KEYS, VALUES), CONDITION, option("GET"), words("PX", MILLISECONDS)),
    with_options(words("SET", KEYS, VALUES), CONDITION, option("KEEPTTL")),
    with_options(words("GETEX", KEYS), words("PX", MILLISECONDS)),
    words("GETEX", KEYS, "PERSIST"),
    with_options(words("PEXPIRE", KEYS, MILLISECONDS), COMPARISON),
    with_options(words("EXPIRE", KEYS, st.sampled_from([b"1", b"2", b"3", b"0", b"-1"])), COMPARISON),
    words("PTTL", KEYS),
    words("TTL", KEYS),
]
ABSOLUTE: Final = [
    with_options(words("SET", KEYS, VALUES), CONDITION, option("GET"), words("PXAT", FAR_FUTURE)),
    with_options(words("GETEX", KEYS), words("PXAT", FAR_FUTURE)),
    with_options(words("PEXPIREAT", KEYS, FAR_FUTURE), COMPARISON),
    words("PEXPIREAT", KEYS, "1"),
]
PASSED: Final = words("SET", KEYS, VALUES, "PXAT", "1")
"""A moment that has passed. Not asked of Redis: there the key goes at the next look, and counts until then."""

MODELLED: Final = st.one_of(READS + WRITES + TRANSACTIONS + RELATIVE + [words("KEYS", "*")])
"""What the model knows: everything with a time to live that runs out while the test moves the clock.

DBSIZE is not asked here: as in Redis, it counts keys that have expired and that nobody has met since.
"""

NAMES: Final = [
    *["GET", "SET", "GETEX", "INCR", "DECRBY", "MSET", "APPEND", "SETRANGE", "EXPIRE"],
    *["COPY", "RENAME", "SCAN", "MULTI", "LCS", "OBJECT", "CLIENT", "SELECT"],
]
# Redis cuts a name at a zero byte when it repeats it in an error; kvik repeats all of it.
NO_ZERO: Final = st.one_of(VALUES, st.binary(max_size=40)).map(lambda word: word.replace(b"\0", b"0"))
STRANGE: Final = [
    st.lists(NO_ZERO, max_size=4).flatmap(lambda rest: st.sampled_from(NAMES).map(lambda name: [name.encode(), *rest])),
    st.lists(NO_ZERO, min_size=1, max_size=4).filter(lambda parts: parts[0].upper() not in FORBIDDEN),
    with_options(words("SET", KEYS, VALUES), option("NX", "EX", "PX"), option("XX", "KEEPTTL", "GET"), words(STEPS)),
    with_options(words("GETEX", KEYS), option("EX", "PERSIST", "KEEPTTL"), words(STEPS)),
    words("SETRANGE", KEYS, STEPS, st.just(b"x")),
    words("GETRANGE", KEYS, STEPS, STEPS),
    words("INCRBYFLOAT", KEYS, st.sampled_from([b"0.5", b"-1.25", b"3", b"1e3", b"x", b"inf", b"nan", b" 1"])),
    with_options(words("LCS", KEYS, KEYS), option("LEN"), option("IDX"), option("WITHMATCHLEN")),
    words("SELECT", st.sampled_from([b"0", b"1", b"15", b"16", b"-1", b"x"])),
    words("MOVE", KEYS, st.sampled_from([b"0", b"1", b"99", b"x"])),
    words("SWAPDB", st.sampled_from([b"0", b"1"]), st.sampled_from([b"0", b"1", b"99", b"x"])),
    several("TOUCH", KEYS),
    several("UNLINK", KEYS),
    words("ECHO", VALUES),
    words("PING", VALUES),
    words("CLIENT", "SETNAME", st.sampled_from([b"name", b"two words", b""])),
    words("CLIENT", "GETNAME"),
    words("RESET"),
    words("EXPIRETIME", KEYS),
]
BITS: Final = [
    words("SETBIT", KEYS, st.sampled_from([b"0", b"7", b"9", b"40000"]), st.sampled_from([b"0", b"1"])),
    words("BITFIELD", KEYS, "SET", "i5", OFFSETS, STEPS, "INCRBY", "u9", "#2", STEPS),
    words("BITOP", st.sampled_from([b"AND", b"OR", b"XOR"]), KEYS, KEYS, KEYS),
    words("BITCOUNT", KEYS, OFFSETS, OFFSETS),
    words("SETRANGE", KEYS, st.sampled_from([b"4090", b"70000"]), VALUES),
    several("PFADD", KEYS, VALUES),
    words("PFCOUNT", KEYS),
    words("PFMERGE", KEYS, KEYS),
]
"""What makes strings that are changed in place, and changes them."""

FORBIDDEN: Final = {b"SHUTDOWN", b"SYNC", b"PSYNC", b"MONITOR", b"QUIT", b"DEBUG", b"WAIT"}

REAL: Final = st.one_of(READS + WRITES + TRANSACTIONS + ABSOLUTE + STRANGE + BITS + [words("DBSIZE")])
"""What the real redis-server is asked too: nothing that depends on the time of day or on chance."""

SEEDS: Final = st.integers(0, 1 << 40)
QUICK: Final = sorted(set(FAMILIES) - {"hyperloglogs"})
ANY_KIND: Final = st.tuples(st.sampled_from(QUICK), SEEDS).map(lambda pair: drawn_from(*pair))
"""One request about any kind of value, as the tests beside a real redis-server draw them; nothing that waits."""


def drawn_from(family: str, seed: int) -> Words:
    """Return the first request of a family from this seed that does not wait."""
    draw = Draw(seed)
    while True:
        request = draw.mangled(FAMILIES[family](draw))
        if request[0] not in WAITING and BLOCK not in request:
            return request
