"""Curves as SVG that takes its colours from the page around it. Knows no run."""

import math
from collections.abc import Sequence
from html import escape

from kvik.client.report.units import shown_ms, three_digits

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 20, 40
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "1 4")
"""Lines differ in more than their colour."""
COLOURS = len(DASHES)
PERCENTILE_MARKS = ("0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %")
HALF = math.log10(2)
"""Where 50 % stands: a step to the right is a factor of ten in how many are slower."""
NAMED = {"p50": HALF, "p90": 1.0, "p99": 2.0, "p99.9": 3.0}
TIME_MARKS_MAX = 8

Point = tuple[float, float]


class Scale:
    """Values from `low` to `high` on a stretch of a picture."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low = low
        self.high = high
        self._start = start
        self._end = end

    def place(self, value: float) -> float:
        return self._start + (value - self.low) / (self.high - self.low) * (self._end - self._start)


class Curve:
    """A line with its name, in values of the two scales."""

    def __init__(self, name: str, points: Sequence[Point]) -> None:
        self.name = name
        self.points = points


def latency_chart(curves: Sequence[Curve]) -> str:
    """Return the latency by percentile: each step to the right is a tenth of the requests, upwards is logarithmic."""
    most = max(max((point[0] for point in curve.points), default=1.0) for curve in curves)
    values = [value for curve in curves for _, value in curve.points if value > 0]
    low, high = decades(min(values, default=0.1), max(values, default=1.0))
    across = Scale(0, max(most, 1.0), LEFT, WIDTH - RIGHT)
    up = Scale(math.log10(low), math.log10(high), HEIGHT - BOTTOM, TOP)
    parts = [gridline(up.place(math.log10(mark)), shown_mark(mark)) for mark in marks_between(low, high)]
    parts += [bottom_mark(across.place(nine), PERCENTILE_MARKS[nine]) for nine in range(int(across.high) + 1)]
    parts.append(bottom_mark(across.place(HALF), "50 %"))
    placed = [
        [(across.place(nine), up.place(math.log10(max(value, low)))) for nine, value in curve.points]
        for curve in curves
    ]
    parts += drawn(placed)
    if len(curves) == 1:
        parts += named_points(curves[0], across, up)
    return picture("latency", "Latency by percentile", described(curves), parts)


def named_points(curve: Curve, across: Scale, up: Scale) -> list[str]:
    """Return dots with the percentiles that the table names."""
    parts = []
    for name, nine in NAMED.items():
        near = [value for place, value in curve.points if place >= nine - 0.001]
        if near and near[0] > 0:
            x, y = across.place(nine), up.place(math.log10(near[0]))
            parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
            parts.append(f'<text class="name" x="{x:.1f}" y="{y - 11:.1f}" text-anchor="middle">{name}</text>')
    return parts


def throughput_chart(curves: Sequence[Curve], seconds: float) -> str:
    """Return requests a second over time, up to `seconds`; both begin at zero."""
    most = max(max((point[1] for point in curve.points), default=1.0) for curve in curves)
    across = Scale(0, seconds, LEFT, WIDTH - RIGHT)
    up = Scale(0, round_up(most), HEIGHT - BOTTOM, TOP)
    parts = [gridline(up.place(up.high * step / 4), shown_thousands(up.high * step / 4)) for step in range(5)]
    parts += [bottom_mark(across.place(mark), f"{mark:g} s") for mark in time_marks(seconds)]
    lines = [to_the_ends(curve.points, seconds) for curve in curves]
    parts += drawn([[(across.place(second), up.place(rate)) for second, rate in line] for line in lines])
    names = ", ".join(curve.name for curve in curves)
    return picture("throughput", "Throughput over time", f"Requests a second over time of {names}.", parts)


def to_the_ends(points: Sequence[Point], seconds: float) -> list[Point]:
    """Return points, which stand for the stretches they are in the middle of, with those stretches' ends."""
    if not points:
        return []
    last = points[-1][0]
    half = last if len(points) == 1 else (last - points[-2][0]) / 2
    return [(0.0, points[0][1]), *points, (min(last + half, seconds), points[-1][1])]


def time_marks(seconds: float) -> list[float]:
    """Return round seconds, at most TIME_MARKS_MAX and a zero."""
    step = next(value for value in round_values(seconds / 100, seconds) if value * TIME_MARKS_MAX >= seconds)
    return [round(step * number, 9) for number in range(int(seconds / step + 0.001) + 1)]


def drawn(lines: Sequence[Sequence[Point]]) -> list[str]:
    """Return the lines; one that is alone has a wash below it."""
    parts = []
    for number, line in enumerate(lines):
        if not line:
            continue
        path = "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in line])
        if len(lines) == 1:
            floor = HEIGHT - BOTTOM
            parts.append(f'<path class="wash c1" d="{path}L{line[-1][0]:.1f} {floor}L{line[0][0]:.1f} {floor}Z"/>')
        parts.append(f'<path {stroke(number)} d="{path}"/>')
    return parts


def stroke(number: int) -> str:
    """Return how a line is drawn, as attributes."""
    dashes = DASHES[number % COLOURS]
    return f'class="line c{number % COLOURS + 1}"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def legend(names: Sequence[str]) -> str:
    """Return a sample of every line with its name, empty for a single one."""
    if len(names) < 2:
        return ""
    samples = [
        f'<li><svg viewBox="0 0 40 10" aria-hidden="true"><path {stroke(number)} d="M1 5H39"/></svg>{escape(name)}</li>'
        for number, name in enumerate(names)
    ]
    return f'<ul class="legend">{"".join(samples)}</ul>'


def picture(name: str, title: str, text: str, parts: Sequence[str]) -> str:
    """Return an SVG element that says in words what it shows."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-title {name}-text">'
        f'<title id="{name}-title">{title}</title><desc id="{name}-text">{escape(text)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def described(curves: Sequence[Curve]) -> str:
    """Return in words where each curve begins and ends."""
    ends = [
        f"{curve.name} rises from {shown_ms(curve.points[0][1])} to {shown_ms(curve.points[-1][1])}"
        for curve in curves
        if curve.points
    ]
    return "; ".join(ends) + ". The table has the figures."


def gridline(y: float, label: str) -> str:
    line = f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
    return f'{line}<text class="mark" x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'


def bottom_mark(x: float, label: str) -> str:
    line = f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
    anchor = "end" if x > WIDTH - RIGHT - 20 else "middle"
    return f'{line}<text class="mark" x="{x:.1f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="{anchor}">{label}</text>'


def decades(low: float, high: float) -> tuple[float, float]:
    """Return round values of the form 1, 2, 5 around two values, at least a decade apart."""
    bottom = max(mark for mark in round_values(low / 10, high) if mark <= low)
    top = min(mark for mark in round_values(low, high * 10) if mark >= high)
    while top < bottom * 10:
        top *= 10
    return bottom, top


def marks_between(low: float, high: float) -> list[float]:
    """Return the round values in between: powers of ten alone where there are many."""
    marks = [mark for mark in round_values(low, high) if low * 0.999 <= mark <= high * 1.001]
    return marks if len(marks) <= 8 else [mark for mark in marks if abs(math.log10(mark) % 1) < 0.01]


def round_values(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    return [digit * 10.0**power for power in powers for digit in (1, 2, 5)]


def round_up(value: float) -> float:
    """Return the next value of the form 1, 1.2, 1.6, 2, 4, 6, 8 times a power of ten, which four steps divide well."""
    power = 10.0 ** math.floor(math.log10(max(value, 1)))
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if step * power >= value)


def shown_mark(milliseconds: float) -> str:
    """Return a round latency without the zeros behind the point."""
    amount, unit = shown_ms(milliseconds * 1.0000001).split(" ")
    return f"{amount.rstrip('0').rstrip('.') if '.' in amount else amount} {unit}"


def shown_thousands(rate: float) -> str:
    """Return a rate in short: `120k`."""
    if rate >= 1_000_000:
        return f"{rate / 1_000_000:.3g}M"
    return f"{rate / 1_000:.3g}k" if rate >= 1_000 else three_digits(rate) if rate else "0"
