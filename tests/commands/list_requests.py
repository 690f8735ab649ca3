"""Random requests for list commands: sensible ones and hostile ones."""

from random import Random

LISTS = ("a", "b", "c")
KEYS = (*LISTS, "str")
VALUES = ("x", "y", "z", "", "10", "\r\n", "a longer value than the others")
INDEXES = (0, 1, -1, 2, -2, 5, -6, 2**63 - 1, -(2**63), 300, -300)
NO_INTEGERS = ("", " 1", "+1", "01", "1.5", "x", str(2**63), "-")
COUNTS = (0, 1, 2, 3, 100, -1, "x", 2**63 - 1)
ENDS = ("LEFT", "RIGHT", "left", "Right")
# A list of several blocks comes and goes now and then.
MANY = 700

Word = str | bytes | int


def random_request(random: Random, is_blocking: bool) -> list[Word]:
    """Return the words of one request, of one that may wait if `is_blocking`."""
    shapes = BLOCKING if is_blocking else SHAPES
    name = random.choice(tuple(shapes))
    words: list[Word] = [name.split("+")[0]]
    for part in shapes[name].split():
        words += PARTS[part](random)
    if random.random() < 0.02:
        words += ["surplus"]
    return words


def a_key(random: Random) -> list[Word]:
    return [random.choice(KEYS)]


def a_list(random: Random) -> list[Word]:
    """A key that never holds a string: one that did, in the same transaction, is served earlier than in Redis."""
    return [random.choice(LISTS)]


def a_value(random: Random) -> list[Word]:
    return [random.choice(VALUES)]


def values(random: Random) -> list[Word]:
    return [random.choice(VALUES) for _ in range(random.randrange(1, 5))]


def many_values(random: Random) -> list[Word]:
    return [random.choice(VALUES) for _ in range(random.randrange(1, MANY))]


def an_index(random: Random) -> list[Word]:
    if random.random() < 0.08:
        return [random.choice(NO_INTEGERS)]
    return [random.choice(INDEXES) if random.random() < 0.5 else random.randrange(-8, 8)]


def a_count(random: Random) -> list[Word]:
    return [random.choice(COUNTS)]


def maybe_a_count(random: Random) -> list[Word]:
    return a_count(random) if random.random() < 0.5 else []


def an_end(random: Random) -> list[Word]:
    return ["MIDDLE"] if random.random() < 0.03 else [random.choice(ENDS)]


def a_place(random: Random) -> list[Word]:
    return [random.choice(("BEFORE", "AFTER", "before", "Upon"))]


def keys_with_count(random: Random) -> list[Word]:
    keys: list[Word] = [random.choice(KEYS) for _ in range(random.randrange(1, 4))]
    count: Word = len(keys) if random.random() < 0.9 else random.choice((0, -1, "x", 100, len(keys) + 1))
    return [count, *keys]


def pop_options(random: Random) -> list[Word]:
    return random.choice(([], [], ["COUNT", *a_count(random)], ["COUNT"], ["COUNT", 1, "COUNT", 2], ["FOO", 1]))


def search_options(random: Random) -> list[Word]:
    """Not RANK -2**63, whose opposite overflows in Redis 7.0: it finds every match there."""
    words: list[Word] = []
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        words += [random.choice(("RANK", "COUNT", "MAXLEN", "rank", "count", "FOO"))]
        words += an_index(random) if random.random() < 0.95 else []
    return [word for word in words if word != -(2**63)]


def several_keys(random: Random) -> list[Word]:
    return [random.choice(KEYS) for _ in range(random.randrange(1, 4))]


def a_timeout(random: Random) -> list[Word]:
    """For ever, mostly: how long it takes is tested elsewhere."""
    if random.random() < 0.85:
        return [random.choice((0, "0", "0.0", "-0", "1000", "1e3"))]
    return [random.choice(("-1", "abc", "inf", "-inf", "nan", "1e300", "", " 1", "-0.5", "9223372036854775807"))]


PARTS = {
    "key": a_key,
    "list": a_list,
    "keys": several_keys,
    "value": a_value,
    "values": values,
    "many": many_values,
    "index": an_index,
    "count": a_count,
    "maybe": maybe_a_count,
    "end": an_end,
    "place": a_place,
    "numbered": keys_with_count,
    "pop": pop_options,
    "search": search_options,
    "timeout": a_timeout,
}

SHAPES = {
    "LPUSH": "key values",
    "RPUSH": "key values",
    "LPUSH+": "key many",
    "RPUSH+": "key many",
    "LPUSHX": "key values",
    "RPUSHX": "key values",
    "LPOP": "key maybe",
    "RPOP": "key maybe",
    "LLEN": "key",
    "LRANGE": "key index index",
    "LINDEX": "key index",
    "LSET": "key index value",
    "LREM": "key index value",
    "LTRIM": "key index index",
    "LINSERT": "key place value value",
    "LPOS": "key value search",
    "LMOVE": "key key end end",
    "RPOPLPUSH": "key key",
    "LMPOP": "numbered end pop",
    "DEL": "key",
    "COPY": "list list",
    "RENAME": "list list",
    "TYPE": "key",
    "GET": "key",
}
BLOCKING = {
    "BLPOP": "keys timeout",
    "BRPOP": "keys timeout",
    "BLMOVE": "key key end end timeout",
    "BRPOPLPUSH": "key key timeout",
    "BLMPOP": "timeout numbered end pop",
}
NAMES = sorted({name.split("+")[0] for name in (*SHAPES, *BLOCKING)} - {"DEL", "COPY", "RENAME", "TYPE", "GET"})
