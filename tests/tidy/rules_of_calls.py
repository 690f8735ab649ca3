"""What may be called where: time, files, randomness and danger, each with its home and its remedy."""

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from tests.tidy.source import Module, Use, calls, imports


class Ban:
    """A module or a call that is banned but for the places listed, each with its reason."""

    def __init__(self, names: set[str], remedy: str, allowed: dict[str, str]) -> None:
        self.names: Final = names
        self.remedy: Final = remedy
        self.allowed: Final = allowed

    def broken_by(self, module: Module) -> list[str]:
        if self._place_of(module):
            return []
        return [f"{module.path}:{use.line}: {use.name} is banned here, {self.remedy}" for use in self.uses(module)]

    def uses(self, module: Module) -> Iterator[Use]:
        """Yield where the module imports or calls what is banned."""
        for use in [*imports(module), *calls(module)]:
            if use.name in self.names or use.name.partition(".")[0] in self.names:
                yield use

    def stale(self, modules: Sequence[Module]) -> list[str]:
        """Return the places that are allowed something nobody uses there."""
        used = {self._place_of(module) for module in modules if any(True for _ in self.uses(module))}
        names = sorted(self.names)
        return [
            f"{place} is allowed {names} and does not use it; strike it out" for place in self.allowed.keys() - used
        ]

    def _place_of(self, module: Module) -> str:
        for place in self.allowed:
            if module.name == place or module.name.startswith(place + "."):
                return place
        return ""


PROGRAM = "a program on somebody's terminal, not part of the server"

BANS: Final = (
    Ban({"time", "datetime"}, "use the clock that came in through the constructor", {"kvik.clock": "it is the clock"}),
    Ban({"random", "secrets", "uuid"}, "use the Random that came in through the constructor", {}),
    Ban({"open", "io.open"}, "use the files that came in through the constructor (journal/files.py)", {}),
    Ban({"os", "pathlib", "shutil", "tempfile"}, "use the files that came in through the constructor", {}),
    Ban({"pickle", "marshal", "shelve", "eval", "exec", "compile", "__import__"}, "use words that are parsed", {}),
    Ban({"fnmatch"}, "use kvik.glob: fnmatch does not match as Redis does", {}),
    Ban({"print", "input"}, "use a reply, a log line, or click.echo in cli", {}),
    Ban({"threading", "multiprocessing", "concurrent", "subprocess"}, "use the turn, or a Wait", {}),
)


def type_tricks_in_compiled_modules(module: Module) -> list[str]:
    """Any, cast and `type: ignore` switch the compiler's checks off."""
    broken = [
        f"{module.path}:{number}: `type: ignore` is banned in a compiled module, use a type that fits"
        for number, line in enumerate(module.text.splitlines(), 1)
        if "# type: ignore" in line
    ]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "typing":
            for alias in node.names:
                if alias.name in ("Any", "cast"):
                    broken.append(
                        f"{module.path}:{node.lineno}: {alias.name} is banned in a compiled module, use isinstance"
                    )
    return broken
