"""Circles and boxes on earth: what lies in one, how far away it is, and which cells have to be searched for it.

The steps of a search, as Redis takes them, so that what is found comes in its order:

1. from the radius a size of cells is estimated of which three by three cover the shape;
2. where the shape sticks out of them, cells of twice the size are taken;
3. of the nine, those that the shape does not reach are left out.
"""

import math
from typing import Final

from mypy_extensions import i64

from kvik.store.geohash import STEP_MAX, Cell, cell_at

EARTH_RADIUS: Final = 6372797.560856
"""In metres, as all lengths here; Redis' figure, on which every distance depends."""
HALF_EQUATOR: Final = 20037726.37
RADIANS: Final = math.pi / 180.0
# Cells that far from the equator are so narrow that larger ones are needed.
LATITUDE_NARROW: Final = 66.0
LATITUDE_NARROWER: Final = 80.0
# In this order the cells around one are searched: (east, north).
AROUND: Final = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
LARGE_STEP: Final = 2


def distance_between(longitude: float, latitude: float, to_longitude: float, to_latitude: float) -> float:
    """Return how far apart two places are, by the haversine formula."""
    latitude_r, to_latitude_r = latitude * RADIANS, to_latitude * RADIANS
    up = math.sin((to_latitude_r - latitude_r) / 2)
    across = math.sin((to_longitude * RADIANS - longitude * RADIANS) / 2)
    chord = up * up + math.cos(latitude_r) * math.cos(to_latitude_r) * across * across
    return 2.0 * EARTH_RADIUS * arc_sine(math.sqrt(chord))


def distance_north(latitude: float, to_latitude: float) -> float:
    """Return how far apart two latitudes are."""
    return EARTH_RADIUS * abs(to_latitude * RADIANS - latitude * RADIANS)


def arc_sine(number: float) -> float:
    """As C: what rounding has made more than 1 gives no number."""
    return math.asin(number) if number <= 1.0 else math.nan


def cosine(number: float) -> float:
    """As C: an infinity gives no number."""
    return math.nan if math.isinf(number) else math.cos(number)


class Edges:
    """The degrees between which a shape lies. Where it holds a pole, they are no longitudes of this world."""

    def __init__(self, longitude: float, latitude: float, half_width: float, half_height: float) -> None:
        up = half_height / EARTH_RADIUS / RADIANS
        # The side that is nearer to a pole spans more degrees.
        nearer_pole = latitude - up if latitude < 0 else latitude + up
        across = half_width / EARTH_RADIUS / cosine(nearer_pole * RADIANS) / RADIANS
        self.west: Final = longitude - across
        self.east: Final = longitude + across
        self.south: Final = latitude - up
        self.north: Final = latitude + up

    def stick_out(self, middle: Cell) -> bool:
        """Return whether they lie outside of a cell and the eight around it."""
        return (
            middle.neighbour(0, 1).north() < self.north
            or middle.neighbour(0, -1).south() > self.south
            or middle.neighbour(1, 0).east() < self.east
            or middle.neighbour(-1, 0).west() > self.west
        )

    def reach(self, middle: Cell, east: i64, north: i64) -> bool:
        """Return whether the neighbour of a cell on that side has to be searched."""
        if (north < 0 and middle.south() < self.south) or (north > 0 and middle.north() > self.north):
            return False
        return not ((east < 0 and middle.west() < self.west) or (east > 0 and middle.east() > self.east))


class Shape:
    """A circle or box around a place, its sizes in `unit` metres; they may be infinite."""

    def __init__(self, longitude: float, latitude: float, half_width: float, half_height: float, unit: float) -> None:
        self.longitude: Final = longitude
        self.latitude: Final = latitude
        self.unit: Final = unit
        self._half_width: Final = half_width * unit
        self._half_height: Final = half_height * unit

    def distance_to(self, longitude: float, latitude: float) -> float:
        """Return how far a place is from the middle in metres, -1 where it lies outside."""
        raise NotImplementedError

    def radius(self) -> float:
        """Return how far from the middle something inside can be, in metres."""
        raise NotImplementedError

    def cells(self) -> list[Cell]:
        """Return the cells that together hold whatever lies inside, in the order of their search."""
        step = step_for(self.radius(), self.latitude)
        middle = cell_at(self.longitude, self.latitude, step)
        edges = Edges(self.longitude, self.latitude, self._half_width, self._half_height)
        if step > 1 and edges.stick_out(middle):
            middle = cell_at(self.longitude, self.latitude, step - 1)
        found = [middle]
        for east, north in AROUND:
            if middle.step >= LARGE_STEP and not edges.reach(middle, east, north):
                continue
            cell = middle.neighbour(east, north)
            # With the largest cells, those on both sides are the same.
            if len(found) == 1 or not found[-1].equals(cell):
                found.append(cell)
        return found


class Circle(Shape):
    def __init__(self, longitude: float, latitude: float, radius: float, unit: float) -> None:
        super().__init__(longitude, latitude, radius, radius, unit)

    def distance_to(self, longitude: float, latitude: float) -> float:
        distance = distance_between(self.longitude, self.latitude, longitude, latitude)
        return -1.0 if distance > self._half_width else distance

    def radius(self) -> float:
        return self._half_width


class Box(Shape):
    def __init__(self, longitude: float, latitude: float, width: float, height: float, unit: float) -> None:
        super().__init__(longitude, latitude, width / 2, height / 2, unit)
        self._radius: Final = math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2)) * unit

    def distance_to(self, longitude: float, latitude: float) -> float:
        if distance_north(self.latitude, latitude) > self._half_height:
            return -1.0
        if distance_between(longitude, latitude, self.longitude, latitude) > self._half_width:
            return -1.0
        return distance_between(self.longitude, self.latitude, longitude, latitude)

    def radius(self) -> float:
        return self._radius


def step_for(radius: float, latitude: float) -> int:
    """Return how often the world has to be halved for cells of which three by three cover a circle."""
    if radius == 0.0:
        return STEP_MAX
    step = -1
    while radius < HALF_EQUATOR:
        radius *= 2
        step += 1
    if abs(latitude) > LATITUDE_NARROW:
        step -= 1
    if abs(latitude) > LATITUDE_NARROWER:
        step -= 1
    return min(max(step, 1), STEP_MAX)
