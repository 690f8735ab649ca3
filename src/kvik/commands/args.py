"""A cursor over the arguments of one request, which a handler reads to the end."""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from kvik.errors import ReplyError, not_a_float, not_an_integer, syntax_error
from kvik.long_double import LongDouble, parse_long_double
from kvik.numbers import parse_float, parse_integer


@mypyc_attr(acyclic=True, free_list_len=1)
class Args:
    """Reads the words behind a command's name, one after the other.

    Reading past the end is Redis' syntax error: arity was checked before, so only an option whose
    value is missing comes that far.
    """

    def __init__(self, words: list[bytes], start: i64) -> None:
        self.words: Final = words
        self.position: i64 = start

    def next(self) -> bytes:
        """Return the next word."""
        position = self.position
        if position >= len(self.words):
            raise syntax_error()
        self.position = position + 1
        return self.words[position]

    def key(self) -> bytes:
        """Return the next word, a key."""
        return self.next()

    def integer(self) -> int:
        """Return the next word as a 64-bit integer."""
        number = parse_integer(self.next())
        if number is None:
            raise not_an_integer()
        return number

    def at_least(self, least: int, otherwise: str) -> int:
        """Return the next word as an integer of at least `least`. Raises ERR `otherwise` for anything else."""
        number = parse_integer(self.next())
        if number is None or number < least:
            raise ReplyError("ERR", otherwise)
        return number

    def number(self) -> float:
        """Return the next word as a float; infinities are numbers, NaN is not."""
        number = parse_float(self.next())
        if number is None:
            raise not_a_float()
        return number

    def long_double(self) -> LongDouble:
        """Return the next word as a number with the precision of Redis' sums; an infinity is one, NaN is not."""
        number = parse_long_double(self.next())
        if number is None:
            raise not_a_float()
        return number

    def option(self, name: bytes) -> bool:
        """Step over the next word and return True if it is the option `name` (upper case)."""
        position = self.position
        if position < len(self.words):
            word = self.words[position]
            if len(word) == len(name) and (word == name or word.upper() == name):
                self.position = position + 1
                return True
        return False

    def either(self, one: bytes, other: bytes) -> bool:
        """Step over the next word, one of two (upper case); return whether it is the first. Raises for a third."""
        if self.option(one):
            return True
        if self.option(other):
            return False
        raise syntax_error()

    def keys(self, count: int) -> list[bytes]:
        """Return the next `count` words, keys. Raises where there are fewer."""
        if count > self.left():
            raise syntax_error()
        start = self.position
        self.position = start + count
        return self.words[start : start + count]

    def more(self) -> bool:
        """Return whether there are words left."""
        return self.position < len(self.words)

    def left(self) -> i64:
        """Return how many words are left."""
        return len(self.words) - self.position

    def rest(self) -> list[bytes]:
        """Return all words that are left."""
        words = self.words[self.position :]
        self.position = len(self.words)
        return words

    def end(self) -> None:
        """Refuse words that nobody has read."""
        if self.position < len(self.words):
            raise syntax_error()
