"""The wheel: what is compiled, and that a build which fails half-way leaves nothing compiled."""

import ast
import sys
import zipfile
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from tests.setup.checkouts import ROOT, make_checkout, run

SUFFIX = EXTENSION_SUFFIXES[0]
PROGRAM = "import kvik.engine, sys; print(kvik.engine.answer(), kvik.engine.__file__.rpartition('.')[2])"


def interpreted() -> dict[str, str]:
    """Return the table of the build file, without running it."""
    for statement in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "INTERPRETED":
            table: dict[str, str] = ast.literal_eval(statement.value)
            return table
    raise AssertionError("setup.py has no table INTERPRETED")


def test_every_interpreted_module_exists_and_has_a_reason() -> None:
    for pattern, reason in interpreted().items():
        assert list((ROOT / "src").glob(pattern)), f"{pattern}: no such file; take the line out of setup.py"
        assert len(reason) > 10, f"{pattern}: say in setup.py why it stays interpreted"


def build_wheel(checkout: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    done = run(sys.executable, "setup.py", "-q", "bdist_wheel", "-d", "out", cwd=checkout, variables=variables)
    return done.returncode, done.stdout + done.stderr


def names_in_wheel(checkout: Path) -> list[str]:
    (wheel,) = checkout.glob("out/*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(checkout / "unpacked")
        return [name for name in file.namelist() if ".dist-info/" not in name]


def answer(checkout: Path) -> str:
    variables = {"PYTHONPATH": str(checkout / "unpacked")}
    return run(sys.executable, "-c", PROGRAM, cwd=checkout / "unpacked", variables=variables).stdout


@pytest.mark.needs("cc")
def test_a_compiled_wheel_has_a_library_and_the_source_of_each_compiled_module(tmp_path: Path) -> None:
    code, shown = build_wheel(make_checkout(tmp_path), {"KVIK_COMPILE": "1"})
    assert code == 0, shown
    names = names_in_wheel(tmp_path)
    libraries = sorted(name for name in names if name.endswith(SUFFIX))
    assert libraries == [f"kvik/engine{SUFFIX}", f"kvik_compiled__mypyc{SUFFIX}"]
    assert {"kvik/engine.py", "kvik/build_info.py", "kvik/py.typed"} <= set(names)
    assert answer(tmp_path) == "42 so\n"


def test_where_the_compiler_fails_the_wheel_is_interpreted_as_a_whole_and_one_line_says_why(tmp_path: Path) -> None:
    code, shown = build_wheel(make_checkout(tmp_path), {"CC": "false"})
    assert code == 0, shown
    (reason,) = [line for line in shown.splitlines() if line.startswith("kvik: ")]
    assert reason.startswith("kvik: not compiled, installed interpreted: ") and "'false ...'" in reason
    assert [path.name for path in tmp_path.glob("out/*")] == ["kvik-0.1.0-py3-none-any.whl"]
    assert not [name for name in names_in_wheel(tmp_path) if not name.endswith((".py", "/py.typed"))]
    assert answer(tmp_path) == "42 py\n"


def test_sources_that_mypyc_refuses_are_installed_interpreted(tmp_path: Path) -> None:
    (make_checkout(tmp_path) / "src/kvik/engine.py").write_text("def answer() -> int:\n    return 'x'\n")
    code, shown = build_wheel(tmp_path, {})
    assert code == 0, shown
    assert "installed interpreted: mypyc refused the sources" in shown
    assert 'src/kvik/engine.py:2: error: Incompatible return value type (got "str", expected "int")' in shown


def test_a_compiled_build_that_was_demanded_fails_where_it_cannot_be_made(tmp_path: Path) -> None:
    code, shown = build_wheel(make_checkout(tmp_path), {"KVIK_COMPILE": "1", "CC": "false"})
    assert code != 0, shown
    assert not list(tmp_path.glob("out/*"))


def test_a_build_leaves_nothing_in_the_source_tree(tmp_path: Path) -> None:
    make_checkout(tmp_path)
    before = {path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    build_wheel(tmp_path, {"KVIK_COMPILE": "0"})
    after = {path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    assert {path.relative_to(tmp_path).parts[0] for path in after - before} == {"out"}


def test_an_unknown_wish_is_refused_in_one_line(tmp_path: Path) -> None:
    code, shown = build_wheel(make_checkout(tmp_path), {"KVIK_COMPILE": "yes"})
    assert (code, shown) == (1, "KVIK_COMPILE is 'yes'; it may be auto, 1 or 0\n")
