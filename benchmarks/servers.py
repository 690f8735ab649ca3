"""The servers under test: how each is started on the servers' core, and ended by its process id; it knows no case."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import on_core
from benchmarks.wire import answers_ping

START_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 10.0
POLL_SECONDS = 0.001
EXTENSIONS = (".so", ".pyd")


class ServerError(Exception):
    """A server that cannot be found, started or measured; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Program:
    """A server that can be started on a port of this machine."""

    name: str
    version: str
    build: str
    command: Callable[[int], list[str]]


@dataclass(frozen=True)
class Running:
    """A server that has answered its first PING."""

    program: Program
    process: int
    port: int
    start_seconds: float


def redis_server() -> Program:
    """redis-server in memory; whether it is there shows in its version."""
    try:
        text = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise ServerError("redis-server is missing: apt-get install redis-server") from None
    found = re.search(r"v=(\S+)", text)
    return Program("redis-server", found[1] if found else "unknown", "C", _redis_command)


def _redis_command(port: int) -> list[str]:
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--daemonize", "no"]
    return ["redis-server", *options]


def fakeredis_server() -> Program:
    """fakeredis' TcpFakeServer, in the Python that runs this harness."""
    version = _ask_python("import importlib.metadata as m; print(m.version('fakeredis'))")
    if not version:
        raise ServerError(f"fakeredis is missing: {sys.executable} -m pip install fakeredis")
    source = (
        "import sys, fakeredis; "
        "fakeredis.TcpFakeServer(('127.0.0.1', int(sys.argv[1])), server_type='redis').serve_forever()"
    )
    return Program("fakeredis", version, "interpreted", lambda port: [sys.executable, "-c", source, str(port)])


def kvik_server(allow_interpreted: bool) -> Program:
    """The installed kvik; ServerError when there is none, or when it is not the compiled build."""
    place = _ask_python("import kvik.engine; print(kvik.engine.__file__)")
    if not place:
        raise ServerError(f"kvik is not installed for {sys.executable}: build the wheel and install it there")
    build = "compiled" if place.endswith(EXTENSIONS) else "interpreted"
    if build == "interpreted" and not allow_interpreted:
        raise ServerError(f"this kvik is interpreted ({place}): install the wheel, or say --allow-interpreted")
    version = _ask_python("import kvik.build_info; print(kvik.build_info.VERSION)")
    return Program("kvik", version, build, _kvik_command)


def _kvik_command(port: int) -> list[str]:
    return [sys.executable, "-m", "kvik", "serve", "--listen", f"resp://127.0.0.1:{port}"]


def clean_environment() -> dict[str, str]:
    """The environment without settings of kvik: what is measured is what a default start has."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KVIK_")}


def _ask_python(source: str) -> str:
    """What a new interpreter in an empty folder prints: exactly what a server started there would import."""
    with tempfile.TemporaryDirectory(prefix="kvik-bench-") as folder:
        command = [sys.executable, "-c", source]
        done = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def free_port() -> int:
    """A port of the loopback address that nobody listens on now, chosen by the kernel."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(program: Program, core: int, command: Callable[[int], list[str]] | None = None) -> Iterator[Running]:
    """Start a server on a core, in an empty folder; at the end it is ended by its process id."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="kvik-bench-") as folder, open(Path(folder, "output"), "w+b") as output:
        started = time.perf_counter()
        with on_core(core):
            process = subprocess.Popen(
                (command or program.command)(port),
                cwd=folder,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_for_answer(process, port, started, Path(output.name))
            yield Running(program, process.pid, port, time.perf_counter() - started)
        finally:
            _end(process)


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, started: float, output: Path) -> None:
    while not answers_ping(port):
        ended = process.poll() is not None
        if ended or time.perf_counter() - started > START_SECONDS_MAX:
            reason = f"ended with {process.returncode}" if ended else "does not answer PING"
            said = output.read_text(errors="replace").strip()[-600:]
            raise ServerError(f"{' '.join(map(str, process.args[:4]))} {reason}: {said}")  # type: ignore[index]
        time.sleep(POLL_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS_MAX)
