"""The checkout and what its builds are made of. Imports little: every start of the server reads it."""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD_FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
PYTHON_TAG = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"


def source_paths(root: str) -> Iterator[str]:
    """Yield every file that goes into a wheel, in a fixed order."""
    for name in BUILD_FILES:
        path = os.path.join(root, name)
        if os.path.exists(path):
            yield path
    for folder, folders, names in os.walk(os.path.join(root, "src")):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.endswith(".egg-info"))
        for name in sorted(names):
            if name.endswith((".py", ".typed")):
                yield os.path.join(folder, name)


def fingerprint(words: Iterable[str], paths: Iterable[str], root: str) -> str:
    """Return a hash in hexadecimal of words and of the names and contents of files."""
    state = hashlib.blake2b(digest_size=16)
    for word in words:
        state.update(word.encode() + b"\0")
    for path in paths:
        with open(path, "rb") as file:
            content = file.read()
        state.update(f"{os.path.relpath(path, root)}\0{len(content)}\0".encode() + content)
    return state.hexdigest()


def obstacle_to_compiling(environment: Mapping[str, str], include: str) -> str:
    """Return what a compiled build lacks on this machine, "" where nothing is missing."""
    folders = environment.get("PATH", "").split(os.pathsep)
    compilers = (environment["CC"].split()[0],) if environment.get("CC", "").strip() else ("cc", "gcc", "clang")
    if not any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders for name in compilers):
        return f"no C compiler ({', '.join(compilers)})"
    if not os.path.exists(os.path.join(include, "Python.h")):
        return f"no {include}/Python.h"
    return ""


def compile_mode(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return KVIK_COMPILE as it applies here (auto, 1 or 0), and what stands in the way of compiling or ""."""
    wanted = environment.get("KVIK_COMPILE", "auto")
    if wanted != "auto":
        return wanted, ""
    obstacle = obstacle_to_compiling(environment, sysconfig.get_path("include"))
    return ("0" if obstacle else "auto"), obstacle


def wheel_key(root: str, mode: str) -> str:
    """Return the name of the build that this interpreter makes of the sources as they are now."""
    return fingerprint([PYTHON_TAG, os.uname().machine, mode], source_paths(root), root)
