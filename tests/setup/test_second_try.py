"""What `./test` does in CI with a test that failed: once more, alone, where a busy machine may be the reason."""

import json
import os
import sys
from pathlib import Path

import pytest

from workshop.environment import Environment
from workshop.suite import failed_tests, may_try_again, try_again

ONCE = """
from pathlib import Path

def test_passes_the_second_time():
    seen = Path(__file__).with_name("seen")
    was_seen = seen.exists()
    seen.touch()
    assert was_seen

def test_never_passes():
    assert False
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "test_small.py"
    path.write_text(ONCE)
    return path


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment whose interpreter is the one that runs this test."""
    environment = Environment(str(tmp_path / ".venv"))
    Path(environment.python).parent.mkdir(parents=True)
    Path(environment.python).write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    Path(environment.python).chmod(0o755)
    return environment


def run_again(environment: Environment, suite: Path, name: str) -> bool:
    return try_again(environment, [f"{suite}::{name}"], dict(os.environ))


def test_a_test_that_passes_then_is_told(
    environment: Environment, suite: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not run_again(environment, suite, "test_passes_the_second_time")
    assert "PASSED ONLY WHEN RUN AGAIN" not in capfd.readouterr().out
    assert run_again(environment, suite, "test_passes_the_second_time")
    assert f"repair it:\n{suite}::test_passes_the_second_time\n" in capfd.readouterr().out


def test_a_test_that_fails_again_has_failed(environment: Environment, suite: Path) -> None:
    assert not run_again(environment, suite, "test_never_passes")


def test_pytest_notes_what_failed(tmp_path: Path) -> None:
    notes = tmp_path / "v" / "cache" / "lastfailed"
    assert failed_tests(str(tmp_path)) == []
    notes.parent.mkdir(parents=True)
    notes.write_text(json.dumps({"tests/a.py::test_b": True, "tests/a.py::test_a": True}))
    assert failed_tests(str(tmp_path)) == ["tests/a.py::test_a", "tests/a.py::test_b"]


@pytest.mark.parametrize(
    ("failed", "may"),
    [
        (["tests/cli/test_log.py::test_a"], True),
        (["tests/cli/test_log.py::test_a", "tests/house/test_faults.py::test_b"], True),
        ([f"tests/cli/test_log.py::test_{number}" for number in range(3)], False),
        (["tests/crash/test_kills.py::test_a"], False),
        (["tests/cli/test_log.py::test_a", "tests/differential/test_beside_redis.py::test_b[lists]"], False),
        (["tests/cli/test_log.py"], False),
        ([], False),
    ],
)
def test_few_tests_get_a_second_try_and_none_that_finds_lost_data(failed: list[str], may: bool) -> None:
    assert may_try_again(failed) is may
