"""The style of source and tests, and that each rule of it can fail."""

from collections.abc import Callable, Sequence

import pytest

from tests.tidy import rules_of_style as rules
from tests.tidy.source import Module, module_from, modules_of_tests, source_modules

Rule = Callable[[Sequence[Module]], list[str]]
LONG = "def f():\n" + "    pass\n" * 70


@pytest.mark.parametrize("rule", rules.RULES_OF_SOURCE, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_style(rule: Rule) -> None:
    broken = rule(source_modules())
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize("rule", rules.RULES_OF_TESTS, ids=lambda rule: rule.__name__)
def test_the_tests_keep_the_style(rule: Rule) -> None:
    broken = rule(modules_of_tests())
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (rules.functions_are_short, LONG),
        (rules.functions_fit_a_glance, "def f():\n" + "    pass\n" * 9 + "async def g():\n" + "    pass\n" * 39),
        (rules.files_are_short, "pass\n" * 521),
        (rules.names_say_what_things_are, "class SessionManager:\n    pass"),
        (rules.names_say_what_things_are, "def query_helper():\n    pass"),
        (rules.modules_open_with_a_sentence, "import this"),
        (rules.modules_open_with_a_sentence, '"""no sentence"""'),
        (rules.classes_say_what_they_are, "class Thing:\n    x = 1"),
        (rules.tests_patch_nothing, "def test_it(monkeypatch):\n    pass"),
        (rules.tests_patch_nothing, "from unittest.mock import patch"),
        (rules.names_of_tests_are_sentences, "def test_set():\n    assert True"),
        (rules.every_test_can_fail, "def test_it_is_called():\n    print(1)"),
    ],
)
def test_text_that_breaks_a_rule_is_named_with_the_remedy(rule: Rule, text: str) -> None:
    broken = rule([module_from(text, "kvik.test_snippet")])
    assert broken
    assert ";" in broken[0] or "use" in broken[0], "a rule says what to do instead"


def test_a_module_with_a_banned_name_is_named() -> None:
    assert rules.names_say_what_things_are([module_from("", "kvik.store.helpers")])


def test_a_test_may_leave_its_assertion_to_a_function() -> None:
    text = "def check(x):\n    assert x\ndef test_it_is_checked():\n    check(1)"
    assert not rules.every_test_can_fail([module_from(text, "kvik.test_snippet")])
