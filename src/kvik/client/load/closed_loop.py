"""A closed loop: every connection sends when it has all replies. Knows no rate.

The server decides the pace, as with redis-benchmark: while it is slow fewer requests are sent,
and fewer are seen to wait.
"""

from mypy_extensions import i64

from kvik.client.load.lane import Lane
from kvik.client.load.traffic import Traffic


class ClosedLoop(Traffic):
    """Each lane has one batch of requests on its way."""

    def begin(self, start: i64) -> None:
        for lane in self.lanes:
            self._send_next(lane, start)

    def replied(self, lane: Lane, replies: i64, now: i64) -> None:
        if lane.is_measured:
            self.record(now - lane.sent_at, replies, now)
        if lane.waiting == 0:
            self._send_next(lane, now)

    def drain(self) -> None:
        self.stops = 1

    def _send_next(self, lane: Lane, now: i64) -> None:
        if (self.stops and now >= self.stops) or lane.left == 0:
            return self.leave(lane)
        count = min(self.pipeline, lane.left)
        if now >= self.started:
            lane.start_measuring()
            lane.left -= count
        else:
            count = self.pipeline
        self.send(lane, count)
        if lane.loss:
            self.lose(lane)
