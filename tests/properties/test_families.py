"""Random requests of each family: the journal replayed, and what COMPACT gives, make the same database again."""

import pytest

from kvik.clock import ManualClock
from kvik.replies import CommandLines
from tests.differential.campaign import FAMILIES, drawn
from tests.differential.draw import Draw
from tests.engines import Caller

REQUESTS = 600
SEED = 4_711
UNWANTED = {b"FLUSHALL", b"FLUSHDB"}


def story(family: str) -> Caller:
    """Return an engine that has run many requests of a family; who would have to wait gives up."""
    caller, draw = Caller(), Draw(SEED)
    for _ in range(REQUESTS):
        request = drawn(draw, FAMILIES[family])
        if request[0].upper() not in UNWANTED:
            caller(*request)
        if caller.session.wait is not None:
            caller.engine.give_up_waiting(caller.session)
        caller.clock.advance(draw.random.randrange(3))
    return caller


@pytest.mark.parametrize("family", FAMILIES)
def test_the_journal_of_a_family_makes_the_same_database(family: str) -> None:
    caller = story(family)
    assert keys_of(caller.replayed()) == keys_of(caller)
    assert keys_of(replayed_later(caller)) == keys_of(caller), "the journal speaks of no relative time"


def replayed_later(caller: Caller) -> Caller:
    """Return a fresh engine that ran what was recorded while its clock stood at the beginning of time."""
    fresh = Caller(clock=ManualClock(0))
    for _, database, words in caller.journal.entries:
        fresh.session.select(database)
        fresh(*words)
    fresh.clock.now = caller.clock.now
    fresh.session.select(caller.session.keys.number)
    return fresh


@pytest.mark.parametrize("family", FAMILIES)
def test_what_compact_gives_of_a_family_makes_the_same_database(family: str) -> None:
    caller = story(family)
    reply = caller("COMPACT")
    assert isinstance(reply, CommandLines)
    assert len(reply.commands) > 0
    restored = Caller()
    for words in reply.commands:
        restored(*words)
    assert keys_of(restored) == keys_of(caller)


def keys_of(caller: Caller) -> dict[tuple[bytes, bytes], list[bytes]]:
    """Return for each key of the database in use the words that make it again: how they are cut does not matter.

    As in Redis, a sorted set that is made in steps is small at first, and a small one has no negative zero.
    """
    keys: dict[tuple[bytes, bytes], list[bytes]] = {}
    for name, key, *words in caller.engine.rebuild(caller.session.keys):
        keys.setdefault((name, key), []).extend([b"0" if word == b"-0" else word for word in words])
    return {place: words if place[0] == b"RPUSH" else sorted(words) for place, words in keys.items()}
