"""Runs the crash tests for long: `make torture`, or python -m tests.crash.torture [--kills N] [--minutes M] ...

Prints every seed. What breaks a promise ends the run with 1, and its directory is kept.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Final, NamedTuple

from kvik.build_info import VERSION, build_name
from tests.crash.accounts import Violation
from tests.crash.figures import Figures
from tests.crash.histories import run_histories
from tests.crash.lives import Ground, run_lives
from tests.crash.power import NotPossibleHere, power_cuts
from tests.crash.simulated_lives import run_simulated

EVERYSEC_LIFE_SECONDS_MAX: Final = 4.0
"""Long enough for a sync that is begun once a second."""


class Campaign(NamedTuple):
    """One kind of test: what it is called, how many make the long run, and how many a piece."""

    name: str
    meaning: str
    number: int
    piece: int
    run: Callable[[Path, int, int], Figures]


class Piece(NamedTuple):
    """A part of a campaign, with a seed and a folder of its own."""

    campaign: str
    seed: int
    number: int


def kills(folder: Path, seed: int, count: int) -> Figures:
    return run_lives(Ground(folder), seed, count)


def simulated(folder: Path, seed: int, count: int) -> Figures:
    return run_simulated(seed, count)


def histories(folder: Path, seed: int, count: int) -> Figures:
    return run_histories(Ground(folder), seed, count)


def cuts_of_always(folder: Path, seed: int, count: int) -> Figures:
    with power_cuts(folder, "always") as ground:
        return run_lives(ground, seed, count)


def cuts_of_everysec(folder: Path, seed: int, count: int) -> Figures:
    with power_cuts(folder, "everysec") as ground:
        return run_lives(ground, seed, count, EVERYSEC_LIFE_SECONDS_MAX)


def histories_with_cuts(folder: Path, seed: int, count: int) -> Figures:
    with power_cuts(folder, "always") as ground:
        return run_histories(ground, seed, count)


CAMPAIGNS: Final = (
    Campaign("simulated", "simulated kills and power cuts, in process", 10_000, 500, simulated),
    Campaign("kills", "kill -9 of a server under load", 1_000, 50, kills),
    Campaign("histories", "histories of 16 clients with kills", 1_000, 25, histories),
    Campaign("power-cuts", "power cuts of a server with always", 1_000, 25, cuts_of_always),
    Campaign("everysec-cuts", "power cuts of a server with everysec", 100, 10, cuts_of_everysec),
    Campaign("cut-histories", "histories of 16 clients with power cuts", 50, 5, histories_with_cuts),
)
BY_NAME: Final = {campaign.name: campaign for campaign in CAMPAIGNS}


def run_piece(piece: Piece) -> Figures:
    """Run one piece in a folder of its own, which is kept where a promise is broken."""
    folder = Path(tempfile.mkdtemp(prefix="kvik-"))
    try:
        figures = BY_NAME[piece.campaign].run(folder, piece.seed, piece.number)
    except Violation as violation:
        raise Violation(f"{violation}\nkept: {folder}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return figures


class Torture:
    """The run: pieces go to processes, and what they saw is added up."""

    def __init__(self, wanted: dict[str, int], seed: int, minutes: float) -> None:
        self._wanted: Final = wanted
        self._seed: Final = seed
        self._until: Final = time.monotonic() + 60 * minutes
        self._began: Final = time.monotonic()
        self._totals: Final[dict[str, Figures]] = {}
        self._done: Final = dict.fromkeys(wanted, 0)
        self._impossible: Final[set[str]] = set()
        self._broken: Final[list[str]] = []

    def run(self, processes: int) -> int:
        """Return the exit code."""
        pieces = self._pieces()
        running: dict[Future[Figures], Piece] = {}
        with ProcessPoolExecutor(processes) as pool:
            while True:
                while len(running) < processes and (piece := next(pieces, None)) is not None:
                    running[pool.submit(run_piece, piece)] = piece
                if not running:
                    break
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    self._take(running.pop(done), done)
        return self._conclude()

    def _pieces(self) -> Iterator[Piece]:
        """Yield what is still to be run, until the time is over or a promise is broken."""
        for name, wanted in self._wanted.items():
            size = BY_NAME[name].piece
            for number in range(0, wanted, size):
                if time.monotonic() > self._until or self._broken:
                    return
                if name not in self._impossible:
                    yield Piece(name, self._seed + number // size, min(size, wanted - number))

    def _take(self, piece: Piece, done: Future[Figures]) -> None:
        try:
            figures = done.result()
        except NotPossibleHere as reason:
            if piece.campaign not in self._impossible:
                self._say(f"{piece.campaign}: left out: {reason}")
            self._impossible.add(piece.campaign)
            return
        except Exception as error:
            self._broken.append(f"{piece.campaign}: {error}")
            self._say(f"{piece.campaign}, seed {piece.seed}: BROKEN\n{error}")
            return
        self._done[piece.campaign] += piece.number
        self._totals.setdefault(piece.campaign, type(figures)()).add(figures)
        done_so_far = f"{self._done[piece.campaign]} of {self._wanted[piece.campaign]}"
        self._say(f"{piece.campaign}, seed {piece.seed}: {done_so_far}: {figures}")

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.0f} s  {text}", flush=True)

    def _conclude(self) -> int:
        print()
        for name, total in self._totals.items():
            print(f"{name}: {self._done[name]} of {self._wanted[name]}: {total}")
        for text in self._broken:
            print(f"\nBROKEN: {text}")
        verdict = "a promise is BROKEN" if self._broken else "every promise was kept"
        print(f"\nkvik: {verdict}, in {time.monotonic() - self._began:.0f} s")
        return 1 if self._broken else 0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make torture", description="Crash tests for long: without flags all")
    for campaign in CAMPAIGNS:
        parser.add_argument(f"--{campaign.name}", type=int, metavar="N", help=f"{campaign.meaning} [{campaign.number}]")
    parser.add_argument("--minutes", type=float, default=150, help="begin nothing new after so long [150]")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000_000, help="of the first piece")
    parser.add_argument("--processes", type=int, default=2, help="pieces at the same time [2]")
    given = vars(parser.parse_args(arguments))
    asked = {each.name: given[each.name.replace("-", "_")] for each in CAMPAIGNS}
    wanted = {name: count for name, count in asked.items() if count}
    if not any(count is not None for count in asked.values()):
        wanted = {campaign.name: campaign.number for campaign in CAMPAIGNS}
    print(f"kvik {VERSION}, {build_name()}, seed {given['seed']}: {wanted}", flush=True)
    return Torture(wanted, given["seed"], given["minutes"]).run(given["processes"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
