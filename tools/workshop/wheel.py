"""Builds the wheel of the sources as they are now, once, and installs wheels into environments."""

import glob
import os
import shutil
from typing import TextIO

from workshop.debian import BASE_PYTHON, require_venv
from workshop.environment import Environment
from workshop.setting_up import Step, run

WHEELS_KEPT = 6
PURE = "-none-any.whl"
BUILD_LOG = "build.log"
NOT_COMPILED = "kvik: not compiled"  # how setup.py begins the line that says why


def make_environment(environment: Environment) -> Step:
    """Return the step that makes an environment which is not there yet."""

    def make(log: TextIO) -> str:
        if not os.path.exists(environment.python):
            require_venv(log)
            run([BASE_PYTHON, "-m", "venv", environment.folder], log)
        return ""

    return Step("virtual environment", make)


def pip(environment: Environment, log: TextIO, *arguments: str, **variables: str) -> None:
    run([environment.python, "-m", "pip", "--disable-pip-version-check", *arguments], log, **variables)


class WheelShelf:
    """The wheels that were built, by the key of the sources they were built from."""

    def __init__(self, root: str, folder: str) -> None:
        self._root = root
        self._folder = folder

    def find(self, key: str) -> str:
        """Return the path of a wheel, "" where it was not built yet."""
        paths = glob.glob(os.path.join(self._folder, key, "*.whl"))
        return paths[0] if paths else ""

    def build(self, key: str, mode: str, builder: Environment, *options: str) -> Step:
        """Return the step that builds the wheel with the builder's pip, where it is not there yet."""

        def build(log: TextIO) -> str:
            if not self.find(key):
                self._build(key, mode, builder, options, log)
            return "" if mode == "0" or not self.find(key).endswith(PURE) else self._why_not_compiled(key)

        return Step("interpreted build" if mode == "0" else "compiled build", build)

    def install(self, key: str, environment: Environment, extras: str = "") -> Step:
        """Return the step that installs the wheel, instead of an earlier one, and what it depends on."""

        def install(log: TextIO) -> str:
            wheel = self.find(key)
            pip(environment, log, "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
            pip(environment, log, "install", "--quiet", wheel + extras)
            return ""

        return Step("dependencies", install)

    def _build(self, key: str, mode: str, builder: Environment, options: tuple[str, ...], log: TextIO) -> None:
        place = os.path.join(self._folder, key)
        temporary = place + ".new"
        shutil.rmtree(temporary, ignore_errors=True)
        os.makedirs(temporary)
        arguments = ["wheel", "--verbose", "--no-deps", "--wheel-dir", temporary, *options, self._root]
        pip(builder, log, *arguments, KVIK_COMPILE=mode)
        shutil.copy(log.name, os.path.join(temporary, BUILD_LOG))
        os.replace(temporary, place)
        self._drop_old()

    def _drop_old(self) -> None:
        folders = sorted(glob.glob(os.path.join(self._folder, "*")), key=os.path.getmtime)
        for folder in folders[:-WHEELS_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)

    def _why_not_compiled(self, key: str) -> str:
        path = os.path.join(self._folder, key, BUILD_LOG)
        with open(path, encoding="utf-8", errors="replace") as file:
            reasons = [line.strip() for line in file if NOT_COMPILED in line]
        return f"{''.join(reasons[-1:])} (all of it: {path}; `make clean` tries again)"
