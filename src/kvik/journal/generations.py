"""Which generations are kept, when a new one is due, and what a crash left behind. Knows no database."""

from typing import Final

from kvik.journal.files import Files
from kvik.journal.manifest import INCR, JOURNAL_FILE, NAME, PART, JournalFile, Manifest, path_in
from kvik.journal.mark import MARK_SIZE, parse_mark

DAY_MS: Final = 86_400_000
UNKNOWN: Final = -1


class Retention:
    """The rule of the settings: the last `count` of the older generations are kept, and all that ended in `days`."""

    def __init__(self, count: int = 2, days: int = 0) -> None:
        self.count: Final = count
        self.days: Final = days

    def keeps(self, age: int, ended: int, now: int) -> bool:
        """Tell whether to keep the generation that is the `age`th-last, 0 the last, and ended at `ended` (ms)."""
        return age < self.count or (self.days > 0 and (ended == UNKNOWN or now - ended < self.days * DAY_MS))


class Growth:
    """When a compaction begins by itself: as Redis' auto-aof-rewrite-percentage (0: never) and -min-size (bytes)."""

    def __init__(self, percentage: int = 100, min_size: int = 64 << 20) -> None:
        self.percentage: Final = percentage
        self.min_size: Final = min_size

    def is_enough(self, size: int, before: int) -> bool:
        """Tell whether files of `size` bytes, which were `before` after the last compaction, have grown enough."""
        if self.percentage <= 0 or size <= self.min_size:
            return False
        return (size - before) * 100 >= self.percentage * max(before, 1)


def next_manifest(
    files: Files,
    directory: str,
    manifest: Manifest,
    base: JournalFile,
    log: JournalFile,
    retention: Retention,
    now: int,
) -> Manifest:
    """Return the manifest in which `base` and `log` are the data, and what was before is kept by the rule.

    `log` may be in the old manifest already, as the file that grows. Raises OSError.
    """
    older = [*manifest.kept, [file for file in manifest.files if file.name != log.name]]
    kept: list[list[JournalFile]] = []
    for index, generation in enumerate(older):
        age = len(older) - 1 - index
        if kept or retention.keeps(age, end_of(files, directory, [*older, [log]], index, retention), now):
            kept.append(generation)
    return Manifest([base, log], kept, manifest.level)


def end_of(files: Files, directory: str, generations: list[list[JournalFile]], index: int, retention: Retention) -> int:
    """Return when a generation ended: when the next one's log began. UNKNOWN where nobody asks, or that is empty."""
    if retention.days == 0:
        return UNKNOWN
    for file in generations[index + 1]:
        if file.kind == INCR:
            return time_of_opening(files, path_in(directory, file.name))
    return UNKNOWN


def time_of_opening(files: Files, path: str) -> int:
    """Return the time in the opening mark of a file, UNKNOWN where it has none."""
    file = files.open_reading(path)
    try:
        mark = parse_mark(file.read(MARK_SIZE), 0)
    finally:
        file.close()
    return UNKNOWN if mark is None else mark.time


def last_generation(manifest: Manifest) -> int:
    return max([file.generation for files in [*manifest.kept, manifest.files] for file in files])


def unnamed(before: Manifest, after: Manifest) -> list[str]:
    """Return the names of the files that `before` has and `after` has not."""
    named = names_in(after)
    return sorted(names_in(before) - named)


def names_in(manifest: Manifest) -> set[str]:
    return {file.name for files in [*manifest.kept, manifest.files] for file in files}


def remove_leftovers(files: Files, directory: str, manifest: Manifest) -> list[str]:
    """Remove what a compaction left that did not end: parts, and journal files the manifest does not name.

    To be called when everything was loaded. Other names are nobody's business. Return what was
    removed. Raises OSError.
    """
    named = names_in(manifest)
    removed: list[str] = []
    for name in files.names(path_in(directory, "")):
        whole = name.removesuffix(PART)
        is_journal = JOURNAL_FILE.fullmatch(whole) is not None
        if (is_journal and name not in named) or (whole == NAME and name != NAME):
            files.remove(path_in(directory, name))
            removed.append(name)
    return removed


def remove_files(files: Files, directory: str, names: list[str]) -> None:
    """Remove journal files that no manifest names any more. Raises OSError."""
    for name in names:
        path = path_in(directory, name)
        if files.exists(path):
            files.remove(path)
