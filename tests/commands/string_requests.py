"""Random requests for string and counter commands: sensible ones and hostile ones."""

from random import Random

KEYS = ("a", "b", "c", "d", "")
INTEGERS = (0, 1, -1, 5, -7, 100, 2**31, 2**63 - 1, -(2**63), 2**63 - 2, -(2**63) + 1, 999_999_999_999_999_999, -1000)
NO_INTEGERS = (
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "-0",
    "-",
    "1.5",
    "abc",
    str(2**63),
    str(-(2**63) - 1),
    "1" * 25,
    "0x1",
    "\x00",
)
FLOATS = ("0.1", "0.2", "-0.3", "1.5e3", "1e-17", "5e-18", ".5", "5.", "0x1p-3", "+2", "1e18", "3.14159265358979323846")
NO_FLOATS = (
    "inf",
    "-Infinity",
    "nan",
    "1e5000",
    "1e-5000",
    "e5",
    ".",
    "",
    "1 ",
    "1e",
    "0x",
    "1_0",
    "1e4932",
    "-1e4932",
)
TEXTS = ("", "v", "ohmytext", "mynewtext", "a b", "\r\n", "aaaaabbbbb", "ababababab", "1234567890")
# So long that no test sees the end of it, also as seconds.
LONG_LIFE = 1_000_000
AMOUNTS = (0, -1, -(2**63), 2**63 - 1, 2**63 // 1000, 2**63 // 1000 + 1, "", "abc", "1.5", LONG_LIFE, LONG_LIFE + 1)

Word = str | bytes | int


def random_request(random: Random, now: int) -> list[Word]:
    """Return the words of one request; `now` in milliseconds since 1970, for moments beside it."""
    name = random.choice(tuple(SHAPES))
    words: list[Word] = [name if random.random() < 0.9 else name.lower()]
    for part in SHAPES[name].split():
        words += PARTS[part](random, now)
    if random.random() < 0.02:
        words += ["surplus"]
    return words


def a_key(random: Random, now: int) -> list[Word]:
    return [random.choice(KEYS)]


def an_integer(random: Random, now: int) -> list[Word]:
    if random.random() < 0.15:
        return [random.choice(NO_INTEGERS)]
    return [random.choice(INTEGERS) if random.random() < 0.5 else random.randrange(-20, 20)]


def a_position(random: Random, now: int) -> list[Word]:
    return [random.randrange(-15, 15)] if random.random() < 0.8 else an_integer(random, now)


def an_offset(random: Random, now: int) -> list[Word]:
    """A place in a string: a small one, or one that no string reaches."""
    return [random.choice((-1, 2**29, 2**63 - 1, "x")) if random.random() < 0.1 else random.randrange(30)]


def a_float(random: Random, now: int) -> list[Word]:
    draw = random.random()
    if draw < 0.1:
        return [random.choice(NO_FLOATS)]
    if draw < 0.4:
        return [random.choice(FLOATS)]
    digits = random.choice(("%.3f", "%.17g", "%e", "%.25f"))
    return [digits % (random.uniform(-1, 1) * 10 ** random.randrange(-20, 25))]


def a_value(random: Random, now: int) -> list[Word]:
    draw = random.random()
    if draw < 0.3:
        return an_integer(random, now)
    if draw < 0.5:
        return a_float(random, now)
    if draw < 0.6:
        return [random.randbytes(random.randrange(20))]
    return [random.choice(TEXTS)]


def an_amount(random: Random, now: int) -> list[Word]:
    return [random.choice(AMOUNTS)]


def a_lifetime(random: Random, now: int) -> list[Word]:
    unit = random.choice(("EX", "PX", "EXAT", "PXAT", "ex", "pXaT"))
    if unit in ("EX", "PX", "ex") or random.random() < 0.4:
        amount = random.choice(AMOUNTS) if random.random() < 0.4 else LONG_LIFE + random.randrange(1000)
        return [unit, amount]
    moment = now + random.choice((-1_000_000, 1_000_000_000))
    return [unit, moment // 1000 if unit.upper() == "EXAT" else moment]


def set_options(random: Random, now: int) -> list[Word]:
    words: list[Word] = []
    for _ in range(random.choice((0, 1, 1, 2, 2, 3))):
        if random.random() < 0.35:
            words += a_lifetime(random, now)
        else:
            words.append(
                random.choice(("NX", "XX", "GET", "KEEPTTL", "nx", "Get", "EX", "PERSIST", "FOO", "XX", "GET"))
            )
    return words


def getex_options(random: Random, now: int) -> list[Word]:
    words: list[Word] = []
    for _ in range(random.choice((0, 1, 1, 1, 2))):
        if random.random() < 0.7:
            words += a_lifetime(random, now)
        else:
            words.append(random.choice(("PERSIST", "persist", "NX", "KEEPTTL", "PX")))
    return words


def lcs_options(random: Random, now: int) -> list[Word]:
    words: list[Word] = []
    for _ in range(random.choice((0, 1, 2, 3))):
        word = random.choice(("LEN", "IDX", "idx", "WITHMATCHLEN", "MINMATCHLEN", "FOO", "MINMATCHLEN"))
        words.append(word)
        if word == "MINMATCHLEN":
            words += random.choice(([], [2], [1], [4], [-3], [2**63 - 1], ["x"]))
    return words


def pairs(random: Random, now: int) -> list[Word]:
    words: list[Word] = []
    for _ in range(random.randrange(1, 4)):
        words += a_key(random, now) + a_value(random, now)
    return words if random.random() < 0.95 else words[:-1]


def several_keys(random: Random, now: int) -> list[Word]:
    return [random.choice(KEYS) for _ in range(random.randrange(1, 6))]


PARTS = {
    "key": a_key,
    "value": a_value,
    "integer": an_integer,
    "position": a_position,
    "offset": an_offset,
    "float": a_float,
    "amount": an_amount,
    "set": set_options,
    "getex": getex_options,
    "lcs": lcs_options,
    "pairs": pairs,
    "keys": several_keys,
}

SHAPES = {
    "SET": "key value set",
    "SETNX": "key value",
    "SETEX": "key amount value",
    "PSETEX": "key amount value",
    "GETSET": "key value",
    "GETDEL": "key",
    "GETEX": "key getex",
    "GET": "key",
    "MGET": "keys",
    "MSET": "pairs",
    "MSETNX": "pairs",
    "APPEND": "key value",
    "STRLEN": "key",
    "GETRANGE": "key position position",
    "SUBSTR": "key position position",
    "SETRANGE": "key offset value",
    "INCR": "key",
    "DECR": "key",
    "INCRBY": "key integer",
    "DECRBY": "key integer",
    "INCRBYFLOAT": "key float",
    "LCS": "key key lcs",
}
