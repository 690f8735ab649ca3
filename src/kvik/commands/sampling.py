"""Choosing members at random, as HRANDFIELD, SRANDMEMBER and ZRANDMEMBER do. Knows nothing of what the members are."""

from random import Random
from typing import Final

from kvik.commands.args import Args
from kvik.errors import ReplyError, syntax_error
from kvik.numbers import INTEGER_MAX

PAIRS_MAX: Final = INTEGER_MAX // 2
REPEATED_MAX: Final = 1 << 24
"""The answer is made whole before it leaves, so what may be asked for with repetitions has a bound; Redis has none."""


def count_argument(args: Args) -> int:
    """Return how many members are wanted; negative: the same one may come again."""
    count = args.integer()
    if count < -INTEGER_MAX:
        raise ReplyError("ERR", f"value is out of range, value must between {-INTEGER_MAX} and {INTEGER_MAX}")
    if count < -REPEATED_MAX:
        raise ReplyError("ERR", "value is out of range")
    return count


def pairs_option(args: Args, name: bytes, count: int) -> bool:
    """Return whether the option `name` is the last word: then half as many may be asked for, as in Redis."""
    if not args.more():
        return False
    if not args.option(name) or args.more():
        raise syntax_error()
    if abs(count) > PAIRS_MAX:
        raise ReplyError("ERR", "value is out of range")
    return True


def chosen(random: Random, size: int, count: int) -> list[int]:
    """Return indexes below `size`: with a negative count so many, repetitions included, else as many different ones."""
    if size == 0:
        return []
    if count < 0:
        return [random.randrange(size) for _ in range(-count)]
    if count >= size:
        return list(range(size))
    return random.sample(range(size), count)
