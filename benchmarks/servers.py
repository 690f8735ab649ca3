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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import randbelow

from benchmarks.processes import on_core
from benchmarks.wire import answers_ping

START_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 10.0
PORTS = range(10_000, 32_768)
"""The kernel gives those above to clients: one may have such a port before the server it was chosen for."""
POLL_SECONDS = 0.001
POLL_SHARE = 0.01
"""Of the time it took so far is the pause between two questions: the error of a start's time stays at 1 %."""
EXTENSIONS = (".so", ".pyd")
EVERYSEC = "everysec"
ALWAYS = "always"
NEVER_COMPACT = ("--auto-aof-rewrite-percentage", "0")
"""Both have this setting. A compaction that began by itself would fall into a round of the one or of the other."""


class ServerError(Exception):
    """A server that cannot be found, started or measured; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Program:
    """A server that can be started on a port of this machine; it finds an empty folder to be in."""

    name: str
    version: str
    build: str
    command: Callable[[int], list[str]]
    keeping: Callable[[str], list[str]] = lambda fsync: []
    """The words behind the command that make it keep a journal in the folder it is in, by when it is synced."""

    def kept(self, fsync: str) -> "Program":
        """The same server with a journal; `fsync` is everysec, always or no. It is not compacted unasked."""
        return replace(self, command=lambda port: [*self.command(port), *self.keeping(fsync), *NEVER_COMPACT])


@dataclass(frozen=True)
class Running:
    """A server that has answered its first PING: its data are in `folder`, and it took so long to start."""

    program: Program
    process: int
    port: int
    folder: Path
    start_seconds: float


def redis_server() -> Program:
    """redis-server in memory; whether it is there shows in its version."""
    try:
        text = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise ServerError("redis-server is missing: apt-get install redis-server") from None
    found = re.search(r"v=(\S+)", text)
    return Program("redis-server", found[1] if found else "unknown", "C", _redis_command, _redis_keeping)


def _redis_command(port: int) -> list[str]:
    return ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--daemonize", "no"]


def _redis_keeping(fsync: str) -> list[str]:
    return ["--appendonly", "yes", "--appendfsync", fsync]


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
    return Program("kvik", version, build, _kvik_command, _kvik_keeping)


def _kvik_command(port: int) -> list[str]:
    return [sys.executable, "-m", "kvik", "serve", "--listen", f"resp://127.0.0.1:{port}"]


def _kvik_keeping(fsync: str) -> list[str]:
    return [".", "--appendfsync", fsync]


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
    """A port of the loopback address that nobody listens on now, chosen by chance."""
    while True:
        port = PORTS.start + randbelow(len(PORTS))
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running(
    program: Program, core: int, folder: Path | None = None, start_seconds_max: float = START_SECONDS_MAX
) -> Iterator[Running]:
    """Start a server on a core; at the end it is ended by its process id, and has ended.

    Without a folder it is in an empty one that is removed with all it holds; a folder that is given stays.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="kvik-bench-") as place, open(Path(place, "output"), "w+b") as output:
        data = folder or Path(place, "data")
        data.mkdir(exist_ok=True)
        started = time.perf_counter()
        with on_core(core):
            process = subprocess.Popen(
                program.command(port),
                cwd=data,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_for_answer(process, port, started + start_seconds_max, Path(output.name))
            yield Running(program, process.pid, port, data, time.perf_counter() - started)
        finally:
            _end(process)


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, deadline: float, output: Path) -> None:
    """Ask until it is answered: often at first, less often while it loads, which every question holds up."""
    began = time.perf_counter()
    while not answers_ping(port):
        now = time.perf_counter()
        ended = process.poll() is not None
        if ended or now > deadline:
            reason = f"ended with {process.returncode}" if ended else "does not answer PING"
            said = output.read_text(errors="replace").strip()[-600:]
            raise ServerError(f"{' '.join(map(str, process.args[:4]))} {reason}: {said}")  # type: ignore[index]
        time.sleep(max(POLL_SECONDS, (now - began) * POLL_SHARE))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS_MAX)
