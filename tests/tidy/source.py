"""The source as the tidy tests see it: modules, their syntax trees, what they import and call."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent.parent
SOURCE: Final = ROOT / "src" / "kvik"


class Module:
    """One file: its dotted name, its path from the root of the project, its text and tree."""

    def __init__(self, name: str, path: str, text: str) -> None:
        self.name: Final = name
        self.path: Final = path
        self.text: Final = text
        self.tree: Final = ast.parse(text, path)

    def room(self) -> str:
        """Return the first name below the package: `store` for kvik.store.keyspace, `engine` for kvik.engine."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"


class Use(NamedTuple):
    """A name that is used somewhere."""

    line: int
    name: str


def module_from(text: str, name: str = "kvik.snippet") -> Module:
    """Return a module made of a text, to show that a rule can fail."""
    return Module(name, "src/" + name.replace(".", "/") + ".py", text)


@cache
def source_modules() -> list[Module]:
    """Return every module of the package."""
    return _modules_below(SOURCE, "kvik")


@cache
def modules_of_tests() -> list[Module]:
    """Return every module of the tests."""
    return _modules_below(ROOT / "tests", "tests")


def _modules_below(folder: Path, package: str) -> list[Module]:
    modules = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join([package, *parts]).removesuffix(".__init__")
        modules.append(Module(name, str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
    return modules


def imports(module: Module) -> Iterator[Use]:
    """Yield every module that is imported when this one runs, not what only the type checker sees."""
    known = {each.name for each in source_modules()}
    for node in walk_what_runs(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Use(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from [Use(node.lineno, name if name in known else node.module) for name in inner]


def walk_what_runs(tree: ast.AST) -> Iterator[ast.AST]:
    """As ast.walk, but without the blocks below `if TYPE_CHECKING`."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def function_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function, without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
