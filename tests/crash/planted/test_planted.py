"""Each bug of the list, planted in a copy of the source, turns a test red; without one all of them are green."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.crash.planted.plants import PLANTS, Plant
from tests.tidy.source import ROOT

SECONDS_MAX: Final = 100
GREEN: Final = 0
RED: Final = 1
"""pytest's exit codes: all tests passed; some failed. Anything else says that they could not be run."""


def copy_of_source(folder: Path) -> Path:
    """Return a copy of src, as it is interpreted."""
    return Path(shutil.copytree(ROOT / "src" / "kvik", folder / "src" / "kvik", ignore=shutil.ignore_patterns("*.so")))


def run_tests(source: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run tests, up to the first that fails, against the package in `source`."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    paths = [str(source.parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("KVIK_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *[f"tests/{test}" for test in tests]],
        cwd=ROOT,
        env=variables
        | {"PYTHONPATH": os.pathsep.join(path for path in paths if path), "KVIK_TEST_BUILD": "interpreted"},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )


def test_without_a_bug_all_of_these_tests_are_green(tmp_path: Path) -> None:
    tests = sorted({test for plant in PLANTS for test in plant.tests})
    result = run_tests(copy_of_source(tmp_path), tests)
    assert result.returncode == GREEN, result.stdout + result.stderr


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_turns_a_test_red(plant: Plant, tmp_path: Path) -> None:
    source = copy_of_source(tmp_path)
    file = source / plant.file
    file.write_text(plant.planted_in(file.read_text()))
    result = run_tests(source, list(plant.tests))
    assert result.returncode == RED, f"nobody notices that {plant.name}\n{result.stdout}{result.stderr}"
    assert "NameError" not in result.stdout, f"the plant itself is broken: {plant.name}"
