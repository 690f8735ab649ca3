"""The log says who comes and goes where people come and go, and is not filled by a crowd."""

import logging
from collections.abc import Iterator

import pytest

from kvik.clock import ManualClock
from kvik.network.attendance import Attendance
from kvik.network.turn import Alarm, Connection, Turn
from tests.engines import Caller
from tests.network.test_turns import LineDialect

ADDRESS = "telnet://127.0.0.1:8080"


class Lines(logging.Handler):
    """Keeps what is logged, each with its level."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.levelno, record.getMessage()))

    def aloud(self) -> list[str]:
        return [text for level, text in self.said if level == logging.INFO]


class Visitor(Connection):
    """A connection without a socket."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(LineDialect(), turn)
        self.caller.session.address = "127.0.0.1:1234"

    def shut(self) -> None:
        """There is nothing to close."""


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, lines = logging.getLogger("kvik"), Lines()
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(level)


@pytest.fixture
def turn() -> Turn:
    return Turn(Caller().engine, Alarm())


def test_people_are_named_aloud_when_they_come_and_when_they_go(lines: Lines, turn: Turn) -> None:
    visitor = Visitor(turn)
    number = visitor.caller.session.id
    Attendance(ManualClock(), ADDRESS, True).joined(visitor)
    visitor.drop()
    assert lines.aloud() == [
        f"Client {number} joined from 127.0.0.1:1234 on {ADDRESS}",
        f"Client {number} left, 127.0.0.1:1234",
    ]


def test_programs_are_named_only_to_who_debugs(lines: Lines, turn: Turn) -> None:
    visitor = Visitor(turn)
    Attendance(ManualClock(), "resp://127.0.0.1:6379", False).joined(visitor)
    visitor.drop()
    assert [level for level, _ in lines.said] == [logging.DEBUG, logging.DEBUG]


def test_of_a_crowd_ten_a_second_are_named_and_the_others_counted(lines: Lines, turn: Turn) -> None:
    clock = ManualClock()
    attendance = Attendance(clock, ADDRESS, True)
    for _ in range(25):
        attendance.joined(Visitor(turn))
    assert len(lines.aloud()) == 10
    clock.advance(1000)
    attendance.joined(Visitor(turn))
    assert lines.aloud()[10] == f"15 more came or went on {ADDRESS}"
    assert len(lines.aloud()) == 12
