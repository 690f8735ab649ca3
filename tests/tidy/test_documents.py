"""What the project says about itself is true, and each rule of it can fail."""

import pytest

from kvik.commands import BUILT_IN
from kvik.declaration import FAST, NO_KEYS, Declaration
from kvik.settings import SETTINGS
from tests.tidy import rules_of_documents as rules
from tests.tidy.source import ROOT, module_from, modules_of_tests, source_modules

DECLARATIONS = [declaration for family in BUILT_IN for declaration, _ in family.commands]


def declared(name: str, summary: str = "Does something.") -> Declaration:
    return Declaration(name, "group", 0, 0, FAST, NO_KEYS, summary, "", "1.0.0")


def test_links_in_the_documents_lead_somewhere() -> None:
    broken = [
        line for path in rules.documents() for line in rules.dead_links(str(path.relative_to(ROOT)), path.read_text())
    ]
    assert not broken, "\n" + "\n".join(broken)


def test_every_row_of_a_table_has_the_cells_of_its_heading() -> None:
    broken = [
        line for path in rules.documents() for line in rules.torn_rows(str(path.relative_to(ROOT)), path.read_text())
    ]
    assert not broken, "\n" + "\n".join(broken)


def test_the_architecture_page_names_every_file() -> None:
    broken = rules.files_off_the_map(source_modules(), (ROOT / "docs" / "ARCHITECTURE.md").read_text())
    assert not broken, "\n" + "\n".join(broken)


def test_no_file_names_a_machine_or_a_registry() -> None:
    broken = [line for path, text in rules.files_of_the_tree() for line in rules.foreign_places(path, text)]
    assert not broken, "\n" + "\n".join(broken)


def test_every_command_has_a_summary() -> None:
    assert not rules.commands_without_a_summary(DECLARATIONS)


def test_every_command_is_named_by_a_test() -> None:
    transcripts = [path.read_text() for path in ROOT.glob("tests/transcripts/*.txt")]
    texts = "\n".join([module.text for module in modules_of_tests()] + transcripts)
    broken = rules.commands_without_a_test(DECLARATIONS, texts)
    assert not broken, "\n" + "\n".join(broken)


def test_every_setting_is_explained() -> None:
    broken = rules.settings_without_a_word({name: setting.meaning for name, setting in SETTINGS.items()})
    assert not broken, "\n" + "\n".join(broken)


# Each rule can fail


@pytest.mark.parametrize("text", ["see [this](nowhere.md)", "read `docs/nowhere.md`", "[a](../nowhere/b.md#part)"])
def test_a_link_to_nowhere_is_named(text: str) -> None:
    (broken,) = rules.dead_links("docs/page.md", text)
    assert "does not exist; " in broken


def test_links_that_lead_somewhere_are_accepted() -> None:
    assert not rules.dead_links("README.md", "[a](pyproject.toml#x), `src/kvik/engine.py`, [b](https://example.org/)")


def test_a_row_that_a_bar_cuts_is_named() -> None:
    table = "| a | b |\n|---|---|\n"
    (broken,) = rules.torn_rows("a.md", table + "| 1 | `x | y` |")
    assert broken.startswith("a.md:3: 3 cells under 2 headings; ")
    assert not rules.torn_rows("a.md", table + "| 1 | `x \\| y` |\n\n```\n| tree |\n```\n\n| c |\n|---|")


def test_a_file_that_is_not_on_the_map_is_named() -> None:
    (broken,) = rules.files_off_the_map([module_from("", "kvik.store.cupboard")], "`keyspace.py`")
    assert broken.startswith("docs/ARCHITECTURE.md does not name src/kvik/store/cupboard.py; ")


@pytest.mark.parametrize("word", rules.FOREIGN)
def test_a_foreign_place_is_named(word: str) -> None:
    (broken,) = rules.foreign_places("a.md", f"one\nsee {word}x")
    assert broken.startswith("a.md:2: ") and ", use " in broken


@pytest.mark.parametrize("summary", ["", "no capital.", "No full stop"])
def test_a_command_without_a_sentence_is_named(summary: str) -> None:
    assert rules.commands_without_a_summary([declared("X", summary)])


def test_a_command_without_a_test_is_named() -> None:
    commands = [declared("GET"), declared("CLIENT ID")]
    assert len(rules.commands_without_a_test(commands, "GETEX k, CLIENT LIST")) == 2
    assert not rules.commands_without_a_test(commands, 'call("GET", k)\n> CLIENT ID')
    assert not rules.commands_without_a_test(commands, 'call(b"get", k) call("CLIENT", "ID")')


def test_a_setting_without_a_word_is_named() -> None:
    assert rules.settings_without_a_word({"maxclients": ""})
