"""What the verbs that make a new directory have in common: an engine, what is in it, and one line for what fails."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from kvik.assembly import build_engine
from kvik.cli.opening import explained
from kvik.engine import Engine
from kvik.errors import CannotImport, DirectoryInUse, JournalDamaged
from kvik.journal.files import Files
from kvik.journal.fresh_directory import FreshDirectory
from kvik.settings import Settings

DATABASES_MAX = 10_000
DATABASES_USUAL = Settings().databases


def roomy_engine() -> Engine:
    """Return an empty engine with as many databases as any server can have had."""
    return build_engine(Settings(databases=DATABASES_MAX))


@contextmanager
def refusals() -> Iterator[None]:
    """Say in one line why it cannot be done."""
    try:
        yield
    except (CannotImport, DirectoryInUse, JournalDamaged) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(explained(error)) from None


@contextmanager
def fresh_directory(files: Files, path: str) -> Iterator[FreshDirectory]:
    """Give a directory to be made; nothing is left of it where that fails."""
    fresh = FreshDirectory(files, path)
    try:
        yield fresh
    except BaseException:
        discard(fresh)
        raise


def discard(fresh: FreshDirectory) -> None:
    """Remove what was made; why that fails is not what the user has to know first."""
    try:
        fresh.discard()
    except OSError:
        click.echo(f"kvik: {fresh.part} is not finished and could not be removed", err=True)


def show_content(engine: Engine, moment: int, now: int) -> None:
    """Say how many keys there are that were alive at `moment`, in milliseconds."""
    keys = over = databases = 0
    highest = 0
    for space in engine.databases.spaces:
        deadlines = [deadline for _key, deadline in space.maps()[1].items() if deadline <= now]
        alive = len(space) - sum(deadline <= moment for deadline in deadlines)
        if alive:
            databases += 1
            highest = space.number
        keys += alive
        over += sum(deadline > moment for deadline in deadlines)
    click.echo(f"found: {counted(keys, 'key')} in {counted(databases, 'database')}")
    if over:
        click.echo(f"       the time to live of {over} of them is over by now: they will be gone when it is opened")
    show_highest(highest)


def show_highest(database: int) -> None:
    """Say so where a server must be told of more databases than it has without."""
    if database >= DATABASES_USUAL:
        click.echo(f"       database {database} is among them: serve with --databases {database + 1} or more")


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
