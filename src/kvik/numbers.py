"""Numbers as clients write and read them, by Redis' strict rules. Knows no command."""

import re
from typing import Final

from mypy_extensions import i64

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1

MINUS: Final = 45
ZERO: Final = 48
NINE: Final = 57
SPACE: Final = 32
UNDERSCORE: Final = 95
# Compiled code has numbers up to here, and their negatives, without an object for each.
SHORT_MAX: Final = (1 << 62) - 1
# A whole number with fewer digits is a float exactly.
EXACT_DIGITS: Final = 16

INFINITY: Final = re.compile(rb"[+-]?inf(?:inity)?", re.IGNORECASE)
NOT_ZERO: Final = re.compile(rb"[+-]?[0.]*[1-9]")
HEXADECIMAL: Final = re.compile(rb"[+-]?0x[0-9a-f]*(?:\.[0-9a-f]*)?(?:p[+-]?[0-9]+)?", re.IGNORECASE)
NOT_ZERO_HEXADECIMAL: Final = re.compile(rb"[+-]?0x[0.]*[1-9a-f]", re.IGNORECASE)
WHOLE_MAX: Final = 1e15


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

    As Redis: what C's strtod reads without spaces around it, hexadecimal included. What would
    become infinite or 0 because it is too large or too small is refused, and so are Python's underscores.
    """
    # Most are whole numbers, and those are read in a third of the time.
    if 0 < len(text) < EXACT_DIGITS:
        is_negative = text[0] == MINUS
        # Compiled, float() would make an object of it first.
        whole = 1.0 * digits_from(text, 1 if is_negative else 0)
        if whole >= 0.0:
            return -whole if is_negative else whole
    if not text or text[0] <= SPACE or text[-1] <= SPACE or UNDERSCORE in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return _parse_hexadecimal_float(text)
    if number - number != 0.0:
        return number if INFINITY.fullmatch(text) else None
    if number == 0.0 and NOT_ZERO.match(text):
        return None
    return number


def decimal(number: int) -> bytes:
    """Return the digits of a number, which may be beyond 2**62: those are not for `%d` and `str`."""
    if -SHORT_MAX <= number <= SHORT_MAX:
        return b"%d" % number
    # Compiled, both keep a reference to such an int for ever (mypyc 2.4.1, CPyTagged_Str); of an object they do not.
    large: object = number
    return str(large).encode("ascii")


def counted_on(count: int) -> int:
    """Return the next count after this one. It stays at INTEGER_MAX: no command takes a higher one."""
    # The first comparison is the cheap one, see SHORT_MAX.
    return count + 1 if count < SHORT_MAX or count < INTEGER_MAX else INTEGER_MAX


def digits_from(text: bytes, start: i64) -> int:
    """Return the number that stands in a short text from `start` on, -1 where there is anything but digits."""
    size: i64 = len(text)
    index = start
    number: i64 = 0
    while index < size:
        digit: i64 = text[index]
        if digit < ZERO or digit > NINE:
            return -1
        number = number * 10 + digit - ZERO
        index += 1
    return number if index > start else -1


def _parse_hexadecimal_float(text: bytes) -> float | None:
    if not HEXADECIMAL.fullmatch(text):
        return None
    try:
        number = float.fromhex(text.decode("ascii"))
    except (ValueError, OverflowError):
        return None
    if number == 0.0 and NOT_ZERO_HEXADECIMAL.match(text):
        return None
    return number


def float_text(number: float) -> bytes:
    """Return a number with 17 digits, as Redis 7.0 prints scores and reads them back: 0.1 is 0.10000000000000001."""
    if -WHOLE_MAX < number < WHOLE_MAX and number != 0.0:
        whole = int(number)
        if whole == number:
            # A third of the time, and most scores are whole.
            return str(whole).encode("ascii")
    return b"%.17g" % number
