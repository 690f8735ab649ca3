"""How far a run is: a bar on a terminal, one line per case elsewhere; it knows no figures.

It draws only between two measurements: a thread that draws would take time from the load generator's core.
"""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """A bar per case, counted in single measurements."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.console = console
        self.live = console.is_terminal
        self.bar = Bar(*columns, console=console, auto_refresh=False, disable=not self.live)
        self.task = self.bar.add_task("", total=1, visible=False)

    def __enter__(self) -> "Progress":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def begin(self, title: str, steps: int) -> None:
        """A case begins that will make so many measurements."""
        self.bar.update(self.task, visible=False)
        self.task = self.bar.add_task(title, total=steps)
        self.bar.refresh()
        if not self.live:
            self.console.print(title)

    def about(self, what: str) -> None:
        """What is being measured now."""
        self.bar.update(self.task, description=what)
        self.bar.refresh()

    def advance(self) -> None:
        """One measurement is done."""
        self.bar.advance(self.task)
        self.bar.refresh()
