"""A database inside a program: the engine without a porch. Knows no socket and no dialect."""

import atexit
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from kvik.caretaker import Caretaker
from kvik.declaration import Declaration
from kvik.engine import Engine
from kvik.errors import ReplyError
from kvik.journal.files import Files
from kvik.replies import (
    BigNumber,
    CommandLines,
    Digits,
    Map,
    NullArray,
    Pairs,
    Push,
    Reply,
    Series,
    Set,
    Status,
    Verbatim,
    Wait,
)
from kvik.request import Request
from kvik.session import Outlet, Session

Word = str | bytes | int | float
Plain = bytes | int | float | None | ReplyError | list["Plain"] | dict["Plain", "Plain"] | set["Plain"]

EXPIRY_PAUSE_MS = 100
"""How often a call also removes keys that nobody asks for any more, and frees what was dropped."""
EXPIRED_KEYS_MAX = 1_000
WAIT_SECONDS_MAX = 3_600.0
"""Who waits looks after so long whether there is anything new."""


class Caller(Outlet):
    """One thread's session, and the answer that came late."""

    def __init__(self, engine: Engine, changed: threading.Condition) -> None:
        self.thread = threading.current_thread()
        self.session = engine.open_session(self)
        self.session.authenticated = True
        self.session.door = "embedded"
        self.late: list[Reply] = []
        self._changed = changed

    def deliver(self, request: Request, reply: Reply) -> None:
        self.late.append(reply)
        self._changed.notify_all()

    def wait(self) -> None:
        self._changed.notify_all()

    def takes_messages(self) -> bool:
        return False


class Database:
    """One engine, used by any number of threads: one at a time, each with a session of its own.

    So MULTI, WATCH and SELECT belong to the thread that said them, as to a connection of a server.
    With a directory the data is kept there, and an answer means what the setting `appendfsync` says.
    """

    def __init__(self, engine: Engine, directory: str | None = None, files: Files | None = None) -> None:
        """Without a directory the data is in memory only. Raises DirectoryInUse, JournalDamaged, OSError."""
        self._engine = engine
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._local = threading.local()
        self._callers: list[Caller] = []
        self._expire_next = 0
        self._is_closed = False
        self._caretaker: Caretaker | None = None
        if directory is not None:
            self._caretaker = Caretaker(engine, files or Files(), directory, self._changed)
            # What the last calls wrote is synced even where a program just ends.
            atexit.register(self.close)

    def execute(self, *words: Word) -> Plain:
        """Run one command and return its reply as plain Python values.

        Strings are sent as UTF-8 and come back as bytes. Raises ReplyError for an error; inside the
        list that EXEC returns an error is an element.
        """
        if not words:
            raise TypeError("execute() needs the words of a command, such as execute('GET', 'key')")
        reply = self.reply_to(Request([as_word(word) for word in words]))
        if isinstance(reply, ReplyError):
            raise reply
        return as_plain(reply)

    def reply_to(self, request: Request) -> Reply:
        """Return the reply as the engine gives it, an error included; wait where the command waits.

        Raises OSError where nothing can be kept any more.
        """
        caretaker = self._caretaker
        if caretaker is None:
            return self._answer(request)
        if not caretaker.is_at_home():
            raise ValueError("the database belongs to the process that opened it")
        with self._lock:
            caretaker.refuse_after_failure()
            reply = self._answer(request)
            sequence = caretaker.seal()
        caretaker.wait_until_released(sequence)
        return reply

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            session = self.session
            self._tick()
            try:
                reply = self._engine.execute(session, request)
            except BaseException as error:
                # Ctrl+C, which Python lets come between any two lines that are not compiled, or a fault.
                if self._caretaker is not None and self._engine.may_change(request):
                    self._caretaker.cut_short(error)
                raise
            return self._wait() if isinstance(reply, Wait) else reply

    @property
    def session(self) -> Session:
        """The session of the calling thread."""
        try:
            caller: Caller = self._local.caller
        except AttributeError:
            caller = self._open_caller()
        return caller.session

    def declarations(self) -> dict[bytes, Declaration]:
        """Return what is said about every command, by upper-case name, `CLIENT ID` for a subcommand."""
        return self._engine.declarations()

    def close(self) -> None:
        """Write down what is kept, and forget all data; every later call raises ValueError.

        Raises OSError where the last changes could not be made durable. In a process that was forked
        from the one that opened the database nothing is done.
        """
        caretaker = self._caretaker
        if caretaker is not None and not caretaker.is_at_home():
            return
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            for caller in self._callers:
                self._engine.close_session(caller.session)
            self._callers = []
            self._local = threading.local()
            self._changed.notify_all()
            if caretaker is not None:
                atexit.unregister(self.close)
                caretaker.close()
        if caretaker is not None:
            caretaker.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _tick(self) -> None:
        now = self._engine.clock.tick()
        if now >= self._expire_next:
            databases = self._engine.databases
            is_behind = databases.expire_due(EXPIRED_KEYS_MAX) >= EXPIRED_KEYS_MAX
            is_behind = databases.free_some() or is_behind
            is_behind = self._engine.make_room() or is_behind
            self._engine.readings.look_after(now)
            self._expire_next = now if is_behind else now + EXPIRY_PAUSE_MS

    def _open_caller(self) -> Caller:
        """Return a caller for this thread, and forget those whose threads have ended."""
        with self._lock:
            if self._is_closed:
                raise ValueError("the database is closed")
            for caller in [caller for caller in self._callers if not caller.thread.is_alive()]:
                self._engine.close_session(caller.session)
                self._callers.remove(caller)
            caller = Caller(self._engine, self._changed)
            self._callers.append(caller)
            self._local.caller = caller
            return caller

    def _wait(self) -> Reply:
        """Let other threads in until one of them changes what is waited for, or the deadline passes."""
        caller: Caller = self._local.caller
        try:
            while not caller.late:
                if self._is_closed:
                    raise ValueError("the database is closed")
                wait = caller.session.wait
                left = WAIT_SECONDS_MAX
                if wait is not None and wait.deadline:
                    left = min(left, (wait.deadline - self._engine.clock.tick()) / 1_000)
                if left <= 0:
                    self._engine.give_up_waiting(caller.session)
                else:
                    self._changed.wait(left)
        except BaseException:
            # Ctrl+C: an answer that has come must not be taken for that of the next request.
            caller.late.clear()
            raise
        finally:
            self._engine.stop_waiting(caller.session)
        return caller.late.pop()


def as_word(word: Word) -> bytes:
    """Return a word of a request as the bytes that are sent for it."""
    if isinstance(word, bytes):
        return word
    if isinstance(word, str):
        return word.encode("utf-8", "surrogateescape")
    if isinstance(word, bool) or not isinstance(word, (int, float)):
        raise TypeError(f"a word is str, bytes, int or float, not {type(word).__name__}")
    return repr(word).encode()


def as_plain(reply: Reply) -> Plain:
    """Return a reply as plain Python values: Status as bytes, Map as dict, Set as set, Pairs as lists."""
    if reply is None or isinstance(reply, (bytes, int, float, ReplyError)):
        return reply
    if isinstance(reply, Status):
        return reply.text
    if isinstance(reply, NullArray):
        return None
    if isinstance(reply, Map):
        return {as_plain(name): as_plain(value) for name, value in reply.pairs}
    if isinstance(reply, Set):
        return {as_plain(member) for member in reply.members}
    if isinstance(reply, Pairs):
        return [[as_plain(one), as_plain(other)] for one, other in reply.pairs]
    if isinstance(reply, Verbatim):
        return reply.text
    if isinstance(reply, BigNumber):
        return reply.value
    if isinstance(reply, Digits):
        return float(reply.text)
    if isinstance(reply, CommandLines):
        return [[*words] for words in reply.commands]
    if isinstance(reply, Push):
        return [as_plain(item) for item in reply.items]
    if isinstance(reply, Series):
        return [as_plain(item) for item in reply.replies]
    assert isinstance(reply, Sequence), reply
    return [as_plain(item) for item in reply]
