"""What both schedules of a load have in common: lanes on a poller, and when it is over. Knows no schedule."""

import select
import sys
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Final

from mypy_extensions import i64

from kvik.client.load.histogram import Histogram
from kvik.client.load.lane import Lane
from kvik.errors import ProtocolError

EVENTS_MAX: Final = 64
POLL_MS_MAX: Final = 100
"""How long it may take until an interruption is seen."""
SILENCE_NS_MAX: Final = 30_000_000_000
"""A server that has not answered anything for so long will not answer at all."""
SECOND_NS: Final = 1_000_000_000
SILENT: Final = "no reply for 30 seconds"


class Poller:
    """Sockets that wait in epoll, in poll where the system has no epoll."""

    def __init__(self) -> None:
        self.has_epoll: Final = sys.platform == "linux"
        self.reads: Final = 1
        self.writes: Final = 4
        if sys.platform == "linux":
            epoll = select.epoll()
            self.register: Final[Callable[[int, int], None]] = epoll.register
            self.modify: Final[Callable[[int, int], None]] = epoll.modify
            self.unregister: Final[Callable[[int], None]] = epoll.unregister
            self._wait: Final[Callable[[float, int], list[tuple[int, int]]]] = epoll.poll
        else:
            poll = select.poll()
            self.register = poll.register
            self.modify = poll.modify
            self.unregister = poll.unregister
            self._wait = lambda milliseconds, _most: poll.poll(milliseconds)

    def wait(self, milliseconds: int) -> list[tuple[int, int]]:
        """Return descriptors and masks of what is ready within some milliseconds."""
        return self._wait(milliseconds / 1000 if self.has_epoll else milliseconds, EVENTS_MAX)


class Traffic:
    """Lanes, and what is measured of them. A subclass says when which lane sends."""

    def __init__(
        self, lanes: Sequence[Lane], histogram: Histogram, pipeline: int, is_wanted: Callable[[], bool]
    ) -> None:
        """`is_wanted` turns False when somebody interrupts."""
        self.lanes: Final = list(lanes)
        self.histogram: Final = histogram
        self.pipeline: i64 = pipeline
        self.started: i64 = 0
        self.ended: i64 = 0
        self.stops: i64 = 0
        self.active: i64 = len(lanes)
        self.lost: Final[dict[str, int]] = {}
        self._is_wanted: Final = is_wanted
        self._poller: Final = Poller()
        self._by_descriptor: Final = {lane.descriptor: lane for lane in lanes}

    def run(self, start: int, warm_up_ns: int, measured_ns: int) -> None:
        """Warm up from `start` on, then measure for a time (0: until all requests are sent), and wait for the replies.

        Times are those of perf_counter_ns.
        """
        self.started = start + warm_up_ns
        self.ended = self.started
        self.stops = self.started + measured_ns if measured_ns else 0
        for lane in self.lanes:
            self._poller.register(lane.descriptor, self._poller.reads)
        self.begin(start)
        self._serve()
        self.histogram.publish()

    def begin(self, start: i64) -> None:
        """Send what is to be sent first."""
        raise NotImplementedError

    def replied(self, lane: Lane, replies: i64, now: i64) -> None:
        """Count replies that have just come, and send what follows them."""
        raise NotImplementedError

    def pause_ms(self, now: i64) -> i64:
        """Send what is due by itself; return how long nothing will be, in milliseconds."""
        return POLL_MS_MAX

    def drain(self) -> None:
        """Send nothing any more."""
        raise NotImplementedError

    def _serve(self) -> None:
        heard: i64 = perf_counter_ns()
        now: i64 = heard
        is_draining = False
        while self.active > 0:
            events = self._poller.wait(self.pause_ms(now))
            for descriptor, mask in events:
                lane = self._by_descriptor.get(descriptor)
                if lane is not None:
                    self._wake(lane, mask)
            now = perf_counter_ns()
            if events:
                heard = now
                self.histogram.publish()
            elif now - heard > SILENCE_NS_MAX and any(lane.waiting for lane in self._by_descriptor.values()):
                return self._give_up()
            if not is_draining and not self._is_wanted():
                is_draining = True
                self.drain()
            if is_draining and now - heard > SECOND_NS:
                return

    def _wake(self, lane: Lane, mask: int) -> None:
        try:
            # Anything but room to write is for reading: hang-ups and errors are found there.
            replies: i64 = lane.receive() if mask != self._poller.writes else 0
        except ProtocolError as error:
            lane.loss = f"no RESP: {error.message}"
            replies = 0
        now: i64 = perf_counter_ns()
        if replies > lane.waiting:
            lane.loss = "more replies than requests"
        elif replies > 0:
            lane.waiting -= replies
            self.replied(lane, replies, now)
        if lane.unsent and not lane.loss and mask & self._poller.writes:
            self._send(lane, lane.unsent)
        if lane.loss:
            self.lose(lane)

    def record(self, nanoseconds: i64, replies: i64, now: i64) -> None:
        self.histogram.record(nanoseconds, replies)
        self.ended = now

    def send(self, lane: Lane, count: i64) -> None:
        """Build and send the next requests of a lane; `sent_at` is the moment just before."""
        data = lane.prepare(count)
        lane.waiting += count
        lane.sent_at = perf_counter_ns()
        if lane.unsent:
            lane.unsent += data
        else:
            self._send(lane, data)

    def _send(self, lane: Lane, data: bytes) -> None:
        was_waiting = bool(lane.unsent)
        is_sent = lane.send(data)
        if was_waiting == is_sent and not lane.loss:
            reads, writes = self._poller.reads, self._poller.writes
            self._poller.modify(lane.descriptor, reads if is_sent else reads | writes)

    def leave(self, lane: Lane) -> None:
        """Take a lane out that has nothing more to do."""
        if self._by_descriptor.pop(lane.descriptor, None) is not None:
            self.active -= 1
            self._poller.unregister(lane.descriptor)
            lane.socket.close()

    def lose(self, lane: Lane) -> None:
        """Count a lane as lost, with the replies that will not come."""
        if lane.descriptor in self._by_descriptor:
            missed = int(lane.waiting) if lane.is_measured or lane.waiting == 0 else 0
            self.lost[lane.loss] = self.lost.get(lane.loss, 0) + max(missed, 1)
            self.leave(lane)

    def _give_up(self) -> None:
        for lane in list(self._by_descriptor.values()):
            lane.loss = SILENT
            self.lose(lane)
