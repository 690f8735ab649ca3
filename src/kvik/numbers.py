"""Numbers as clients write and read them, by Redis' strict rules. Knows no command."""

from typing import Final

from mypy_extensions import i64

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1

MINUS: Final = 45
ZERO: Final = 48
NINE: Final = 57


def parse_integer(text: bytes) -> int | None:
    """Return the 64-bit integer `text` is, None where it is not one.

    As Redis' string2ll: an optional minus, digits without a leading zero, nothing else.
    """
    length = len(text)
    if length == 0 or length > 20:
        return None
    first = text[0]
    start = 1 if first == MINUS else 0
    if start == length:
        return None
    if text[start] == ZERO:
        return 0 if length == 1 else None
    if length > 18:
        return _parse_long_integer(text, start)
    number: i64 = 0
    for index in range(start, length):
        digit: i64 = text[index]
        if digit < ZERO or digit > NINE:
            return None
        number = number * 10 + (digit - ZERO)
    return -number if start else number


def _parse_long_integer(text: bytes, start: int) -> int | None:
    for index in range(start, len(text)):
        digit = text[index]
        if digit < ZERO or digit > NINE:
            return None
    number = int(text)
    return number if INTEGER_MIN <= number <= INTEGER_MAX else None


def parse_float(text: bytes) -> float | None:
    """Return the number `text` is, None where it is not one; `inf` is a number, NaN is not.

    As Redis: what C's strtod reads without spaces around it. Python's underscores are refused.
    """
    if not text or text[0] <= 32 or text[-1] <= 32 or b"_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if number != number else number
