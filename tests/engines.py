"""A real engine for tests, on a clock that stands still, with a journal that remembers.

    call = Caller()
    assert call("SET", "k", "v") == OK

Words are str or bytes; what comes back is the reply as the handler gave it, an error included.
"""

from collections.abc import Sequence
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable, Family
from kvik.engine import Engine
from kvik.errors import ReplyError
from kvik.journal.journal import Journal
from kvik.replies import Map, NullArray, Pairs, Push, Reply, Set, Status, Wait
from kvik.request import Request
from kvik.services import House
from kvik.session import Outlet
from kvik.settings import Settings


class Recorder(Journal):
    """A journal that keeps in memory what it was told: the moment, the database, the words."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.entries: list[tuple[int, int, list[bytes]]] = []
        self.groups: list[list[list[bytes]]] = []
        self._clock = clock
        self._group: list[list[bytes]] | None = None

    def record(self, database: int, request: Request) -> None:
        self.record_effect(database, request.words)

    def record_effect(self, database: int, words: list[bytes]) -> None:
        self.entries.append((self._clock.now, database, list(words)))
        if self._group is not None:
            self._group.append(list(words))

    def begin_group(self) -> None:
        self._group = []

    def end_group(self) -> None:
        if self._group is not None:
            self.groups.append(self._group)
        self._group = None

    def words(self) -> list[list[bytes]]:
        """Return what was recorded, without moments and databases."""
        return [words for _, _, words in self.entries]


class Post(Outlet):
    """Keeps what came late: answers of requests that waited, and messages nobody asked for."""

    def __init__(self) -> None:
        self.delivered: list[tuple[Request, Reply]] = []
        self.pushed: list[list[Reply]] = []
        self.is_closed = False

    def deliver(self, request: Request, reply: Reply) -> None:
        self.delivered.append((request, reply))

    def push(self, items: Sequence[Reply]) -> None:
        self.pushed.append(list(items))

    def close(self) -> None:
        self.is_closed = True


class Caller:
    """One session on an engine of its own; `another` opens a second session on the same engine."""

    def __init__(
        self,
        families: Sequence[Family] = BUILT_IN,
        clock: ManualClock | None = None,
        settings: Settings | None = None,
        house: House | None = None,
        beside: "Caller | None" = None,
    ) -> None:
        self.families = families
        self.outlet = Post()
        if beside is None:
            self.clock = clock or ManualClock()
            self.journal = Recorder(self.clock)
            self.engine = Engine(
                CommandTable(families), self.clock, Random(1), self.journal, settings or Settings(), house or House()
            )
        else:
            self.clock, self.journal, self.engine = beside.clock, beside.journal, beside.engine
        self.session = self.engine.open_session(self.outlet)

    def __call__(self, *words: str | bytes | int) -> Reply:
        """Run one command and return its reply; errors come back as ReplyError values."""
        return self.engine.execute(self.session, Request([as_word(word) for word in words]))

    def error(self, *words: str | bytes | int) -> str:
        """Run one command that has to fail and return its error line."""
        reply = self(*words)
        assert isinstance(reply, ReplyError), f"{words} was answered with {reply!r}"
        return reply.line().decode("utf-8", "surrogateescape")

    def plain(self, *words: str | bytes | int) -> object:
        """Run one command and return its reply as `plain_reply` shows it."""
        return plain_reply(self(*words))

    def recorded(self, *words: str | bytes | int) -> list[list[bytes]]:
        """Run one command and return what the journal was told about it."""
        before = len(self.journal.entries)
        self(*words)
        return self.journal.words()[before:]

    def another(self) -> "Caller":
        """Return a second session on the same engine."""
        return Caller(self.families, beside=self)

    def waiting(self, line: str) -> "Caller":
        """Return another session, in which a request waits."""
        other = self.another()
        assert isinstance(other(*line.split()), Wait)
        return other

    def late(self) -> list[object]:
        """Return the answers that came after the request, as `plain_reply` shows them."""
        return [plain_reply(reply) for _, reply in self.outlet.delivered]

    def told(self, before: Sequence[str], line: str) -> list[str]:
        """Run one command behind others; return what the journal was told about it, each command as a line."""
        for each in before:
            self(*each.split())
        return [b" ".join(words).decode() for words in self.recorded(*line.split())]

    def content(self) -> list[list[list[bytes]]]:
        """Return all data: for each database the commands that make it again, sorted."""
        return [sorted(self.engine.rebuild(space)) for space in self.engine.databases.spaces]

    def replayed(self) -> "Caller":
        """Return a fresh engine that ran what was recorded, each entry at the moment of its recording."""
        fresh = Caller(self.families, ManualClock(self.clock.now), self.engine.settings)
        for moment, database, words in self.journal.entries:
            fresh.clock.now = moment
            fresh.session.select(database)
            reply = fresh.engine.execute(fresh.session, Request(list(words)))
            assert not isinstance(reply, ReplyError), f"{words} was answered with {reply.line()!r} in the replay"
        fresh.clock.now = self.clock.now
        fresh.session.select(self.session.keys.number)
        return fresh


@pytest.fixture
def caller() -> Caller:
    """A session on a fresh engine with all built-in commands."""
    return Caller()


def as_word(word: str | bytes | int) -> bytes:
    """Return one argument as bytes."""
    if isinstance(word, bytes):
        return word
    return str(word).encode("utf-8", "surrogateescape")


def plain_reply(reply: object) -> object:
    """Return a reply as plain Python values, as a RESP2 client parses it; an error is its line, a str."""
    if isinstance(reply, ReplyError):
        return reply.line().decode("utf-8", "surrogateescape")
    if isinstance(reply, Status):
        return reply.text
    if isinstance(reply, bool):
        return int(reply)
    if isinstance(reply, NullArray):
        return None
    if isinstance(reply, Map | Pairs):
        return [plain_reply(item) for pair in reply.pairs for item in pair]
    if isinstance(reply, Set):
        return [plain_reply(item) for item in reply.members]
    if isinstance(reply, Push):
        return [plain_reply(item) for item in reply.items]
    if isinstance(reply, list | tuple):
        return [plain_reply(item) for item in reply]
    return reply
