"""A load on the embedded database: one caller in one process, as a program calls it."""

from time import perf_counter_ns

import kvik
from kvik.build_info import VERSION, build_name
from kvik.cli.opening import explained
from kvik.client.connection import Refused
from kvik.client.load.crew import Board, Driver, Report
from kvik.client.load.plan import Plan
from kvik.client.load.requests import Stream
from kvik.client.load.worker import material_of
from kvik.client.report.surroundings import Server

SECOND_NS = 1_000_000_000
LOOKS_EVERY = 256
"""Calls between two looks at whether the load shall go on."""


class EmbeddedLoad(Driver):
    """Calls `Database.execute`, one call after the other."""

    def __init__(self, plan: Plan, directory: str | None, is_filled: bool) -> None:
        self._plan = plan
        self._directory = directory
        self._is_filled = is_filled
        self._missing = 0
        self._errors: dict[str, int] = {}
        self._board: Board
        self._database: kvik.Database
        self._warm_up: Stream
        self._measured: Stream

    def prepare(self, board: Board) -> None:
        """Open the database. Raises Refused."""
        try:
            self._database = kvik.open(self._directory)
        except (kvik.DirectoryInUse, kvik.JournalDamaged) as error:
            raise Refused(str(error)) from None
        except OSError as error:
            raise Refused(explained(error)) from None
        plan = self._plan
        material = material_of(plan)
        if self._is_filled:
            for number in range(plan.keyspace):
                self._database.execute(*material.write_of(number))
        self._warm_up = Stream(material, f"{plan.seed} warm-up 0")
        self._measured = Stream(material, f"{plan.seed} client 0")
        self._board = board

    def run(self, start: int) -> Report:
        plan = self._plan
        started = start + int(plan.warm_up_seconds * SECOND_NS)
        while perf_counter_ns() < started and self._board.is_wanted():
            self._call(self._warm_up.words())
        self._errors.clear()
        self._missing = 0
        stops = started + int(plan.seconds * SECOND_NS) if plan.seconds else 0
        ended = self._measure(plan.requests or -1, stops)
        self._database.close()
        return Report(started, ended, sum(self._errors.values()), self._missing, errors=self._errors)

    def _measure(self, left: int, stops: int) -> int:
        """Call until nothing is left or the time is over; return when the last call ended."""
        histogram = self._board.histogram
        after = perf_counter_ns()
        while left and not (stops and after >= stops):
            words = self._measured.words()
            before = perf_counter_ns()
            self._call(words)
            after = perf_counter_ns()
            histogram.record(after - before, 1)
            left -= 1
            if histogram.total % LOOKS_EVERY == 0:
                histogram.publish()
                if not self._board.is_wanted():
                    break
        histogram.publish()
        return after

    def _call(self, words: list[bytes]) -> None:
        try:
            if self._database.execute(*words) is None:
                self._missing += 1
        except kvik.ReplyError as error:
            self._errors[error.code] = self._errors.get(error.code, 0) + 1


def embedded_server(directory: str | None) -> Server:
    """Return what the load is put on, in the words that a server has for itself."""
    return Server("kvik", f"{VERSION} ({build_name()})", f"embedded, {directory or 'in memory'}")
