"""Figures as people read them. Knows no run."""


def shown_ms(milliseconds: float) -> str:
    """Return a duration with three digits: `850 ns`, `12.3 µs`, `0.412 ms`, `1.20 s`."""
    if milliseconds >= 1_000:
        return f"{three_digits(milliseconds / 1_000)} s"
    if milliseconds >= 0.1:
        return f"{three_digits(milliseconds)} ms"
    if milliseconds >= 0.001:
        return f"{three_digits(milliseconds * 1_000)} µs"
    return f"{milliseconds * 1_000_000:.0f} ns"


def three_digits(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def shown_rate(rate: float) -> str:
    """Return requests a second: `183,204/s`."""
    return f"{rate:,.0f}/s"


def shown_ratio(value: float, other: float) -> str:
    """Return how many times `other` a value is: `1.31x`."""
    return f"{value / other:.2f}x" if other else "-"


def shown_count(number: int, what: str, plural: str = "s") -> str:
    """Return a number with what it counts: `1 client`, `50 clients`."""
    return f"{number:,} {what}{'' if number == 1 else plural}"
