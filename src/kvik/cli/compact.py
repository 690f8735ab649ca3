"""`kvik compact DIR`: writes the data of a database nobody is using anew, as short as it can be."""

import os
import sys

import click

from kvik.assembly import build_engine
from kvik.cli.bars import Bar, TerminalBar
from kvik.cli.making import DATABASES_MAX, refusals
from kvik.cli.opening import refuse_what_is_no_database
from kvik.cli.progress import shown_size
from kvik.clock import Clock
from kvik.errors import SettingsError
from kvik.journal.files import Files
from kvik.journal.keeper import Keeper, KeeperOwner
from kvik.journal.manifest import path_in, read_manifest
from kvik.journal.syncer import InlineSyncer
from kvik.journal.worker import InlineWorker
from kvik.settings import Settings, load_settings

STEP_MS = 100
"""How long the program works between two looks at how far it has come."""
PAUSE_SECONDS = 0.01
LINE_PERCENT = 25
"""Where nobody looks, a line is written each time so much has been done."""


class Warnings(KeeperOwner):
    """Shows what people must know; how far it is, they see."""

    def warn(self, text: str) -> None:
        click.echo(f"kvik: {text}", err=True)


class Lines(Bar):
    """How far it has come, as lines of a log."""

    def show(self, what: str, done: int, total: int) -> None:
        """Say that of `what`, `done` of `total` are done."""
        if what != self._what:
            self._what = what
            self._next = 0
        percent = 100 * done // max(total, 1)
        if percent >= self._next:
            click.echo(f"{what}: {percent} %")
            self._next = percent - percent % LINE_PERCENT + LINE_PERCENT


@click.command("compact", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", metavar="DIR")
@click.option(
    "--keep-generations", metavar="N", help="Older generations kept for going back in time; 0: none. [as the setting]"
)
def command(directory: str, keep_generations: str | None) -> int:
    """Write a database in a directory anew, as short as it can be.

    No server may be using it: one that does is told with BGREWRITEAOF. What the data was before is kept as
    an older generation, as the setting keep-generations says.
    """
    directory = directory.rstrip("/") or "/"
    refuse_what_is_no_database(directory)
    try:
        settings = load_settings(
            os.environ.get("KVIK_CONFIG") or None, os.environ, {"keep-generations": keep_generations}
        )
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    settings.databases = DATABASES_MAX
    with refusals():
        compact(Files(), directory, settings)
    return 0


def compact(files: Files, directory: str, settings: Settings) -> None:
    """Load, write anew, and say what has become of it. Raises ClickException where it fails."""
    engine = build_engine(settings)
    keeper = Keeper(engine, files, directory, InlineSyncer(), InlineWorker(), Warnings())
    is_durable = False
    try:
        with progress_shown() as progress:
            load(keeper, progress)
            before = data_size(files, directory)
            rewrite(keeper, progress, engine.clock)
    finally:
        is_durable = keeper.close()
    if keeper.rewrite_error or not is_durable:
        raise click.ClickException(f"{directory}: {keeper.rewrite_error or 'the disk has failed'}; nothing is lost")
    click.echo(f"before: {shown_size(before)} ({before} bytes)")
    after = data_size(files, directory)
    click.echo(f"after:  {shown_size(after)} ({after} bytes)")
    show_kept(files, directory)


def progress_shown() -> Bar:
    return TerminalBar() if sys.stderr.isatty() else Lines()


def load(keeper: Keeper, progress: Bar) -> None:
    while not keeper.is_loaded():
        done, total, _seconds = keeper.loading_facts()
        progress.show("loading", done, total)
        keeper.step(STEP_MS)
    _done, total, _seconds = keeper.loading_facts()
    progress.show("loading", total, total)


def rewrite(keeper: Keeper, progress: Bar, clock: Clock) -> None:
    """Have the journal rewritten, and wait for the end; it may have begun by itself."""
    target = keeper.rewrites + 1
    keeper.begin_rewrite()
    while keeper.rewrites < target:
        done, total = keeper.keys_written()
        if total > 0:
            progress.show("compacting", done, total)
        if not keeper.step(STEP_MS):
            clock.sleep(PAUSE_SECONDS)
    progress.show("compacting", 1, 1)


def data_size(files: Files, directory: str) -> int:
    """Return the bytes of the files that are the data now."""
    manifest = read_manifest(files, directory)
    return 0 if manifest is None else sum(files.size(path_in(directory, file.name)) for file in manifest.files)


def show_kept(files: Files, directory: str) -> None:
    manifest = read_manifest(files, directory)
    if manifest is None or not manifest.kept:
        return
    size = sum(files.size(path_in(directory, file.name)) for generation in manifest.kept for file in generation)
    click.echo(f"kept:   {shown_size(size)} of older generations, for going back in time")
