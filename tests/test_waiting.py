"""When a watched key counts as changed: exactly when a real redis-server says so."""

import random
import time

import pytest

from kvik.clock import ManualClock
from tests.engines import Caller
from tests.reference import ReferenceServer, reference

__all__ = ["reference"]

PAUSE_MS = 15
PAUSE = "pause"
SETUP = ["SET a 1", "SET b 2", "SELECT 1", "SET c 3", "SELECT 0"]

STORIES = [
    ("WATCH a", "SET a 1"),
    ("WATCH a", "GET a"),
    ("WATCH a", "SET b 1"),
    ("WATCH a", "DEL a"),
    ("WATCH nothing", "DEL nothing"),
    ("WATCH nothing", "SET nothing 1", "DEL nothing"),
    ("WATCH a", "EXPIRE a 100"),
    ("WATCH a", "EXPIRE a 100 XX"),
    ("WATCH a", "PERSIST a"),
    ("EXPIRE a 100", "WATCH a", "PERSIST a"),
    ("WATCH a", "RENAME a a"),
    ("WATCH a", "RENAME a z"),
    ("WATCH b", "RENAME a b"),
    ("WATCH b", "RENAMENX a b"),
    ("WATCH a", "COPY a z"),
    ("WATCH b", "COPY a b REPLACE"),
    ("WATCH a", "MOVE a 1"),
    ("WATCH a", "MOVE a 3"),
    ("WATCH z", "SELECT 1", "COPY c z DB 0", "SELECT 0"),
    ("WATCH a", "TOUCH a"),
    ("WATCH a", "FLUSHDB"),
    ("WATCH nothing", "FLUSHDB"),
    ("WATCH nothing", "FLUSHALL"),
    ("WATCH a", "FLUSHALL"),
    ("SELECT 1", "WATCH c", "SELECT 0", "FLUSHDB"),
    ("SELECT 1", "WATCH c", "SELECT 0", "FLUSHALL"),
    ("SELECT 1", "WATCH c", "SELECT 2", "SET c 1"),
    ("WATCH a", "SWAPDB 0 1"),
    ("WATCH c", "SWAPDB 0 1"),
    ("WATCH nothing", "SWAPDB 0 1"),
    ("WATCH a", "SWAPDB 0 0"),
    ("WATCH a", "SWAPDB 2 3"),
    ("WATCH a", "UNWATCH", "SET a 1"),
    ("WATCH a", "WATCH a", "SET b 1"),
    ("PEXPIRE a 5", "WATCH a", PAUSE),
    ("PEXPIRE a 5", PAUSE, "WATCH a"),
    ("PEXPIRE a 5", PAUSE, "WATCH a", "GET a"),
    ("PEXPIRE a 5", PAUSE, "WATCH a", "FLUSHALL"),
    ("PEXPIRE a 5", "WATCH a", PAUSE, "FLUSHALL"),
    ("PEXPIRE a 5", "WATCH a", PAUSE, "SET b 1", "GET a"),
    ("PEXPIRE a 5", "WATCH b", PAUSE, "GET a"),
    ("PEXPIRE b 5", "SELECT 1", "WATCH b", PAUSE, "SWAPDB 0 1"),
    ("PEXPIRE b 5", "SELECT 1", "WATCH b", "SWAPDB 0 1"),
]

CHANGES = [
    *("SET a 1", "DEL a", "EXPIRE a 100", "PERSIST a", "RENAME a b", "RENAMENX b a", "COPY a b", "MOVE a 1", "INCR a"),
    *("SWAPDB 0 1", "SWAPDB 1 2", "FLUSHDB", "FLUSHALL", "SELECT 0", "SELECT 1", "GET a", "EXPIRE b -1", "DEL b"),
    *("WATCH a", "WATCH b", "WATCH a b", "UNWATCH", "SET b 2", "COPY b a REPLACE", "UNLINK nothing"),
]


def told(ask: Caller | ReferenceServer, story: list[str]) -> object:
    """Tell a story and return what EXEC answers behind it."""
    for line in story:
        if line != PAUSE:
            ask(*line.split())
        elif isinstance(ask, Caller):
            ask.clock.advance(PAUSE_MS)
        else:
            time.sleep(PAUSE_MS / 1000)
    ask("MULTI")
    ask("DBSIZE")
    answer = ask("EXEC")
    return "done" if isinstance(answer, list) else "dirty"


@pytest.mark.parametrize("story", STORIES, ids=" ; ".join)
def test_exec_refuses_exactly_when_redis_refuses(reference: ReferenceServer, story: tuple[str, ...]) -> None:
    reference("FLUSHALL")
    reference("SELECT", 0)
    assert told(Caller(clock=now()), [*SETUP, *story]) == told(reference, [*SETUP, *story])


def test_random_stories_end_as_in_redis(reference: ReferenceServer) -> None:
    draw = random.Random(1)
    caller = Caller(clock=now())
    for _ in range(150):
        story = ["SELECT 0", "FLUSHALL", *SETUP, "SELECT 0", "WATCH a", *draw.choices(CHANGES, k=draw.randrange(1, 7))]
        caller.clock.now = int(time.time() * 1000)
        assert told(caller, story) == told(reference, story), story


def now() -> ManualClock:
    return ManualClock(int(time.time() * 1000))


def test_watching_a_hundred_thousand_keys_takes_no_time_to_speak_of() -> None:
    caller = Caller()
    started = time.process_time()
    caller("WATCH", *range(100_000))
    caller("UNWATCH")
    assert time.process_time() - started < 2.0


def test_what_was_watched_is_forgotten() -> None:
    caller = Caller()
    other = caller.another()
    for _ in range(3):
        other("WATCH", "a", "b")
        other("UNWATCH")
    other("WATCH", "c")
    caller("SET", "a", 1)
    assert not other.session.is_dirty
    caller("SET", "c", 1)
    assert other.session.is_dirty


def test_a_dead_key_that_is_swapped_in_takes_no_living_one_along_in_a_replay() -> None:
    caller = Caller()
    watcher = caller.another()
    caller("SET", "k", "alive")
    caller("SELECT", 1)
    caller("SET", "k", "dead")
    caller("PEXPIRE", "k", 5)
    watcher("WATCH", "k")
    caller.clock.advance(5)
    caller("SWAPDB", 0, 1)
    assert caller("GET", "k") == b"alive"
    assert caller.replayed().content() == caller.content()
