"""Clients at work on a server until it is gone: each sends the steps of its account. Knows no promise."""

import selectors
import time
from collections.abc import Sequence
from random import Random
from typing import Final, Protocol

import hiredis

from tests.crash.accounts import Account
from tests.wire import Wire, Word, encode_words

SECONDS_MAX: Final = 60.0
PAUSE: Final = 0.005


class Talker(Protocol):
    """One connection at work."""

    wire: Wire

    def go_on(self) -> None:
        """Send what may be sent now."""

    def take(self, data: bytes) -> None:
        """Take what has come."""


class Client:
    """Sends the steps of an account, `depth` of them before the first is answered."""

    def __init__(self, wire: Wire, account: Account, depth: int) -> None:
        self.wire = wire
        self._account: Final = account
        self._depth: Final = depth
        self._reader: Final = hiredis.Reader()

    def go_on(self) -> None:
        data = []
        while self._account.outstanding() < self._depth:
            data.append(self._account.next_step().encoded())
        if data:
            self.wire.send(b"".join(data))

    def take(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._account.take(reply)


class Nuisance:
    """Sends one of its requests every now and then, whatever the answers are: what administrators do meanwhile."""

    def __init__(self, wire: Wire, requests: Sequence[Sequence[Word]], random: Random, pause: float = 0.005) -> None:
        self.wire = wire
        self._requests: Final = [encode_words(words) for words in requests]
        self._random: Final = random
        self._pause: Final = pause
        self._next = 0.0

    def go_on(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._random.random() * 2 * self._pause
            self.wire.send(self._random.choice(self._requests))

    def take(self, data: bytes) -> None:
        """No answer matters."""


def work(talkers: Sequence[Talker], until: float = float("inf")) -> None:
    """Let everybody talk until the server has closed all connections, or until a moment of time.monotonic.

    What has come before a connection ended is still taken.
    """
    limit = time.monotonic() + SECONDS_MAX
    with selectors.DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.wire.socket, selectors.EVENT_READ, talker)
            _send(talker)
        while selector.get_map() and time.monotonic() < until:
            assert time.monotonic() < limit, "the server lives on"
            for key, _ in selector.select(PAUSE):
                if not _receive(key.data):
                    selector.unregister(key.data.wire.socket)
            for key in list(selector.get_map().values()):
                _send(key.data)


def _send(talker: Talker) -> None:
    try:
        talker.go_on()
    except (BrokenPipeError, ConnectionResetError):
        # What has already come is read until the end of it.
        return


def _receive(talker: Talker) -> bool:
    """Return whether there is a connection still."""
    try:
        data = talker.wire.socket.recv(65536)
    except ConnectionResetError:
        return False
    if data:
        talker.take(data)
    return bool(data)
