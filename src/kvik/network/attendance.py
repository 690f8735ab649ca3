"""Who comes and goes on one address, in the log. Knows no socket and no dialect."""

import logging
from typing import Final

from kvik.clock import Clock
from kvik.network.turn import Connection

log = logging.getLogger("kvik")

# Beyond this people come and go faster than anybody reads: it is a load test.
LINES_PER_SECOND_MAX: Final = 10
SECOND_MS: Final = 1000


class Attendance:
    """Says each coming and going: of people aloud (notice), of programs only to who wants to know (debug)."""

    def __init__(self, clock: Clock, address: str, are_people: bool) -> None:
        self._clock: Final = clock
        self._address: Final = address
        self._are_people: Final = are_people
        self._second = 0
        self._lines = 0

    def joined(self, connection: Connection) -> None:
        """Say that a client is there, and be told when it leaves."""
        connection.on_leaving = self.left
        session = connection.caller.session
        log.log(self._level(), "Client %d joined from %s on %s", session.id, session.address, self._address)

    def left(self, connection: Connection) -> None:
        session = connection.caller.session
        log.log(self._level(), "Client %d left, %s", session.id, session.address)

    def _level(self) -> int:
        if not self._are_people:
            return logging.DEBUG
        second = self._clock.now // SECOND_MS
        if second != self._second:
            self._tell_what_was_not_said()
            self._second = second
            self._lines = 0
        self._lines += 1
        return logging.INFO if self._lines <= LINES_PER_SECOND_MAX else logging.DEBUG

    def _tell_what_was_not_said(self) -> None:
        if self._lines > LINES_PER_SECOND_MAX:
            log.info("%d more came or went on %s", self._lines - LINES_PER_SECOND_MAX, self._address)
