"""How good the choice of those who go is, on requests as caches see them; chance would fail each of these."""

import random
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable

from kvik.clock import ManualClock
from kvik.store.databases import Databases
from kvik.store.observer import Observer

HELD = 1_000
UNIVERSE = 10_000
REQUESTS = 40_000


def zipf() -> list[bytes]:
    draw = random.Random(1)
    total = 0.0
    sums = [total := total + 1 / (rank + 1) for rank in range(UNIVERSE)]
    return [b"%d" % bisect_left(sums, draw.random() * total) for _ in range(REQUESTS)]


def scanned() -> list[bytes]:
    """The same, and after every 5,000 requests 1,000 keys that nobody asks for again."""
    requests = []
    for number, key in enumerate(zipf()):
        requests.append(key)
        if number % 5_000 == 4_999:
            requests += [b"scan:%d:%d" % (number, scan) for scan in range(HELD)]
    return requests


def shifting() -> list[bytes]:
    """Nine requests of ten go to 500 hot keys, which are others after every 8,000 requests."""
    draw = random.Random(2)
    return [
        b"%d" % (number // 8_000 * 500 + draw.randrange(500) if draw.random() < 0.9 else draw.randrange(UNIVERSE))
        for number in range(REQUESTS)
    ]


def hits(policy: str, requests: list[bytes]) -> float:
    """Return the share of hits of a database that holds HELD keys, after the first quarter."""
    databases = Databases(ManualClock(), Observer(), 1)
    databases.limit(0, HELD, policy, random.Random(3))
    evictor, space = databases.evictor, databases.spaces[0]
    assert evictor is not None
    for number, key in enumerate(requests):
        if number == len(requests) // 4:
            space.reset_statistics()
        if space.read(key) is None:
            assert evictor.make_room(1, 1)
            space.put(key, b"value")
    assert len(space) == HELD
    return space.hits / (space.hits + space.misses)


def exact_lru(requests: list[bytes]) -> float:
    kept: OrderedDict[bytes, None] = OrderedDict()
    found = 0
    for number, key in enumerate(requests):
        if key in kept:
            kept.move_to_end(key)
            found += number >= len(requests) // 4
        else:
            kept[key] = None
            if len(kept) > HELD:
                kept.popitem(last=False)
    return found / (len(requests) - len(requests) // 4)


def over(requests: Callable[[], list[bytes]]) -> tuple[float, float, float, float]:
    """Return the hits by last use, by frequency, by chance, and of a cache that does the first exactly."""
    made = requests()
    return hits("allkeys-lru", made), hits("allkeys-lfu", made), hits("allkeys-random", made), exact_lru(made)


def test_what_is_asked_for_most_stays() -> None:
    by_use, by_frequency, by_chance, exact = over(zipf)
    assert by_use > exact - 0.005
    assert by_use > by_chance + 0.02
    assert by_frequency > by_use + 0.02


def test_a_scan_does_not_push_out_what_is_asked_for_again_and_again() -> None:
    by_use, by_frequency, by_chance, exact = over(scanned)
    assert by_use > exact
    assert by_use > by_chance + 0.02
    assert by_frequency > by_use + 0.03


def test_new_hot_keys_push_out_the_old_ones() -> None:
    by_use, by_frequency, by_chance, exact = over(shifting)
    assert by_use > exact - 0.01
    assert by_use > by_chance + 0.02
    assert by_frequency > 0.55, "frequencies that were never forgotten would give half of that"
