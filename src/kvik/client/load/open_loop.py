"""An open loop: requests are due at fixed times, whether the server is ready or not.

A latency counts from the moment a request was due. While a server stands still requests go on becoming due, and their
waiting is counted: a closed loop would leave it out, which is known as coordinated omission.
"""

from collections.abc import Callable, Sequence
from typing import Final

from mypy_extensions import i64

from kvik.client.load.histogram import Histogram
from kvik.client.load.lane import Lane
from kvik.client.load.traffic import POLL_MS_MAX, SECOND_NS, Traffic

SPIN_NS: Final = 2_000_000
"""What is due sooner is waited for without sleep: a poller wakes up to a millisecond late, which would be measured."""
MILLISECOND_NS: Final = 1_000_000
RELEASED_MAX: Final = 1_000
"""So many requests become due before replies are looked for again."""


class Schedule:
    """The requests of a lane by their numbers: below `done` answered, below `sent` sent, below `released` due."""

    def __init__(self, lane: Lane, number: int) -> None:
        self.lane: Final = lane
        self.number: Final = number
        self.done: i64 = 0
        self.sent: i64 = 0
        self.released: i64 = 0


class OpenLoop(Traffic):
    """Request i of lane n is due i * connections + n intervals after the start."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        histogram: Histogram,
        pipeline: int,
        is_wanted: Callable[[], bool],
        rate: float,
        numbers: list[int],
        connections: int,
    ) -> None:
        """`rate` is that of all `connections` of all processes, of which these lanes have some `numbers`."""
        super().__init__(lanes, histogram, pipeline, is_wanted)
        self.unsent: i64 = 0
        self._interval_ns = SECOND_NS / rate
        self._connections: i64 = connections
        self._schedules: Final = [Schedule(lane, number) for lane, number in zip(lanes, numbers, strict=True)]
        self._by_lane: Final = {schedule.lane.descriptor: schedule for schedule in self._schedules}
        self._start: i64 = 0
        self._turn: i64 = 0
        self._is_draining = False

    def begin(self, start: i64) -> None:
        self._start = start

    def replied(self, lane: Lane, replies: i64, now: i64) -> None:
        schedule = self._by_lane[lane.descriptor]
        for _ in range(replies):
            due = self._due(schedule, schedule.done)
            schedule.done += 1
            if due >= self.started:
                self.record(now - due, 1, now)
        self._advance(schedule)

    def pause_ms(self, now: i64) -> i64:
        if self._is_draining:
            return POLL_MS_MAX
        due = self._release(now)
        if due == 0:
            return POLL_MS_MAX
        if due - now < SPIN_NS:
            return 0
        return min((due - now - SPIN_NS) // MILLISECOND_NS, POLL_MS_MAX)

    def drain(self) -> None:
        """Forget what is not sent; what is on its way is still counted."""
        self._is_draining = True
        for schedule in self._schedules:
            self.unsent += schedule.released - schedule.sent
            schedule.released = schedule.sent
            schedule.lane.left = 0
            self._advance(schedule)

    def _release(self, now: i64) -> i64:
        """Send what is due; return when the next request is, 0 where none is."""
        if self.stops and now >= self.stops:
            for schedule in self._schedules:
                # Due while this process stood still itself.
                while due := self._next_due(schedule):
                    self._fall_due(schedule, due)
            self.drain()
            return 0
        idle: i64 = 0
        released: i64 = 0
        many: i64 = len(self._schedules)
        while idle < many:
            schedule = self._schedules[self._turn]
            due = self._next_due(schedule)
            if due > now or released == RELEASED_MAX:
                return due
            idle += 1
            if due > 0:
                idle = 0
                released += 1
                self._let_go(schedule, due)
            self._turn = (self._turn + 1) % many
        return 0

    def _let_go(self, schedule: Schedule, due: i64) -> None:
        self._fall_due(schedule, due)
        self._advance(schedule)

    def _fall_due(self, schedule: Schedule, due: i64) -> None:
        schedule.released += 1
        if due >= self.started:
            schedule.lane.left -= 1

    def _due(self, schedule: Schedule, request: i64) -> i64:
        place = float(request * self._connections + schedule.number)
        return self._start + int(place * self._interval_ns)

    def _next_due(self, schedule: Schedule) -> i64:
        """Return when the next request of a lane is due, 0 where it has none any more."""
        if schedule.lane.left == 0 or schedule.lane.loss:
            return 0
        due = self._due(schedule, schedule.released)
        return 0 if self.stops and due >= self.stops else due

    def _advance(self, schedule: Schedule) -> None:
        """Send what is due and has room; a lane with nothing left leaves."""
        lane = schedule.lane
        room: i64 = min(self.pipeline - lane.waiting, schedule.released - schedule.sent)
        while room > 0 and not lane.loss:
            count = self._alike(schedule, room)
            self.send(lane, count)
            schedule.sent += count
            room -= count
        if lane.loss:
            self.lose(lane)
        elif schedule.done == schedule.released and self._next_due(schedule) == 0:
            self.leave(lane)

    def _alike(self, schedule: Schedule, room: i64) -> i64:
        """Return how many of the next requests are all of the warm-up, or all measured."""
        is_measured = self._due(schedule, schedule.sent) >= self.started
        if is_measured:
            schedule.lane.start_measuring()
        count: i64 = 1
        while count < room and (self._due(schedule, schedule.sent + count) >= self.started) == is_measured:
            count += 1
        return count
