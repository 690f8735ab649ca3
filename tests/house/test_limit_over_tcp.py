"""A limit on the data of a server: what is too much goes between commands, and one word is enough to set it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import KvikServer
from tests.wire import Wire

SECONDS_MAX = 20.0


def keys_held(wire: Wire, most: int) -> int:
    """Return how many keys there are once there are no more than `most`; nobody writes meanwhile."""
    until = time.monotonic() + SECONDS_MAX
    held = wire.call("DBSIZE")
    while isinstance(held, int) and held > most and time.monotonic() < until:
        time.sleep(0.01)
        held = wire.call("DBSIZE")
    assert isinstance(held, int)
    return held


@contextmanager
def serving(folder: Path, *flags: str) -> Iterator[Wire]:
    server = KvikServer(folder, ("resp",), flags)
    try:
        yield server.open()
    finally:
        assert server.stop() == 0, server.output()


def test_what_is_too_much_goes_while_nobody_writes_and_has_gone_after_a_restart(tmp_path: Path) -> None:
    directory = str(tmp_path / "data")
    with serving(tmp_path, directory, "--maxmemory-policy", "allkeys-lru") as wire:
        for first in range(0, 5_000, 500):
            wire.call("MSET", *[word for number in range(first, first + 500) for word in (f"k{number}", "v")])
        wire.call("CONFIG", "SET", "maxkeys", "100")
        assert keys_held(wire, 100) == 100
        assert wire.call("EXISTS", "k4999") == 1
        kept = wire.call("KEYS", "*")
    with serving(tmp_path, directory) as wire:
        again = wire.call("KEYS", "*")
    assert isinstance(kept, list)
    assert isinstance(again, list)
    assert sorted(kept) == sorted(again)


def test_the_volume_is_given_in_one_word(tmp_path: Path) -> None:
    with serving(tmp_path, "--max-volume", "2keys") as wire:
        assert wire.call("CONFIG", "GET", "maxkeys") == [b"maxkeys", b"2"]
        wire.call("MSET", "a", "1", "b", "2")
        assert str(wire.call("SET", "c", "3")).startswith("OOM command not allowed")
