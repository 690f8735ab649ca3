"""Small checkouts: the real launchers and tools around sources that only say that they ran."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 60

ONESHOT = """
import sys

def main(arguments):
    print("oneshot", sys.version_info >= (3, 11), arguments, [name for name in sys.modules if name == "site"])
    return 3
"""
BUILD_INFO = 'VERSION = "0.1.0"\n'
ENGINE = "def answer() -> int:\n    return 42\n"


def make_checkout(folder: Path) -> Path:
    """Make a checkout with sources of a few lines, which builds and compiles within seconds."""
    for name in ("server", "client", "test", "setup.py", "pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    write(folder / "README.md", "# kvik\n")
    write(folder / "src/kvik/__init__.py", "")
    write(folder / "src/kvik/py.typed", "")
    write(folder / "src/kvik/build_info.py", BUILD_INFO)
    write(folder / "src/kvik/engine.py", ENGINE)
    write(folder / "src/kvik/client/__init__.py", "")
    write(folder / "src/kvik/client/oneshot.py", ONESHOT)
    return folder


def make_program(folder: Path, name: str, text: str) -> Path:
    """Write an executable shell script."""
    path = folder / name
    write(path, f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run(
    *command: str | Path, cwd: Path, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a program with this Python's folder first on PATH and nothing else of the surroundings that would decide."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "PYTHONPATH", "CC")}
    environment["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    environment.update(variables or {})
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX)
