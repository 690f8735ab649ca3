"""Crashes of one simulated disk with many seeds: what each of them leaves of a file or of the names in a folder."""

from random import Random
from typing import Final

from kvik.journal.files import WritingFile
from tests.journal.simulated import SimulatedFiles

SEEDS: Final = range(400)
LOG: Final = "/data/log"
PAGES: Final = bytes(range(1, 256)) * 8
"""Four sectors without a zero."""


def disk() -> SimulatedFiles:
    """Return a file system with the durable folder /data and a durable, empty log."""
    files = SimulatedFiles()
    files.put(LOG, b"")
    return files


def writing(files: SimulatedFiles, *parts: bytes) -> WritingFile:
    """Append to the log without a sync."""
    file = files.open_appending(LOG)
    for part in parts:
        assert file.write(part) == len(part)
    return file


def crashed(files: SimulatedFiles, seed: int) -> SimulatedFiles:
    after = files.copy()
    after.crash(Random(seed))
    return after


def found(files: SimulatedFiles, path: str = LOG) -> bytes | None:
    return files.read(path) if files.exists(path) else None


def ends(files: SimulatedFiles, path: str = LOG) -> set[bytes | None]:
    """Return everything that crashes at this moment leave of a file; None where its name is gone."""
    return {found(crashed(files, seed), path) for seed in SEEDS}


def ends_of_names(files: SimulatedFiles, folder: str = "/data") -> set[tuple[str, ...]]:
    return {tuple(crashed(files, seed).names(folder)) for seed in SEEDS}


def ends_without_none(files: SimulatedFiles) -> set[bytes]:
    return {end for end in ends(files) if end is not None}


def writing_pages() -> SimulatedFiles:
    """Return a disk with a write of PAGES under way."""
    files = disk()
    writing(files, PAGES)
    return files
