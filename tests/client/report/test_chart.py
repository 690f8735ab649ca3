"""Scales have round marks, and every curve stays inside its picture."""

import re
from xml.etree import ElementTree

import pytest

from kvik.client.report.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Curve,
    decades,
    latency_chart,
    marks_between,
    round_up,
    throughput_chart,
    time_marks,
)


def places(picture: str) -> list[tuple[float, float]]:
    """Return the points of all lines in a picture, which must be well-formed."""
    found = []
    for path in ElementTree.fromstring(picture).iter("path"):
        if "line" in (path.get("class") or ""):
            found += [(float(x), float(y)) for x, y in re.findall(r"([\d.-]+) ([\d.-]+)", path.get("d") or "")]
    return found


def is_inside(picture: str) -> bool:
    return all(
        LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1 and TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1 for x, y in places(picture)
    )


@pytest.mark.parametrize("values", [(0.4, 3.1), (0.00002, 9_000.0), (1.0, 1.0), (0.001, 0.0011)])
def test_latencies_lie_between_round_marks_a_decade_apart(values: tuple[float, float]) -> None:
    low, high = decades(*values)
    assert low <= values[0] and values[1] <= high and high >= low * 9.99
    assert 2 <= len(marks_between(low, high)) <= 10


@pytest.mark.parametrize("seconds", [0.01, 0.7, 3.0, 59.0, 600.0, 86_400.0])
def test_time_has_few_round_marks(seconds: float) -> None:
    marks = time_marks(seconds)
    assert marks[0] == 0 and 2 < len(marks) <= 9 and marks[-1] <= seconds * 1.001


@pytest.mark.parametrize("rate", [0.0, 1.0, 99.0, 101.0, 1_250_000.0])
def test_the_top_of_a_rate_is_round_and_above_it(rate: float) -> None:
    assert rate <= round_up(rate) <= max(rate, 1) * 2


@pytest.mark.parametrize("points", [[(0.0, 0.5)], [(0.0, 0.5), (1.0, 0.7), (2.5, 80.0)], [(0.0, 0.0), (1.0, 0.0)], []])
def test_latency_curves_stay_inside_their_picture(points: list[tuple[float, float]]) -> None:
    assert is_inside(latency_chart([Curve("a", points), Curve("b & c", points)]))


@pytest.mark.parametrize("points", [[], [(0.5, 100.0)], [(0.1, 5.0), (0.9, 90_000.0)]])
def test_throughput_curves_stay_inside_their_picture(points: list[tuple[float, float]]) -> None:
    assert is_inside(throughput_chart([Curve("a", points)], 1.0))


def test_a_picture_says_in_words_what_it_shows() -> None:
    picture = ElementTree.fromstring(latency_chart([Curve("run <1>", [(0.0, 0.5), (2.0, 4.0)])]))
    assert picture.findtext("desc") == "run <1> rises from 0.500 ms to 4.00 ms. The table has the figures."
