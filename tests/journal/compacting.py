"""An engine with a journal on a simulated disk and its compaction, where every job ends when it is told to."""

from random import Random

from kvik.clock import ManualClock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.engine import Engine
from kvik.errors import ReplyError
from kvik.journal.compaction import Compaction, CompactionOwner
from kvik.journal.files import Files
from kvik.journal.generations import remove_leftovers
from kvik.journal.journal import Journal, JournalOwner
from kvik.journal.manifest import path_in
from kvik.journal.recovery import Loading
from kvik.journal.syncer import InlineSyncer, Syncer
from kvik.journal.worker import InlineWorker, Job, Worker
from kvik.journal.writer import FileJournal
from kvik.request import Request
from kvik.services import House
from kvik.session import Outlet
from kvik.settings import Settings
from kvik.store.value import Value
from tests.engines import as_word
from tests.journal.desks import SlowSyncer
from tests.journal.simulated import SimulatedFiles

DIRECTORY = "data"

Data = dict[tuple[int, bytes], tuple[Value, int]]
"""Database and key to value and deadline, -1 for none."""


class Relay(Journal):
    """Forwards what is recorded to the journal that is there when everything is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.target: Journal = Journal()

    def record(self, database: int, request: Request) -> None:
        self.target.record(database, request)

    def record_effect(self, database: int, words: list[bytes]) -> None:
        self.target.record_effect(database, words)

    def need(self, level: int) -> None:
        self.target.need(level)

    def begin_group(self) -> None:
        self.target.begin_group()

    def end_group(self) -> None:
        self.target.end_group()


class SlowWorker(Worker):
    """Does nothing before `finish`."""

    def __init__(self) -> None:
        super().__init__()
        self.job: Job | None = None
        self._beside: SlowWorker | None = None

    def start(self, job: Job) -> None:
        assert self.job is None, "one at a time"
        self.job = job

    def finish(self) -> None:
        job, self.job = self.job, None
        if job is not None:
            job.run()

    def wait(self) -> None:
        self.finish()
        if self._beside is not None:
            self._beside.wait()

    def beside(self) -> Worker:
        """Return another one, which ends its jobs together with this one."""
        self._beside = SlowWorker()
        return self._beside


class Notes(CompactionOwner):
    """What the compaction told its owner, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def compaction_began(self, generation: int) -> None:
        self.heard.append(f"began {generation}")

    def compaction_ended(self, generation: int, size: int, seconds: float) -> None:
        self.heard.append(f"ended {generation}")

    def compaction_failed(self, reason: str) -> None:
        self.heard.append(reason)


class Rescuer(JournalOwner):
    """Asks for a new generation when the journal has lost its file."""

    def __init__(self) -> None:
        super().__init__()
        self.compaction: Compaction | None = None

    def needs_new_generation(self) -> None:
        if self.compaction is not None:
            self.compaction.want_rescue()


class Building:
    """One life of a server without a porch: opened from what the disk has. `data` is what it should have.

    `states` holds the data after each batch, by its number.
    """

    def __init__(self, files: Files, policy: str = "everysec", slow: bool = False, now: int | None = None) -> None:
        self.files = files
        self.clock = ManualClock() if now is None else ManualClock(now)
        relay = Relay()
        self.engine = Engine(CommandTable(BUILT_IN), self.clock, Random(1), relay, Settings(), House())
        self.session = self.engine.open_session(Outlet())
        self.loading = Loading(files, DIRECTORY, self.engine)
        while self.loading.step(1_000):
            pass
        self.clock.now = self.clock.now if now is None else now
        self.removed = remove_leftovers(files, DIRECTORY, self.loading.manifest)
        self.syncer: Syncer = SlowSyncer() if slow else InlineSyncer()
        self.worker: Worker = SlowWorker() if slow else InlineWorker()
        last = path_in(DIRECTORY, self.loading.manifest.last().name)
        self.journal = FileJournal(self.clock, self.syncer, policy, files.open_appending(last), self.loading.end)
        self.journal.owner = rescuer = Rescuer()
        self.journal.start()
        relay.target = self.journal
        self.notes = Notes()
        self.compaction = Compaction(
            files, DIRECTORY, self.loading.manifest, self.journal, self.engine, self.worker, self.notes
        )
        rescuer.compaction = self.compaction
        self.states: dict[int, Data] = {self.journal.sequence: self.data()}

    def run(self, *lines: str) -> None:
        """Run commands in a turn of their own."""
        for line in lines:
            self.words(*line.split())
        self.end_turn()

    def words(self, *words: str | bytes) -> None:
        reply = self.engine.execute(self.session, Request([as_word(word) for word in words]))
        assert not isinstance(reply, ReplyError), reply.line()

    def end_turn(self) -> None:
        self.journal.seal()
        self.states[self.journal.sequence] = self.data()

    def round(self, budget_ms: float = 0) -> bool:
        """What a server does between turns."""
        self.clock.advance(100)
        self.engine.databases.expire_due(100)
        self.end_turn()
        self.journal.look_after()
        self.end_turn()
        return self.compaction.step(budget_ms)

    def compact(self) -> None:
        """Run a whole compaction, which must succeed."""
        assert self.compaction.want()
        self.finish()
        assert self.notes.heard[-1].startswith("ended"), self.notes.heard

    def finish(self) -> None:
        """Let everything that was begun or asked for come to its end."""
        for _ in range(10_000):
            self.round()
            self.worker.wait()
            self.syncer.wait()
            if not self.compaction.is_running():
                return
        raise AssertionError("the compaction does not end")

    def data(self) -> Data:
        found: Data = {}
        for space in self.engine.databases.spaces:
            values, deadlines = space.maps()
            for key, value in values.items():
                deadline = deadlines.get(key)
                found[space.number, key] = (value, -1 if deadline is None else deadline)
        return found

    def alive(self, data: Data) -> Data:
        """Return what of `data` is not over now; numbers as they are read back."""
        now = self.clock.now
        return {
            place: (b"%d" % value if isinstance(value, int) else value, deadline)
            for place, (value, deadline) in data.items()
            if deadline < 0 or deadline > now
        }

    def names(self) -> list[str]:
        return self.files.names(path_in(DIRECTORY, ""))


def reopened(building: Building, slow: bool = False) -> Building:
    """Kill the server and open its directory again."""
    assert isinstance(building.files, SimulatedFiles)
    building.files.kill()
    return Building(building.files, slow=slow, now=building.clock.now)
