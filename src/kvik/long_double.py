"""Numbers with the 64-bit mantissa of C's `long double` on x86, which Redis adds floats with. Knows no command.

The arithmetic is exact, in integers: a value is `mantissa * 2**exponent`, rounded to the nearest
(ties to even) whenever a number is read or a sum is made, as the processor and C's library do.
So 0.1 + 0.2 is 0.3 here, which it is not with Python's floats.
"""

import re
from typing import Final

from kvik.numbers import decimal

MANTISSA_BITS: Final = 64
MANTISSA_LIMIT: Final = 1 << MANTISSA_BITS
# The exponent of the last bit of the smallest number, and of the first bit beyond the largest.
EXPONENT_MIN: Final = -16445
EXPONENT_LIMIT: Final = 16384
# 10**5000 is far beyond the largest number, 10**-5000 far below half of the smallest.
DECIMAL_MAGNITUDE_MAX: Final = 5000
HEXADECIMAL_MAGNITUDE_MAX: Final = 20_000
# Redis reads numbers into a buffer of 5 KiB.
TEXT_LENGTH_MAX: Final = 5 * 1024 - 1
DECIMALS: Final = 17
DECIMALS_FACTOR: Final[int] = 10**17
# Python refuses to turn more than 4,300 digits into an integer, or back, in one step.
DIGITS_AT_ONCE: Final = 4000
BITS_AT_ONCE: Final = 13_288
# An exponent longer than this is treated as a huge one of its sign.
EXPONENT_DIGITS_MAX: Final = 8

DECIMAL: Final = re.compile(rb"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?")
HEXADECIMAL: Final = re.compile(rb"([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?)([0-9]+))?")
INFINITY: Final = re.compile(rb"([+-]?)inf(?:inity)?", re.IGNORECASE)


class LongDouble:
    """`mantissa * 2**exponent`, or an infinity. The mantissa has a sign and at most 64 bits."""

    def __init__(self, mantissa: int, exponent: int, is_infinite: bool = False) -> None:
        self.mantissa: Final = mantissa
        self.exponent: Final = exponent
        self.is_infinite: Final = is_infinite

    def plus(self, other: "LongDouble") -> "LongDouble | None":
        """Return the sum, None where it is infinite or no number."""
        if self.is_infinite or other.is_infinite:
            return None
        exponent = min(self.exponent, other.exponent)
        total = (self.mantissa << (self.exponent - exponent)) + (other.mantissa << (other.exponent - exponent))
        if exponent >= 0:
            return nearest(total << exponent, 1)
        return nearest(total, 1 << -exponent)

    def times(self, factor: int) -> "LongDouble | None":
        """Return the product with an integer, None where it is infinite."""
        if self.is_infinite:
            return None
        product = self.mantissa * factor
        return nearest(product << self.exponent, 1) if self.exponent >= 0 else nearest(product, 1 << -self.exponent)

    def ceiling(self) -> int:
        """Return the least integer that is not less."""
        if self.exponent >= 0:
            return self.mantissa << self.exponent
        return -(-self.mantissa >> -self.exponent)

    def text(self) -> bytes:
        """Return the number as Redis prints it: 17 decimals, without the zeros at the end."""
        scaled = abs(self.mantissa) * DECIMALS_FACTOR
        scaled = scaled << self.exponent if self.exponent >= 0 else rounded(scaled, 1 << -self.exponent)
        whole, fraction = divmod(scaled, DECIMALS_FACTOR)
        text = digits_of(whole)
        if fraction:
            text += b"." + (b"%d" % fraction).zfill(DECIMALS).rstrip(b"0")
        return b"-" + text if self.mantissa < 0 and scaled else text


def parse_long_double(text: bytes) -> LongDouble | None:
    """Return the number `text` is, None where it is not one; an infinity is a number, NaN is not.

    As C's strtold without spaces around: decimal and hexadecimal. Numbers that are too large, or
    so small that they would become 0, are refused.
    """
    if len(text) > TEXT_LENGTH_MAX:
        return None
    parts = DECIMAL.fullmatch(text)
    if parts is not None:
        return _decimal(parts)
    parts = HEXADECIMAL.fullmatch(text)
    if parts is not None:
        return _hexadecimal(parts)
    parts = INFINITY.fullmatch(text)
    if parts is not None:
        return LongDouble(-1 if parts[1] == b"-" else 1, 0, True)
    return None


def _decimal(parts: re.Match[bytes]) -> LongDouble | None:
    whole, fraction = parts[2], parts[3] or b""
    significant = (whole + fraction).lstrip(b"0")
    if not significant:
        return LongDouble(0, 0) if whole or fraction else None
    exponent = _exponent(parts) - len(fraction)
    if abs(len(significant) + exponent) > DECIMAL_MAGNITUDE_MAX:
        return None
    number = integer_of(significant)
    if exponent >= 0:
        return _signed(parts, nearest(number * power_of_ten(exponent), 1))
    return _signed(parts, nearest(number, power_of_ten(-exponent)))


def _hexadecimal(parts: re.Match[bytes]) -> LongDouble | None:
    whole, fraction = parts[2], parts[3] or b""
    significant = (whole + fraction).lstrip(b"0")
    if not significant:
        return LongDouble(0, 0) if whole or fraction else None
    exponent = _exponent(parts) - 4 * len(fraction)
    if abs(4 * len(significant) + exponent) > HEXADECIMAL_MAGNITUDE_MAX:
        return None
    number = int(significant, 16)
    if exponent >= 0:
        return _signed(parts, nearest(number << exponent, 1))
    return _signed(parts, nearest(number, 1 << -exponent))


def _exponent(parts: re.Match[bytes]) -> int:
    digits = (parts[5] or b"").lstrip(b"0")
    exponent = int(digits or b"0") if len(digits) <= EXPONENT_DIGITS_MAX else 10**EXPONENT_DIGITS_MAX
    return -exponent if parts[4] == b"-" else exponent


def _signed(parts: re.Match[bytes], number: LongDouble | None) -> LongDouble | None:
    if number is None or number.mantissa == 0:
        return None
    return LongDouble(-number.mantissa, number.exponent) if parts[1] == b"-" else number


def nearest(numerator: int, denominator: int) -> LongDouble | None:
    """Return the number nearest to a fraction, None where it is beyond the largest."""
    magnitude = abs(numerator)
    exponent = max(magnitude.bit_length() - denominator.bit_length() - MANTISSA_BITS, EXPONENT_MIN)
    mantissa = _scaled(magnitude, denominator, exponent)
    if mantissa >= MANTISSA_LIMIT:
        # Rounded anew from the fraction: rounding what was rounded could go wrong.
        exponent += 1
        mantissa = _scaled(magnitude, denominator, exponent)
    if mantissa.bit_length() + exponent > EXPONENT_LIMIT:
        return None
    return LongDouble(-mantissa if numerator < 0 else mantissa, exponent)


def _scaled(magnitude: int, denominator: int, exponent: int) -> int:
    if exponent >= 0:
        return rounded(magnitude, denominator << exponent)
    return rounded(magnitude << -exponent, denominator)


def rounded(numerator: int, denominator: int) -> int:
    """Return the integer nearest to a positive fraction, the even one of two."""
    quotient, rest = divmod(numerator, denominator)
    double = rest << 1
    if double > denominator or (double == denominator and quotient & 1):
        quotient += 1
    return quotient


def power_of_ten(exponent: int) -> int:
    power: int = 10**exponent
    return power


def integer_of(digits: bytes) -> int:
    """Return the number that any count of decimal digits is."""
    if len(digits) <= DIGITS_AT_ONCE:
        return int(digits)
    low = digits[-DIGITS_AT_ONCE:]
    return integer_of(digits[:-DIGITS_AT_ONCE]) * power_of_ten(DIGITS_AT_ONCE) + int(low)


def digits_of(number: int) -> bytes:
    """Return the decimal digits of a number that is not negative."""
    if number.bit_length() <= BITS_AT_ONCE:
        return decimal(number)
    high, low = divmod(number, power_of_ten(DIGITS_AT_ONCE))
    return digits_of(high) + decimal(low).zfill(DIGITS_AT_ONCE)
