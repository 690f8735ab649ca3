"""Opens the database a program works on, and says in one line why that cannot be done."""

import os

import click

import kvik
from kvik.journal.manifest import FOLDER
from kvik.settings import Settings


def open_database(directory: str | None, settings: Settings | None = None) -> "kvik.Database":
    """Return the database in a directory, or one in memory. Raises ClickException."""
    try:
        return kvik.open(directory, settings)
    except OSError as error:
        raise click.ClickException(explained(error)) from None
    except (kvik.DirectoryInUse, kvik.JournalDamaged) as error:
        raise click.ClickException(str(error)) from None


def refuse_what_is_no_database(directory: str) -> None:
    """Raise ClickException where a directory holds no journal, or may not be looked into."""
    try:
        os.scandir(os.path.join(directory, FOLDER)).close()
    except (FileNotFoundError, NotADirectoryError):
        raise click.ClickException(f"{directory}: there is no database here: it has no folder {FOLDER}") from None
    except OSError as error:
        raise click.ClickException(explained(error)) from None


def explained(error: OSError) -> str:
    """Return what went wrong, with which file, for people: without Python's number."""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
