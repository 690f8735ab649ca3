"""The bare `kvik` on a terminal: a person's shell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import KVIK, Terminal

CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    with Terminal(KVIK, {"XDG_STATE_HOME": str(folder)}) as terminal:
        terminal.wait_for("kvik>")
        yield terminal


def test_a_shell_answers_and_ctrl_d_leaves(terminal: Terminal) -> None:
    terminal.type("SET a hello\r")
    terminal.wait_for("OK")
    terminal.type("GET a\r")
    terminal.wait_for("hello\r\n")
    terminal.wait_for("kvik>")
    terminal.type(CTRL_D)
    assert terminal.exit_code() == 0


def test_help_tells_about_a_command(terminal: Terminal) -> None:
    terminal.type("help getdel\r")
    terminal.wait_for("GETDEL key\r\n    Returns")
    terminal.wait_for("kvik>")


@pytest.mark.parametrize("word", ["EXIT", "quit", "DISCONNECT"])
def test_a_word_leaves_the_shell(terminal: Terminal, word: str) -> None:
    terminal.type(f"{word}\r")
    assert terminal.exit_code() == 0


def test_ctrl_c_gives_up_the_line(terminal: Terminal) -> None:
    terminal.type("FLUSHALL" + CTRL_C)
    terminal.wait_for("kvik>")
    terminal.type("ECHO still-here\r")
    terminal.wait_for("still-here\r\n")


def test_the_prompt_tells_database_and_transaction(terminal: Terminal) -> None:
    terminal.type("SELECT 2\r")
    terminal.wait_for("kvik[2]>")
    terminal.type("MULTI\r")
    terminal.wait_for("kvik[2](TX)>")


def test_tab_completes_and_the_arguments_are_hinted(terminal: Terminal) -> None:
    terminal.type("getra\t")
    # What was typed already stands there: only the rest is drawn.
    terminal.wait_for("nge")
    terminal.type(" ")
    terminal.wait_for("start")


def test_the_history_is_kept_for_its_owner_alone_and_without_passwords(terminal: Terminal, folder: Path) -> None:
    terminal.type("AUTH secret\r")
    terminal.wait_for("(error)")
    terminal.type("ECHO remembered\r")
    terminal.wait_for("remembered\r\n")
    terminal.wait_for("kvik>")
    terminal.type(CTRL_D)
    assert terminal.exit_code() == 0
    history = folder / "kvik" / "history"
    assert history.stat().st_mode & 0o777 == 0o600
    assert "ECHO remembered" in history.read_text()
    assert "secret" not in history.read_text()


def test_without_colour_an_error_is_plain_text(terminal: Terminal) -> None:
    terminal.type("NOPE\r")
    terminal.wait_for("(error)")
    terminal.type("ECHO end\r")
    assert b"\x1b[31m" not in terminal.wait_for("end\r\n")


def test_with_colour_an_error_is_red(folder: Path) -> None:
    with Terminal(KVIK, {"XDG_STATE_HOME": str(folder), "NO_COLOR": ""}) as terminal:
        terminal.wait_for("kvik>")
        terminal.type("NOPE\r")
        terminal.wait_for("\x1b[31m(error)")


def test_a_shell_on_a_directory_says_so_and_keeps_what_was_said(folder: Path) -> None:
    directory = str(folder / "data")
    for answer in ("1", "2"):
        with Terminal([*KVIK, directory], {"XDG_STATE_HOME": str(folder)}) as terminal:
            terminal.wait_for(f"the database in {directory}")
            terminal.wait_for("kvik>")
            terminal.type("INCR a\r")
            terminal.wait_for(f"{answer}\r\n")
            terminal.wait_for("kvik>")
            terminal.type(CTRL_D)
            assert terminal.exit_code() == 0
