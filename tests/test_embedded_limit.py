"""A limit on the data of an embedded database."""

from pathlib import Path

import pytest

import kvik
from kvik import ReplyError, Settings


def test_a_full_database_refuses_and_goes_on_when_there_is_room() -> None:
    with kvik.open(settings=Settings(maxkeys=1)) as database:
        database.execute("SET", "a", "1")
        with pytest.raises(ReplyError, match="OOM command not allowed"):
            database.execute("SET", "b", "1")
        database.execute("DEL", "a")
        assert database.execute("SET", "b", "1") == b"OK"


def test_what_was_evicted_has_gone_after_a_restart_too(tmp_path: Path) -> None:
    settings = Settings(maxmemory=30_000, maxmemory_policy="allkeys-lru")
    with kvik.open(tmp_path, settings) as database:
        for number in range(1_000):
            database.execute("SET", f"k{number}", "x" * 100)
            database.execute("RPUSH", "list", number % 10)
            database.execute("LTRIM", "list", -20, -1)
        before = database.execute("KEYS", "*")
        entry = database.execute("LRANGE", "list", 0, -1)
        assert isinstance(before, list)
        assert 20 < len(before) < 200
    with kvik.open(tmp_path) as database:
        after = database.execute("KEYS", "*")
        assert isinstance(after, list)
        assert set(after) == set(before)
        assert database.execute("LRANGE", "list", 0, -1) == entry


def test_a_lower_limit_takes_effect_while_the_database_is_used() -> None:
    with kvik.open(settings=Settings(maxmemory_policy="allkeys-random")) as database:
        for number in range(1_000):
            database.execute("SET", f"k{number}", "1")
        database.execute("CONFIG", "SET", "maxkeys", 100)
        for _ in range(5):
            database.execute("SET", "k0", "1")
        assert database.execute("DBSIZE") == 100
