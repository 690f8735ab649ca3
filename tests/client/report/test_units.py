"""Figures have three digits and a unit that fits."""

import pytest

from kvik.client.report.units import shown_count, shown_ms, shown_rate, shown_ratio


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.00085, "850 ns"),
        (0.0123, "12.3 µs"),
        (0.4123, "0.412 ms"),
        (1.5, "1.50 ms"),
        (123.4, "123 ms"),
        (1_200.0, "1.20 s"),
        (0.0, "0 ns"),
    ],
)
def test_durations_have_the_unit_that_fits(milliseconds: float, text: str) -> None:
    assert shown_ms(milliseconds) == text


def test_rates_ratios_and_counts_read_well() -> None:
    assert shown_rate(183_204.4) == "183,204/s"
    assert (shown_ratio(3, 2), shown_ratio(3, 0)) == ("1.50x", "-")
    assert (shown_count(1, "client"), shown_count(2, "process", "es")) == ("1 client", "2 processes")
