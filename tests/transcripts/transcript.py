"""Reads transcripts: text files that say what is asked and what is answered. Knows no door.

    Lines before the first case say what the file is about.

    == a missing key counts as zero
    > INCR foo
    1
    B> GET foo
    1
    (20 ms pass)

`> ` sends a line over the case's connection, `B> ` over a second one. The lines below, up to an empty
one or the next request, are the answer as the text door shows it. `<` alone, or `B<`, sends nothing: below it
stand the messages that connection has heard meanwhile, one to a line. An answer that starts with a name
holds for that door only: `text:`, `telnet:` (where it differs from text), `resp:`, `resp2:`, `resp3:`,
`redis:` (the real server). `sorted:` compares an array without its order, `matches:` is a regular
expression. `""` is an empty line, `#` starts a remark. `@kvik` below the heading: the real Redis does
not know this; `@text`, `@telnet`, `@colon`: only that door does.
"""

import re
from pathlib import Path
from typing import Final

REQUEST: Final = re.compile(r"([A-Z]?)> (.*)")
HEARD: Final = re.compile(r"([A-Z]?)<")
PAUSE: Final = re.compile(r"\((\d+) ms pass\)")
LABEL: Final = re.compile(r"(text|telnet|resp|resp2|resp3|redis): ?(.*)")
MARKS: Final = ("kvik", "text", "telnet", "colon")


class Answer:
    """What is expected after one request: for everybody, and for single doors."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.by_door: dict[str, list[str]] = {}

    def add(self, line: str) -> None:
        found = LABEL.fullmatch(line)
        if found:
            self.by_door.setdefault(found[1], []).append(_unquoted(found[2]))
        else:
            self.lines.append(_unquoted(line))

    def for_door(self, names: tuple[str, ...]) -> str:
        """Return the answer expected from a door that goes by these names, the first known one counts."""
        for name in names:
            if name in self.by_door:
                return "\n".join(self.by_door[name])
        return "\n".join(self.lines)


class Step:
    """One request with its answer, messages that were heard, or a pause of so many milliseconds."""

    def __init__(self, line: int, connection: str, request: str, pause_ms: int = 0, listens: bool = False) -> None:
        self.line: Final = line
        self.connection: Final = connection
        self.request: Final = request
        self.pause_ms: Final = pause_ms
        self.listens: Final = listens
        self.answer: Final = Answer()


class Case:
    """One story on a fresh database."""

    def __init__(self, path: Path, line: int, name: str) -> None:
        self.path: Final = path
        self.line: Final = line
        self.name: Final = name
        self.marks: Final[set[str]] = set()
        self.steps: Final[list[Step]] = []

    def __str__(self) -> str:
        return f"{self.path.stem}: {self.name}"


def read(path: Path) -> list[Case]:
    """Return the cases of a file. Raises ValueError, with the place, for a line that makes no sense."""
    cases: list[Case] = []
    is_answering = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("== "):
            cases.append(Case(path, number, line[3:].strip()))
            is_answering = False
        elif cases and not line.startswith("#"):
            is_answering = _read_line(cases[-1], number, line, is_answering)
    if not cases:
        raise ValueError(f"{path}: no case; a case starts with `== its name`")
    return cases


def _read_line(case: Case, number: int, line: str, is_answering: bool) -> bool:
    """Take one line into the case; return whether an answer may follow."""
    request, heard, pause = REQUEST.fullmatch(line), HEARD.fullmatch(line), PAUSE.fullmatch(line)
    if request:
        case.steps.append(Step(number, request[1], request[2]))
        return True
    if heard:
        case.steps.append(Step(number, heard[1], line, listens=True))
        return True
    if pause:
        case.steps.append(Step(number, "", "", int(pause[1])))
    elif line.startswith("@") and line[1:] in MARKS:
        case.marks.add(line[1:])
    elif line and is_answering:
        case.steps[-1].answer.add(line)
        return True
    elif line:
        raise ValueError(f"{case.path}:{number}: neither a request (`> `), an answer below one, nor a pause: {line}")
    return False


def difference(expected: str, got: str) -> str:
    """Return what is wrong with an answer, an empty string if nothing is."""
    if expected.startswith("sorted: "):
        is_equal = sorted(expected[8:].strip("[]").split()) == sorted(got.strip("[]").split())
    elif expected.startswith("matches: "):
        is_equal = re.fullmatch(expected[9:], got) is not None
    else:
        is_equal = expected == got
    return "" if is_equal else f"expected: {_indented(expected)}\n     got: {_indented(got)}"


def _unquoted(line: str) -> str:
    return "" if line == '""' else line


def _indented(text: str) -> str:
    return (text or '""').replace("\n", "\n          ")
