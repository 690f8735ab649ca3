"""The answer of CONTAINER HELP, made from the declarations of its subcommands. Knows no particular command."""

import textwrap
from typing import Final

from kvik.declaration import Declaration
from kvik.replies import Reply, Status
from kvik.session import Session

TEXT_WIDTH: Final = 76
INDENT: Final = "    "
HELP_SUMMARY: Final = "Prints this help."


def help_text(session: Session, container: str) -> Reply:
    """Return what `container` (upper case: `OBJECT`) can do, a status per line, in the form of Redis 7.

    Each subcommand stands with its syntax over its summary, HELP last. A container that means
    something by itself comes first, as `(no subcommand)`.
    """
    declarations = session.services.declarations()
    parent = declarations[container.encode()]
    lines = [f"{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
    if parent.fewest == 0:
        lines += paragraph("(no subcommand)", parent.summary)
    for declaration in declarations.values():
        parent_name, _, name = declaration.name.partition(" ")
        if parent_name == container and name not in ("", "HELP"):
            lines += paragraph(title(name, declaration), declaration.summary)
    lines += paragraph("HELP", HELP_SUMMARY)
    replies: list[Reply] = [Status(line.encode()) for line in lines]
    return replies


def title(name: str, declaration: Declaration) -> str:
    return f"{name} {declaration.syntax}" if declaration.syntax else name


def paragraph(heading: str, text: str) -> list[str]:
    """Return a heading and its text, indented and broken into lines a terminal can show."""
    return [heading] + [INDENT + line for line in textwrap.wrap(text, TEXT_WIDTH)]
