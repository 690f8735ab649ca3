"""What the shell knows about commands: their names, their arguments as shown to people, what they do."""

import textwrap
from collections.abc import Iterable, Sequence

from kvik.declaration import arguments
from kvik.replies import Map, Pairs, Reply, Status

TEXT_WIDTH = 76
INDENT = "    "
HOW_TO_ASK = "help COMMAND tells what a command does; so does help with the beginning of one. These are known:"


class Hint:
    """One command: `name` in upper case, `CLIENT ID` for a subcommand."""

    def __init__(self, name: str, syntax: str, summary: str) -> None:
        self.name = name
        self.syntax = syntax
        self.summary = summary

    def lines(self) -> list[str]:
        """Return how the command is written, over what it does."""
        return [f"{self.name} {self.syntax}".rstrip(), *indented(self.summary)]


class Hints:
    """All commands somebody can say."""

    def __init__(self, hints: Iterable[Hint]) -> None:
        self.by_name = {hint.name: hint for hint in sorted(hints, key=lambda hint: hint.name)}

    def starting_with(self, text: str) -> list[Hint]:
        """Return the commands whose name begins with `text`, in whatever case; empty text begins none."""
        beginning = text.upper()
        return [hint for name, hint in self.by_name.items() if beginning and name.startswith(beginning)]

    def help(self, words: Sequence[str]) -> str:
        """Return what `help` and the words behind it are answered: one command, those that begin so, or all names."""
        if not words:
            names = " ".join([name.lower() for name in self.by_name if " " not in name])
            return "\n".join([HOW_TO_ASK, *indented(names)])
        name = " ".join(words).upper()
        asked = [hint for other, hint in self.by_name.items() if other == name or other.startswith(f"{name} ")]
        found = asked or self.starting_with(name)
        lines = [line for hint in found for line in hint.lines()]
        return "\n".join(lines) or f"no command begins with {name.lower()}"

    def arguments_left(self, line: str) -> str:
        """Return what can still be written behind a line that ends in a space, empty where that is unknown."""
        words = line.split()
        if not words or not line.endswith(" "):
            return ""
        for length in (2, 1):
            hint = self.by_name.get(" ".join(words[:length]).upper())
            if hint is not None and len(words) >= length:
                return " ".join(arguments(hint.syntax)[len(words) - length :])
        return ""


def indented(text: str) -> list[str]:
    return textwrap.wrap(text, TEXT_WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False)


def hints_from_docs(docs: Reply) -> Hints:
    """Return what a server's COMMAND DOCS tells; a server without it tells nothing."""
    found: list[Hint] = []
    for name, about in named(docs):
        found.append(hint_from_docs(name, dict(named(about))))
        for child, about_child in named(dict(named(about)).get("subcommands")):
            found.append(hint_from_docs(child, dict(named(about_child))))
    return Hints(found)


def hint_from_docs(name: str, about: dict[str, Reply]) -> Hint:
    syntax = " ".join([argument_syntax(dict(named(argument))) for argument in listed(about.get("arguments"))])
    return Hint(name.upper().replace("|", " "), syntax, as_text(about.get("summary")))


def argument_syntax(about: dict[str, Reply]) -> str:
    """Return one argument as people write it: `[EX seconds]`, `key [key ...]`."""
    inner = [argument_syntax(dict(named(argument))) for argument in listed(about.get("arguments"))]
    kind = as_text(about.get("type"))
    flags = [as_text(flag) for flag in listed(about.get("flags"))]
    text = as_text(about.get("display_text")) or as_text(about.get("name"))
    if inner:
        text = " | ".join(inner) if kind == "oneof" else " ".join(inner)
        if kind == "oneof" and "optional" not in flags:
            text = f"<{text}>"
    token = as_text(about.get("token"))
    if kind == "pure-token":
        text = token
    elif token:
        text = f"{token} {text}"
    if "multiple" in flags:
        text = f"{text} [{text} ...]"
    return f"[{text}]" if "optional" in flags else text


def named(reply: Reply) -> list[tuple[str, Reply]]:
    """Return a map's pairs, whether it came as a map or flat."""
    if isinstance(reply, (Map, Pairs)):
        return [(as_text(name), value) for name, value in reply.pairs]
    items = listed(reply)
    return [(as_text(items[at]), items[at + 1]) for at in range(0, len(items) - 1, 2)]


def listed(reply: Reply) -> Sequence[Reply]:
    members = getattr(reply, "members", reply)
    return members if isinstance(members, (list, tuple)) else []


def as_text(reply: Reply) -> str:
    if isinstance(reply, Status):
        reply = reply.text
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else ""
