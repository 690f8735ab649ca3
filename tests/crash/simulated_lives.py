"""One simulated disk over many lives of an engine with journal and compaction: each stops in an operation.

No process and no thread, so a seed says everything that happens. The end of a life is a kill, which keeps what was
written, or a power cut, which loses any part of what was not synced.
"""

from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from kvik.errors import JournalDamaged
from tests.crash.accounts import Violation
from tests.crash.figures import Figures
from tests.journal.compacting import Building, Data
from tests.journal.simulated import Crash, SimulatedFiles

ENDS_OF_A_DISK: Final = 25
"""Then a fresh one is taken: its files grow with every life."""
OPERATIONS_MAX: Final = 120
TURNS_MAX: Final = 60
LOSS_MS_MAX: Final = 2_000
ALL_DATABASES: Final = 3


@dataclass
class SimulatedFigures(Figures):
    """What was done and seen. Only `everysec` and `no` may lose what they acknowledged, by a power cut."""

    kills: int = 0
    power_cuts: int = 0
    while_starting: int = 0
    while_compacting: int = 0
    torn_ends: int = 0
    acknowledged_batches: int = 0
    acknowledged_and_lost: int = 0


class Life:
    """A building whose every step is followed by a look at what it has acknowledged."""

    def __init__(self, files: SimulatedFiles, policy: str, random: Random, now: int) -> None:
        """Raises Crash where the disk stops during the start."""
        self.policy: Final = policy
        self._random: Final = random
        self.building: Final = Building(files, policy, random.random() < 0.8, now)
        self.acknowledged: Final[dict[int, int]] = {}
        self._seen = self.building.journal.sequence

    def run(self) -> None:
        """Work until the disk stops, or for some time. Raises Crash."""
        for _ in range(TURNS_MAX):
            self._turn()

    def _turn(self) -> None:
        building, random = self.building, self._random
        drawn = random.random()
        if drawn < 0.05:
            building.compaction.want()
        elif drawn < 0.3:
            building.round(random.choice([0.0, 1.0]))
        elif drawn < 0.4:
            building.worker.wait()
        elif drawn < 0.6:
            building.syncer.wait()
        else:
            for _ in range(random.randrange(1, 4)):
                self._request()
            building.end_turn()
        self.note()

    def _request(self) -> None:
        random, words = self._random, self.building.words
        key, value = f"k{random.randrange(9)}", f"{random.random()}"
        drawn = random.randrange(9)
        if drawn == 0:
            words("MULTI")
            for each in ("left", "right"):
                words("SET", each, value)
            words("SELECT", str(random.randrange(ALL_DATABASES)))
            words("SET", "middle", value)
            words("EXEC")
        elif drawn == 1:
            words("DEL", key, "k0")
        elif drawn == 2:
            words("PEXPIRE", key, str(random.randrange(1, 3_000)))
        elif drawn == 3:
            words("INCR", "counter")
        elif drawn == 4:
            words("SELECT", str(random.randrange(ALL_DATABASES)))
        elif drawn == 5:
            words(
                *random.choice(
                    [("FLUSHDB",), ("SWAPDB", "0", "1"), ("SWAPDB", "1", "2"), ("COPY", "left", key, "REPLACE")]
                )
            )
        else:
            words("SET", key, value + "." * random.randrange(random.choice([9, 900])))

    def note(self) -> None:
        """Write down when each batch was acknowledged."""
        journal = self.building.journal
        for number in range(self._seen + 1, journal.released + 1):
            self.acknowledged[number] = self.building.clock.now
        self._seen = max(self._seen, journal.released)


class Acknowledged(NamedTuple):
    """When a batch was acknowledged, by which life, and what that life had promised."""

    moment: int
    life: int
    policy: str


class SimulatedLives:
    """The lives on one disk. What each batch has left, and who acknowledged it, is known for all that may be there."""

    def __init__(self, seed: int) -> None:
        self.figures: Final = SimulatedFigures()
        self._random: Final = Random(seed)
        self._files: Final = SimulatedFiles()
        self._now = 1_700_000_000_000
        self._states: dict[int, Data] = {0: {}}
        self._acknowledged: dict[int, Acknowledged] = {}
        self._lives = 0
        self._was_cut = False

    def live(self) -> None:
        """One life, checked at its beginning. Raises Violation."""
        self._files.stop_at(self._random.randrange(1, OPERATIONS_MAX), self._random.random())
        policy = self._random.choice(["always", "everysec", "no"])
        try:
            life = Life(self._files, policy, self._random, self._now)
        except Crash:
            self.figures.while_starting += 1
        else:
            self._check(life)
            with suppress(Crash):
                life.run()
            self._remember(life)
        self._end()

    def finish(self) -> None:
        """One more start, to check what the last life has left."""
        self._check(Life(self._files, "always", self._random, self._now))

    def _remember(self, life: Life) -> None:
        life.note()
        building = life.building
        building.states.setdefault(building.journal.sequence, building.data())
        self._lives += 1
        self._now = building.clock.now
        self._was_cut = False
        self._states.update(building.states)
        for number, moment in life.acknowledged.items():
            self._acknowledged[number] = Acknowledged(moment, self._lives, life.policy)
        self.figures.acknowledged_batches += len(life.acknowledged)
        self.figures.while_compacting += building.compaction.is_running()

    def _end(self) -> None:
        if self._random.random() < 0.5:
            self._files.kill()
            self.figures.kills += 1
        else:
            self._files.crash(self._random)
            self._was_cut = True
            self.figures.power_cuts += 1

    def _check(self, life: Life) -> None:
        """Compare what was loaded with what the lives before have left there."""
        building = life.building
        self.figures.torn_ends += any("cut off" in note for note in building.loading.notes)
        sequence = building.loading.end.sequence
        self._check_loss([number for number in self._acknowledged if number > sequence])
        if sequence not in self._states:
            raise Violation(f"batch {sequence} was found, the last one was {max(self._states)}")
        found, expected = building.alive(building.data()), building.alive(self._states[sequence])
        if found != expected:
            raise Violation(f"batch {sequence}: {found} was found, it left {expected}")
        self._states = {number: state for number, state in self._states.items() if number <= sequence}
        self._acknowledged = {number: each for number, each in self._acknowledged.items() if number <= sequence}

    def _check_loss(self, lost: list[int]) -> None:
        self.figures.acknowledged_and_lost += len(lost)
        if lost and not self._was_cut:
            raise Violation(f"batches {lost} were acknowledged and lost by a kill")
        moments: dict[int, list[int]] = {}
        for each in [self._acknowledged[number] for number in lost]:
            if each.policy == "always":
                raise Violation(f"batches {lost} are lost by a power cut, among them some that always acknowledged")
            if each.policy == "everysec":
                moments.setdefault(each.life, []).append(each.moment)
        for life in moments.values():
            if max(life) - min(life) > LOSS_MS_MAX:
                raise Violation(f"everysec has lost {max(life) - min(life)} ms of what it acknowledged")


def run_simulated(seed: int, count: int) -> SimulatedFigures:
    """End so many simulated lives on disks of their own. Raises Violation, which names the seed."""
    total = SimulatedFigures()
    for number in range(0, count, ENDS_OF_A_DISK):
        lives = SimulatedLives(1_000_003 * seed + number)
        try:
            for _ in range(min(ENDS_OF_A_DISK, count - number)):
                lives.live()
            lives.finish()
        except (AssertionError, JournalDamaged, OSError) as error:
            raise Violation(f"seed {seed}, disk {number}, after {lives.figures}:\n{error}") from error
        total.add(lives.figures)
    return total
