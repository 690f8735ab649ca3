"""`kvik log DIR`: what happened in a database, command by command, with the batch and the moment of each."""

import base64
import json
import os
import sys

import click

from kvik.cli.making import refusals
from kvik.cli.moments import shown_moment
from kvik.cli.opening import refuse_what_is_no_database
from kvik.commands import BUILT_IN
from kvik.declaration import Declaration
from kvik.dialects.words import quote_words
from kvik.errors import JournalDamaged
from kvik.glob import Glob
from kvik.journal.files import Files
from kvik.journal.frozen_files import FrozenFiles
from kvik.journal.generations import names_in
from kvik.journal.manifest import FOLDER, INCR, JournalFile, Manifest, read_manifest
from kvik.journal.mark import OPENING
from kvik.journal.reader import Batch, Reader

DECLARATIONS = {declaration.name.encode(): declaration for family in BUILT_IN for declaration, _ in family.commands}
FRAMES = (b"SELECT", b"MULTI", b"EXEC")
"""What a journal needs to say where and how the others ran."""


class Filter:
    """Which commands are wanted: all of them, or those that can have changed a key whose name fits a pattern."""

    def __init__(self, pattern: str | None) -> None:
        self._glob = None if pattern is None else Glob(os.fsencode(pattern))

    def wants(self, words: list[bytes]) -> bool:
        glob = self._glob
        if glob is None:
            return True
        if words[0].upper() in FRAMES:
            return False
        keys = keys_of(words)
        # What names no key (FLUSHALL, SWAPDB) changes every one.
        return not keys or any(glob.matches(key) for key in keys)


class Printer:
    """Writes batches as lines; the journal's own SELECT is shown as the number of the database."""

    def __init__(self, wanted: Filter, is_json: bool) -> None:
        self._wanted = wanted
        self._is_json = is_json
        self._database = 0

    def show(self, batch: Batch) -> None:
        if batch.kind == OPENING:
            self._database = 0
        for request in batch.requests:
            words = request.words
            if words[0].upper() == b"SELECT":
                self._database = int(words[1])
            elif self._wanted.wants(words):
                line = self._as_json(batch, words) if self._is_json else self._as_text(batch, words)
                sys.stdout.buffer.write(line + b"\n")

    def _as_text(self, batch: Batch, words: list[bytes]) -> bytes:
        beginning = f"{shown_moment(batch.time)} {batch.sequence:>8} [{self._database}] "
        return beginning.encode() + quote_words(words)

    def _as_json(self, batch: Batch, words: list[bytes]) -> bytes:
        entry = {
            "time": shown_moment(batch.time),
            "sequence": batch.sequence,
            "database": self._database,
            "command": [json_word(word) for word in words],
        }
        return json.dumps(entry, ensure_ascii=False).encode()


@click.command("log", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", metavar="DIR")
@click.option("--key", "pattern", metavar="PATTERN", help="Only what can have changed a key like this: 'user:*'.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object per line; bytes that are no text as base64.")
def command(directory: str, pattern: str | None, is_json: bool) -> int:
    """Show what happened in a database in a directory, command by command.

    Each line has the moment, the number of the batch (for kvik rewind --before), the database and the command, the
    oldest first, from the kept generations on. DIR is only read; a server may be using it.
    """
    refuse_what_is_no_database(directory)
    with refusals():
        try:
            return show_all(Files(), directory.rstrip("/") or "/", Printer(Filter(pattern), is_json))
        except BrokenPipeError:
            # Whoever reads has seen enough; what is left in the buffer must not complain again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


def show_all(files: Files, directory: str, printer: Printer) -> int:
    """Show the logs of every generation; return the exit code, 1 where one is damaged."""
    manifest = read_manifest(files, directory)
    if manifest is None:
        raise click.ClickException(f"{directory}: it has no manifest; to look into it: kvik check {directory}")
    code = 0
    for generation in [*manifest.kept, manifest.files]:
        try:
            show_generation(files, directory, [file for file in generation if file.kind == INCR], printer)
        except (JournalDamaged, FileNotFoundError) as error:
            if isinstance(error, FileNotFoundError) and not is_named(read_manifest(files, directory), generation):
                # A server has removed it meanwhile, as keep-generations says.
                continue
            sys.stdout.flush()
            click.echo(f"kvik: {error}", err=True)
            code = 1
    sys.stdout.flush()
    return code


def is_named(manifest: Manifest | None, generation: list[JournalFile]) -> bool:
    """Return whether a manifest still names every file of a generation."""
    return manifest is not None and {file.name for file in generation} <= names_in(manifest)


def show_generation(files: Files, directory: str, logs: list[JournalFile], printer: Printer) -> None:
    """Show the logs of one generation, up to what a server may be about to write."""
    frozen = FrozenFiles(files, [f"{directory}/{FOLDER}/{file.name}" for file in logs])
    reader = Reader(frozen, directory, logs, None, True)
    try:
        while (batch := reader.next_batch()) is not None:
            printer.show(batch)
    finally:
        reader.close()


def keys_of(words: list[bytes]) -> list[bytes]:
    """Return the keys a command names, as its declaration says; none where nobody knows it."""
    declaration: Declaration | None = DECLARATIONS.get(words[0].upper())
    return [] if declaration is None else declaration.keys.of(words)


def json_word(word: bytes) -> str | dict[str, str]:
    """Return a word as text, or as `{"base64": ...}` where it is none."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(word).decode()}
