"""The geo commands: what they look at, what they tell, what they leave behind."""

from random import Random

import pytest

from kvik.embedded import as_plain
from kvik.replies import Digits
from kvik.store.geo_shape import Circle
from kvik.store.sorted_set import SortedSet
from tests.commands.redis_declarations import declared_as_in_redis, keys_as_in_redis
from tests.engines import Caller
from tests.reference import ReferenceServer

NAMES = [
    *["GEOADD", "GEOPOS", "GEODIST", "GEOHASH", "GEOSEARCH", "GEOSEARCHSTORE"],
    *["GEORADIUS", "GEORADIUS_RO", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"],
]


@pytest.mark.parametrize("name", NAMES)
def test_a_geo_command_is_declared_as_in_redis(caller: Caller, reference: ReferenceServer, name: str) -> None:
    declared_as_in_redis(caller, reference, name)


@pytest.mark.parametrize(
    "line",
    [
        "GEORADIUS k 1 2 3 m",
        "GEORADIUS k 1 2 3 m STORE d STORE e STOREDIST f STOREDIST g",
        "GEORADIUS k 1 2 3 m store",
        "GEORADIUS k 1 2 3 STORE d e",
        "GEORADIUSBYMEMBER k a 3 m StoreDist d",
        "GEORADIUSBYMEMBER_RO k a 3 m STORE d",
        "GEOSEARCHSTORE d k FROMMEMBER a BYRADIUS 1 m",
    ],
)
def test_the_keys_of_a_geo_command_are_where_redis_finds_them(
    caller: Caller, reference: ReferenceServer, line: str
) -> None:
    keys_as_in_redis(caller, reference, line)


def test_a_search_looks_only_at_the_cells_around(caller: Caller) -> None:
    """Four times the places in the same world are no more work for a small circle: counted in the scores decoded."""
    random = Random(1)
    for start in range(0, 20_000, 500):
        words: list[str] = []
        for number in range(start, start + 500):
            words += [f"{random.uniform(-180, 180):.5f}", f"{random.uniform(-80, 80):.5f}", f"m{number}"]
        caller("GEOADD", "k", *words)
    caller("GEOADD", "k", "2.35", "48.85", "Paris")
    held = caller.session.keys.find(b"k")
    looked_at = LookedAt(held)
    assert looked_at.around(2.35, 48.85, 1_000) < 20
    assert looked_at.around(2.35, 48.85, 100_000) < 200
    assert caller.plain("GEOSEARCH", "k", "FROMMEMBER", "Paris", "BYRADIUS", "1", "km") == [b"Paris"]


class LookedAt:
    """Counts the members of a sorted set that lie in the cells of a search."""

    def __init__(self, held: object) -> None:
        assert isinstance(held, SortedSet)
        self.held = held

    def around(self, longitude: float, latitude: float, radius: float) -> int:
        count = 0
        for cell in Circle(longitude, latitude, radius, 1.0).cells():
            low, high = cell.scores()
            count += self.held.count_below(high, False) - self.held.count_below(low, False)
        return count


def test_a_program_gets_coordinates_as_numbers(caller: Caller) -> None:
    caller("GEOADD", "k", "13.361389", "38.115556", "Palermo")
    assert as_plain(caller("GEOPOS", "k", "Palermo")) == [[13.361389338970184, 38.1155563954963]]
    assert as_plain(Digits(b"1.5")) == 1.5


def test_what_is_stored_is_the_same_after_a_replay(caller: Caller) -> None:
    caller("GEOADD", "k", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania")
    caller("GEOADD", "k", "XX", "CH", "13.36", "38.11", "Palermo")
    caller("GEOSEARCHSTORE", "d", "k", "FROMLONLAT", "15", "37", "BYBOX", "400", "400", "km", "STOREDIST")
    caller("GEORADIUS", "k", "15", "37", "200", "km", "COUNT", "1", "STORE", "e")
    caller("GEORADIUSBYMEMBER", "k", "Palermo", "200", "mi", "STOREDIST", "f")
    assert caller.replayed().content() == caller.content()
    assert caller.plain("ZCARD", "e") == 1


def test_what_changes_nothing_is_not_journalled(caller: Caller) -> None:
    caller("GEOADD", "k", "1", "1", "a")
    assert caller.recorded("GEOADD", "k", "1", "1", "a") == []
    assert caller.recorded("GEOADD", "k", "NX", "2", "2", "a") == []
    assert caller.recorded("GEOSEARCHSTORE", "d", "k", "FROMLONLAT", "9", "9", "BYRADIUS", "1", "m") == []


def test_of_places_that_are_equally_far_a_large_search_keeps_the_order_of_their_members(caller: Caller) -> None:
    members = [f"m{number:04}" for number in range(1_100)]
    for start in range(0, 1_100, 100):
        caller("GEOADD", "k", *[word for member in members[start : start + 100] for word in ("1", "1", member)])
    found = caller.plain("GEOSEARCH", "k", "FROMLONLAT", "1", "1", "BYRADIUS", "1", "km", "COUNT", "3")
    assert found == [b"m0000", b"m0001", b"m0002"]
