"""A server from start to orderly end: signals, timers, the porch, the doors."""

import asyncio
import logging
import select
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kvik.dialects.dialect import Dialect
from kvik.engine import Engine
from kvik.journal.files import Files
from kvik.journal.keeper import Keeper, KeeperOwner
from kvik.journal.work_thread import ThreadWorker
from kvik.network.addresses import parse_address
from kvik.network.guests import Guests
from kvik.network.listeners import Listener
from kvik.network.log import LEVELS
from kvik.network.rounds import LOADING_SLICE_MS, Rounds
from kvik.network.streams import StreamPorch
from kvik.network.sync_thread import ThreadSyncer
from kvik.network.turn import Connection, Turn, Welcome
from kvik.services import House

if TYPE_CHECKING:
    from kvik.network.poller import Poller

log = logging.getLogger("kvik")

# A small database is loaded before the doors open; a large one answers LOADING meanwhile.
LOADING_BEFORE_OPENING_SECONDS = 0.1

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server(House):
    """Serves one engine on its addresses until it is told to end.

    With `opened` it is a part of a program: that is called when it listens and everything is loaded, the
    program's threads may be its guests, and signals are left to the program.
    """

    def __init__(self, files: Files, directory: str | None = None, opened: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.guests = Guests()
        self.is_durable = True
        """Whether everything that happened was on disk when it ended, where it is kept at all."""
        self._opened = opened
        self._files = files
        self._directory = directory
        self._keeper: Keeper | None = None
        self._failure: Exception | None = None
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
        if self._keeper is not None:
            self._keeper.apply_settings()
        self._turn.adjust()

    # The life of a server

    def run(self, engine: Engine) -> None:
        """Load, listen and serve until the end is asked for.

        Raises SettingsError and OSError for an address, DirectoryInUse, JournalDamaged and OSError for the directory.
        """
        asyncio.run(self._serve(engine))

    def end(self) -> None:
        """End at once; from any thread, at any time."""
        self._at_once = True
        self.guests.run_soon(self._ending.set)

    async def _serve(self, engine: Engine) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._caught)
        self._engine = engine
        self._rounds = Rounds(engine, loop, self._fail)
        self._turn = Turn(engine, self._rounds)
        self._porch = choose_porch(self._turn, engine.settings.porch, loop)
        self.guests.open(loop, self._turn)
        # Before it loads or listens: whoever can see the server may tell it to end.
        if self._opened is None:
            for number in ENDING_SIGNALS:
                loop.add_signal_handler(number, self._signalled, number)
        if self._at_once:
            self._ending.set()
        try:
            await self._open_directory(loop)
            if not self._ending.is_set():
                self._open_doors(loop)
                self._rounds.start(self._turn, self._keeper)
                log.info("Ready to accept connections on %s", ", ".join(self.listening()))
                if self._opened is not None:
                    self._opened()
            await self._ending.wait()
        finally:
            self._close_doors(loop)
            await self._say_goodbye(self._turn)
            self._rounds.stop()
            try:
                self._close_directory()
            finally:
                self.guests.close()
                self._porch.close()
                if self._opened is None:
                    ignore_signals(loop)
        if self._failure is not None:
            raise self._failure

    def _open_doors(self, loop: asyncio.AbstractEventLoop) -> None:
        for text in self._engine.settings.listen:
            self._listeners.append(Listener(parse_address(text), self._engine, self._adopt))
        for listener in self._listeners:
            listener.start(loop)

    def _close_doors(self, loop: asyncio.AbstractEventLoop) -> None:
        for listener in self._listeners:
            listener.stop(loop)
        self._listeners = []

    def _adopt(self, connected: socket.socket, dialect: Dialect, welcome: Welcome) -> None:
        """Count who comes in."""

        def counted(connection: Connection) -> None:
            self.guests.arrived += 1
            welcome(connection)

        self._porch.adopt(connected, dialect, counted)

    async def _open_directory(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._directory is None:
            log.info("The data is in memory only and is gone when the server ends")
            return
        owner = PorchKeeperOwner(self._turn)
        syncer = ThreadSyncer(loop)
        try:
            keeper = Keeper(self._engine, self._files, self._directory, syncer, ThreadWorker(), owner)
        except BaseException:
            syncer.close()
            raise
        self._keeper = keeper
        self._engine.persistence = keeper
        until = loop.time() + LOADING_BEFORE_OPENING_SECONDS
        # A program is told that it can begin when all its data is there.
        while not keeper.is_loaded() and (self._opened is not None or loop.time() < until):
            if self._ending.is_set():
                return
            keeper.step(LOADING_SLICE_MS)
            await asyncio.sleep(0)

    def _close_directory(self) -> None:
        """Write everything down, and send the answers that waited for it."""
        if self._keeper is not None:
            for connection in self._turn.connections.values():
                # What it has sent behind a request that waits for the disk would be run when that is answered.
                connection.caller.is_finished = True
            if not self._keeper.close():
                self.is_durable = False
                log.warning("The last changes are not on disk: see the messages above")
            self._turn.release()

    def _caught(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody else has caught is a fault of kvik: what it has done so far cannot be trusted, so it ends."""
        loop.default_exception_handler(context)
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """End at once: nothing of this turn has happened, for nobody was answered, and nobody is asked again."""
        self._engine.journal.forget()
        self._close_doors(asyncio.get_running_loop())
        self._rounds.stop()
        self.guests.close()
        for connection in list(self._turn.connections.values()):
            connection.drop()
        self._failure = error
        self._at_once = True
        self._ending.set()

    def _signalled(self, number: signal.Signals) -> None:
        self._signals += 1
        log.warning("Received %s, %s", number.name, "closing" if self._signals == 1 else "closing at once")
        if self._signals > 1:
            self._at_once = True
        self._ending.set()

    async def _say_goodbye(self, turn: Turn) -> None:
        """Say it to those who are told such things, and give the people among them the time they were told."""
        seconds = self._engine.settings.shutdown_timeout
        if self._at_once or seconds == 0:
            return
        people = [connection for connection in turn.connections.values() if connection.caller.farewell(seconds)]
        turn.finish()
        if people:
            log.warning("Waiting at most %d s for %d to leave; a second signal closes at once", seconds, len(people))
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._at_once and asyncio.get_running_loop().time() < deadline:
            if not any(connection.is_open for connection in people):
                return
            await asyncio.sleep(0.05)


class PorchKeeperOwner(KeeperOwner):
    """Sends what the disk had held back, and logs how the keeping goes."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def answers_released(self) -> None:
        self._turn.release()

    def say(self, text: str) -> None:
        log.info("%s", text)

    def warn(self, text: str) -> None:
        log.warning("%s", text)


def ignore_signals(loop: asyncio.AbstractEventLoop) -> None:
    """All is done: a signal must not spoil the exit code. It takes a while to free much data."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    for number in ENDING_SIGNALS:
        # A loop that is closed with its handlers would put the default ones in their place.
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)


def choose_porch(turn: Turn, choice: str, loop: asyncio.AbstractEventLoop) -> "Poller | StreamPorch":
    """Return the porch of the setting `porch`: the own poller where the system has one, else asyncio's."""
    if choice == "asyncio" or (choice == "auto" and not hasattr(select, "epoll")):
        return StreamPorch(turn, loop)
    # Imported here: it names what only Linux has.
    from kvik.network.poller import Poller

    poller = Poller(turn)
    loop.add_reader(poller.fileno(), poller.take_turns)
    return poller
