"""Random requests of a family to both servers, story by story."""

from collections.abc import Callable
from typing import TypeAlias

from tests.differential import (
    bitmaps,
    dumping,
    general,
    geo,
    hashes,
    hyperloglogs,
    lists,
    sets,
    sorted_sets,
    sorting,
    streams,
    strings,
    transactions,
)
from tests.differential.draw import Draw, Request
from tests.differential.events import EVERYTHING, setting
from tests.differential.pair import Pair
from tests.servers import RedisServer

Requests: TypeAlias = Callable[[Draw], Request]
"""Draws a request of a family."""

FAMILIES: dict[str, Requests] = {
    "strings": strings.request,
    "bitmaps": bitmaps.request,
    "hyperloglogs": hyperloglogs.request,
    "lists": lists.request,
    "hashes": hashes.request,
    "sets": sets.request,
    "sorted_sets": sorted_sets.request,
    "geo": geo.request,
    "streams": streams.request,
    "sorting": sorting.request,
    "dumping": dumping.request,
}
BATCH = 50
# After so many commands the databases are emptied: small ones meet their edges more often.
STORY = 1_000
GENERAL_SHARE = 0.1


def run(server: RedisServer, requests: Requests, protocol: int, commands: int, seed: int) -> None:
    """Run commands that `requests` draws. Raises Difference for the first that differs."""
    for start in range(0, commands, STORY):
        story = seed + start
        draw = Draw(story)
        with server.open() as wire:
            pair = Pair(wire, protocol)
            for _ in range(min(STORY, commands - start) // BATCH):
                pair.check(story, [drawn_with_transactions(draw, requests) for _ in range(BATCH)])


def run_with_events(server: RedisServer, requests: Requests, protocol: int, commands: int, seed: int) -> None:
    """As `run`, without transactions; the keyspace events of each request have to be the same as well."""
    try:
        for start in range(0, commands, STORY):
            story = seed + start
            draw = Draw(story)
            with server.open() as wire, server.open() as listener:
                pair = Pair(wire, protocol, listener, EVERYTHING)
                for _ in range(min(STORY, commands - start) // BATCH):
                    batch = [drawn(draw, requests) for _ in range(BATCH)]
                    pair.check(story, [request for request in batch if not is_set_to_die(request)])
    finally:
        with server.open() as wire:
            wire.call(*setting(b""))


def is_set_to_die(request: Request) -> bool:
    """Return whether SET may give a key a moment that has passed: in Redis it expires later, at no certain time."""
    return b"4102444800" in request and b"PXAT" in [word.upper() for word in request]


def drawn_with_transactions(draw: Draw, request: Requests) -> Request:
    """Return a request as `drawn` does, or a part of a transaction around others."""
    return transactions.request(draw) if draw.chance(transactions.SHARE) else drawn(draw, request)


def drawn(draw: Draw, request: Requests) -> Request:
    """Return a request of the family, or one about keys, now and then mangled."""
    return draw.mangled(general.request(draw) if draw.chance(GENERAL_SHARE) else request(draw))
