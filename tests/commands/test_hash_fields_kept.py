"""Fields that die: the events they are told by, and how a hash that has some is made again."""

from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.replies import CommandLines
from kvik.store.snapshot import Taker
from kvik.store.value import Value
from tests.engines import Caller

NOW = 1_700_000_000_000
SECONDS = NOW // 1000
MOMENT_MAX = (1 << 46) - 1


@pytest.fixture
def caller() -> Caller:
    """A caller with a hash of three fields."""
    made = Caller(clock=ManualClock(NOW))
    made("HSET", "h", "a", "1", "b", "2", "c", "3")
    return made


def ask(caller: Caller, line: str) -> object:
    return caller.plain(*line.split())


# Events


def test_each_change_is_told_as_redis_documents_it(caller: Caller) -> None:
    listener = caller.another()
    caller("CONFIG", "SET", "notify-keyspace-events", "Egh")
    listener("PSUBSCRIBE", "*")

    def heard(line: str) -> str:
        before = len(listener.outlet.pushed)
        ask(caller, line)
        names = [bytes(push[2]).split(b":")[1].decode() for push in listener.outlet.pushed[before:]]  # type: ignore[arg-type]
        return " ".join(names)

    assert heard("HEXPIRE h 10 FIELDS 2 a b") == heard("HPEXPIREAT h 9999999999999 NX FIELDS 2 a c") == "hexpire"
    assert heard("HEXPIRE h 10 NX FIELDS 2 a x") == ""
    assert heard("HPERSIST h FIELDS 2 a c") == "hpersist" and heard("HPERSIST h FIELDS 1 a") == ""
    assert heard("HPEXPIRE h 0 FIELDS 1 a") == "hdel"
    assert heard("HSETEX h FIELDS 2 a 1 d 4") == "hset" and heard("HSETEX h EX 5 FIELDS 1 d 4") == "hset hexpire"
    assert heard("HGETEX h PX 0 FIELDS 1 a") == "hdel" and heard("HGETEX h FIELDS 1 b") == ""
    assert heard("HGETEX h EX 3 FIELDS 1 c") == "hexpire" and heard("HGETEX h PERSIST FIELDS 1 c") == "hpersist"
    assert heard("HSETEX h PX 0 FIELDS 1 d 4") == "hset hdel"
    assert heard("HGETDEL h FIELDS 2 c x") == "hdel"
    caller.clock.advance(10_000)
    assert heard("HLEN h") == "hexpired del"
    ask(caller, "HSETEX h PX 10 FIELDS 2 a 1 b 2")
    caller.clock.advance(10)
    assert heard("HSET h c 1") == "hexpired del hset"
    assert heard("HPEXPIRE h 0 FIELDS 1 c") == "hdel del"


# Making it again


def test_compact_makes_hashes_with_dying_fields_again(caller: Caller) -> None:
    random = Random(5)
    for number in range(300):
        ask(caller, f"HSET big f{number} {number}")
        if random.random() < 0.7:
            ask(caller, f"HPEXPIRE big {random.choice([1_000, 2_000, 5_000 + number])} FIELDS 1 f{number}")
    ask(caller, "HEXPIRE h 7 FIELDS 1 b")
    ask(caller, "PEXPIRE h 100000")
    lines = caller("COMPACT")
    assert isinstance(lines, CommandLines)
    assert all(len(words) <= 2 + 2 * 64 for words in lines.commands)
    restored = Caller(clock=ManualClock(NOW))
    for words in lines.commands:
        restored(*words)
    assert restored.content() == caller.content()
    caller.clock.advance(1_500)
    restored.clock.advance(1_500)
    assert restored.content() == caller.content() != []


class Taken(Taker):
    """Keeps the commands that make again what a snapshot gives."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.commands: list[list[bytes]] = []
        self._caller = caller

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        self.commands += self._caller.engine.rebuild_key(key, value, deadline)
        return 1


def test_a_snapshot_has_what_dies_while_it_is_taken(caller: Caller) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 1 a")
    ask(caller, "HSETEX dead PX 1 FIELDS 1 f v")
    caller.clock.advance(1)
    snapshot = caller.engine.begin_snapshot()
    caller.clock.advance(9)
    assert ask(caller, "HLEN h") == 2 and ask(caller, "HSET h b 9") == 0
    taken = Taken(caller)
    while not snapshot.is_over():
        snapshot.give(taken, 100, 1 << 20)
    caller.engine.end_snapshot(snapshot)
    assert taken.commands == [b"HSET h a 1 b 2 c 3".split(), f"HPEXPIREAT h {NOW + 10} FIELDS 1 a".encode().split()]


def test_what_is_dead_is_not_made_again(caller: Caller) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 2 a b")
    ask(caller, "HSETEX gone PX 10 FIELDS 1 f v")
    caller.clock.advance(10)
    lines = caller("COMPACT")
    assert isinstance(lines, CommandLines)
    assert lines.commands == [[b"HSET", b"h", b"c", b"3"]]
