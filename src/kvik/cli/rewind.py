"""`kvik rewind DIR --to NEWDIR`: the data as it was at an earlier moment, in a directory of its own."""

import click

from kvik.cli.making import fresh_directory, refusals, roomy_engine, show_content
from kvik.cli.moments import parse_moment, shown_moment
from kvik.cli.opening import refuse_what_is_no_database
from kvik.cli.progress import STEP_MS, Progress
from kvik.clock import Clock
from kvik.engine import Engine
from kvik.errors import CannotRewind, JournalDamaged
from kvik.journal.files import Files
from kvik.journal.fresh_directory import refuse_what_is_there
from kvik.journal.manifest import Manifest, read_manifest
from kvik.journal.reader import ANY, Limit
from kvik.journal.rewind import Rewind

TRIES = 5
"""A server that compacts may remove files that are being read; then it begins again with those there are."""


class Moment(click.ParamType[int]):
    """A moment on the command line, in milliseconds since 1970."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return max(parse_moment(str(value), Clock().now), 0)
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-11-21T14:05:00Z, or '10 minutes ago'", param, ctx)


@click.command("rewind", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", metavar="DIR")
@click.option("--at", type=Moment(), help="As it was then: ISO 8601 (local time without a zone), or '10 minutes ago'.")
@click.option("--before", type=click.IntRange(1), metavar="SEQ", help="As it was before this batch of `kvik log DIR`.")
@click.option("--to", "target", required=True, metavar="NEWDIR", help="The directory to make.")
def command(directory: str, at: int | None, before: int | None, target: str) -> int:
    """Make a new directory with the data as it was at an earlier moment.

    DIR is only read; a server may be using it. How far back it goes, the setting keep-generations says.
    """
    if (at is None) == (before is None):
        raise click.UsageError("say the moment either with --at or with --before")
    directory = directory.rstrip("/") or "/"
    limit = Limit(ANY if before is None else before, ANY if at is None else at)
    try:
        with refusals():
            rewind(Files(), directory, limit, target)
    except CannotRewind as error:
        raise click.ClickException(refusal(error)) from None
    return 0


def rewind(files: Files, directory: str, limit: Limit, target: str) -> None:
    refuse_what_is_no_database(directory)
    refuse_what_is_there(files, target.rstrip("/") or "/")
    for attempt in range(TRIES):
        manifest = read_manifest(files, directory)
        if manifest is None:
            raise click.ClickException(f"{directory}: it has no manifest; to look into it: kvik check {directory}")
        try:
            go_back(files, directory, manifest, limit, target)
            return
        except (JournalDamaged, FileNotFoundError):
            now = read_manifest(files, directory)
            if now is None or now.encode() == manifest.encode() or attempt == TRIES - 1:
                raise


def go_back(files: Files, directory: str, manifest: Manifest, limit: Limit, target: str) -> None:
    engine = roomy_engine()
    back = Rewind(files, directory, manifest, limit, engine)
    progress = Progress("reading")
    try:
        while back.step(STEP_MS):
            progress.show(back.bytes_done, back.bytes_total)
    finally:
        progress.end()
    with fresh_directory(files, target) as fresh:
        back.write(fresh)
    show(back, engine)
    click.echo(f"made:  {fresh.path}, which is used as any other: kvik {fresh.path}, kvik serve {fresh.path}")


def show(back: Rewind, engine: Engine) -> None:
    """Say which moment it is now, and what there is."""
    if back.sequence:
        click.echo(f"as it was behind batch {back.sequence} of {shown_moment(back.time)}")
    else:
        click.echo("as it was before the first batch")
    show_content(engine, back.moment, engine.clock.tick())


def refusal(error: CannotRewind) -> str:
    """Return in one line what cannot be reached, and what can."""
    if error.sequence < 0:
        return error.why.partition(";")[0]
    when = f"{shown_moment(error.time)}, " if error.time >= 0 else ""
    return f"{error.why} {when}behind batch {error.sequence} (--before {error.sequence + 1})"
