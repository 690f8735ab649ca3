"""The clients that stalls are seen with, against servers that hang on purpose."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server, socket

import benchmarks
import pytest
from benchmarks.cases.stalls import PHASES, Pings, rows_of, write_steadily
from benchmarks.goals import IDLE, STALL_P99, STALL_P99_OF_IDLE, WHILE_GROWING
from benchmarks.wire import WireError, answers_ping

PROGRAMS = Path(benchmarks.__file__).parent
SECONDS_MAX = 20.0


@contextmanager
def server(serve: Callable[[socket], None]) -> Iterator[int]:
    """The port of a server that treats its one caller so."""
    with create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(SECONDS_MAX)


def answering(answer: bytes, hang_seconds: float = 0) -> Callable[[socket], None]:
    """A server that gives one answer to every 14 bytes, the length of a PING, and hangs once before the first."""

    def serve(connection: socket) -> None:
        pause = hang_seconds
        while part := connection.recv(14):
            time.sleep(pause)
            pause = 0
            connection.sendall(answer * (len(part) // 14))

    return serve


def ping_for(seconds: float, port: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(PROGRAMS / "pinging.py"), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(seconds)
        said, _ = process.communicate(timeout=SECONDS_MAX)
    return subprocess.CompletedProcess(command, process.returncode, said)


def test_a_server_that_hangs_keeps_every_ping_of_that_time_waiting() -> None:
    with server(answering(b"+PONG\r\n", hang_seconds=0.2)) as port:
        done = ping_for(0.6, port)
    taken = json.loads(done.stdout)
    assert max(taken) >= 190
    assert sum(milliseconds > 50 for milliseconds in taken) > 20


def test_an_answer_that_is_no_pong_ends_the_pinging() -> None:
    with server(answering(b"-ERR no\r\n")) as port:
        assert ping_for(0.3, port).returncode == 1


@pytest.mark.parametrize(("answer", "is_there"), [(b"+PONG\r\n", True), (b"-LOADING Redis is loading\r\n", False)])
def test_a_server_that_loads_its_data_is_not_there_yet(answer: bytes, is_there: bool) -> None:
    with server(answering(answer)) as port:
        assert answers_ping(port) is is_there


def test_a_server_that_answers_nonsense_is_not_waited_for() -> None:
    with server(answering(b"HTTP/1.1 400\r\n")) as port, pytest.raises(WireError, match="HTTP"):
        answers_ping(port)


def test_writing_goes_on_until_it_is_told_that_it_is_over() -> None:
    written: list[bytes] = []

    def serve(connection: socket) -> None:
        while part := connection.recv(1):
            written.append(part)
            connection.sendall(b"+OK\r\n")

    with server(serve) as port:
        write_steadily(port, ([b"x"] for _ in range(1_000_000)), lambda: len(written) > 100)
    assert 100 < len(written) < 1_000_000


def test_the_p99_of_a_phase_is_a_multiple_of_the_one_of_the_same_server_at_rest() -> None:
    ours = [{IDLE: Pings([0.1]), WHILE_GROWING: Pings([0.15])}] * 3
    theirs = [{IDLE: Pings([0.2]), WHILE_GROWING: Pings([0.8])}] * 3
    rows = {row.figure: row for row in rows_of(WHILE_GROWING, "redis-server", ours, theirs)}
    assert (rows[STALL_P99].ours[0], rows[STALL_P99].theirs[0]) == (0.15, 0.8)
    multiples = rows[STALL_P99_OF_IDLE]
    assert (multiples.ours[0], multiples.theirs[0]) == (pytest.approx(1.5), pytest.approx(4.0))


def test_rest_is_measured_before_anything_is_compared_with_it() -> None:
    assert PHASES[0] == IDLE
    at_rest = [{IDLE: Pings([1.0])}]
    assert STALL_P99_OF_IDLE not in [row.figure for row in rows_of(IDLE, "redis-server", at_rest, at_rest)]


def test_a_store_inside_a_program_says_how_long_its_gets_and_sets_took() -> None:
    command = [sys.executable, str(PROGRAMS / "embedded_loop.py"), "kvik", ""]
    done = subprocess.run(command, input="get 10\nset 10\n", capture_output=True, text=True, timeout=SECONDS_MAX)
    ready, *seconds = done.stdout.split()
    assert ready == "ready"
    assert [0 < float(one) < 1 for one in seconds] == [True, True]
