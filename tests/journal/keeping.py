"""A Keeper on a simulated disk, served as a porch serves it: a turn is acknowledged when its answers would leave."""

from collections.abc import Callable
from random import Random

from kvik.clock import ManualClock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.engine import Engine
from kvik.errors import ReplyError
from kvik.journal.files import Files
from kvik.journal.journal import Journal
from kvik.journal.keeper import Keeper, KeeperOwner
from kvik.journal.syncer import InlineSyncer, Syncer
from kvik.journal.worker import InlineWorker, Worker
from kvik.replies import Reply
from kvik.request import Request
from kvik.services import House
from kvik.session import Outlet
from kvik.settings import Settings
from kvik.store.container import Container
from kvik.store.value import Value
from tests.engines import as_word
from tests.journal.compacting import DIRECTORY, Data, SlowWorker
from tests.journal.desks import SlowSyncer
from tests.journal.simulated import SimulatedFiles

LOADING_STEPS_MAX = 1_000
ROUND_MS = 100


class Listener(KeeperOwner):
    """What a keeper told its owner, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.warned: list[str] = []
        self.released = 0

    def answers_released(self) -> None:
        self.released += 1

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)


class Book:
    """What every life of one directory should have: the data after each batch, and which batch was promised.

    `promised` is the last batch with an answer that has left, `at` its moment in milliseconds.
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.states: dict[int, Data] = {0: {}}
        self.promised = 0

    def forget_after(self, sequence: int) -> None:
        """A new life goes on from this batch: what came later and was never promised did not happen."""
        assert sequence >= self.promised, f"batch {self.promised} was acknowledged, {sequence} is the last there is"
        self.states = {number: state for number, state in self.states.items() if number <= sequence}

    def alive(self, data: Data) -> Data:
        """Return what of `data` is not over now; numbers as they are read back."""
        now = self.clock.now
        return {
            place: (b"%d" % value if isinstance(value, int) else value, deadline)
            for place, (value, deadline) in data.items()
            if deadline < 0 or deadline > now
        }


class Keeping:
    """One life of a server without a porch, from opening its directory on. Raises what the keeper raises."""

    def __init__(
        self,
        files: Files,
        settings: Settings | None = None,
        slow: bool = False,
        book: Book | None = None,
    ) -> None:
        self.files = files
        self.book = book or Book()
        self.clock = self.book.clock
        self.settings = settings or Settings()
        self.engine = Engine(CommandTable(BUILT_IN), self.clock, Random(1), Journal(), self.settings, House())
        self.session = self.engine.open_session(Outlet())
        self.syncer: Syncer = SlowSyncer() if slow else InlineSyncer()
        self.worker: Worker = SlowWorker() if slow else InlineWorker()
        self.owner = Listener()
        # For each turn whose answers have not left: the batch they wait for, and the last one they promise.
        self.waiting: list[tuple[int, int]] = []
        self.keeper = Keeper(self.engine, files, DIRECTORY, self.syncer, self.worker, self.owner)
        self.engine.persistence = self.keeper

    @property
    def journal(self) -> Journal:
        return self.engine.journal

    def load(self) -> "Keeping":
        """Load everything, and compare it with what should be there. Lets the directory go where that fails."""
        try:
            for _ in range(LOADING_STEPS_MAX):
                self.keeper.step(1_000.0)
                if self.keeper.is_loaded():
                    break
        except BaseException:
            self.keeper.close()
            raise
        assert self.keeper.is_loaded()
        sequence = self.keeper.sequence()
        self.book.forget_after(sequence)
        # What was over when the journal was loaded dies with the first look at it.
        assert self.book.alive(self.data()) == self.book.alive(self.book.states[sequence])
        return self

    def ask(self, *words: str | bytes) -> Reply:
        """Run one command, in the turn that goes on."""
        return self.engine.execute(self.session, Request([as_word(word) for word in words]))

    def turn(self, *lines: str) -> list[Reply]:
        """Run commands in a turn of their own, and end it as the porch does: the answers wait for their batch."""
        was_refusing, before = self.journal.is_refusing, self.keeper.sequence()
        replies = [self.ask(*line.split()) for line in lines]
        needed = self.journal.seal()
        self.note()
        # Reads depend on what they saw only with `always`, and go on while writes are refused.
        sequence = self.keeper.sequence()
        depends = not was_refusing and (sequence > before or self.settings.appendfsync == "always")
        self.waiting.append((needed, sequence if depends else needed))
        self.deliver()
        return replies

    def writes(self, line: str) -> bool:
        """Run a command in a turn of its own; return whether it was not refused."""
        (reply,) = self.turn(line)
        if isinstance(reply, ReplyError):
            assert reply.code == "MISCONF", reply.line()
            return False
        return True

    def deliver(self) -> None:
        """Let the answers go whose batch is as safe as was promised."""
        released = self.journal.released
        for needed, promise in self.waiting:
            if needed <= released:
                self.book.promised = max(self.book.promised, promise)
        self.waiting = [pair for pair in self.waiting if pair[0] > released]

    def note(self) -> None:
        self.book.states[self.keeper.sequence()] = self.data()

    def round(self, budget_ms: float = 1.0) -> bool:
        """What a server does between turns, 100 ms later."""
        self.clock.advance(ROUND_MS)
        self.engine.databases.expire_due(1_000)
        self.journal.seal()
        self.note()
        more = self.keeper.step(budget_ms)
        self.note()
        self.deliver()
        return more

    def finish_work(self) -> None:
        """Let the sync and the job that run come to their end."""
        self.worker.wait()
        self.syncer.wait()
        self.deliver()

    def wait(self, milliseconds: int, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass until something is so; return whether it is."""
        for _ in range(milliseconds // ROUND_MS):
            if until is not None and until():
                return True
            self.round()
            self.finish_work()
        return until is not None and until()

    def rewrite(self) -> None:
        """Make a new generation, which must succeed, when what goes on has ended."""
        assert self.wait(5_000, self.keeper.begin_rewrite)
        said = len(self.owner.said)
        assert self.wait(5_000, lambda: any("is complete" in text for text in self.owner.said[said:]))
        assert self.wait(5_000, lambda: self.fact("aof_rewrite_in_progress") == 0)

    def fact(self, name: str) -> int | str:
        return dict(self.keeper.facts())[name]

    def data(self) -> Data:
        return data_of(self.engine)

    def copy_of_book(self) -> Book:
        """Return the promises so far, for a look at what a crash would leave at this moment."""
        book = Book()
        book.clock.now = self.clock.now
        book.states = dict(self.book.states)
        book.promised = self.book.promised
        return book

    def check_crash(self, random: Random | None) -> None:
        """Kill a copy of the server, or cut its power where `random` is given, and load what is left."""
        assert isinstance(self.files, SimulatedFiles)
        files = self.files.copy()
        if random is None:
            files.kill()
        else:
            files.crash(random)
        Keeping(files, self.settings, book=self.copy_of_book()).load()


def data_of(engine: Engine) -> Data:
    """Return everything an engine holds, what is over but was not seen since included."""
    found: Data = {}
    for space in engine.databases.spaces:
        values, deadlines = space.maps()
        for key, value in values.items():
            deadline = deadlines.get(key)
            found[space.number, key] = (as_it_is(engine, key, value), -1 if deadline is None else deadline)
    return found


def as_it_is(engine: Engine, key: bytes, value: Value) -> Value:
    """Return a value as it is now: of one with members, which changes, the commands that make it again."""
    if isinstance(value, Container):
        return b"\n".join([b" ".join(words) for words in engine.rebuild_key(key, value, -1)])
    return value
