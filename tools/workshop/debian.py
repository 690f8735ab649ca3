"""Debian packages: installs what is missing where it may, otherwise says what to run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TextIO

from workshop.setting_up import SetUpError, Step, run

# Found at once: this may be the Python of an environment that is about to be made anew.
BASE_PYTHON = os.path.realpath(sys.executable)
POLICY = "/usr/sbin/policy-rc.d"
APT_VARIABLES = {"DEBIAN_FRONTEND": "noninteractive"}
INSTALL = ("apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends")


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str], log: TextIO) -> None:
    """Install packages, with fresh lists where the present ones are not enough; raises CalledProcessError."""
    with _services_stay_off():
        try:
            run([*INSTALL, *packages], log, **APT_VARIABLES)
        except subprocess.CalledProcessError:
            run(["apt-get", "update"], log, **APT_VARIABLES)
            run([*INSTALL, *packages], log, **APT_VARIABLES)


def install_step(packages: Sequence[str]) -> Step:
    def action(log: TextIO) -> str:
        install(packages, log)
        return ""

    return Step(f"Debian packages {' '.join(packages)}", action)


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Keep apt from starting a service that a package brings: Debian asks this file before it starts one."""
    if os.path.exists(POLICY):
        yield
        return
    with open(POLICY, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(POLICY, 0o755)
    try:
        yield
    finally:
        os.remove(POLICY)


def require_venv(log: TextIO) -> None:
    """Make sure that this Python can make virtual environments: Debian keeps that in a package of its own.

    Raises SetUpError with the line to run where it may not be installed from here.
    """
    if find_spec("venv") and find_spec("ensurepip"):
        return
    package = venv_package()
    if not may_install():
        raise SetUpError(
            f"kvik: this Python cannot make virtual environments yet. Run: sudo apt-get install -y {package}"
        )
    install([package], log)


def venv_package() -> str:
    """Return the package that completes the running Python."""
    is_default = os.path.realpath("/usr/bin/python3") == BASE_PYTHON
    return "python3-venv" if is_default else f"python3.{sys.version_info[1]}-venv"
