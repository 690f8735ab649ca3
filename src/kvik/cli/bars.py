"""How far a copy has come: a bar on standard error where that is a terminal, nothing elsewhere."""

import sys
from types import TracebackType
from typing import Self

from kvik.backup.restoring import Progress

STEPS = 500
"""A bar is moved so often at most."""


class Bar(Progress):
    """One line for each thing that takes its time; to be used in a `with`."""

    def __init__(self) -> None:
        super().__init__()
        self._what = ""
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to put back."""


class TerminalBar(Bar):
    """The bar that somebody looks at."""

    def __init__(self) -> None:
        super().__init__()
        # Imported here: it costs more than the rest of the program's start.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self._bars = Progress(*columns, console=Console(stderr=True))
        self._tasks = {"": self._bars.add_task("", visible=False)}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._what = what
            self._next = 0
            self._tasks[what] = self._bars.add_task(what)
        if done >= self._next or done >= total:
            self._next = done + total // STEPS
            self._bars.update(self._tasks[what], completed=done if total else 1, total=max(total, 1))


def progress_shown() -> Bar:
    return TerminalBar() if sys.stderr.isatty() else Bar()
