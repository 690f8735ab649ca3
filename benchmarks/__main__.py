"""The command line of the benchmarks: `python -m benchmarks`; it measures nothing itself."""

import os
import signal
import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from benchmarks import machine, report
from benchmarks.bench import Bench, Effort
from benchmarks.cases import CASES, QUICK
from benchmarks.counting import CountingError, can_count
from benchmarks.outcome import Outcome
from benchmarks.processes import Cores, PriorityError, choose_cores, going_first, raise_open_files
from benchmarks.progress import Progress
from benchmarks.servers import Program, ServerError, fakeredis_server, kvik_server, redis_server
from benchmarks.wire import WireError

RESULTS = Path(__file__).parent / "results"
REDIS_VERSION = "7.0.15"
PIPED_WIDTH = 200
LOAD_MAX = 0.5
ROUNDS = click.IntRange(3, 99)


def parse_cases(text: str) -> list[int]:
    """Numbers of cases as in `1,2,8`; click.BadParameter names one that does not exist."""
    numbers = []
    for word in text.split(","):
        if not word.strip().isdecimal() or int(word) not in CASES:
            known = ", ".join(map(str, CASES))
            raise click.BadParameter(f"there is no case {word.strip()!r} (there are {known})")
        numbers.append(int(word))
    return numbers


def effort_of(quick: bool, full: bool, pairs: int, rounds: int) -> Effort:
    """How much to measure; a quick look takes no more than 5 pairs."""
    if quick:
        return Effort(min(pairs, 5), 0.1, rounds, 0.2, 10_000, 50_000)
    return Effort(pairs, 0.5, rounds, 1.5, 100_000, 5_000_000 if full else 1_000_000, full)


def end(number: int, frame: FrameType | None) -> None:
    """A signal that ends us ends our servers first: SystemExit passes through every `with`."""
    sys.exit(128 + number)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--cases", default="", help="Which cases, as 1,2,8; all without it.")
@click.option("--quick", is_flag=True, help="Cases 1, 2, 3 in under 40 s: a look, not a figure to keep.")
@click.option("--full", is_flag=True, help="5,000,000 commands and keys in cases 9, 10, 13.")
@click.option("--pairs", default=11, show_default=True, type=ROUNDS, help="Short rounds; the median counts.")
@click.option("--rounds", default=3, show_default=True, type=ROUNDS, help="Long rounds, in cases 6 and 8 to 13.")
@click.option("--urgent", is_flag=True, help="Go before all other work of this machine; needs root.")
@click.option("--allow-interpreted", is_flag=True, help="Measure an interpreted kvik: to try the harness.")
@click.option("--noise", is_flag=True, help="redis-server in kvik's place: shows the noise of this machine.")
@click.option(
    "--results", default=RESULTS, type=click.Path(path_type=Path), help="Where JSON and Markdown are written."
)
def main(
    cases: str,
    quick: bool,
    full: bool,
    pairs: int,
    rounds: int,
    urgent: bool,
    allow_interpreted: bool,
    noise: bool,
    results: Path,
) -> None:
    """Measure kvik against its peers, servers taking turns on the same core."""
    chosen = parse_cases(cases) if cases else list(QUICK if quick else CASES)
    signal.signal(signal.SIGTERM, end)
    notes = Console(stderr=True)
    started, where = datetime.now().astimezone(), machine.describe()
    outcome, effort = Outcome(), effort_of(quick, full, pairs, rounds)
    try:
        ours, redis = redis_server() if noise else kvik_server(allow_interpreted), redis_server()
        with Progress(notes) as progress, going_first() if urgent else nullcontext():
            cores = prepare(notes)
            bench = Bench(
                ours,
                redis,
                fakeredis_server,
                cores,
                raise_open_files(),
                effort,
                outcome,
                progress,
            )
            run(bench, chosen)
    except (ServerError, PriorityError) as error:
        raise click.ClickException(str(error)) from None
    found = report.Report(started, where, named(ours, redis), options(quick, urgent, effort, cores), outcome)
    publish(found, results, notes)


def prepare(notes: Console) -> Cores:
    """Take the core of the load generator, where this process and its redis-benchmark stay, and say what is wrong."""
    if os.getloadavg()[0] > LOAD_MAX:
        notes.print("this machine is busy with other work: throughput says little, processor time somewhat more")
    cores = choose_cores(os.sched_getaffinity(0))
    if cores.server == cores.load:
        notes.print("one core only: servers and load share it, figures say little")
    os.sched_setaffinity(0, {cores.load})
    return cores


def run(bench: Bench, chosen: list[int]) -> None:
    """Run cases one after the other; one that fails is reported and does not stop the next."""
    for case in chosen:
        try:
            CASES[case](bench)
        except (ServerError, WireError, CountingError, OSError) as error:
            bench.outcome.failures.append(f"case {case}: {error}")
    if bench.redis.version != REDIS_VERSION:
        bench.outcome.failures.append(
            f"the goals are set against redis-server {REDIS_VERSION}, here is {bench.redis.version}"
        )


def named(ours: Program, redis: Program) -> dict[str, str]:
    """The programs that were measured, with version and build."""
    return {"measured": f"{ours.name} {ours.version} ({ours.build})", "peer": f"{redis.name} {redis.version}"}


def options(quick: bool, urgent: bool, effort: Effort, cores: Cores) -> dict[str, str]:
    """How it was measured."""
    name = "quick: a look, not a figure to keep" if quick else "full" if effort.full else "normal"
    return {
        "effort": name,
        "pairs": str(effort.pairs),
        "rounds": str(effort.rounds),
        "perf": "counts" if can_count() else "cannot count here",
        "priority": "before all other work" if urgent else "",
        "server core": str(cores.server),
        "load core": str(cores.load),
    }


def publish(found: report.Report, results: Path, notes: Console) -> None:
    """Print the table and keep the files; exit 1 when something could not be measured, not when a goal is missed."""
    files = report.write(found, results)
    screen = Console()
    report.show(found, screen if screen.is_terminal else Console(width=PIPED_WIDTH))
    notes.print("written: " + ", ".join(os.path.relpath(file) for file in files), highlight=False)
    if found.outcome.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
