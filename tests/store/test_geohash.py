"""Places as numbers: cells, their neighbours, and the shapes that cells cover."""

import math
from random import Random

import pytest

from kvik.store.geo_shape import Box, Circle, Shape, distance_between
from kvik.store.geohash import LATITUDE_MAX, Cell, cell_at, place_of, score_of, text_of

PLACES = 2_000


def random_place(random: Random) -> tuple[float, float]:
    return random.uniform(-180, 180), random.uniform(-LATITUDE_MAX, LATITUDE_MAX)


def test_a_score_is_a_place_within_a_metre() -> None:
    random = Random(1)
    for _ in range(PLACES):
        longitude, latitude = random_place(random)
        score = score_of(longitude, latitude)
        assert score == int(score) < 2**52
        assert distance_between(longitude, latitude, *place_of(score)) < 1.0


def test_the_geohash_is_the_one_that_others_know() -> None:
    assert text_of(score_of(-5.6, 42.6)) == b"ezs42e44yx0"
    assert text_of(score_of(10.40744, 57.64911)) == b"u4pruydqqv0"


@pytest.mark.parametrize("score", [math.inf, -math.inf, -1.0, 1e19, 1e300, 2.0**52, 2.0**63, -(2.0**63), 2.0**64, 0.5])
def test_any_number_is_the_score_of_some_place(score: float) -> None:
    longitude, latitude = place_of(score)
    assert -180 <= longitude <= 180
    assert -LATITUDE_MAX <= latitude <= LATITUDE_MAX
    assert len(text_of(score)) == 11


def test_neighbours_go_round_the_world_and_back() -> None:
    cell = Cell(0, 0, 3)
    assert cell.neighbour(-1, 0).equals(Cell(7, 0, 3))
    assert cell.neighbour(0, -1).equals(Cell(0, 7, 3))
    for east, north in [(1, 0), (0, 1), (1, 1), (-1, 1)]:
        assert cell.neighbour(east, north).neighbour(-east, -north).equals(cell)


def test_the_scores_of_a_cell_are_those_of_the_places_in_it() -> None:
    random = Random(2)
    for _ in range(PLACES):
        longitude, latitude = random_place(random)
        cell = cell_at(longitude, latitude, random.randint(1, 26))
        low, high = cell.scores()
        assert low <= score_of(longitude, latitude) < high
        assert cell.west() <= longitude <= cell.east()
        assert cell.south() <= latitude <= cell.north()


def shapes(random: Random) -> list[Shape]:
    """Return a circle and a box somewhere, of a size between a metre and a continent."""
    longitude, latitude = random.uniform(-170, 170), random.uniform(-60, 60)
    size = 10 ** random.uniform(0, 6)
    return [
        Circle(longitude, latitude, size, 1.0),
        Box(longitude, latitude, size, size * random.uniform(0.1, 3), 1.0),
    ]


def test_the_cells_of_a_shape_hold_all_that_lies_inside() -> None:
    random = Random(3)
    inside = 0
    for _ in range(200):
        for shape in shapes(random):
            cells = [cell.scores() for cell in shape.cells()]
            assert 1 <= len(cells) <= 9
            degrees = shape.radius() / 50_000
            for _ in range(20):
                longitude = shape.longitude + random.uniform(-degrees, degrees)
                latitude = shape.latitude + random.uniform(-degrees, degrees)
                if abs(longitude) > 180 or abs(latitude) > LATITUDE_MAX:
                    continue
                score = score_of(longitude, latitude)
                if shape.distance_to(*place_of(score)) >= 0:
                    inside += 1
                    assert any(low <= score < high for low, high in cells), (shape.longitude, shape.latitude)
    assert inside > 1_000


def test_a_distance_is_the_same_both_ways() -> None:
    assert distance_between(13.361389, 38.115556, 15.087269, 37.502669) == pytest.approx(166_274, abs=1)
    assert distance_between(15.087269, 37.502669, 13.361389, 38.115556) == pytest.approx(166_274, abs=1)
    assert distance_between(0, 0, 0, 0) == 0
