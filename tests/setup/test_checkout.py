"""When the sources count as changed, and what a machine lacks to compile them."""

from pathlib import Path

import pytest

from tests.setup.checkouts import make_checkout, make_program, write
from workshop.checkout import compile_mode, obstacle_to_compiling, wheel_key


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_checkout(tmp_path)


@pytest.mark.parametrize("name", ["src/kvik/engine.py", "src/kvik/client/oneshot.py", "setup.py", "pyproject.toml"])
def test_an_edit_changes_the_key(checkout: Path, name: str) -> None:
    before = wheel_key(str(checkout), "auto")
    with (checkout / name).open("a") as file:
        file.write("# edited\n")
    assert wheel_key(str(checkout), "auto") != before


def test_a_new_and_a_renamed_module_change_the_key(checkout: Path) -> None:
    before = wheel_key(str(checkout), "auto")
    write(checkout / "src/kvik/new.py", "")
    with_new = wheel_key(str(checkout), "auto")
    (checkout / "src/kvik/new.py").rename(checkout / "src/kvik/newer.py")
    assert len({before, with_new, wheel_key(str(checkout), "auto")}) == 3


def test_what_tools_leave_behind_does_not_change_the_key(checkout: Path) -> None:
    before = wheel_key(str(checkout), "auto")
    write(checkout / "src/kvik/__pycache__/engine.py", "")
    write(checkout / "src/kvik.egg-info/SOURCES.txt", "")
    write(checkout / "tests/test_new.py", "")
    assert wheel_key(str(checkout), "auto") == before


def test_compiled_and_interpreted_builds_have_different_keys(checkout: Path) -> None:
    assert wheel_key(str(checkout), "auto") != wheel_key(str(checkout), "0")


def test_a_compiler_and_the_headers_of_python_are_enough(tmp_path: Path) -> None:
    make_program(tmp_path, "gcc", "")
    write(tmp_path / "Python.h", "")
    assert obstacle_to_compiling({"PATH": str(tmp_path)}, str(tmp_path)) == ""


def test_what_is_missing_for_a_compiled_build_is_named(tmp_path: Path) -> None:
    assert obstacle_to_compiling({"PATH": str(tmp_path)}, str(tmp_path)) == "no C compiler (cc, gcc, clang)"
    assert obstacle_to_compiling({"PATH": "", "CC": "mycc -m64"}, str(tmp_path)) == "no C compiler (mycc)"
    make_program(tmp_path, "cc", "")
    assert obstacle_to_compiling({"PATH": str(tmp_path)}, str(tmp_path)) == f"no {tmp_path}/Python.h"


def test_a_wish_is_followed_and_auto_needs_a_compiler() -> None:
    assert compile_mode({"KVIK_COMPILE": "1", "PATH": ""}) == ("1", "")
    assert compile_mode({"KVIK_COMPILE": "0", "PATH": ""}) == ("0", "")
    assert compile_mode({"PATH": ""}) == ("0", "no C compiler (cc, gcc, clang)")
