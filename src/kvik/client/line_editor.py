"""A prompt_toolkit session that knows kvik's commands. Imported only for a shell on a terminal."""

import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import ColorDepth, Output

from kvik.client.hints import Hint, Hints

SECRETS = ("AUTH", "HELLO", "ACL", "MIGRATE")
"""Commands that may carry a password; so do `CONFIG SET requirepass` and `CONFIG SET masterauth`."""


def edited_session(
    hints: Hints, history: Path, colour: bool, source: Input | None = None, screen: Output | None = None
) -> "PromptSession[str]":
    """Return a session with history, completion and hints; `source` and `screen` are the terminal unless given."""
    return PromptSession(
        history=open_history(history),
        completer=CommandCompleter(hints),
        complete_while_typing=False,
        input_processors=[ArgumentHint(hints)],
        color_depth=None if colour else ColorDepth.DEPTH_1_BIT,
        input=source,
        output=screen,
    )


def open_history(path: Path) -> History:
    """Return the history kept in a file only its owner can read; in memory where there can be none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        path.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return DiscreetHistory(str(path))


class DiscreetHistory(FileHistory):
    """A history file without passwords."""

    def store_string(self, string: str) -> None:
        if not holds_secret(string):
            super().store_string(string)


def holds_secret(line: str) -> bool:
    words = line.upper().split()
    return bool(words) and (
        words[0] in SECRETS or words[:2] == ["CONFIG", "SET"] and ("PASS" in line.upper() or "AUTH" in line.upper())
    )


class CommandCompleter(Completer):
    """Completes the name of a command, in the case it was begun in."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor.lstrip()
        for hint in self._hints.starting_with(text):
            yield completion(hint, text)


def completion(hint: Hint, text: str) -> Completion:
    name = hint.name.lower() if text.islower() else hint.name
    return Completion(name, start_position=-len(text), display_meta=hint.summary)


class ArgumentHint(Processor):
    """Shows in grey, behind the cursor, what arguments may still come."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        document = transformation_input.document
        fragments = transformation_input.fragments
        is_last = transformation_input.lineno == document.line_count - 1
        if is_last and document.is_cursor_at_the_end:
            hint = self._hints.arguments_left(document.text)
            if hint:
                fragments = [*fragments, ("fg:ansibrightblack", hint)]
        return Transformation(fragments)
