"""Numbers as clients write them, and the arithmetic of a long double."""

from fractions import Fraction
from random import Random

import pytest

from kvik.long_double import LongDouble, parse_long_double
from kvik.numbers import parse_float, parse_integer

NO_INTEGERS = (
    b"",
    b"-",
    b"+",
    b"--1",
    b"+1",
    b"01",
    b"-0",
    b"-01",
    b"00",
    b" 1",
    b"1 ",
    b"1\n",
    b"1.0",
    b"1e3",
    b"0x1",
)
STRANGE = (b"1_0", b"\xd9\xa3", b"\x00", b"1\x00", b"a", b"9" * 19, b"-" + b"9" * 19, b"1" * 20, b"-" * 20, b"1" * 5000)


@pytest.mark.parametrize("text", NO_INTEGERS + STRANGE)
def test_what_redis_takes_for_no_integer_is_none(text: bytes) -> None:
    assert parse_integer(text) is None


@pytest.mark.parametrize("shift", range(64))
def test_every_integer_of_64_bits_is_read(shift: int) -> None:
    for number in (
        (1 << shift) - 1,
        1 - (1 << shift),
        -(1 << shift),
        10**18 + shift,
        10**17 + shift,
        -(10**17) - shift,
    ):
        if -(2**63) <= number < 2**63:
            assert parse_integer(b"%d" % number) == number


@pytest.mark.parametrize("number", [2**63, 2**63 + 1, -(2**63) - 1, 10**19, -(10**19)])
def test_an_integer_beyond_64_bits_is_none(number: int) -> None:
    assert parse_integer(b"%d" % number) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"1", 1.0),
        (b"-1.5e3", -1500.0),
        (b"+.5", 0.5),
        (b"5.", 5.0),
        (b"01", 1.0),
        (b"-000000000012", -12.0),
        (b"999999999999999", 999_999_999_999_999.0),
        (b"-9999999999999999", -9_999_999_999_999_999.0),
        (b"0e999", 0.0),
        (b"0x10", 16.0),
        (b"-0x.8p1", -1.0),
        (b"0x0", 0.0),
        (b"1e308", 1e308),
        (b"5e-324", 5e-324),
        (b"inf", float("inf")),
        (b"-Infinity", float("-inf")),
    ],
)
def test_a_float_is_read_as_c_reads_it(text: bytes, number: float) -> None:
    assert parse_float(text) == number


def test_a_zero_keeps_its_sign() -> None:
    assert [str(parse_float(text)) for text in (b"0", b"-0", b"-00", b"-0.0")] == ["0.0", "-0.0", "-0.0", "-0.0"]


NO_FLOATS = (
    b"",
    b" 1",
    b"1 ",
    b"1\n",
    b"1_0",
    b"nan",
    b"-nan",
    b"infin",
    b"e5",
    b".",
    b"-",
    b"0x",
    b"0x.",
    b"0x1p",
    b"0x1g",
)
TOO_LARGE_OR_SMALL = (b"1e309", b"-1e309", b"1" * 400, b"1e-400", b"-0.0001e-400", b"0x1p2000", b"0x.1p-2000")


@pytest.mark.parametrize("text", NO_FLOATS + TOO_LARGE_OR_SMALL)
def test_what_c_reads_as_no_float_is_none(text: bytes) -> None:
    assert parse_float(text) is None


def exact(number: LongDouble) -> Fraction:
    return Fraction(number.mantissa) * Fraction(2) ** number.exponent


def long_double(text: str) -> LongDouble:
    number = parse_long_double(text.encode())
    assert number is not None
    return number


@pytest.mark.parametrize("seed", range(50))
def test_a_long_double_is_the_nearest_there_is(seed: int) -> None:
    random = Random(seed)
    text = f"{random.uniform(-10, 10):.25f}e{random.randrange(-40, 40)}"
    number = long_double(text)
    mantissa, last_bit = abs(number.mantissa), Fraction(2) ** number.exponent
    assert mantissa.bit_length() == 64
    assert abs(Fraction(text) - exact(number)) <= last_bit / 2


@pytest.mark.parametrize("seed", range(50))
def test_a_sum_is_the_nearest_there_is(seed: int) -> None:
    random = Random(seed)
    a = long_double(repr(random.uniform(-1e9, 1e9)))
    b = long_double(repr(random.uniform(-1, 1)))
    total = a.plus(b)
    assert total is not None
    assert abs(exact(a) + exact(b) - exact(total)) <= Fraction(2) ** total.exponent / 2


@pytest.mark.parametrize(
    ("text", "mantissa"),
    [
        # Two more than 64 bits can hold: halves go to the even neighbour, anything above a half goes up.
        ("36893488147419103234", 2**63),
        ("36893488147419103238", 2**63 + 2),
        ("36893488147419103234.0001", 2**63 + 1),
        ("36893488147419103231", 2**63),
    ],
)
def test_halves_are_rounded_to_the_even_neighbour(text: str, mantissa: int) -> None:
    number = long_double(text)
    assert exact(number) == mantissa * 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0", b"0"),
        ("-0", b"0"),
        ("3.0", b"3"),
        ("0.1", b"0.1"),
        ("-1234.5", b"-1234.5"),
        ("1234.5678", b"1234.56779999999999997"),
        ("1e-17", b"0.00000000000000001"),
        ("4e-18", b"0"),
        ("-4e-18", b"0"),
        ("1e20", b"100000000000000000000"),
        ("0.99999999999999999999", b"1"),
    ],
)
def test_a_long_double_is_printed_with_17_decimals_without_the_last_zeros(text: str, shown: bytes) -> None:
    assert long_double(text).text() == shown


def test_the_largest_long_doubles_are_read_and_printed_in_full() -> None:
    shown = long_double("1e4932").text()
    assert len(shown) == 4933
    assert shown.startswith(b"1000000000000000000")
    assert exact(long_double(shown.decode())) == exact(long_double("1e4932"))
    assert parse_long_double(b"1.19e4932") is None


@pytest.mark.parametrize("power", [3999, 4000, 4001, 4299, 4300, 4301])
def test_numbers_of_thousands_of_digits_are_printed_without_a_zero_in_front(power: int) -> None:
    shown = long_double(f"7e{power}").text()
    assert len(shown) == power + 1
    assert shown[:3] in (b"700", b"699")


def test_the_smallest_long_double_is_not_zero_and_half_of_it_is_no_number() -> None:
    assert exact(long_double("0x1p-16445")) == Fraction(2) ** -16445
    assert parse_long_double(b"0x1p-16446") is None
    assert parse_long_double(b"1e-4951") is None
    assert exact(long_double("2e-4951")) == Fraction(2) ** -16445


def test_a_sum_beyond_the_largest_is_none() -> None:
    largest = long_double("0xffffffffffffffffp16320")
    assert largest.plus(largest) is None
    assert largest.plus(long_double("-1")) is not None


HUGE_EXPONENTS = (b"1e" + b"9" * 4000, b"1e-" + b"9" * 4000, b"0x1p" + b"9" * 4000, b"0x1p-" + b"9" * 4000)
TOO_LONG = (b"1" * 5120, b"0." + b"0" * 5118)


@pytest.mark.parametrize("text", HUGE_EXPONENTS + TOO_LONG)
def test_a_huge_exponent_and_a_huge_text_are_refused_without_work(text: bytes) -> None:
    assert parse_long_double(text) is None


def test_zero_with_a_huge_exponent_is_zero() -> None:
    assert long_double("0e" + "9" * 4000).mantissa == 0


def test_digits_and_exponent_may_make_up_for_each_other() -> None:
    assert long_double("." + "0" * 4999 + "1e5001").text() == b"10"
    assert long_double("1" + "0" * 4999 + "e-5000").text() == b"0.1"
