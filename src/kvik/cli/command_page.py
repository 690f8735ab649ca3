"""Writes docs/commands.md from the declarations: `python -m kvik.cli.command_page [FILE]`."""

import sys
from collections.abc import Iterable
from pathlib import Path

from kvik.commands import BUILT_IN
from kvik.declaration import Declaration

INTRODUCTION = """\
# Commands

Generated from the declarations in `src/kvik/commands/` by `make docs`; edits here are lost.
"""


def command_page() -> str:
    """Return the page, one table per family in alphabetic order."""
    parts = [INTRODUCTION]
    by_group: dict[str, list[Declaration]] = {}
    for family in BUILT_IN:
        by_group.setdefault(family.name, []).extend([declaration for declaration, _ in family.commands])
    for group in sorted(by_group):
        parts.append(family_section(group, by_group[group]))
    return "\n".join(parts)


def family_section(group: str, declarations: Iterable[Declaration]) -> str:
    rows = [command_row(declaration) for declaration in sorted(declarations, key=lambda about: about.name)]
    title = group.replace("-", " ").replace("_", " ").capitalize()
    return "\n".join([f"## {title}", "", "| command | what it does | since | flags |", "|---|---|---|---|", *rows, ""])


def command_row(about: Declaration) -> str:
    call = f"{about.name} {about.syntax}".strip()
    since = "kvik" if about.since == "kvik" else f"Redis {about.since}"
    flags = " ".join([flag.decode() for flag in about.flag_names()])
    return f"| {code(call)} | {cell(about.summary)} | {since} | {flags} |"


def code(text: str) -> str:
    return f"`{cell(text)}`"


def cell(text: str) -> str:
    """Return text for a table, where a bar would end the cell."""
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    if arguments:
        Path(arguments[0]).write_text(command_page(), encoding="utf-8")
    else:
        sys.stdout.write(command_page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
