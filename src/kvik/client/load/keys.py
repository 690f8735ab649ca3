"""Which key comes next: numbers below a limit, as often as a distribution says. Knows no key and no request."""

from collections.abc import Callable
from math import exp, log
from typing import Final

Draw = Callable[[], float]
"""A random number from 0 to 1, 1 excluded."""


class Numbers:
    """Numbers from 0, each below `count`."""

    def __init__(self, count: int, draw: Draw) -> None:
        self.count: Final = count
        self._draw: Final = draw

    def next(self) -> int:
        """Return the next number: all of them come equally often."""
        return int(self._draw() * self.count)


class Zipf(Numbers):
    """Numbers of which number k comes in proportion to 1 / (k + 1) ** exponent.

    Drawn by rejection-inversion (W. Hörmann and G. Derflinger, 1996): exact for every exponent above 0, with no
    table, whatever the count. A number is the integer nearest to a point below the curve x ** -exponent, which is
    found by inverting its integral; the few points that the curve covers too well are drawn again.
    """

    def __init__(self, count: int, draw: Draw, exponent: float) -> None:
        super().__init__(count, draw)
        self._exponent: Final = exponent
        self._first: Final = self._integral(1.5) - 1.0
        self._last: Final = self._integral(count + 0.5)
        self._sure: Final = 2.0 - self._inverse(self._integral(2.5) - self._curve(2.0))

    def next(self) -> int:
        """Return the next number; one draw is enough nine times in ten and more."""
        while True:
            area = self._last + self._draw() * (self._first - self._last)
            point = self._inverse(area)
            number = max(1, min(int(point + 0.5), self.count))
            if number - point <= self._sure or area >= self._integral(number + 0.5) - self._curve(number):
                return number - 1

    def _curve(self, x: float) -> float:
        return exp(-self._exponent * log(x))

    def _integral(self, x: float) -> float:
        """Return the area below the curve from 1 to x."""
        power = 1.0 - self._exponent
        if abs(power) < 1e-9:
            return log(x)
        return (exp(power * log(x)) - 1.0) / power

    def _inverse(self, area: float) -> float:
        power = 1.0 - self._exponent
        if abs(power) < 1e-9:
            return exp(area)
        return exp(log(max(area * power + 1.0, 1e-300)) / power)
