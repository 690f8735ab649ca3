"""How far something has come, in one line that is written over, where somebody is looking."""

import sys

import click

STEP_MS = 200
"""How long the program works between two looks at how far it has come."""


class Progress:
    """A line on the terminal; nothing where standard error is none."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_shown = sys.stderr.isatty()
        self._width = 0

    def show(self, done: int, total: int) -> None:
        """Say that `done` bytes of `total` are done."""
        if self._is_shown:
            self._write(f"{self._what} {100 * done // max(total, 1)} % of {shown_size(total)}")

    def end(self) -> None:
        """Leave an empty line to what comes next."""
        if self._width:
            self._write("")
            click.echo("\r", nl=False, err=True)

    def _write(self, text: str) -> None:
        click.echo("\r" + text.ljust(self._width), nl=False, err=True)
        self._width = len(text)


def shown_size(size: int) -> str:
    """Return a number of bytes as people say it."""
    amount = float(size)
    for unit in ("bytes", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"
