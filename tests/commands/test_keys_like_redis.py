"""Random commands on keys, side by side with a real redis-server: equal replies, equal keys."""

import random
import time

import pytest

from kvik.clock import ManualClock
from tests.engines import Caller
from tests.reference import ReferenceServer

COMMANDS = 3_000
BATCH = 50
SECONDS_APART_MAX = 3
KEYS = [b"a", b"b", b"c", b"d", b"", b"user:1"]
DATABASES = [b"0", b"1", b"2", b"-1", b"16", b"x", b"2147483648"]
SPANS = [
    b"100",
    b"200",
    b"5000",
    b"0",
    b"-1",
    b"x",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775",
]
CONDITIONS = [b"NX", b"XX", b"GT", b"lt", b"never"]
PATTERNS = [b"*", b"?", b"[a-c]", b"user*", b"\\a", b"**"]
MOMENT_WORDS = {b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME"}


class Dice:
    """Draws one command after the other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def command(self) -> list[bytes]:
        draw = self._random
        make = draw.choices((self.simple, self.pair, self.expire, self.whole, self.broken), (8, 5, 6, 2, 1))[0]
        return make()

    def simple(self) -> list[bytes]:
        draw = self._random
        word = draw.choice(
            [b"SET", b"SET", b"SET", b"GET", b"DEL", b"UNLINK", b"EXISTS", b"TYPE", b"TOUCH", b"PERSIST", b"INCR"]
            + [b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME", b"OBJECT"]
        )
        key = draw.choice(KEYS)
        if word == b"SET":
            return [word, key, draw.choice([b"1", b"x" * 50])]
        if word == b"OBJECT":
            return [word, b"IDLETIME", b"nothing"]
        more = draw.choices(KEYS, k=draw.randrange(3)) if word in (b"DEL", b"UNLINK", b"EXISTS", b"TOUCH") else []
        return [word, key, *more]

    def pair(self) -> list[bytes]:
        draw = self._random
        word = draw.choice([b"RENAME", b"RENAMENX", b"COPY", b"MOVE"])
        if word == b"MOVE":
            return [word, draw.choice(KEYS), draw.choice(DATABASES)]
        words = [word, draw.choice(KEYS), draw.choice(KEYS)]
        if word == b"COPY":
            words += draw.choice([[], [b"REPLACE"], [b"DB", draw.choice(DATABASES)], [b"DB"], [b"x"]])
            words += draw.choice([[], [b"replace"]])
        return words

    def expire(self) -> list[bytes]:
        draw = self._random
        word = draw.choice([b"EXPIRE", b"PEXPIRE", b"EXPIREAT", b"PEXPIREAT"])
        amount = draw.choice(SPANS)
        if amount in (b"100", b"200", b"5000"):
            base = int(time.time()) if word.endswith(b"AT") else 0
            amount = b"%d" % ((base + int(amount)) * (1000 if word.startswith(b"P") else 1))
        return [word, draw.choice(KEYS), amount, *draw.choices(CONDITIONS, k=draw.choice([0, 0, 0, 1, 1, 2]))]

    def whole(self) -> list[bytes]:
        draw = self._random
        word = draw.choice([b"KEYS", b"KEYS", b"SCAN", b"DBSIZE", b"SELECT", b"SELECT", b"SWAPDB", b"FLUSHDB"])
        if word == b"KEYS":
            return [word, draw.choice(PATTERNS)]
        if word == b"SCAN":
            return [word, b"0", b"MATCH", draw.choice(PATTERNS), b"COUNT", b"100000", b"TYPE", b"string"]
        if word == b"SELECT":
            return [word, draw.choice(DATABASES)]
        if word == b"SWAPDB":
            return [word, draw.choice(DATABASES), draw.choice(DATABASES)]
        if word == b"FLUSHDB":
            return draw.choice([[word, b"NEVER"], [word, b"ASYNC", b"SYNC"], [word, b"SYNC"]])
        return [word]

    def broken(self) -> list[bytes]:
        draw = self._random
        words = draw.choice((self.simple, self.pair, self.expire, self.whole))()
        return words[: draw.randrange(1, len(words) + 1)] + draw.choices([b"x", b"0", b""], k=draw.randrange(3))


def comparable(words: list[bytes], reply: object) -> object:
    """Return a reply in a form that depends on no order."""
    if isinstance(reply, list):
        return sorted(reply, key=repr) if words[0] == b"KEYS" else [reply[0], sorted(reply[1])]
    return reply


def is_same(words: list[bytes], own: object, real: object) -> bool:
    if words[0] in MOMENT_WORDS and isinstance(own, int) and isinstance(real, int) and min(own, real) >= 0:
        return abs(own - real) <= SECONDS_APART_MAX * (1000 if words[0].startswith(b"P") else 1)
    return comparable(words, own) == comparable(words, real)


@pytest.mark.parametrize("seed", range(3))
def test_random_commands_on_keys_are_answered_as_redis_answers_them(reference: ReferenceServer, seed: int) -> None:
    dice = Dice(seed)
    caller = Caller(clock=ManualClock(int(time.time() * 1000)))
    reference("FLUSHALL")
    reference("SELECT", 0)
    done: list[list[bytes]] = []
    for _ in range(COMMANDS // BATCH // 3):
        requests = [dice.command() for _ in range(BATCH)]
        caller.clock.now = int(time.time() * 1000)
        for words, real in zip(requests, reference.many(requests), strict=True):
            done.append(words)
            own = caller.plain(*words)
            assert is_same(words, own, real), f"{words}: {own!r}, but Redis {real!r}; before it: {done[-20:]}"
    for number in range(16):
        caller("SELECT", number)
        reference("SELECT", number)
        for request in ([b"KEYS", b"*"], [b"DBSIZE"]):
            assert comparable(request, caller.plain(*request)) == comparable(request, reference(*request))
    reference("SELECT", 0)
    assert caller.replayed().content() == caller.content()
