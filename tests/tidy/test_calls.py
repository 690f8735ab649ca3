"""Time, files, randomness and danger stay where they belong, and each ban can fail."""

import ast
from pathlib import Path

import pytest

from tests.tidy.rules_of_calls import BANS, Ban, type_tricks
from tests.tidy.source import ROOT, Module, module_from, source_modules


def named(ban: Ban) -> str:
    return min(ban.names)


def ban_on(name: str) -> Ban:
    (ban,) = [ban for ban in BANS if name in ban.names]
    return ban


def compiled_modules() -> list[Module]:
    """Return the modules that the build file does not leave interpreted."""
    for statement in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "INTERPRETED":
            patterns = ast.literal_eval(statement.value)
            break
    else:
        raise AssertionError("setup.py has no table INTERPRETED")
    interpreted = {path for pattern in patterns for path in Path(ROOT / "src").glob(pattern)}
    return [module for module in source_modules() if ROOT / module.path not in interpreted]


@pytest.mark.parametrize("ban", BANS, ids=named)
def test_what_is_banned_is_used_only_where_a_reason_stands(ban: Ban) -> None:
    broken = [line for module in source_modules() for line in ban.broken_by(module)]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize("ban", BANS, ids=named)
def test_every_exception_is_needed(ban: Ban) -> None:
    assert not ban.unused(source_modules())


def test_compiled_modules_play_no_tricks_with_types() -> None:
    broken = [line for module in compiled_modules() for line in type_tricks(module)]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("time.*", "import time\nx = time.monotonic()"),
        ("time.*", "from time import monotonic"),
        ("Random", "import random"),
        ("Random", "from random import Random\nr = Random()"),
        ("Random", "from random import choice"),
        ("open", "with open('x') as f:\n    pass"),
        ("open", "import os.path"),
        ("open", "from pathlib import Path"),
        ("print", "print(1)"),
        ("threading.*", "import threading"),
        ("eval", "eval('1')"),
        ("eval", "import pickle"),
        ("fnmatch.*", "import fnmatch"),
    ],
)
def test_a_module_that_uses_what_is_banned_is_named_with_the_remedy(name: str, text: str) -> None:
    broken = ban_on(name).broken_by(module_from(text, "kvik.store.keyspace"))
    assert broken and "is banned here, use " in broken[0]


def test_a_twin_that_came_in_may_be_used_everywhere() -> None:
    text = "from random import Random\ndef f(random: Random, clock: Clock):\n    return random.random() + clock.time()"
    assert not [line for ban in BANS for line in ban.broken_by(module_from(text))]


def test_an_exception_nobody_needs_is_named() -> None:
    ban = Ban({"time.*"}, "the Clock", {"kvik.snippet": "it was needed once"})
    assert ban.unused([module_from("x = 1")]) == ["kvik.snippet is allowed time.* and uses none of it; strike it out"]


@pytest.mark.parametrize("text", ["from typing import Any", "from typing import cast", "x = 1  # type: ignore[misc]"])
def test_a_trick_with_types_is_named_with_the_remedy(text: str) -> None:
    (broken,) = type_tricks(module_from(text))
    assert "is banned in a compiled module, use" in broken
