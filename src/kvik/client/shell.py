"""A conversation on a terminal: history, completion and hints where prompt_toolkit is there, plain lines elsewhere.

Knows neither what answers nor how an answer is made.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kvik.client.conversation import Conversation
from kvik.client.hints import Hints

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

HISTORY_FILE = "history"
HELP = "help"
"""A word of the shell's own: no server knows it."""
RED, PLAIN = b"\x1b[31m", b"\x1b[0m"


class Reader(Protocol):
    """Where lines come from."""

    def read(self, prompt: str) -> str:
        """Return the next line. Raises EOFError at the end, KeyboardInterrupt when the line is given up."""


class PlainReader:
    """Lines as Python's own input() reads them."""

    def __init__(self) -> None:
        with suppress(ImportError):
            # For what it does to input(): editing, and a history for this session.
            import_module("readline")

    def read(self, prompt: str) -> str:
        return input(prompt)


class EditedReader:
    """Lines edited with prompt_toolkit."""

    def __init__(self, session: "PromptSession[str]") -> None:
        self._session = session

    def read(self, prompt: str) -> str:
        return self._session.prompt(prompt)


def choose_reader(hints: Hints, environment: Mapping[str, str]) -> Reader:
    """Return the best reader this Python has."""
    try:
        from kvik.client.line_editor import edited_session
    except ImportError:
        return PlainReader()
    return EditedReader(edited_session(hints, history_path(environment), uses_colour(environment)))


def uses_colour(environment: Mapping[str, str]) -> bool:
    return sys.stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def history_path(environment: Mapping[str, str]) -> Path:
    """Return the file the lines are kept in, in the user's state directory."""
    state = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "kvik" / HISTORY_FILE


def talk(conversation: Conversation, hints: Hints) -> int:
    """Talk with a person until one side ends it; return the exit code, which is 0: a person has seen the errors."""
    reader = choose_reader(hints, os.environ)
    colour = uses_colour(os.environ)
    while not conversation.is_over:
        try:
            line = reader.read(conversation.prompt())
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        words = line.split()
        if words and words[0].lower() == HELP:
            show(f"{hints.help(words[1:])}\n".encode("utf-8", "surrogateescape"), colour)
            continue
        try:
            for text in conversation.answer(line.encode("utf-8", "surrogateescape") + b"\n"):
                show(text, colour)
        except KeyboardInterrupt:
            conversation.interrupt()
            show(b"\n", colour)
    conversation.close()
    return 0


def show(text: bytes, colour: bool) -> None:
    """Write an answer on the terminal, an error in red."""
    if colour and text.startswith(b"(error) "):
        text = RED + text.rstrip(b"\n") + PLAIN + b"\n"
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def checkout_python() -> str:
    """Return the interpreter of the checkout's own environment, which has prompt_toolkit.

    Empty where there is none, and where it is the one that runs and has looked for packages.
    """
    python = str(Path(__file__).resolve().parents[3] / ".venv" / "bin" / "python")
    is_running = python == sys.executable and not sys.flags.no_site
    return python if os.access(python, os.X_OK) and not is_running else ""
