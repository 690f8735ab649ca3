"""`kvik import DIR --to NEWDIR`: the data a redis-server kept in its append-only files, in a directory of kvik's."""

import click

from kvik.cli.making import counted, fresh_directory, refusals, roomy_engine, show_content
from kvik.cli.progress import STEP_MS, Progress
from kvik.engine import Engine
from kvik.journal.files import Files
from kvik.journal.fresh_directory import refuse_what_is_there
from kvik.journal.redis_import import RedisImport


@click.command("import", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("place", metavar="DIR")
@click.option("--to", "target", required=True, metavar="NEWDIR", help="The directory to make.")
def command(place: str, target: str) -> int:
    """Take over the data that a redis-server kept in a directory.

    DIR is where it works, its appendonlydir, or one append-only file; it is only read. The server
    must have ended, or the files be a copy. A base must be commands, not an RDB: CONFIG SET aof-use-rdb-preamble no
    and BGREWRITEAOF make one.
    """
    with refusals():
        take_over(Files(), place.rstrip("/") or "/", target)
    return 0


def take_over(files: Files, place: str, target: str) -> None:
    refuse_what_is_there(files, target.rstrip("/") or "/")
    engine = roomy_engine()
    imported = RedisImport(files, place, engine)
    read(imported)
    with fresh_directory(files, target) as fresh:
        imported.write(fresh)
    show(imported, engine)
    click.echo(f"made:  {fresh.path}, which is used as any other: kvik {fresh.path}, kvik serve {fresh.path}")


def read(imported: RedisImport) -> None:
    progress = Progress("reading")
    try:
        while imported.step(STEP_MS):
            progress.show(imported.bytes_done, imported.bytes_total)
    finally:
        progress.end()


def show(imported: RedisImport, engine: Engine) -> None:
    now = engine.clock.now
    click.echo(f"read:  {counted(imported.commands, 'command')}, {counted(imported.bytes_total, 'byte')}")
    show_content(engine, now, now)
