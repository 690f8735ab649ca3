"""What the project says about itself, as rules: links lead somewhere, what exists is written down."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kvik.declaration import Declaration
from tests.tidy.source import ROOT, Module

LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
BAR: Final = re.compile(r"(?<!\\)\|")
PATH: Final = re.compile(r"`((?:src|tests|docs|tools|benchmarks|examples)/[\w./-]+)`")
# Written in two parts, so that this file does not name what it bans.
FOREIGN: Final = [
    "/wo" + "rk/",
    "/tmp/" + "lab",
    "/ro" + "ot/",
    "/ho" + "me/",
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "proxy." + "golang",
]
SKIPPED: Final = {".git", "__pycache__", "build", "dist", "data", "htmlcov", "node_modules"}
TEXT_SUFFIXES: Final = {".py", ".md", ".txt", ".toml", ".sh", ".cfg", ".ini", ".yml", ".yaml", ".json", ".svg", ""}


def dead_links(path: str, text: str) -> list[str]:
    """Return the links and paths in a document that lead nowhere."""
    folder = (ROOT / path).parent
    targets = [(folder, link.partition("#")[0]) for link in LINK.findall(text) if "://" not in link]
    targets += [(ROOT, name) for name in PATH.findall(text)]
    return [
        f"{path}: {target} does not exist; correct the link or write the file"
        for base, target in targets
        if target and not (base / target).exists()
    ]


def torn_rows(path: str, text: str) -> list[str]:
    """Return the rows of tables with other cells than their heading: what a bar in code cuts off is not shown."""
    torn, width, in_code = [], 0, False
    for number, line in enumerate(text.splitlines(), 1):
        in_code ^= line.startswith("```")
        cells = 0 if in_code or not line.startswith("|") else len(BAR.findall(line))
        if cells and cells != (width or cells):
            torn.append(f"{path}:{number}: {cells - 1} cells under {width - 1} headings; write a bar in a cell as \\|")
        width = cells and (width or cells)
    return torn


def files_off_the_map(modules: Sequence[Module], page: str) -> list[str]:
    """Return the modules that the architecture page does not name, so that nobody finds them in one hop."""
    return [
        f"docs/ARCHITECTURE.md does not name {module.path}; say in its room what it is for"
        for module in modules
        if module.name.count(".") and not _is_named(module, page)
    ]


def _is_named(module: Module, page: str) -> bool:
    """A program's room is one line for all its files; elsewhere each file has its name on the page."""
    parts = module.name.split(".")
    if parts[1] in ("cli", "client", "__init__", "__main__", "build_info") or module.path.endswith("__init__.py"):
        return True
    return re.search(rf"\b{parts[-1]}(\.py)?`", page) is not None


def foreign_places(path: str, text: str) -> list[str]:
    """Return the lines that name a machine's folder or a registry's host."""
    return [
        f"{path}:{number}: {word} is banned in the tree, use a relative path or the project's own name"
        for number, line in enumerate(text.splitlines(), 1)
        for word in FOREIGN
        if word in line
    ]


def commands_without_a_summary(declarations: Iterable[Declaration]) -> list[str]:
    return [
        f"{each.name}: the summary is {each.summary!r}; write one sentence that ends in a full stop"
        for each in declarations
        if not re.fullmatch(r"[A-Z].*\.", each.summary)
    ]


def commands_without_a_test(declarations: Iterable[Declaration], texts: str) -> list[str]:
    return [
        f"{each.name}: no test names it; add a case to tests/transcripts or tests/commands"
        for each in declarations
        if not re.search(_mention(each.name), texts, re.IGNORECASE)
    ]


def _mention(name: str) -> str:
    """Return a pattern for a command in a transcript or as words of a call: `CLIENT ID`, `"CLIENT", "ID"`."""
    return r"\b" + r"""["']?[, ]+b?["']?""".join([re.escape(word) for word in name.split()]) + r"\b"


def settings_without_a_word(summaries: Mapping[str, str]) -> list[str]:
    return [
        f"{name}: the setting is not explained ({summary!r}); say in settings.py what it is for"
        for name, summary in summaries.items()
        if not re.fullmatch(r"\S.{10,}\.", summary)
    ]


def files_of_the_tree() -> Iterator[tuple[str, str]]:
    """Yield path and text of every text file of the project that is not made by a program."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if any(part in SKIPPED or part.startswith(".") and part not in (".ci", ".github") for part in parts[:-1]):
            continue
        if path.is_file() and path.suffix in TEXT_SUFFIXES and "egg-info" not in str(path):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8", errors="replace")


def documents() -> list[Path]:
    return [
        path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")] if path.is_file()
    ]
