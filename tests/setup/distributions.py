"""Wheels of what is installed beside the tests, so that a clean environment can be filled without a network."""

import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement


def required_by(requirements: list[str]) -> Iterator[Distribution]:
    """Yield the installed distributions that requirements ask for, and those that these ask for."""
    seen: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        is_wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if not is_wanted or requirement.name.lower() in seen:
            continue
        seen.add(requirement.name.lower())
        found = distribution(requirement.name)
        waiting += [Requirement(text) for text in found.requires or []]
        yield found


def pack_wheel(installed: Distribution, folder: Path) -> Path:
    """Write the wheel that an installed distribution came from; the installer's own notes stay behind."""
    tag = re.findall(r"^Tag: (\S+)", installed.read_text("WHEEL") or "", re.MULTILINE)[0]
    name = re.sub(r"[-.]+", "_", installed.metadata["Name"])
    path = folder / f"{name}-{installed.version}-{tag}.whl"
    left_out = {"INSTALLER", "REQUESTED", "direct_url.json"}
    with zipfile.ZipFile(path, "w") as wheel:
        for file in installed.files or []:
            if ".." not in file.parts and file.suffix != ".pyc" and file.name not in left_out:
                wheel.write(str(file.locate()), file.as_posix())
    return path


def installed_kvik() -> Distribution | None:
    """Return the kvik that is installed in this environment: the compiled one, where that is under test."""
    try:
        found = distribution("kvik")
    except PackageNotFoundError:
        return None
    return found if str(found.locate_file("")).startswith(sys.prefix) else None
