"""Load processes: started together, watched, ended in order, their results added up. Knows no socket and no terminal.

They are forked, and count in memory that this process reads: a load process never stops to say how far it is.
"""

import gc
import mmap
import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import perf_counter_ns, process_time_ns
from types import FrameType

import msgspec

from kvik.client.connection import ConnectionFailed, Refused
from kvik.client.load.histogram import CELLS, Histogram

STOP_CELL = CELLS
BOARD_CELLS = CELLS + 1
START_DELAY_NS = 20_000_000
"""From the word go to the start: the time to wake every process."""
SAMPLE_SECONDS = 0.1
SECOND_NS = 1_000_000_000
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)


class Report(msgspec.Struct):
    """What one process has to say at the end; times are those of perf_counter_ns."""

    started: int = 0
    ended: int = 0
    failed: int = 0
    missing: int = 0
    unsent: int = 0
    busy_ns: int = 0
    """Processor time that it used from the start to the end, which took `taken_ns`."""
    taken_ns: int = 0
    errors: dict[str, int] = {}
    lost: dict[str, int] = {}
    failure: str = ""
    """Why there was no load at all."""
    is_refusal: bool = False


class LoadFailed(Exception):
    """A load process could not begin; `is_refusal` where a server answered, but only to say no."""

    def __init__(self, text: str, is_refusal: bool = False) -> None:
        super().__init__(text)
        self.is_refusal = is_refusal


class Board:
    """Memory that a load process shares with the one that watches it."""

    def __init__(self) -> None:
        self._cells = memoryview(mmap.mmap(-1, 8 * BOARD_CELLS)).cast("q")
        self.histogram = Histogram(self._cells[:CELLS])
        self._parent = os.getpid()

    def is_wanted(self) -> bool:
        """Return whether the load shall go on: nobody has stopped it, and somebody is there to read the result."""
        return not self._cells[STOP_CELL] and os.getppid() == self._parent

    def stop(self) -> None:
        self._cells[STOP_CELL] = 1

    def seen(self) -> Histogram:
        """Return the histogram as it is now."""
        self.histogram.refresh()
        return self.histogram


class Driver:
    """What a load process does. It is made in the parent and used in the process."""

    def prepare(self, board: Board) -> None:
        """Do what is not measured. Raises ConnectionFailed, Refused, OSError."""
        raise NotImplementedError

    def run(self, start: int) -> Report:
        """Put the load on from the moment `start` on; return what there is to say."""
        raise NotImplementedError


class Member:
    """One load process as its parent sees it."""

    def __init__(self, driver: Driver, others: "Sequence[Member]") -> None:
        self.board = Board()
        self.report = Report()
        self.is_done = False
        self.reports, report = os.pipe()
        go, self._go = os.pipe()
        # A child that Ctrl+C found before it is ready for that would go on as its parent.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
        self._process_id = os.fork()
        if self._process_id == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
            for descriptor in [self._go, self.reports, *[each._go for each in others]]:
                os.close(descriptor)
            work(driver, self.board, go, report)
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        os.close(report)
        os.close(go)
        self._text = b""

    def start(self, moment: int) -> None:
        os.write(self._go, b"%d\n" % moment)

    def read(self) -> bool:
        """Take what the process says; return whether it is ready, or done."""
        data = os.read(self.reports, 1 << 16)
        self._text += data
        if data and not self._text.endswith(b"\n"):
            return False
        if not data:
            self.is_done = True
        lines = self._text.splitlines()
        self.report = msgspec.json.decode(lines[-1], type=Report) if lines else Report(failure="it ended at once")
        return True

    def end(self) -> None:
        """Let the process go, whatever it does, and wait until it is gone."""
        self.board.stop()
        os.close(self._go)
        os.close(self.reports)
        os.waitpid(self._process_id, 0)

    def kill(self) -> None:
        os.kill(self._process_id, signal.SIGKILL)


def work(driver: Driver, board: Board, go: int, report: int) -> None:
    """Be a load process, and end."""
    try:
        driver.prepare(board)
        os.write(report, msgspec.json.encode(Report()) + b"\n")
        moment = os.read(go, 64)
        if moment:
            os.write(report, msgspec.json.encode(timed(driver, int(moment))) + b"\n")
    except (ConnectionFailed, Refused, OSError) as error:
        refused = Report(failure=str(error), is_refusal=isinstance(error, Refused))
        os.write(report, msgspec.json.encode(refused) + b"\n")
    finally:
        # Nothing of the parent's is flushed or closed twice.
        os._exit(0)


def timed(driver: Driver, start: int) -> Report:
    """Run a driver; add how much of the time it was busy."""
    gc.collect()
    gc.freeze()
    while perf_counter_ns() < start:
        pass
    before = process_time_ns()
    report = driver.run(start)
    report.busy_ns = process_time_ns() - before
    report.taken_ns = perf_counter_ns() - start
    return report


class Sample(msgspec.Struct):
    """How far a load had come at a moment, in nanoseconds since the start of the measurement."""

    moment: int
    done: int


class Result(msgspec.Struct):
    """What all processes together have measured."""

    histogram: Histogram
    reports: list[Report]
    samples: list[Sample]
    is_interrupted: bool


class Watch:
    """Somebody who wants to see how a load goes on. This one looks away."""

    def look(self, sample: Sample, boards: Sequence[Board]) -> None:
        """See where the load is, ten times a second."""


class Crew:
    """Some load processes."""

    def __init__(self, drivers: Sequence[Driver]) -> None:
        self._members: list[Member] = []
        self._interruptions = 0
        for driver in drivers:
            self._members.append(Member(driver, self._members))

    def run(self, warm_up_ns: int, watch: Watch) -> Result:
        """Run the load to its end, or until Ctrl+C. Raises LoadFailed."""
        try:
            with interruptions(self._interrupt):
                return self._run(warm_up_ns, watch)
        finally:
            for member in self._members:
                member.end()

    def _run(self, warm_up_ns: int, watch: Watch) -> Result:
        for member in self._members:
            self._await_ready(member)
        start = perf_counter_ns() + START_DELAY_NS
        for member in self._members:
            member.start(start)
        samples = list(self._samples(start + warm_up_ns, watch))
        reports = [member.report for member in self._members]
        for report in reports:
            if report.failure:
                raise LoadFailed(report.failure, report.is_refusal)
        histogram = Histogram()
        for member in self._members:
            histogram.merge(member.board.seen())
        return Result(histogram, reports, samples, self._interruptions > 0)

    def _await_ready(self, member: Member) -> None:
        while not member.read():
            pass
        if member.report.failure:
            raise LoadFailed(member.report.failure, member.report.is_refusal)
        member.report = Report(failure="a load process ended before its time")
        member._text = b""

    def _samples(self, started: int, watch: Watch) -> Iterator[Sample]:
        """Yield samples until every process is done."""
        boards = [member.board for member in self._members]
        next_ns = started
        while any(not member.is_done for member in self._members):
            open_reports = {member.reports: member for member in self._members if not member.is_done}
            pause = max(0.0, (next_ns - perf_counter_ns()) / SECOND_NS)
            for descriptor in select.select(list(open_reports), [], [], min(pause, SAMPLE_SECONDS))[0]:
                open_reports[descriptor].read()
            now = perf_counter_ns()
            if now >= next_ns:
                next_ns += int(SAMPLE_SECONDS * SECOND_NS)
                sample = Sample(now - started, sum(board.seen().total for board in boards))
                watch.look(sample, boards)
                yield sample

    def _interrupt(self) -> None:
        """Stop at the first Ctrl+C, die at the second."""
        self._interruptions += 1
        for member in self._members:
            member.board.stop()
            if self._interruptions > 1:
                with suppress(ProcessLookupError):
                    member.kill()


@contextmanager
def interruptions(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` at Ctrl+C and at SIGTERM."""

    def handle(number: int, frame: FrameType | None) -> None:
        interrupt()

    before = {number: signal.signal(number, handle) for number in INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
