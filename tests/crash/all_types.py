"""Requests of every family to a server that is killed, and to a redis-server as far as the next start has come.

What a start finds must be what a redis-server has after the first so many of the requests: all that were answered,
any number of those that were only sent. What Redis 7.0 does not know is left out.
"""

import threading
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.crash.accounts import Violation
from tests.crash.figures import Figures
from tests.crash.lives import POLICIES, Ground
from tests.crash.servers import EAGER, DurableServer
from tests.differential.campaign import FAMILIES, drawn_with_transactions
from tests.differential.draw import Draw, Request
from tests.differential.rules import content_of, is_alike_but_for_times
from tests.servers import RedisServer
from tests.wire import Wire, encode_words

DATABASES: Final = 16
PART: Final = 20
"""So many requests of a family are sent before the first of them is answered."""
LIFE_SECONDS_MAX: Final = 0.4
ANSWERED_MIN: Final = 2 * PART
"""So much is done in a life, however slow the machine is, before its end is near."""
CLOCKS_APART: Final = 5_000
"""A time to live counts from the moment of each server, in milliseconds. So no directory may live longer."""

State = dict[tuple[int, bytes], tuple[int, bytes]]
"""Of each database and key the deadline and the payload of DUMP."""


@dataclass
class TypesFigures(Figures):
    """What was done and seen."""

    ends: int = 0
    answered: int = 0
    kept_unanswered: int = 0
    keys_max: int = 0


def run_types(ground: Ground, redis: RedisServer, seed: int, ends: int) -> TypesFigures:
    """End so many lives of a directory, which is empty, each after a short while. Raises Violation."""
    figures = TypesFigures()
    draw = Draw(seed)
    sent: list[Request] = [[b"FLUSHALL"]]
    answered = 1
    for life in range(ends + 1):
        flags = [*EAGER, "--appendfsync", draw.random.choice(POLICIES)]
        server = DurableServer(ground.folder, ground.directory, flags)
        try:
            with server.open() as wire:
                found = state_of(wire)
            kept = prefix_of(redis, sent, answered, found, seed)
            figures.add(TypesFigures(int(life > 0), answered, kept - answered, len(found)))
            if life < ends:
                sent, answered = work(server, ground, draw)
        finally:
            server.kill()
    return figures


def work(server: DurableServer, ground: Ground, draw: Draw) -> tuple[list[Request], int]:
    """Ask until the server has been killed; return what was sent, and how many of it were answered."""
    sent: list[Request] = []
    answered = 0
    ending = threading.Timer(draw.random.random() * LIFE_SECONDS_MAX, ground.end, [server, Random(0)])
    with server.open() as wire:
        try:
            while True:
                if answered >= ANSWERED_MIN and ending.ident is None:
                    ending.start()
                part = part_of_a_story(draw)
                sent += part
                wire.send(b"".join([encode_words(request) for request in part]))
                for _ in part:
                    wire.reply()
                    answered += 1
        except ConnectionError:
            ending.join()
    return sent, answered


def part_of_a_story(draw: Draw) -> list[Request]:
    """Return requests of one family in the database that is its home."""
    number = draw.random.randrange(len(FAMILIES))
    family = list(FAMILIES.values())[number]
    return [[b"SELECT", b"%d" % number], *[drawn_with_transactions(draw, family) for _ in range(PART)]]


def prefix_of(redis: RedisServer, sent: list[Request], answered: int, found: State, seed: int) -> int:
    """Let the redis-server do as many of the requests as make what was found; return how many. Raises Violation."""
    differing: list[str] = []
    with redis.open() as wire, redis.open() as looking:
        ask(wire, sent[:answered])
        for count in range(answered, len(sent) + 1):
            ask(wire, sent[answered:count][-1:])
            differing = differences(found, state_of(looking))
            if not differing:
                return count
    raise Violation(
        "\n".join([f"seed {seed}: what was found is what no prefix makes; it differs from the last in", *differing])
    )


def ask(wire: Wire, requests: list[Request]) -> list[object]:
    wire.send(b"".join([encode_words(request) for request in requests]))
    return [wire.reply() for _ in requests]


def state_of(wire: Wire) -> State:
    state: State = {}
    for number in range(DATABASES):
        keys = ask(wire, [[b"SELECT", b"%d" % number], [b"KEYS", b"*"]])[1]
        assert isinstance(keys, list)
        told = ask(wire, [[name, key] for key in keys for name in (b"PEXPIRETIME", b"DUMP")])
        for key, deadline, payload in zip(keys, told[::2], told[1::2], strict=True):
            assert isinstance(deadline, int) and isinstance(payload, bytes)
            state[number, key] = (deadline, payload)
    return state


def differences(found: State, expected: State) -> list[str]:
    """Return the databases and keys at which two states differ."""
    return [
        f"database {number}, key {key!r}"
        for number, key in sorted({*found, *expected})
        if not is_alike(found.get((number, key)), expected.get((number, key)))
    ]


def is_alike(found: tuple[int, bytes] | None, expected: tuple[int, bytes] | None) -> bool:
    if found is None or expected is None or not is_near(found[0], expected[0]):
        return False
    return found[1] == expected[1] or is_alike_but_for_times(kept_of(found[1]), kept_of(expected[1]))


def is_near(deadline: int, other: int) -> bool:
    return deadline == other or (min(deadline, other) > 0 and abs(deadline - other) <= CLOCKS_APART)


def kept_of(payload: bytes) -> list[object]:
    """Return what of a payload's content a journal keeps: not when a consumer of a stream last asked.

    Nor the sign of a zero score: as in Redis, a sorted set knows it while it is, or once was, a large one.
    """
    content = content_of(payload)
    if content[0] == b"ZADD":
        return [*sorted([b"0" if word == b"-0" else word for word in content if isinstance(word, bytes)])]
    return [each[:1] if isinstance(each, list) and each[1:2] == [b"seen-time"] else each for each in content]
