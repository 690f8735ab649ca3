"""`./server` and `./client` as a person starts them."""

import os
import sys
from pathlib import Path

import pytest

from tests.setup.checkouts import make_checkout, make_program, run

ANSWER = "oneshot True ['HOST', 'get', 'k'] []\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "check out"
    folder.mkdir()
    return make_checkout(folder)


def test_the_client_runs_from_any_folder_without_site_packages(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout / "client", "HOST", "get", "k", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (3, ANSWER, "")


def test_the_client_runs_through_a_symbolic_link(checkout: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(checkout / "client")
    assert run(link, "HOST", "get", "k", cwd=tmp_path).stdout == ANSWER


def test_the_client_passes_empty_words_blanks_and_quotes_on(checkout: Path) -> None:
    words = ["a b", "", "*", '"', "--help", "-c"]
    assert f" {words} " in run("./client", *words, cwd=checkout).stdout


def test_the_client_takes_the_python_that_is_named(checkout: Path, tmp_path: Path) -> None:
    named = make_program(tmp_path, "mine", f'echo "mine $*" >> {tmp_path}/calls; exec {sys.executable} "$@"')
    assert run("./client", "HOST", "get", "k", cwd=checkout, variables={"PYTHON": str(named)}).stdout == ANSWER
    assert "HOST get k" in (tmp_path / "calls").read_text()


def test_the_client_sets_nothing_up(checkout: Path) -> None:
    before = {path for path in checkout.rglob("*") if "__pycache__" not in path.parts}
    run("./client", "HOST", "get", "k", cwd=checkout)
    assert {path for path in checkout.rglob("*") if "__pycache__" not in path.parts} == before


def test_the_tests_say_how_they_are_called_and_set_nothing_up(checkout: Path) -> None:
    done = run("./test", "--help", cwd=checkout)
    assert done.returncode == 0 and done.stdout.startswith("usage: ./test [--fast | --lint] [PYTEST ARGUMENTS]\n")
    assert not list(checkout.glob(".venv*"))


@pytest.mark.parametrize("launcher", ["server", "client", "test"])
def test_a_python_that_is_too_old_is_refused_in_one_line(checkout: Path, tmp_path: Path, launcher: str) -> None:
    old = make_program(tmp_path, "python-old", 'case "$*" in *print*) echo 3.9;; *) exit 1;; esac')
    done = run(f"./{launcher}", "x", cwd=checkout, variables={"PYTHON": str(old)})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"kvik needs Python 3.11 or newer, and {old} is 3.9.")
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_refused_in_one_line(checkout: Path) -> None:
    done = run("./server", cwd=checkout, variables={"PYTHON": "python-nowhere"})
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "python-nowhere is not there" in done.stderr


def test_where_python3_is_too_old_a_newer_one_is_found_by_its_name(checkout: Path, tmp_path: Path) -> None:
    make_program(tmp_path, "bin/python3", "exit 1")
    make_program(tmp_path, "bin/python3.13", "exit 127")  # as a pyenv shim for a version that is not chosen
    make_program(tmp_path, "bin/python3.12", f'exec {sys.executable} "$@"')
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    script = ". tools/interpreter.sh; find_interpreter"
    done = run("/bin/sh", "-c", script, cwd=checkout, variables={"PATH": path})
    assert done.stdout == f"{tmp_path}/bin/python3.12\n"


def ready_checkout(checkout: Path) -> dict[str, str]:
    """Make a checkout whose environment is set up and says what it is asked to run; return the variables for it."""
    ready = """
import os, sys
sys.path.insert(0, "tools")
from workshop.checkout import PYTHON_TAG, ROOT, compile_mode, wheel_key
from workshop.environment import Environment
Environment(os.path.join(ROOT, ".venv")).remember(f"{PYTHON_TAG} {wheel_key(ROOT, compile_mode(os.environ)[0])}")
"""
    (checkout / ".venv/bin").mkdir(parents=True)
    variables = {"PYTHON": sys.executable}
    assert run(sys.executable, "-c", ready, cwd=checkout, variables=variables).returncode == 0
    make_program(checkout, ".venv/bin/python", 'echo "$$ $*"')
    return variables


def test_a_ready_environment_is_entered_without_a_set_up(checkout: Path) -> None:
    variables = ready_checkout(checkout)
    done = run("./server", "--memory", "--port", "1 2", cwd=checkout, variables=variables)
    assert done.stderr == ""
    assert done.stdout.split(" ", 1)[1] == "-P -m kvik serve --memory --port 1 2\n"


def test_the_server_keeps_its_data_beside_itself_where_nothing_else_is_said(checkout: Path, tmp_path: Path) -> None:
    variables = ready_checkout(checkout)
    for given, passed in (
        ([], f"{checkout}/data"),
        (["--port", "1"], f"{checkout}/data --port 1"),
        (["--appendfsync=always"], f"{checkout}/data --appendfsync=always"),
        (["--port", "1", "mine"], "--port 1 mine"),
        (["mine", "--port", "1"], "mine --port 1"),
        (["--memory"], "--memory"),
    ):
        done = run(checkout / "server", *given, cwd=tmp_path, variables=variables)
        assert done.stdout.split(" ", 1)[1] == f"-P -m kvik serve {passed}\n"
