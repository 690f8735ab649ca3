"""Who may import whom: the plan of the house holds, and each rule can fail."""

import pytest

from tests.tidy.rules_of_imports import (
    RULES,
    Rule,
    commands_and_engine_import_no_dialect,
    dialects_and_journal_import_no_command,
    dialects_know_no_engine,
    edges_do_not_import_one_another,
    every_room_has_a_floor,
    families_import_no_family,
    imports_point_down_only,
    networking_stays_at_the_edges,
    the_engine_imports_no_family,
    the_store_knows_neither_commands_nor_dialects,
)
from tests.tidy.source import module_from, source_modules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_is_built_as_planned(rule: Rule) -> None:
    broken = rule(source_modules())
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (every_room_has_a_floor, "kvik.cupboard", ""),
        (imports_point_down_only, "kvik.store.keyspace", "from kvik.engine import Engine"),
        (imports_point_down_only, "kvik.session", "def f():\n    from kvik.commands import strings"),
        (edges_do_not_import_one_another, "kvik.client.shell", "import kvik.network.turn"),
        (edges_do_not_import_one_another, "kvik.network.turn", "from kvik.embedded import Database"),
        (networking_stays_at_the_edges, "kvik.engine", "import asyncio"),
        (networking_stays_at_the_edges, "kvik.dialects.resp", "from socket import socket"),
        (the_store_knows_neither_commands_nor_dialects, "kvik.store.keyspace", "from kvik.dialects.dialect import D"),
        (commands_and_engine_import_no_dialect, "kvik.commands.strings", "import kvik.dialects.dialect"),
        (commands_and_engine_import_no_dialect, "kvik.engine", "import kvik.dialects.dialect"),
        (dialects_and_journal_import_no_command, "kvik.dialects.resp", "import kvik.commands.family"),
        (dialects_and_journal_import_no_command, "kvik.journal.writer", "from kvik.commands import args"),
        (dialects_know_no_engine, "kvik.dialects.text", "from kvik.session import Session"),
        (the_engine_imports_no_family, "kvik.engine", "from kvik.commands import transactions"),
    ],
)
def test_a_module_that_breaks_a_rule_is_named_with_the_remedy(rule: Rule, name: str, text: str) -> None:
    (broken,) = rule([module_from(text, name)])
    assert broken.startswith("src/kvik/")
    assert ";" in broken or "use" in broken, "a rule says what to do instead"


def test_a_family_that_imports_a_family_is_named() -> None:
    one = module_from('family = Family("string")', "kvik.commands.strings")
    other = module_from('import kvik.commands.strings\nfamily = Family("list")', "kvik.commands.lists")
    (broken,) = families_import_no_family([one, other])
    assert broken.startswith("src/kvik/commands/lists.py:1: a family imports no other family")


def test_what_only_the_type_checker_sees_is_no_import() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from kvik.services import Services\n"
    assert not imports_point_down_only([module_from(text, "kvik.store.keyspace")])
