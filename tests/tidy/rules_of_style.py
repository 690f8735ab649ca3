"""How the source reads, as rules. A rule returns what breaks it, with the remedy."""

import ast
import re
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from tests.tidy.source import Module, function_length, functions

FUNCTION_LINES_MAX: Final = 70
FUNCTION_LINES_USUAL: Final = 40
USUAL_SHARE: Final = 0.95
MEDIAN_LINES_MAX: Final = 10
FILE_LINES_MAX: Final = 520
OPENING_LINES_MAX: Final = 3
TEST_NAME_WORDS_MIN: Final = 4
BANNED_NAMES: Final = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
ASSERTING: Final = {"raises", "fail"}


def functions_are_short(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{node.lineno}: {node.name} has {function_length(node)} lines, {FUNCTION_LINES_MAX} is the most;"
        " give its steps names of their own"
        for module in modules
        for node in functions(module)
        if function_length(node) > FUNCTION_LINES_MAX
    ]


def functions_fit_a_glance(modules: Sequence[Module]) -> list[str]:
    lengths = [function_length(node) for module in modules for node in functions(module)]
    usual = sum([length < FUNCTION_LINES_USUAL for length in lengths])
    broken = []
    if usual < USUAL_SHARE * len(lengths):
        broken.append(
            f"only {usual} of {len(lengths)} functions are under {FUNCTION_LINES_USUAL} lines; cut the longest"
        )
    if lengths and median(lengths) > MEDIAN_LINES_MAX:
        broken.append(f"the median function has {median(lengths)} lines, not 8; cut the longest")
    return broken


def files_are_short(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}: {len(module.text.splitlines())} lines, about 500 is the most; split it by subject"
        for module in modules
        if len(module.text.splitlines()) > FILE_LINES_MAX
    ]


def names_say_what_things_are(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{line}: {name}: utils, helpers, common, misc, manager are banned, use what it does"
        for module in modules
        for line, name in _declared_names(module)
        if WORDS.findall(name)[-1].lower() in BANNED_NAMES
    ]


def _declared_names(module: Module) -> Iterator[tuple[int, str]]:
    yield 1, module.name
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name


def modules_open_with_a_sentence(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:1: a module opens with a sentence that says what it is for and what it does not know; write one"
        for module in modules
        if module.text.strip() and not _opens_with_a_sentence(module)
    ]


def _opens_with_a_sentence(module: Module) -> bool:
    text = ast.get_docstring(module.tree) or ""
    opening = text.partition("\n\n")[0]
    return opening.rstrip().endswith((".", ":")) and len(opening.splitlines()) <= OPENING_LINES_MAX


def classes_say_what_they_are(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{node.lineno}: the class {node.name} has no docstring; say in a sentence what one of it is"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and not ast.get_docstring(node) and not _is_plain(node)
    ]


def _is_plain(node: ast.ClassDef) -> bool:
    """Private classes and those that only fill in what their base has described need no docstring."""
    return node.name.startswith("_") or bool(node.bases)


def tests_patch_nothing(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{line}: {name} is banned: in compiled code a patch changes nothing; pass a twin in"
        for module in modules
        for line, name in _names_used(module)
        if name in ("monkeypatch", "mock", "mocker", "MagicMock", "unittest.mock")
    ]


def _names_used(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node.lineno, getattr(node, "module", None) or ""
            yield from [(node.lineno, alias.name) for alias in node.names]


def names_of_tests_are_sentences(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{node.lineno}: {node.name} is no sentence; say what behaves how:"
        " test_a_torn_request_waits_for_more_bytes"
        for module in modules
        for node in _tests(module)
        if len(node.name.split("_")) - 1 < TEST_NAME_WORDS_MIN
    ]


def every_test_can_fail(modules: Sequence[Module]) -> list[str]:
    checking = _names_of_checks(modules)
    return [
        f"{module.path}:{node.lineno}: {node.name} asserts nothing; assert what it is named after"
        for module in modules
        for node in _tests(module)
        if not _checks_something(node, checking)
    ]


def _tests(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in functions(module) if node.name.startswith("test_") and "test_" in module.path]


def _names_of_checks(modules: Sequence[Module]) -> set[str]:
    """Return the names of functions that assert, directly or through another one."""
    everything = [node for module in modules for node in functions(module)]
    names: set[str] = set()
    for _ in range(5):
        names |= {node.name for node in everything if _checks_something(node, names)}
    return names


def _checks_something(function: ast.AST, checking: set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ASSERTING or name in checking:
                return True
    return False


RULES_OF_SOURCE: Final = (
    functions_are_short,
    functions_fit_a_glance,
    files_are_short,
    names_say_what_things_are,
    modules_open_with_a_sentence,
    classes_say_what_they_are,
)
RULES_OF_TESTS: Final = (
    functions_are_short,
    files_are_short,
    names_say_what_things_are,
    modules_open_with_a_sentence,
    tests_patch_nothing,
    names_of_tests_are_sentences,
    every_test_can_fail,
)
