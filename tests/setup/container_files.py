"""Reads the container files as far as they go: the Dockerfile, .dockerignore and compose.yaml.

What a reader does not know it refuses, so that nothing in a file goes unseen.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

KNOWN: Final = frozenset(
    ["ARG", "FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"]
)
VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
INDENTED: Final = re.compile(r"( *)(.*)")
KEY: Final = re.compile(r"([\w-]+):(?: +(.*))?")
PLAIN: Final = re.compile(r"(?!(?:yes|no|on|off|null|y|n)$|[\d.]*\d[\d.e]*$)[\w./][\w./-]*", re.IGNORECASE)
"""What a value without quotes may be here, so that YAML reads nothing into it: no colon, no blank, no number."""

Node = str | int | bool | list[str] | dict[str, "Node"] | None


class Instruction:
    """One instruction of a Dockerfile: its flags by name, and what follows them."""

    def __init__(self, line: str) -> None:
        self.name, _, rest = line.partition(" ")
        if self.name not in KNOWN:
            raise ValueError(f"Dockerfile: {self.name} is not known here: {line}")
        self.flags: dict[str, str] = {}
        while flag := re.match(r"--([\w-]+)=(\S+)\s+", rest):
            self.flags[flag[1]] = flag[2]
            rest = rest[flag.end() :]
        self.rest: Final = rest

    def words(self) -> list[str]:
        """Return the arguments of the exec form (a JSON array), or those between blanks."""
        if self.rest.startswith("["):
            words: list[str] = json.loads(self.rest)
            return words
        return shlex.split(self.rest)


class Stage:
    """What stands from one FROM to the next."""

    def __init__(self, image: str, name: str) -> None:
        self.image: Final = image
        self.name: Final = name
        self.instructions: Final[list[Instruction]] = []

    def all(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def only(self, name: str) -> Instruction:
        (instruction,) = self.all(name)
        return instruction


def read_dockerfile(path: Path) -> list[Stage]:
    """Return the stages of a Dockerfile. Raises ValueError for an instruction nobody reads here."""
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    for line in joined_lines(path.read_text(encoding="utf-8")):
        instruction = Instruction(line)
        if instruction.name == "FROM":
            image, _, name = instruction.rest.partition(" AS ")
            stages.append(Stage(VARIABLE.sub(lambda found: arguments[found[1] or found[2]], image), name))
        elif stages:
            stages[-1].instructions.append(instruction)
        else:
            name, _, value = instruction.rest.partition("=")
            arguments[name] = value
    return stages


def joined_lines(text: str) -> Iterator[str]:
    """Yield lines without remarks, those that a backslash continues as one."""
    begun = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun += line.strip()
        if begun.endswith("\\"):
            begun = begun[:-1]
        else:
            yield begun
            begun = ""


def read_ignore_list(path: Path) -> tuple[set[str], set[str]]:
    """Return what a .dockerignore leaves out and what it takes back in."""
    lines = list(joined_lines(path.read_text(encoding="utf-8")))
    return {line for line in lines if line[0] != "!"}, {line[1:] for line in lines if line[0] == "!"}


def read_compose(path: Path) -> dict[str, Node]:
    """Return a compose file: nested keys, lists, and values that any reader of YAML takes for the same."""
    lines: list[tuple[int, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        found = INDENTED.fullmatch(line)
        if found and found[2] and not found[2].startswith("#"):
            lines.append((len(found[1]), found[2]))
    node, rest = read_block(lines)
    if rest or not isinstance(node, dict):
        raise ValueError(f"{path}: cannot be read from {rest[:1]} on")
    return node


def read_block(lines: list[tuple[int, str]]) -> tuple[Node, list[tuple[int, str]]]:
    """Read the lines of one depth; return what they say, and the lines behind them."""
    depth = lines[0][0]
    items: list[str] = []
    keys: dict[str, Node] = {}
    while lines and lines[0][0] == depth:
        text = lines[0][1]
        lines = lines[1:]
        if text.startswith("- "):
            items.append(read_text(text[2:]))
            continue
        found = KEY.fullmatch(text)
        if not found or found[1] in keys:
            raise ValueError(f"not `key: value`, or said twice: {text}")
        keys[found[1]] = read_value(found[2] or "")
        if not found[2] and lines and lines[0][0] > depth:
            keys[found[1]], lines = read_block(lines)
    if items and keys:
        raise ValueError(f"keys and items in one block: {items}, {keys}")
    return items or keys, lines


def read_value(text: str) -> Node:
    if text in ("true", "false"):
        return text == "true"
    if text.isdigit():
        return int(text)
    if text.startswith("["):
        items: list[str] = json.loads(text)
        return items
    return read_text(text) if text else None


def read_text(text: str) -> str:
    """Return a quoted text (here JSON's, which YAML reads alike) or a plain one that cannot be anything else."""
    if text.startswith('"'):
        return str(json.loads(text))
    if not PLAIN.fullmatch(text):
        raise ValueError(f"write quotes around {text}")
    return text
