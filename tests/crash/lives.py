"""One directory over many lives of a server: each is checked, put to work, and ended in the middle of it."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.accounts import SHARED, Account, Place, State, Violation
from tests.crash.crowd import Client, Nuisance, Talker, work
from tests.crash.figures import Figures
from tests.crash.servers import EAGER, DurableServer
from tests.wire import Wire, Word, encode_words

CLIENTS: Final = 8
DEPTH_MAX: Final = 8
LIFE_SECONDS_MAX: Final = 0.4
STARTING_SECONDS: Final = 0.2
STARTING_SHARE: Final = 0.1
"""How many of the lives end before or while the directory is loaded."""
QUIET_SHARE: Final = 0.2
"""How many of them see no compaction, which syncs more often than the policy asks for."""
AIMED_SHARE: Final = 0.2
"""How many of the others end in the middle of one."""
AIMING_SECONDS_MAX: Final = 0.5
LOSS_SECONDS_MAX: Final = 2.0
POLICIES: Final = ("always", "everysec", "no")


@dataclass
class LivesFigures(Figures):
    """What was done and seen."""

    ends: int = 0
    while_starting: int = 0
    while_compacting: int = 0
    torn_ends: int = 0
    acknowledged: int = 0
    acknowledged_and_lost: int = 0
    lost_seconds_before_the_end_max: float = 0.0
    kept_unanswered: int = 0
    directory_bytes_max: int = 0


class Ground:
    """Where a directory lies, and how a life ends there: this one with kill -9, which loses nothing acknowledged."""

    policies: tuple[str, ...] = POLICIES

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.directory = folder / "data"
        self.ended = 0.0

    def end(self, server: DurableServer, random: Random) -> None:
        """End the life of a server; called from a thread of its own."""
        self.ended = time.monotonic()
        server.kill()

    def restore(self) -> None:
        """Let the next life begin."""

    def safe_until(self, policy: str) -> float:
        """Return the moment (time.monotonic) up to which nothing that was acknowledged may be lost."""
        return float("inf")


class Lives:
    """The lives of a directory, the same for the same seed but for the moments the machine adds."""

    def __init__(self, ground: Ground, seed: int, seconds_max: float = LIFE_SECONDS_MAX) -> None:
        self._seconds_max: Final = seconds_max
        self.figures: Final = LivesFigures()
        self.ground: Final = ground
        self.random: Final = Random(seed)
        self.accounts: Final = [Account(f"c{number}", Random(f"{seed} {number}")) for number in range(CLIENTS)]
        self._policy = ""
        self._is_quiet = False

    def live(self) -> None:
        """One life from start to end; everything is checked at its beginning. Raises Violation."""
        random = self.random
        policy = random.choice(self.ground.policies)
        self._is_quiet = random.random() < QUIET_SHARE
        flags = [*([] if self._is_quiet else EAGER), "--appendfsync", policy]
        server = DurableServer(self.ground.folder, self.ground.directory, flags)
        try:
            if random.random() < STARTING_SHARE:
                time.sleep(random.random() * STARTING_SECONDS)
                self.figures.while_starting += 1
                self.ground.end(server, random)
            else:
                self._check(server)
                self._policy = policy
                self._work(server, random.random() * self._seconds_max)
        finally:
            server.kill()
        self.ground.restore()
        self._note_the_end()

    def finish(self) -> None:
        """One more start, to check what the last life has left, and an orderly end."""
        server = DurableServer(self.ground.folder, self.ground.directory)
        try:
            self._check(server)
            assert server.stop() == 0, server.output()
        finally:
            server.kill()

    def _check(self, server: DurableServer) -> None:
        with server.open() as wire:
            states, shared = read_everything(wire)
        self.figures.torn_ends += "cut off" in server.output()
        safe_until = self.ground.safe_until(self._policy)
        for account in self.accounts:
            self._settle(account, states.pop(account.name, {}), safe_until)
        if states:
            raise Violation(f"nobody has sent what was found: {states}")
        expected = sum([account.transactions() for account in self.accounts])
        if shared != [expected, expected]:
            raise Violation(f"{expected} transactions are there, but the counters they share are {shared}")

    def _settle(self, account: Account, found: State, safe_until: float) -> None:
        acknowledged = account.acknowledged()
        kept, lost_since = account.settle(found, safe_until)
        figures = self.figures
        figures.acknowledged += acknowledged
        figures.kept_unanswered += max(0, kept - acknowledged)
        if kept < acknowledged:
            figures.acknowledged_and_lost += acknowledged - kept
            age = self.ground.ended - lost_since
            figures.lost_seconds_before_the_end_max = max(figures.lost_seconds_before_the_end_max, age)

    def _work(self, server: DurableServer, seconds: float) -> None:
        random = self.random
        depth = random.randrange(1, DEPTH_MAX + 1)
        clients = [Client(server.open(), account, depth) for account in self.accounts]
        nuisance = Nuisance(server.open(), [["PING"]] if self._is_quiet else self._nuisances(), random)
        talkers: list[Talker] = [*clients, nuisance]
        is_aimed = not self._is_quiet and random.random() < AIMED_SHARE
        ending = threading.Timer(seconds, self._end, [server, is_aimed])
        ending.start()
        try:
            work(talkers)
        finally:
            ending.join()
            for talker in talkers:
                talker.wire.close()

    def _end(self, server: DurableServer, is_aimed: bool) -> None:
        """End the server, with `is_aimed` as soon as a compaction runs: most take a few milliseconds."""
        limit = time.monotonic() + AIMING_SECONDS_MAX
        while is_aimed and time.monotonic() < limit and not is_compacting(self._log_folder()):
            time.sleep(0.0005)
        self.ground.end(server, self.random)

    def _log_folder(self) -> Path:
        return self.ground.directory / "appendonlydir"

    def _nuisances(self) -> list[list[Word]]:
        """Return what else is asked for meanwhile: compactions, and other policies where all promise the same."""
        policies: list[list[Word]] = [["CONFIG", "SET", "appendfsync", policy] for policy in self.ground.policies]
        compaction: list[Word] = ["BGREWRITEAOF"]
        return [*[compaction] * 6, *(policies if len(policies) > 1 else [])]

    def _note_the_end(self) -> None:
        """Look at what the end has left, before the next start tidies up."""
        figures = self.figures
        figures.ends += 1
        folder = self._log_folder()
        if folder.exists():
            figures.while_compacting += is_compacting(folder)
            figures.directory_bytes_max = max(
                figures.directory_bytes_max, sum([path.stat().st_size for path in folder.iterdir()])
            )


def is_compacting(folder: Path) -> bool:
    """Tell whether the files are those of a compaction that has not ended."""
    manifest = folder / "appendonly.aof.manifest"
    names = manifest.read_text() if manifest.exists() else ""
    return names.count(" type i\n") > 1 or any(path.suffix == ".part" for path in folder.iterdir())


def read_everything(wire: Wire) -> tuple[dict[str, State], list[int]]:
    """Return the state of each account that has one, and the counters they share."""
    states: dict[str, State] = {}
    shared = [0, 0]
    for database in (0, 1):
        wire.call("SELECT", database)
        for (number, key), value in read_database(wire, database).items():
            if key in SHARED:
                shared[SHARED.index(key)] = int(value[0])
            else:
                states.setdefault(key.partition(":")[0], {})[number, key] = value
    return states, shared


def read_database(wire: Wire, database: int) -> State:
    keys = wire.call("KEYS", "*")
    assert isinstance(keys, list)
    wire.send(b"".join([encode_words(["GET", key]) + encode_words(["PEXPIRETIME", key]) for key in keys]))
    places: list[Place] = [(database, key.decode()) for key in keys]
    found: State = {}
    for place in places:
        value, deadline = wire.reply(), wire.reply()
        assert isinstance(value, bytes) and isinstance(deadline, int)
        found[place] = (value, deadline)
    return found


def run_lives(ground: Ground, seed: int, count: int, seconds_max: float = LIFE_SECONDS_MAX) -> LivesFigures:
    """End so many lives of a directory, each after at most `seconds_max`. Raises Violation, which names the seed."""
    lives = Lives(ground, seed, seconds_max)
    try:
        for _ in range(count):
            lives.live()
        lives.finish()
    except AssertionError as error:
        raise Violation(f"seed {seed}, after {lives.figures}:\n{error}") from None
    return lives.figures
