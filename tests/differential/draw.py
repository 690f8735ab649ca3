"""Random requests: words that are likely to meet, and words nobody expects."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

Request: TypeAlias = list[bytes]

KEYS = [b"a", b"b", b"c", b"d", b"e", b"f", b"g"]
WORDS = [
    b"",
    b"1",
    b"2",
    b"3",
    b"10",
    b"-1",
    b"0.5",
    b"x",
    b"y",
    b"foo",
    b"bar",
    b"\xff\x00",
    b"hello world",
    b"z" * 65,
]
INTEGERS = [b"0", b"1", b"-1", b"2", b"-2", b"3", b"5", b"-5", b"10", b"-100", b"100", b"4294967296"]
HOSTILE_INTEGERS = [
    *[b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"18446744073709551616"],
    *[b"abc", b"", b" 1", b"1 ", b"+1", b"01", b"-0", b"1.0", b"1e3", b"0x10", b"99999999999999999999999"],
]
A_MOMENT = b"0.001"
HOSTILE_TIMEOUTS = [b"-1", b"abc", b"", b"inf", b"nan", b"1e400", b"-0.5", b"9223372036854775807"]
FLOATS = [b"0", b"1", b"-1", b"0.1", b"-0.5", b"3.25", b"1e3", b"-1e-3", b"100", b"inf", b"-inf", b"+inf", b"-0"]
HOSTILE_FLOATS = [b"nan", b"abc", b"", b"1e400", b"1e-400", b"0x1p3", b" 1", b"1 ", b"1.7976931348623157e308", b"1_0"]
PATTERNS = [b"*", b"f*", b"?", b"[a-c]", b"*o*", b"\\*", b"[^a]*", b"", b"["]
HOSTILE_SHARE = 0.06
LEXICAL = b"lexical"
"""The key of a sorted set whose scores are all equal: for others Redis does not say what ranges of bytes are."""
DAMAGED = b"damaged"
"""The key of a damaged HyperLogLog: of several elements Redis adds those before it notices, kvik none."""
UNMANGLED = (b"SPOP", b"SCAN", b"SSCAN", b"HSCAN", b"ZSCAN", b"PFDEBUG", b"RESTORE")
NEWER = (b"ZRANK", b"ZREVRANK")
"""What Redis 7.2 gave an option: a word more is too many for 7.0 alone."""

WAITING = (b"BLPOP", b"BRPOP", b"BLMPOP", b"BLMOVE", b"BRPOPLPUSH", b"BZPOPMIN", b"BZPOPMAX", b"BZMPOP")
BLOCK = b"BLOCK"
"""What must not become a request that waits for long."""

IDLING = (b"XCLAIM", b"XAUTOCLAIM", b"XPENDING")
"""What must not ask for so short an idle time that the two servers see it differently."""

DYING = (b"EXPIRE", b"PEXPIRE", b"SETEX", b"PSETEX", b"SET", b"GETEX")
"""What must not let a key die so soon that the two servers see it between different requests."""


class Draw:
    """Draws words from a seed; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, words: Sequence[bytes]) -> bytes:
        return self.random.choice(words)

    def one_of(self, requests: Sequence[Request]) -> Request:
        return self.random.choice(requests)

    def key(self) -> bytes:
        return self.one(KEYS)

    def word(self) -> bytes:
        """Return a value, a field, a member."""
        if self.chance(0.15):
            return b"%d" % self.random.randrange(300)
        return self.one(WORDS)

    def words(self, fewest: int, most: int) -> list[bytes]:
        return [self.word() for _ in range(self.random.randint(fewest, most))]

    def integer(self) -> bytes:
        """Return an integer, now and then something that is none or too large."""
        return self.one(HOSTILE_INTEGERS if self.chance(HOSTILE_SHARE) else INTEGERS)

    def count(self) -> bytes:
        """Return a small number of things, now and then something else."""
        return self.integer() if self.chance(0.15) else b"%d" % self.random.randrange(5)

    def float(self) -> bytes:
        return self.one(HOSTILE_FLOATS if self.chance(HOSTILE_SHARE) else FLOATS)

    def timeout(self) -> bytes:
        """Return how long to wait: a moment, or something that is no time."""
        return self.one(HOSTILE_TIMEOUTS) if self.chance(0.1) else A_MOMENT

    def pattern(self) -> bytes:
        return self.one(PATTERNS)

    def options(self, *options: Callable[[], list[bytes]] | bytes, share: float = 0.25) -> list[bytes]:
        """Return some of the options in any order, now and then one twice; a word stands for itself, in any case."""
        chosen = [option for option in options if self.chance(share)]
        if chosen and self.chance(0.1):
            chosen.append(self.random.choice(chosen))
        self.random.shuffle(chosen)
        words: list[bytes] = []
        for option in chosen:
            words += [self.cased(option)] if isinstance(option, bytes) else option()
        return words

    def cased(self, word: bytes) -> bytes:
        return self.one([word, word, word.lower(), word.title()])

    def mangled(self, request: Request) -> Request:
        """Return the request, now and then with a word too few, one too many, or one in another's place.

        SPOP stays as it is, it must not become one that chooses; so do cursors, which are each server's own,
        and RESTORE, whose time to live must not become a short one.
        """
        if (
            not self.chance(0.03)
            or len(request) < 2
            or request[0] in UNMANGLED + NEWER + WAITING + DYING + IDLING
            or LEXICAL in request
            or DAMAGED in request
            or BLOCK in request
        ):
            return request
        place = self.random.randrange(1, len(request))
        what = self.random.randrange(3)
        if what == 0:
            return request[:place] + request[place + 1 :]
        if what == 1:
            return [*request[:place], self.word(), *request[place:]]
        return [*request[:place], self.word(), *request[place + 1 :]]
