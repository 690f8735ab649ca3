"""The programs in examples/, each run for real."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import free_port

from tests.programs import QUIET, pipe_to, run
from tests.servers import surroundings

EXAMPLES = Path(__file__).parent.parent / "examples"
SECONDS_MAX = 20.0
RUN_HERE = {"server_in_a_program.py", "colon_runner.py", "colon_client.py"}


def example(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(EXAMPLES / name), *arguments]


def output(name: str, *arguments: str, data: bytes = b"") -> bytes:
    """Run an example to its end, which must be a good one, and return what it printed."""
    done = run(example(name, *arguments), data)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


class Runner:
    """colon_runner.py as a program that serves."""

    def __init__(self, *arguments: str) -> None:
        command = example("colon_runner.py", *arguments)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**surroundings(), **QUIET})
        found = re.fullmatch(r"listening on port (\d+); Ctrl\+C ends it\n", self.line())
        assert found is not None
        self.node = f"127.0.0.1:{found[1]}"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, number: signal.Signals) -> tuple[int, list[str]]:
        """Return the exit code and the lines that were printed until then."""
        self.process.send_signal(number)
        text, _ = self.process.communicate(timeout=SECONDS_MAX)
        return self.process.returncode, text.splitlines()


@pytest.fixture
def runner() -> Iterator[Runner]:
    runner = Runner("0")
    yield runner
    runner.process.kill()
    runner.process.communicate()


def test_every_example_is_run_by_a_test_and_named_on_their_page() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == RUN_HERE
    page = (EXAMPLES / "README.md").read_text()
    assert all(f"[{name}]({name})" in page for name in RUN_HERE)


def test_a_server_in_a_program_is_shared_with_clients() -> None:
    lines = output("server_in_a_program.py").decode().splitlines()
    assert lines[0].startswith("listening on auto://127.0.0.1:")
    assert lines[1:] == [
        "the program's own threads made it b'4000'",
        "a client is told 4000",
        "clients: 1 connected, 1 gone",
        "closed",
    ]


def test_what_one_client_puts_another_gets(runner: Runner) -> None:
    assert output("colon_client.py", runner.node, "PUT:fruit:apple", "PUT:fruit:pear") == b""
    assert output("colon_client.py", runner.node, "GET:fruit") == b"fruit:apple\nfruit:pear\n"
    lines = b"UPDATE:fruit:apple:fig\nGET:fruit\nDELETE:fruit\nGET:fruit\n"
    assert output("colon_client.py", runner.node, data=lines) == b"fruit:pear\nfruit:fig\n"


def test_the_client_prints_answers_while_it_is_open(runner: Runner) -> None:
    client = pipe_to(example("colon_client.py", runner.node))
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(b"PUT:k:v\nGET:k\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"k:v\n"
    assert client.communicate(timeout=SECONDS_MAX) == (b"", b"")
    assert client.returncode == 0


def test_the_runner_says_who_comes_and_goes(runner: Runner) -> None:
    assert runner.line() == "0 connected, 0 gone\n"
    client = pipe_to(example("colon_client.py", runner.node))
    assert runner.line() == "1 connected, 0 gone\n"
    client.communicate(timeout=SECONDS_MAX)
    assert runner.line() == "0 connected, 1 gone\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_runner_ends_well_when_it_is_told_to(runner: Runner, number: signal.Signals) -> None:
    assert runner.line() == "0 connected, 0 gone\n"
    assert runner.end(number) == (0, ["closing: 0 connected, 0 gone"])


def test_the_runner_keeps_what_it_is_given_a_directory_for(tmp_path: Path) -> None:
    for expected in (b"", b"k:v\n"):
        runner = Runner("0", str(tmp_path))
        assert output("colon_client.py", runner.node, "GET:k", "PUT:k:v") == expected
        assert runner.end(signal.SIGTERM)[0] == 0


def test_a_taken_port_is_one_line_of_the_runner(runner: Runner) -> None:
    done = run(example("colon_runner.py", runner.node.rpartition(":")[2]))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"colon_runner: cannot listen on colon://127.0.0.1:")
    assert done.stderr.count(b"\n") == 1


def test_no_server_is_one_line_of_the_client() -> None:
    done = run(example("colon_client.py", f"127.0.0.1:{free_port()}", "GET:k"))
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"colon_client: cannot connect to 127.0.0.1:")


def test_wrong_use_of_the_runner_shows_how_it_is_used() -> None:
    done = run(example("colon_runner.py", "nine"))
    assert done.returncode == 1
    assert b"colon_runner.py [PORT] [DIRECTORY]" in done.stderr
