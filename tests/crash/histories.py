"""Records what many clients ask and are answered, reads included, over the ends of a server, and has it checked."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import hiredis

from tests.crash.accounts import Violation
from tests.crash.crowd import Nuisance, Talker, work
from tests.crash.figures import Figures
from tests.crash.linearizability import PENDING, Operation, complaint, string_model
from tests.crash.lives import Ground
from tests.crash.servers import EAGER, DurableServer
from tests.wire import Wire, encode_words

CLIENTS: Final = 16
REGISTERS: Final = 4
COUNTERS: Final = 2
TRAILS: Final = 1
LIVES: Final = 2
LIFE_SECONDS_MAX: Final = 0.15


@dataclass
class HistoriesFigures(Figures):
    """What was recorded."""

    histories: int = 0
    ends: int = 0
    operations: int = 0
    unanswered: int = 0


class Witness:
    """One client that does one operation at a time and writes down when it asked and when it was answered."""

    def __init__(self, name: str, prefix: str, random: Random) -> None:
        self.operations: Final[list[Operation]] = []
        self._name: Final = name
        self._prefix: Final = prefix
        self._random: Final = random
        self._number = 0
        self._words: tuple[str, ...] = ()
        self._invoked = 0

    def connect(self, wire: Wire) -> None:
        self.wire = wire
        self._reader = hiredis.Reader()

    def go_on(self) -> None:
        if not self._words:
            self.ask(self._next_words())

    def ask(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._invoked = time.monotonic_ns()
        self.wire.send(encode_words(words))

    def take(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._write_down(time.monotonic_ns(), reply)

    def note_the_end(self, moment: int) -> None:
        """The server is dead: what it has not answered did happen before, or never."""
        if self._words:
            self._write_down(moment, PENDING)

    def _write_down(self, moment: int, answer: object) -> None:
        self.operations.append(Operation(self._name, self._words, self._invoked, moment, answer))
        self._words = ()

    def _next_words(self) -> tuple[str, ...]:
        random = self._random
        self._number += 1
        value = f"{self._name}-{self._number}"
        drawn = random.random()
        if drawn < 0.2:
            key = f"{self._prefix}:counter:{random.randrange(COUNTERS)}"
            return ("INCR" if drawn < 0.1 else "GET", key)
        if drawn < 0.3:
            key = f"{self._prefix}:trail:{random.randrange(TRAILS)}"
            choices: list[tuple[str, ...]] = [("APPEND", key, value + ","), ("GET", key), ("GETDEL", key)]
            return random.choice(choices)
        key = f"{self._prefix}:register:{random.randrange(REGISTERS)}"
        return random.choice(
            [("GET", key), ("GET", key), ("SET", key, value), ("SET", key, value, "GET"), ("GETDEL", key), ("DEL", key)]
        )


class Recording:
    """One history: clients at work on fresh keys over the lives of a server on a directory that has others' keys."""

    def __init__(self, ground: Ground, seed: int, number: int) -> None:
        self._ground: Final = ground
        self._random: Final = Random(f"{seed} {number}")
        self.prefix: Final = f"h{seed}.{number}"
        self.witnesses: Final = [
            Witness(f"w{client}", self.prefix, Random(f"{seed} {number} {client}")) for client in range(CLIENTS)
        ]

    def record(self) -> None:
        for _ in range(LIVES):
            self._live(self._random.random() * LIFE_SECONDS_MAX)
        self._read_back()

    def _read_back(self) -> None:
        """Let one more client see what the last end has left."""
        reader = Witness("reader", self.prefix, self._random)
        server = DurableServer(self._ground.folder, self._ground.directory)
        try:
            reader.connect(server.open())
            for key in sorted(by_key(self.operations())):
                reader.ask(("GET", key))
                reader.take(reader.wire.socket.recv(65536))
            reader.wire.close()
        finally:
            server.kill()
        self.witnesses.append(reader)

    def _live(self, seconds: float) -> None:
        policy = self._random.choice(self._ground.policies)
        server = DurableServer(self._ground.folder, self._ground.directory, [*EAGER, "--appendfsync", policy])
        try:
            for witness in self.witnesses:
                witness.connect(server.open())
            nuisance = Nuisance(server.open(), [["BGREWRITEAOF"]], self._random)
            talkers: list[Talker] = [*self.witnesses, nuisance]
            ending = threading.Timer(seconds, self._ground.end, [server, self._random])
            ending.start()
            try:
                work(talkers)
            finally:
                ending.join()
        finally:
            server.kill()
        for talker in talkers:
            talker.wire.close()
        for witness in self.witnesses:
            witness.note_the_end(time.monotonic_ns())
        self._ground.restore()

    def operations(self) -> list[Operation]:
        return [operation for witness in self.witnesses for operation in witness.operations]


def by_key(operations: Sequence[Operation]) -> dict[str, list[Operation]]:
    keys: dict[str, list[Operation]] = {}
    for operation in operations:
        keys.setdefault(operation.words[1], []).append(operation)
    return keys


def run_histories(ground: Ground, seed: int, count: int) -> HistoriesFigures:
    """Record and check so many histories on one directory. Raises Violation, which names the seed."""
    figures = HistoriesFigures()
    for number in range(count):
        recording = Recording(ground, seed, number)
        recording.record()
        operations = recording.operations()
        for key, history in by_key(operations).items():
            text = complaint(history, None, string_model)
            if text:
                raise Violation(f"seed {seed}, history {number}, {key}: not linearizable\n{text}")
        figures.histories += 1
        figures.ends += LIVES
        figures.operations += len(operations)
        figures.unanswered += sum([not operation.is_sure() for operation in operations])
    return figures
