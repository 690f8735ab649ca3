"""A server from start to orderly end: signals, timers, the porch, the doors."""

import asyncio
import logging
import select
import signal

from kvik.engine import Engine
from kvik.network.addresses import parse_address
from kvik.network.listeners import Listener
from kvik.network.log import LEVELS
from kvik.network.poller import Poller
from kvik.network.streams import StreamPorch
from kvik.network.turn import Alarm, Turn
from kvik.services import House

log = logging.getLogger("kvik")

# Redis' hz of 10: how often what has no moment of its own is looked after, in milliseconds.
ROUNDS_MS = 100
# Keys removed in one go when many expire together: about a millisecond's work.
EXPIRE_SLICE = 1_000


class Server(House):
    """Serves one engine on its addresses until it is told to end."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Listener] = []
        self._ending: asyncio.Event = asyncio.Event()
        self._signals = 0
        self._at_once = False

    # House

    def shutdown(self) -> None:
        self._at_once = True
        self._ending.set()

    def listening(self) -> list[str]:
        return [str(listener.address) for listener in self._listeners]

    def apply(self, name: str) -> None:
        if name == "loglevel":
            log.setLevel(LEVELS[self._engine.settings.log_level])
        self._turn.adjust()

    # The life of a server

    def run(self, engine: Engine) -> None:
        """Listen and serve until the end is asked for. Raises SettingsError for an address."""
        asyncio.run(self._serve(engine))

    async def _serve(self, engine: Engine) -> None:
        loop = asyncio.get_running_loop()
        self._engine = engine
        rounds = Rounds(engine, loop)
        self._turn = Turn(engine, rounds)
        porch = choose_porch(self._turn, engine.settings.porch, loop)
        try:
            for text in engine.settings.listen:
                self._listeners.append(Listener(parse_address(text), engine, porch.adopt))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._signalled, number)
            for listener in self._listeners:
                listener.start(loop)
            rounds.start(self._turn)
            log.info("Ready to accept connections on %s", ", ".join(self.listening()))
            await self._ending.wait()
        finally:
            for listener in self._listeners:
                listener.stop(loop)
        await self._say_goodbye(self._turn)
        rounds.stop()
        porch.close()

    def _signalled(self, number: signal.Signals) -> None:
        self._signals += 1
        log.warning("Received %s, %s", number.name, "closing" if self._signals == 1 else "closing at once")
        if self._signals > 1:
            self._at_once = True
        self._ending.set()

    async def _say_goodbye(self, turn: Turn) -> None:
        """Warn those who read by eye, and give them the time they were told."""
        seconds = self._engine.settings.shutdown_timeout
        if self._at_once or seconds == 0:
            return
        warned = [connection for connection in turn.connections.values() if connection.caller.farewell(seconds)]
        turn.finish()
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._at_once and asyncio.get_running_loop().time() < deadline:
            if not any(connection.is_open for connection in warned):
                return
            await asyncio.sleep(0.05)


class Rounds(Alarm):
    """The timer of a server: what is due is done, at the latest every ROUNDS_MS."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._engine = engine
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0

    def start(self, turn: Turn) -> None:
        self._turn = turn
        self._set_timer(ROUNDS_MS)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def ring_at(self, moment: int) -> None:
        if moment < self._next:
            self._set_timer(moment - self._engine.clock.now)

    def _set_timer(self, milliseconds: int) -> None:
        self.stop()
        milliseconds = min(max(milliseconds, 0), ROUNDS_MS)
        self._next = self._engine.clock.now + milliseconds
        self._timer = self._loop.call_later(milliseconds / 1000, self._round)

    def _round(self) -> None:
        now = self._engine.clock.tick()
        self._next = now + ROUNDS_MS
        databases = self._engine.databases
        is_behind = databases.expire_due(EXPIRE_SLICE) >= EXPIRE_SLICE
        is_behind = databases.free_some() or is_behind
        self._turn.drop_idle(now)
        self._turn.ring()
        due = databases.next_expiry()
        wanted = self._next if due < 0 else min(self._next, due)
        self._set_timer(0 if is_behind else wanted - now)


def choose_porch(turn: Turn, choice: str, loop: asyncio.AbstractEventLoop) -> Poller | StreamPorch:
    """Return the porch of the setting `porch`: the own poller where the system has one, else asyncio's."""
    if choice == "asyncio" or (choice == "auto" and not hasattr(select, "epoll")):
        return StreamPorch(turn, loop)
    poller = Poller(turn)
    loop.add_reader(poller.fileno(), poller.take_turns)
    return poller
