"""What may be called where: time, files, randomness and danger, each with its home and its remedy."""

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from tests.tidy.source import Module, Use, walk_what_runs

TYPES: Final = {"random.Random"}
"""What may be imported everywhere, because its name is needed to say what comes in."""


class Ban:
    """Modules and calls that are banned but for the places listed, each with its reason."""

    def __init__(self, names: set[str], remedy: str, allowed: dict[str, str]) -> None:
        self.names: Final = names
        self.remedy: Final = remedy
        self.allowed: Final = allowed

    def broken_by(self, module: Module) -> list[str]:
        if self.place_of(module):
            return []
        return [f"{module.path}:{use.line}: {use.name} is banned here, use {self.remedy}" for use in self.uses(module)]

    def uses(self, module: Module) -> Iterator[Use]:
        """Yield where the module imports or calls what is banned."""
        for use in outside_names(module):
            is_banned = use.name in self.names or use.name.partition(".")[0] + ".*" in self.names
            if is_banned and use.name not in TYPES:
                yield use

    def unused(self, modules: Sequence[Module]) -> list[str]:
        """Return the places that are allowed what nobody uses there."""
        here = {self.place_of(module) for module in modules} - {""}
        used = {self.place_of(module) for module in modules if any(True for _ in self.uses(module))}
        names = ", ".join(sorted(self.names))
        return [f"{place} is allowed {names} and uses none of it; strike it out" for place in sorted(here - used)]

    def place_of(self, module: Module) -> str:
        """Return which allowed place the module is or lies in, an empty string for none."""
        for place in self.allowed:
            if module.name == place or module.name.startswith(place + "."):
                return place
        return ""


def outside_names(module: Module) -> Iterator[Use]:
    """Yield what a module takes from outside: `import os`, `time.time` from an import, built-in calls."""
    plain = set()
    for node in walk_what_runs(module.tree):
        if isinstance(node, ast.Import):
            plain |= {alias.name for alias in node.names}
            yield from [Use(node.lineno, f"{alias.name}.*") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            yield from [Use(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    for node in walk_what_runs(module.tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if "." not in name or name.partition(".")[0] in plain:
                yield Use(node.lineno, name)


INJECTED: Final = "the one that came in through the constructor"
PROGRAM: Final = "a program on somebody's terminal, not part of the server"

BANS: Final = (
    Ban(
        {"time.*", "datetime.*"},
        f"the Clock, {INJECTED}",
        {
            "kvik.clock": "it is the clock",
            "kvik.network.log": "a log line carries its own time",
            "kvik.client.load": "a load is measured in nanoseconds, where a request leaves and its reply arrives",
            "kvik.cli.bench_embedded": "the same for calls of the embedded database",
            "kvik.cli.moments": "it writes and reads moments, and asks for none",
        },
    ),
    Ban(
        {"random.*", "Random", "SystemRandom", "secrets.*", "uuid.*", "os.urandom"},
        f"the Random, {INJECTED}",
        {
            "kvik.assembly": "it seeds the one Random there is",
            "kvik.client.load.requests": "the same seed sends the same requests, so each connection draws from its own",
        },
    ),
    Ban(
        {"open", "io.*", "os.*", "pathlib.*", "shutil.*", "tempfile.*"},
        f"the files of journal/files.py, {INJECTED}",
        {
            "kvik.assembly": "it knows every room",
            "kvik.cli": PROGRAM,
            "kvik.client": PROGRAM,
            "kvik.journal.files": "it is the one seam to the file system",
            "kvik.machine": "what the machine says about the process, behind House",
            "kvik.network.listeners": "a unix socket is a file",
            "kvik.network.log": "a log line names its process",
            "kvik.settings": "it reads the settings file the user named, once, before anything runs",
        },
    ),
    Ban({"print", "input"}, "a reply or a log line", {"kvik.client": PROGRAM}),
    Ban(
        {"threading.*", "multiprocessing.*", "concurrent.*", "subprocess.*", "_thread.*"},
        "the turn, or answer a Wait",
        {
            "kvik.caretaker": "a program's directory is kept while nobody calls",
            "kvik.embedded": "the threads of a program share one database",
            "kvik.journal.work_thread": "work on files must not hold up who serves",
            "kvik.network.guests": "the threads of a program ask the server that is part of it",
            "kvik.network.sync_thread": "a sync to disk must not hold up the loop",
            "kvik.serving": "a server inside a program has a thread of its own",
        },
    ),
    Ban({"pickle.*", "marshal.*", "shelve.*", "eval", "exec", "compile", "__import__"}, "words that are parsed", {}),
    Ban({"fnmatch.*"}, "kvik.glob: fnmatch does not match as Redis does", {}),
)


def type_tricks(module: Module) -> list[str]:
    """Any, cast and `type: ignore` switch the compiler's checks off."""
    broken = [
        f"{module.path}:{number}: `type: ignore` is banned in a compiled module, use a type that fits"
        for number, line in enumerate(module.text.splitlines(), 1)
        if "# type: ignore" in line
    ]
    for use in outside_names(module):
        if use.name in ("typing.Any", "typing.cast"):
            broken.append(f"{module.path}:{use.line}: {use.name} is banned in a compiled module, use isinstance")
    return broken
