"""Threads of the program that a server is part of: what they ask is done in the loop's thread, in turns like any other.

Each thread has a session of its own, as a client has by its connection. Knows no socket.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from kvik import machine
from kvik.dialects.dialect import Dialect
from kvik.network.turn import Connection, Turn
from kvik.replies import Reply
from kvik.request import Request
from kvik.session import REPLY_ON

# What a socket had to say when the question was put is heard by then: a client is accepted, adopted, read.
ROUNDS_BEFORE_COUNTING: Final = 8
AN_ANSWER: Final = b"\0"
"""One byte of output stands for one answer, so that answers are held and released as those of clients are."""
NOT_RUNNING: Final = "the server is not running"
ELSEWHERE: Final = "the server runs in the process that started it, not in this one"
SESSION_ENDED: Final = "the session of this thread was ended from outside (CLIENT KILL)"


@mypyc_attr(allow_interpreted_subclasses=True)
class Question:
    """What a thread asks; it waits until the loop's thread has answered or refused."""

    def __init__(self) -> None:
        self.refusal = ""
        self._is_over: Final = threading.Event()

    def begin(self, guests: "Guests") -> None:
        """Answer, or see to it that somebody does; in the loop's thread."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Nobody waits for it any more; in the loop's thread."""

    def answered(self) -> None:
        self._is_over.set()

    def refuse(self, reason: str) -> None:
        if not self._is_over.is_set():
            self.refusal = reason
            self._is_over.set()

    def wait(self) -> None:
        self._is_over.wait()


class Guests:
    """The threads that ask. Before `open` and after `close` every question is refused."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._process: Final = machine.process_id()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.arrived = 0
        """How many clients have come so far: whoever lets them in counts them."""
        self._waiting: Final[set[Question]] = set()
        self._by_thread: Final[dict[threading.Thread, Guest]] = {}

    # From any thread

    def ask(self, question: Question) -> None:
        """Return when it is answered. Raises RuntimeError where it is refused, or the server does not run."""
        if machine.process_id() != self._process:
            raise RuntimeError(ELSEWHERE)
        with self._lock:
            if self._loop is None:
                raise RuntimeError(NOT_RUNNING)
            self._waiting.add(question)
            self._loop.call_soon_threadsafe(self._begin, question)
        try:
            question.wait()
        except BaseException:
            # Ctrl+C: the answer may still come, and must not be taken for that of the next request.
            self.run_soon(question.give_up)
            raise
        finally:
            with self._lock:
                self._waiting.discard(question)
        if question.refusal:
            raise RuntimeError(question.refusal)

    def run_soon(self, work: Callable[[], None]) -> None:
        """Have something done in the loop's thread, if there is one."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(work)

    # In the loop's thread

    def open(self, loop: asyncio.AbstractEventLoop, turn: Turn) -> None:
        self._turn = turn
        with self._lock:
            self._loop = loop

    def close(self) -> None:
        """Refuse those who wait, and whoever asks from now on."""
        with self._lock:
            self._loop = None
            waiting = list(self._waiting)
            self._waiting.clear()
        for question in waiting:
            question.refuse(NOT_RUNNING)
        for guest in list(self._by_thread.values()):
            guest.drop()
        self._by_thread.clear()

    def later(self, question: Question) -> None:
        """Begin it again in the next round of the loop."""
        loop = self._loop
        if loop is not None:
            loop.call_soon(self._begin, question)

    def guest(self, thread: threading.Thread) -> "Guest":
        """Return the guest that a thread is, and forget those whose threads have ended."""
        guest = self._by_thread.get(thread)
        if guest is not None and guest.is_open:
            return guest
        for other in [other for other in self._by_thread if not other.is_alive()]:
            self._by_thread.pop(other).drop()
        guest = Guest(self._turn)
        self._by_thread[thread] = guest
        return guest

    def clients(self) -> int:
        """Return how many clients are connected, guests not counted."""
        guests = sum([guest.is_open for guest in self._by_thread.values()])
        return len(self._turn.connections) - guests

    def _begin(self, question: Question) -> None:
        with self._lock:
            is_wanted = question in self._waiting
        if is_wanted:
            question.begin(self)


class Count(Question):
    """How many clients are connected, and how many have gone.

    Whoever connected or left before it was asked has been seen by then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clients = 0
        self.gone = 0
        self._rounds_left = ROUNDS_BEFORE_COUNTING

    def begin(self, guests: Guests) -> None:
        if self._rounds_left > 0:
            self._rounds_left -= 1
            guests.later(self)
            return
        self.clients = guests.clients()
        self.gone = guests.arrived - self.clients
        self.answered()


class Call(Question):
    """One request of a thread."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request: Final = request
        self.reply: Reply = None
        self._asker: Final = threading.current_thread()
        self._guest: Guest | None = None

    def begin(self, guests: Guests) -> None:
        self._guest = guests.guest(self._asker)
        self._guest.take(self)

    def give_up(self) -> None:
        if self._guest is not None:
            self._guest.drop()


class GuestDialect(Dialect):
    """Requests and replies as they are: nothing has to become bytes."""

    name = "embedded"

    def __init__(self) -> None:
        super().__init__()
        self.request: Request | None = None
        self.replies: Final[deque[Reply]] = deque()

    def feed(self, data: bytes) -> None:
        """Nothing comes as bytes."""

    def buffered(self) -> int:
        return 0

    def next_request(self) -> Request | None:
        request = self.request
        self.request = None
        return request

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        self.replies.append(reply)
        out.write(AN_ANSWER)

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        """A thread hears only what it has asked for."""


class Guest(Connection):
    """One thread of the program, as a connection without a socket that asks one thing at a time."""

    def __init__(self, turn: Turn) -> None:
        dialect = GuestDialect()
        super().__init__(dialect, turn)
        self.caller.session.authenticated = True
        self._answers: Final = dialect
        self._call: Call | None = None

    def take(self, call: Call) -> None:
        """Run the request of a call; its answer comes when the journal has released it."""
        session = self.caller.session
        self.turn.begin()
        self._call = call
        self._answers.request = call.request
        session.reply_mode = REPLY_ON
        self.caller.receive(b"")
        if not self._answers.replies and session.parked is None:
            # Such is CLIENT REPLY OFF; a thread would wait for ever.
            self._answer(None)
        self.touch()
        self.turn.finish()

    def may_time_out(self) -> bool:
        return False

    def write(self, data: bytes | memoryview) -> int:
        for _ in range(len(data)):
            self._answer(self._answers.replies.popleft())
        return len(data)

    def watch(self, reading: bool, writing: bool) -> None:
        """There is no input to watch."""

    def shut(self) -> None:
        if self._call is not None:
            self._call.refuse(SESSION_ENDED)

    def _answer(self, reply: Reply) -> None:
        call = self._call
        self._call = None
        if call is not None:
            call.reply = reply
            call.answered()
