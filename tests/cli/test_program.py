"""`kvik` and its verbs: what is printed, and the exit codes."""

import re
import socket
from pathlib import Path

import pytest

from kvik.cli.command_page import command_page
from kvik.commands import BUILT_IN
from tests.programs import KVIK, run


def test_the_version_names_the_build() -> None:
    done = run([*KVIK, "--version"])
    assert re.fullmatch(rb"kvik \d+\.\d+\.\d+ \((compiled|interpreted)\)\n", done.stdout)


def test_help_lists_the_verbs() -> None:
    done = run([*KVIK, "--help"])
    assert done.returncode == 0
    for verb in (b"serve", b"client", b"exec"):
        assert verb in done.stdout


def test_every_setting_is_a_flag_of_serve() -> None:
    shown = run([*KVIK, "serve", "--help"]).stdout
    for flag in (b"--listen", b"--requirepass", b"--maxclients", b"--config", b"--bind", b"--port"):
        assert flag in shown
    assert b"One of debug, verbose, notice, warning. [notice]" in b" ".join(shown.split())


def test_wrong_use_is_one_line_and_exit_code_2() -> None:
    for arguments in (["--nope"], ["exec"], ["serve", "--nope"], ["serve", "--port", "1", "--listen", "text://:1"]):
        done = run([*KVIK, *arguments])
        assert done.returncode == 2, arguments
        assert done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1


def test_settings_that_cannot_be_used_are_one_line_and_exit_code_1(folder: Path) -> None:
    broken = folder / "kvik.toml"
    broken.write_text("maxclients = 'many'\n")
    for arguments, place in (
        (["--config", str(folder / "missing.toml")], b"missing.toml"),
        (["--config", str(broken)], b"kvik.toml: maxclients"),
        (["--port", "99999"], b"99999"),
        (["--databases", "none"], b"--databases"),
        (["--listen", "9000"], b"not '9000'"),
    ):
        done = run([*KVIK, "serve", *arguments])
        assert done.returncode == 1, arguments
        assert done.stderr.count(b"\n") == 1
        assert place in done.stderr


def test_a_port_that_is_taken_is_one_line_and_exit_code_1() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run([*KVIK, "serve", "--port", port])
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert port.encode() in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("verb", ["check", "log", "compact", "backup", "rewind"])
def test_a_directory_that_cannot_be_looked_into_is_not_called_empty(verb: str, folder: Path) -> None:
    loop = folder / "loop"
    loop.symlink_to(loop)
    more = {"backup": [str(folder / "file")], "rewind": ["--before", "1", "--to", str(folder / "new")]}
    done = run([*KVIK, verb, f"{loop}/", *more.get(verb, [])])
    assert done.returncode == 1
    assert b"Too many levels of symbolic links" in done.stderr and done.stderr.count(b"\n") == 1


def test_predictable_hashes_are_refused() -> None:
    ended = run([*KVIK, "serve", "--listen", "resp://127.0.0.1:0"], environment={"PYTHONHASHSEED": "0"})
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"kvik: PYTHONHASHSEED=0 ")
    assert ended.stderr.count(b"\n") == 1


def test_the_command_page_has_every_command_once() -> None:
    page = command_page()
    for family in BUILT_IN:
        for declaration, _ in family.commands:
            rows = re.findall(rf"^\| `{re.escape(declaration.name)}(?: [^|]|`)", page, re.MULTILINE)
            assert len(rows) >= 1, declaration.name
            assert declaration.summary.replace("|", "\\|") in page
