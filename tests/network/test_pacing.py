"""A paced dialect and what its client takes, step by step: a connection whose socket is told how much it takes."""

import sys
from collections.abc import Sequence
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.dialects.colon import DROPPED_AT_ONCE, PIECE_BYTES, WAITING_LINES_MAX, ColonDialect
from kvik.engine import Engine
from kvik.network.turn import LINGER_MS, STALLED_LOOKS, Alarm, Connection, Turn
from kvik.request import Request
from kvik.services import House
from kvik.settings import Settings
from tests.network.test_turns import HeldJournal

GONE = -1
LINE = b"big:%0999d\n" % 0


class ToldConnection(Connection):
    """Takes as many bytes as `room` says, or is GONE."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(ColonDialect(), turn)
        self.room = 0
        self.taken = 0
        self.reading = True
        self.writing = False

    def write(self, data: bytes | memoryview) -> int:
        if self.room == GONE:
            return GONE
        size = min(self.room, len(data))
        self.room -= size
        self.taken += size
        return size

    def watch(self, reading: bool, writing: bool) -> None:
        self.reading, self.writing = reading, writing

    def shut(self) -> None:
        """There is no socket."""


class Scene:
    """One connection, a key `big` with lines for several pieces, and time that moves when told."""

    def __init__(self) -> None:
        settings = Settings()
        settings.put("client-output-buffer-limit", "normal 1kb 0 0")
        self.clock = ManualClock()
        self.journal = HeldJournal()
        self.journal.released = 1 << 30
        self.engine = Engine(CommandTable(BUILT_IN), self.clock, Random(1), self.journal, settings, House())
        self.turn = Turn(self.engine, Alarm())
        self.connection = ToldConnection(self.turn)
        self.fill([b"%0999d" % 0] * 200)

    @property
    def dropped(self) -> int:
        return self.engine.statistics.colon_lines_dropped

    @property
    def has_key(self) -> bool:
        return self.engine.databases.spaces[0].contains(b"k")

    def fill(self, values: Sequence[bytes]) -> None:
        self.engine.execute(self.connection.caller.session, Request([b"RPUSH", b"big", *values]))

    def say(self, data: bytes) -> None:
        self.turn.begin()
        self.connection.received(data)
        self.turn.finish()

    def take(self, room: int) -> None:
        """The socket has become able to take so many bytes."""
        self.connection.room = room
        self.turn.begin()
        self.connection.writable()
        self.turn.finish()

    def take_everything(self) -> None:
        turns = 0
        while self.connection.writing and self.connection.is_open:
            self.take(1 << 20)
            turns += 1
            assert turns < 1000

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.advance(100)
            self.turn.drop_idle(self.clock.now)
            self.turn.look_after_writing()
            self.turn.finish()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_piece_is_written_when_the_one_before_has_left(scene: Scene) -> None:
    connection = scene.connection
    scene.say(b"GET:big\nPUT:k:v\n")
    assert PIECE_BYTES <= connection.waiting_bytes() < PIECE_BYTES + len(LINE)
    assert (connection.reading, connection.writing) == (False, True)
    scene.take(10)
    first = connection.waiting_bytes()
    assert first < PIECE_BYTES + len(LINE)
    scene.take(first)
    assert (connection.waiting_bytes(), connection.writing) == (0, True)
    scene.take(0)
    assert PIECE_BYTES <= connection.waiting_bytes() < PIECE_BYTES + len(LINE)
    assert not scene.has_key
    scene.take_everything()
    assert connection.taken == 200 * len(LINE)
    assert scene.has_key
    assert (connection.reading, connection.writing) == (True, False)


def test_a_client_of_whom_nothing_is_taken_is_stalled_in_a_second_and_then_served(scene: Scene) -> None:
    connection = scene.connection
    scene.say(b"GET:big\nPUT:k:v\n")
    scene.look(STALLED_LOOKS - 1)
    assert not connection.caller.is_stalled
    assert not scene.has_key
    waiting = connection.waiting_bytes()
    scene.look()
    assert connection.caller.is_stalled
    assert scene.has_key
    assert connection.reading
    scene.say(b"GET:k\n")
    assert connection.waiting_bytes() == waiting
    scene.take_everything()
    assert not connection.caller.is_stalled
    assert connection.taken == 200 * len(LINE) + len(b"k:v\n")
    assert not connection.writing


def test_whoever_takes_a_byte_now_and_then_reads(scene: Scene) -> None:
    scene.say(b"GET:big\nPUT:k:v\n")
    for _ in range(10):
        scene.look(STALLED_LOOKS - 1)
        scene.connection.room = 1
    assert not scene.connection.caller.is_stalled
    assert not scene.has_key


def test_a_stalled_client_is_asked_whether_it_reads_again_though_nothing_says_so(scene: Scene) -> None:
    scene.say(b"GET:big\n")
    scene.look(STALLED_LOOKS + 1)
    assert scene.connection.caller.is_stalled
    scene.connection.room = 1
    scene.look()
    assert not scene.connection.caller.is_stalled
    assert not scene.connection.reading


def test_nothing_is_written_for_a_stalled_client(scene: Scene) -> None:
    caller = scene.connection.caller
    caller.receive(b"GET:big\n")
    caller.take_output()
    caller.stall(True)
    caller.go_on()
    assert not caller.has_output()
    caller.stall(False)
    caller.go_on()
    assert caller.has_output()


def test_a_stalled_client_that_asks_for_much_is_answered_a_part_at_each_look(scene: Scene) -> None:
    connection = scene.connection
    scene.say(b"GET:big\n" * 200 + b"PUT:k:v\n")
    scene.look(STALLED_LOOKS)
    assert DROPPED_AT_ONCE <= scene.dropped < DROPPED_AT_ONCE + 200
    assert not connection.reading
    scene.look()
    assert 2 * DROPPED_AT_ONCE <= scene.dropped < 2 * DROPPED_AT_ONCE + 2 * 200
    assert not scene.has_key
    scene.look(2)
    assert scene.has_key
    assert scene.dropped == 199 * 200 - WAITING_LINES_MAX
    assert connection.reading


def test_the_limit_of_output_does_not_end_a_paced_client(scene: Scene) -> None:
    scene.say(b"GET:big\n")
    scene.look(3 * STALLED_LOOKS)
    assert scene.connection.waiting_bytes() > scene.turn.output_bytes_max
    assert scene.connection.is_open


def test_a_client_that_has_ended_its_input_is_given_time_from_its_last_reading(scene: Scene) -> None:
    connection = scene.connection
    scene.say(b"GET:big\n")
    scene.say(b"")
    for _ in range(3):
        scene.take(100)
        scene.look(LINGER_MS // 100 - 5)
    assert connection.is_open
    scene.take_everything()
    assert connection.taken == 200 * len(LINE)
    assert not connection.is_open


def test_the_last_piece_too_is_given_time_from_its_last_reading(scene: Scene) -> None:
    connection = scene.connection
    scene.say(b"GET:big\n")
    scene.say(b"")
    scene.clock.advance(5 * LINGER_MS)
    while not connection.caller.is_finished:
        scene.take(1000)
    assert connection.waiting_bytes() > 0
    scene.look(LINGER_MS // 100 - 5)
    assert connection.is_open
    scene.look(10)
    assert not connection.is_open


def test_a_client_that_is_gone_at_a_release_is_dropped(scene: Scene) -> None:
    scene.journal.released = scene.journal.sealed
    scene.say(b"PUT:k:v\nGET:k\n")
    assert scene.connection.waiting_bytes() > 0
    scene.connection.room = GONE
    scene.journal.released = scene.journal.sealed
    scene.turn.release()
    assert not scene.connection.is_open
    assert not scene.turn.held


def test_what_was_held_back_goes_with_the_client(scene: Scene) -> None:
    value = b"v" * int("100000")
    before = sys.getrefcount(value)
    caller = scene.connection.caller
    caller.receive(b"GET:none\n")
    caller.deliver(Request([b"VALUES", b"k"]), [value] * 500)
    assert sys.getrefcount(value) > before
    scene.connection.drop()
    assert sys.getrefcount(value) == before


def test_a_release_that_is_late_is_no_stall(scene: Scene) -> None:
    scene.journal.released = scene.journal.sealed
    scene.connection.room = 1 << 30
    scene.say(b"PUT:k:v\nGET:big\n")
    scene.look(3 * STALLED_LOOKS)
    assert not scene.connection.caller.is_stalled
    scene.journal.released = 1 << 30
    scene.turn.release()
    scene.take_everything()
    assert scene.connection.taken == 200 * len(LINE)
