"""docs/python.md: every program on it runs, and what it says comes out does."""

import re
import sys
from pathlib import Path

import pytest

from tests.programs import run
from tests.servers import surroundings

PAGE = (Path(__file__).parent.parent / "docs" / "python.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CLAIM = re.compile(r"^( *)(.+?)  # -> (.+)$", re.MULTILINE)
NEWLY = "import os, sys; os.chdir(sys.argv[1])\n"
TEST = "def check(found, said):\n    assert found == said, f'{found!r} came out, not {said!r}'\n    print('as said')\n"


def checked(program: str) -> str:
    """Return a program that compares what comes out with what stands behind `# ->`."""
    return NEWLY + TEST + CLAIM.sub(r"\1check(\2, \3)", program)


def outcome(program: str, folder: Path) -> tuple[int, bytes, bytes]:
    done = run([sys.executable, "-c", checked(program), str(folder)], environment=surroundings())
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_on_the_page_gives_what_the_page_says(number: int, tmp_path: Path) -> None:
    program = PROGRAMS[number]
    claims = len(CLAIM.findall(program))
    assert claims > 0
    assert outcome(program, tmp_path) == (0, b"as said\n" * claims, b"")


def test_the_page_has_programs_and_a_false_claim_is_found(tmp_path: Path) -> None:
    assert len(PROGRAMS) >= 7
    code, output, errors = outcome("1 + 1  # -> 3", tmp_path)
    assert (code, output) == (1, b"")
    assert errors.endswith(b"AssertionError: 2 came out, not 3\n")
