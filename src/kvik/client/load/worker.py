"""A load process against a server: connects its clients, drives them, and says what became of them."""

import socket
from collections.abc import Callable

from kvik.client.address import Address
from kvik.client.connection import Connection
from kvik.client.load.closed_loop import ClosedLoop
from kvik.client.load.crew import Board, Driver, Report
from kvik.client.load.lane import Lane
from kvik.client.load.open_loop import OpenLoop
from kvik.client.load.plan import Plan
from kvik.client.load.requests import Material, Stream
from kvik.client.load.traffic import Traffic

SECOND_NS = 1_000_000_000


class Worker(Driver):
    """The clients of one process."""

    def __init__(self, plan: Plan, process: int, address: Address) -> None:
        self._plan = plan
        self._numbers = plan.clients_of(process)
        self._address = address
        self._traffic: ClosedLoop | OpenLoop

    def prepare(self, board: Board) -> None:
        material = material_of(self._plan)
        lanes = [self._lane(material, number) for number in self._numbers]
        self._traffic = self._loop(lanes, board, board.is_wanted)

    def run(self, start: int) -> Report:
        plan, traffic = self._plan, self._traffic
        traffic.run(start, int(plan.warm_up_seconds * SECOND_NS), int(plan.seconds * SECOND_NS))
        unsent = traffic.unsent if isinstance(traffic, OpenLoop) else 0
        return report_of(traffic, unsent)

    def _loop(self, lanes: list[Lane], board: Board, is_wanted: Callable[[], bool]) -> ClosedLoop | OpenLoop:
        plan = self._plan
        if not plan.rate:
            return ClosedLoop(lanes, board.histogram, plan.pipeline, is_wanted)
        return OpenLoop(lanes, board.histogram, plan.pipeline, is_wanted, plan.rate, self._numbers, plan.clients)

    def _lane(self, material: Material, number: int) -> Lane:
        seed = self._plan.seed
        warm_up = Stream(material, f"{seed} warm-up {number}")
        measured = Stream(material, f"{seed} client {number}")
        return Lane(self._connect(), warm_up, measured, self._plan.share_of(number))

    def _connect(self) -> socket.socket:
        return Connection(self._address).detach()


def material_of(plan: Plan) -> Material:
    """Return what the requests of a plan are made of."""
    material = Material(plan.reads(), plan.writes(), plan.read_share(), plan.keyspace, plan.exponent)
    material.make_values(plan.seed, plan.value_bytes_min, plan.value_bytes_max)
    return material


def report_of(traffic: Traffic, unsent: int) -> Report:
    report = Report(started=traffic.started, ended=traffic.ended, unsent=unsent, lost=traffic.lost)
    for lane in traffic.lanes:
        report.failed += lane.counter.failed
        report.missing += lane.counter.missing
        for code, times in lane.counter.errors.items():
            report.errors[code] = report.errors.get(code, 0) + times
    return report
