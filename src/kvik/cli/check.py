"""`kvik check DIR`: what is in the files of a database, what is wrong with them, and what would make it right."""

import os

import click

from kvik.cli.moments import shown_moment
from kvik.cli.opening import refuse_what_is_no_database
from kvik.clock import Clock
from kvik.errors import DirectoryInUse
from kvik.journal.files import Files
from kvik.journal.inspection import Behind, FileReport, Inspection, inspect
from kvik.journal.recovery import LOCK_NAME
from kvik.journal.repair import Plan, plan_repair, repair, repaired

TITLES = ["generation", "kind", "file", "bytes", "batches", "commands", "sequences", "from", "to", "state"]
NUMBERS = ("generation", "bytes", "batches", "commands")
LOOKS_MAX = 10
LOOK_PAUSE_SECONDS = 0.2
"""Longer than a server takes to write a batch."""


@click.command("check", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", metavar="DIR")
@click.option("--repair", "is_asked", is_flag=True, help="Cut at the last good batch; what is cut is kept in DIR/torn.")
def command(directory: str, is_asked: bool) -> int:
    """Look through a database in a directory, and repair it when asked to.

    Nothing is changed without --repair, and a server may be using it. Exits with 0 if everything is sound, else with 1.
    """
    files = Files()
    directory = directory.rstrip("/") or "/"
    refuse_what_is_no_database(directory)
    try:
        return look_and_repair(files, directory) if is_asked else look(files, directory)
    except (OSError, DirectoryInUse) as error:
        click.echo(f"kvik: {error}", err=True)
        return 1


def look(files: Files, directory: str) -> int:
    found = inspect_twice(files, directory)
    show(found)
    if found.is_sound():
        return 0
    show_plan(plan_repair(files, directory, found), "--repair would")
    return 1


def inspect_twice(files: Files, directory: str) -> Inspection:
    """Return what is sound, or is wrong in the same way at two looks: a server writes and removes files meanwhile."""
    before: list[str] | None = None
    for _ in range(LOOKS_MAX):
        try:
            found = inspect(files, directory)
        except FileNotFoundError:
            continue
        complaints = verdict(found)
        if found.is_sound() or complaints == before:
            return found
        before = complaints
        Clock().sleep(LOOK_PAUSE_SECONDS)
    return inspect(files, directory)


def look_and_repair(files: Files, directory: str) -> int:
    lock = files.lock(os.path.join(directory, LOCK_NAME))
    try:
        found = inspect(files, directory)
        show(found)
        if found.is_sound():
            return 0
        plan = plan_repair(files, directory, found)
        show_plan(plan, "repairing:" if plan.is_possible else "--repair can do")
        if not plan.is_possible:
            return 1
        for path in repair(files, directory, plan):
            click.echo(f"kept: {path}")
        is_sound = repaired(files, directory)
    finally:
        lock.release()
    click.echo("repaired: the database is sound now" if is_sound else "there is more to repair: run this again")
    return 0 if is_sound else 1


# What is shown


def show(found: Inspection) -> None:
    rows = [row(report) for report in found.reports]
    if rows:
        for line in table(rows):
            click.echo(line)
    for name in found.strays:
        click.echo(f"not in the manifest: {name}")
    if found.manifest is not None:
        click.echo(f"level {found.manifest.level}")
    for line in verdict(found):
        click.echo(line)


def row(report: FileReport) -> list[str]:
    kind = f"{report.file.kind}, kept" if report.is_kept else report.file.kind
    size = str(report.size) if report.size >= 0 else ""
    sequences = "" if report.first_sequence < 0 else f"{report.first_sequence}-{report.last_sequence}"
    return [
        str(report.file.generation),
        kind,
        report.file.name,
        size,
        str(report.batches),
        str(report.commands),
        sequences,
        shown_moment(report.first_time),
        shown_moment(report.last_time),
        report.state,
    ]


def table(rows: list[list[str]]) -> list[str]:
    """Return lines with a title for each column, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(TITLES, *rows, strict=True)]
    lines = []
    for cells in [TITLES, *rows]:
        placed = [
            cell.rjust(width) if title in NUMBERS else cell.ljust(width)
            for title, cell, width in zip(TITLES, cells, widths, strict=True)
        ]
        lines.append("  ".join(placed).rstrip())
    return lines


def verdict(found: Inspection) -> list[str]:
    """Return in a few lines what is wrong, or that nothing is."""
    if found.complaint is not None:
        return [str(found.complaint)]
    if found.manifest is None:
        return ["the manifest is missing: nothing says which files are the data"]
    if found.is_sound():
        return ["sound"]
    lines = []
    if found.torn is not None:
        torn = found.torn
        lines.append(f"{torn.file.name} is torn at offset {torn.offset}: {torn.why}. A start cuts it off")
        lines.extend(lost(found.behind, found))
    if found.damage is not None and found.damaged is not None:
        damage = found.damage
        expected = f", where batch {damage.sequence} was expected" if damage.sequence >= 0 else ""
        lines.append(f"{found.damaged.name} is damaged at offset {damage.offset}{expected}: {damage.why}")
        lines.extend(lost(found.behind, found))
    for report in found.reports:
        if report.is_kept and report.why:
            lines.append(f"{report.file.name}, kept, is damaged at offset {report.offset}: {report.why}")
    return lines


def lost(behind: Behind, found: Inspection) -> list[str]:
    """Return what stands behind damage that is whole by itself, which a repair parts with."""
    lines = []
    if behind.batches:
        numbers = f"{behind.first_sequence}-{behind.last_sequence}"
        until = shown_moment(behind.last_time)
        lines.append(f"behind it {behind.batches} batches are whole, {numbers}, until {until}")
    for report in found.reports:
        if report.state == "cut off" and report.batches:
            lines.append(f"{report.file.name} follows it with {report.batches} batches")
    return lines


def show_plan(plan: Plan, beginning: str) -> None:
    for line in plan.lines:
        click.echo(f"{beginning} {line}")
