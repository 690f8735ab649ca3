"""A pause that CLIENT PAUSE has asked for: until when requests wait, which ones, and who waits. Knows no command."""

from typing import Final

from kvik.replies import Wait
from kvik.session import Session


class WaitForPause(Wait):
    """The caller has to wait until the pause is over; the request is run from its beginning then."""

    def __init__(self, deadline: int) -> None:
        super().__init__([], deadline)


class Pause:
    """Its end is in wall-clock milliseconds. `is_engaged` while it goes on, or somebody still waits for its end."""

    def __init__(self) -> None:
        self.until = 0
        self.is_for_all = False
        """Whether every request waits; else those that write."""
        self.is_engaged = False
        self._waiting: Final[dict[Session, None]] = {}

    def begin(self, until: int, is_for_all: bool) -> None:
        """Let requests wait. As in Redis, of a pause that goes on the later end and the stricter kind count."""
        self.is_for_all = is_for_all or (self.is_for_all and self.is_engaged)
        self.is_engaged = True
        if until > self.until:
            self.until = until
            for session in self._waiting:
                # Who waits already has to be woken at the later end.
                session.wait = WaitForPause(until)
                session.outlet.wait()

    def end(self) -> None:
        """Let them go on."""
        self.until = 0

    def is_on(self, now: int) -> bool:
        return now < self.until

    def wait(self, session: Session) -> None:
        """Queue the session behind those that wait already."""
        self._waiting[session] = None

    def forget(self, session: Session) -> None:
        self._waiting.pop(session, None)

    def taken(self) -> list[Session]:
        """Return who has waited, first come first, and forget them: the pause is over."""
        sessions = list(self._waiting)
        self._waiting.clear()
        self.until = 0
        self.is_engaged = False
        return sessions
