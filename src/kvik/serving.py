"""A server inside a program: `kvik.Server`, in a thread and a loop of its own. Knows no socket and no dialect."""

import atexit
import threading
from collections.abc import Sequence
from errno import EIO
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import msgspec

from kvik import machine
from kvik.assembly import build_engine, data_directory, refuse_predictable_hashes
from kvik.embedded import Plain, Word, as_plain, as_word
from kvik.errors import ReplyError
from kvik.journal.files import Files
from kvik.network import lifecycle
from kvik.network.addresses import DEFAULT_PORTS
from kvik.network.guests import NOT_RUNNING, Call, Count
from kvik.request import Request
from kvik.settings import Settings

if TYPE_CHECKING:
    from os import PathLike

PORT_MAX: Final = 65_535


class Server:
    """A server that any program can start, ask and close, from any of its threads.

    One door, and as many others as wanted, over one database. It runs in a thread of its own until `close`, or until
    the program ends; signals are left alone. Several servers may run in one program.
    """

    def __init__(
        self,
        directory: "str | PathLike[str] | None" = None,
        settings: Settings | None = None,
        *,
        door: str = "auto",
        host: str = "127.0.0.1",
        also: Sequence[str] = (),
        files: Files | None = None,
    ) -> None:
        """Nothing is opened yet. Without a directory the data is in memory only, and gone after `close`.

        `door` is what is spoken at the port: auto, resp, text, telnet, colon. `also` are further addresses, such as
        `resp://127.0.0.1:6379`. The settings are copied, and their `listen` is not used. Raises ValueError for a door
        that does not exist, and for a setting that cannot be used.
        """
        if door not in DEFAULT_PORTS:
            raise ValueError(f"there is no door {door!r}; the doors are {', '.join(DEFAULT_PORTS)}")
        self._directory: Final = None if directory is None else data_directory(directory)
        self._settings: Final = settings or Settings()
        self._settings.check()
        self._door: Final = door
        self._host: Final = host
        self._also: Final = [also] if isinstance(also, str) else list(also)
        self._files: Final = files or Files()
        self._lock: Final = threading.Lock()
        self._life: Life | None = None
        self._error: Exception | None = None

    # From start to close

    def start(self, port: int | None = None) -> None:
        """Return when clients can connect and all data is loaded.

        Port 0 is any free one, no port the one the door usually has. Raises OSError for a port that is taken or may
        not be used, ValueError for a number that is no port and for an address in `also` that is none, DirectoryInUse,
        JournalDamaged and OSError for the directory, RuntimeError where it is started already.
        """
        number = DEFAULT_PORTS[self._door] if port is None else port
        if not 0 <= number <= PORT_MAX:
            raise ValueError(f"a port is a number from 0 to {PORT_MAX}, not {port}")
        host = f"[{self._host}]" if ":" in self._host and not self._host.startswith("[") else self._host
        listen = [f"{self._door}://{host}:{number}", *self._also]
        with self._lock:
            if self._life is not None:
                raise RuntimeError("the server is started already; close it before it is started again")
            life = Life(self._files, self._directory, msgspec.structs.replace(self._settings, listen=listen))
            life.launch()
            self._life = life
            self._error = None
        try:
            life.await_beginning()
        except BaseException:
            self._forget(life)
            raise
        # Registered here: what was written is kept even where the program just ends.
        atexit.register(self.close)

    def close(self) -> None:
        """End at once: all clients are dropped, everything is written down, and nothing is left running.

        Does nothing where it is closed already, or was never started, or in a process that was forked from the one
        that started it. Raises OSError where the last changes could not be made durable, and whatever else has ended
        the server.
        """
        life = self._life
        if life is None or not life.is_at_home():
            return
        life.end()
        if self._forget(life) and life.failure is not None:
            raise life.failure

    def wait(self, seconds: float | None = None) -> bool:
        """Return whether the server has ended: by `close` in another thread, or by itself. Waits at most so long.

        It ends by itself after a client's SHUTDOWN, and where its directory fails it.
        """
        life = self._life
        return life is None or not life.is_at_home() or life.wait(seconds)

    @property
    def is_running(self) -> bool:
        """Whether clients are served now."""
        life = self._life
        return life is not None and life.is_at_home() and life.is_running()

    @property
    def error(self) -> Exception | None:
        """What has ended the server, where that was neither `close` nor a client's SHUTDOWN; else None."""
        life = self._life
        return self._error if life is None else life.failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _forget(self, life: "Life") -> bool:
        """Return whether this was the first to be told of the end."""
        with self._lock:
            is_first = self._life is life
            if is_first:
                self._life = None
                self._error = life.failure
        atexit.unregister(self.close)
        return is_first

    # While it runs: each of these raises RuntimeError where it does not

    @property
    def port(self) -> int:
        """The port that was given to `start`, or the free one that was found."""
        return int(self.addresses[0].rpartition(":")[2])

    @property
    def addresses(self) -> list[str]:
        """Where it listens, such as `auto://127.0.0.1:9736`."""
        return list(self._running().addresses)

    def count_active(self) -> int:
        """Return how many clients are connected now.

        Whoever connected or left before the question is seen by then. Threads that call `execute` are no clients.
        """
        return self._count().clients

    def count_dropped(self) -> int:
        """Return how many clients have gone since `start`: by themselves, or because the server dropped them."""
        return self._count().gone

    def execute(self, *words: Word) -> Plain:
        """Run one command on the data that is served; return its reply as plain Python values, as `kvik.open` does.

        Each thread has a session of its own: MULTI, WATCH and SELECT belong to the thread that said them. Raises
        ReplyError for an error, and RuntimeError where the server ends before it has answered.
        """
        if not words:
            raise TypeError("execute() needs the words of a command, such as execute('GET', 'key')")
        call = Call(Request([as_word(word) for word in words]))
        self._running().guests.ask(call)
        if isinstance(call.reply, ReplyError):
            raise call.reply
        return as_plain(call.reply)

    def _count(self) -> Count:
        count = Count()
        self._running().guests.ask(count)
        return count

    def _running(self) -> "Life":
        life = self._life
        if life is None or not life.is_running():
            raise RuntimeError(NOT_RUNNING)
        return life


class Life:
    """One server from its start to its end, in a thread of its own."""

    def __init__(self, files: Files, directory: str | None, settings: Settings) -> None:
        refuse_predictable_hashes()
        self.failure: Exception | None = None
        self.addresses: list[str] = []
        self._server: Final = lifecycle.Server(files, directory, self._opened)
        self.guests: Final = self._server.guests
        self._engine: Final = build_engine(settings, self._server)
        self._process: Final = machine.process_id()
        self._has_begun: Final = threading.Event()
        self._has_ended: Final = threading.Event()
        # A daemon: a program that ends without closing must not wait for ever.
        self._thread: Final = threading.Thread(target=self._run, name="kvik-server", daemon=True)

    def launch(self) -> None:
        """Start the thread: from now on it can be ended."""
        self._thread.start()

    def await_beginning(self) -> None:
        """Return when it serves. Raises what has kept it from that; nothing is left of it then."""
        try:
            self._has_begun.wait()
        except BaseException:
            self.end()
            raise
        if not self.addresses:
            self._thread.join()
            raise self.failure or RuntimeError("the server was closed before it had started")

    def end(self) -> None:
        """Return when nothing of it is left."""
        self._server.end()
        self._thread.join()

    def wait(self, seconds: float | None) -> bool:
        return self._has_ended.wait(seconds)

    def is_running(self) -> bool:
        return bool(self.addresses) and not self._has_ended.is_set()

    def is_at_home(self) -> bool:
        """Return whether this is the process that started it: after a fork the child has not its thread."""
        return machine.process_id() == self._process

    # The thread

    def _run(self) -> None:
        try:
            self._server.run(self._engine)
            if not self._server.is_durable:
                self.failure = OSError(EIO, "the last changes are not on disk")
        except Exception as error:
            self.failure = error
        finally:
            self._has_ended.set()
            self._has_begun.set()

    def _opened(self) -> None:
        self.addresses = self._server.listening()
        self._has_begun.set()
