"""`source run.sh (PORT) (MAX_VOLUME) (TIMEOUT)`: sourced or executed, and the shell stays as it was."""

import shutil
from pathlib import Path

import pytest
from benchmarks.servers import free_port

from tests.programs import KVIK, SOURCE, Terminal, run
from tests.servers import require, surroundings

ROOT = Path(SOURCE).parent
# What a shell tells of itself; sourcing run.sh must change none of it.
STATE = 'pwd; echo "$-"; set | cut -d= -f1 | sort | grep -v -e ^_ -e PIPESTATUS -e BASH_LINENO -e RANDOM -e SECONDS'


def shells() -> list[str]:
    """Return the shells of this machine in which people source files."""
    return ["bash", *[shell for shell in ("zsh",) if shutil.which(shell)]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with run.sh and a server that says how it was started."""
    folder = tmp_path / "check out"
    (folder / "tools").mkdir(parents=True)
    for name in ("run.sh", "tools/telnet_server.sh"):
        shutil.copy(ROOT / name, folder / name)
    write_server(folder, 'echo "$@"; exit "${CODE:-0}"')
    return folder


def write_server(checkout: Path, script: str) -> None:
    server = checkout / "server"
    server.write_text(f"#!/bin/sh\n{script}\n")
    server.chmod(0o755)


def text_of(*command: str | Path) -> str:
    """Return what a program that must end well prints."""
    done = run([str(word) for word in command])
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def started(port: int = 8080, timeout: int = 5, volume: str = "") -> str:
    """Return what the server says that was started with these."""
    limit = f" --max-volume {volume}" if volume else ""
    return f"--listen telnet://127.0.0.1:{port} --shutdown-timeout {timeout}{limit}\n"


def test_executed_it_starts_the_server_with_what_was_said(checkout: Path) -> None:
    assert text_of(checkout / "run.sh") == started()
    assert text_of(checkout / "run.sh", "9999", "64mb", "0") == started(9999, 0, "64mb")
    assert text_of(checkout / "run.sh", "9999", "1000Keys") == started(9999, volume="1000Keys")
    assert text_of(checkout / "run.sh", "", "0", "7") == started(timeout=7)


@pytest.mark.parametrize("shell", [*shells(), "sh", "dash"])
def test_every_shell_executes_it_also_through_a_link(checkout: Path, tmp_path: Path, shell: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(checkout / "run.sh")
    assert text_of(require(shell), checkout / "run.sh", "9999") == started(9999)
    assert text_of(require(shell), link, "9999") == started(9999)


@pytest.mark.parametrize("shell", shells())
def test_sourced_from_another_folder_it_changes_nothing_in_the_shell(checkout: Path, shell: str) -> None:
    script = f'set -u; cd /; before=; before=$({STATE}); source "$1/run.sh" 9999 64mb 3; [ "$before" = "$({STATE})" ]'
    assert text_of(shell, "-c", script, "x", checkout) == started(9999, 3, "64mb")


@pytest.mark.parametrize("shell", shells())
def test_sourced_it_returns_with_the_status_of_the_server(checkout: Path, shell: str) -> None:
    write_server(checkout, "exit 7")
    script = 'cd "$1"; source ./run.sh ""; echo "status $?"; source ./run.sh 99999; echo "status $?"'
    done = run([shell, "-c", script, "x", str(checkout)])
    assert done.stdout == b"status 7\nstatus 2\n"
    assert done.stderr.startswith(b"run.sh: PORT is 1 to 65535, not '99999'; usage: source run.sh [PORT]")


def test_a_shell_that_does_not_say_what_it_sources_finds_it_where_one_stands(checkout: Path) -> None:
    dash = require("dash")
    assert text_of(dash, "-c", 'cd "$1"; shift; . ./run.sh', "x", checkout) == started()
    done = run([dash, "-c", 'cd /; . "$1/run.sh"; echo "status $?"', "x", str(checkout)])
    assert (done.stdout, done.stderr.count(b"\n")) == (b"status 2\n", 1)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["0"], "PORT is 1 to 65535, not '0'"),
        (["8080x"], "PORT is 1 to 65535, not '8080x'"),
        (["99999999999999999999"], "PORT is 1 to 65535, not '99999999999999999999'"),
        (["1", "mb"], "MAX_VOLUME is a size such as 64mb or a number of keys such as 1000keys, not 'mb'"),
        (["1", "5 mb"], "MAX_VOLUME is a size such as 64mb or a number of keys such as 1000keys, not '5 mb'"),
        (["1", "-5"], "MAX_VOLUME is a size such as 64mb or a number of keys such as 1000keys, not '-5'"),
        (["1", "1", "x"], "TIMEOUT is whole seconds, not 'x'"),
        (["1", "1", "1", "1"], "three words at the most, not 4"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(checkout: Path, words: list[str], complaint: str) -> None:
    done = run([str(checkout / "run.sh"), *words])
    usage = "usage: source run.sh [PORT] [MAX_VOLUME] [TIMEOUT]"
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"run.sh: {complaint}; {usage}\n")


def test_at_ctrl_c_people_are_warned_and_the_shell_goes_on(checkout: Path) -> None:
    write_server(checkout, f'exec {KVIK[0]} -m kvik serve --memory "$@"')
    port = free_port()
    environment = surroundings() | {"PS1": "$ "}
    with Terminal([require("bash"), "--norc", "-i"], environment) as shell:
        shell.type(f"source '{checkout}/run.sh' {port} '' 60\n")
        shell.wait_for("Ready to accept connections")
        with Terminal([require("telnet"), "127.0.0.1", str(port)], {}) as telnet:
            telnet.wait_for("-> ")
            shell.type("\x03")
            telnet.wait_for("server closes in 60 s\r\n-> ")
            shell.type("\x03")
            telnet.wait_for("Connection closed by foreign host.")
        shell.wait_for("bye bye...")
        shell.type("echo status $?, still $((40 + 2))\n")
        shell.wait_for("status 0, still 42")
