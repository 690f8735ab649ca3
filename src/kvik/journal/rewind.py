"""Goes back in time: reads a journal up to a moment, and makes a new directory of what it has read. Knows no command.

The old directory is only read, and not locked: a server may be using it. Its files are taken as they are when the
rewinding begins, which is what would be found after a crash at that moment.

Which files know a moment: each generation, kept or not, knows what happened from the moment of its base on, until the
next one began. So the newest one is read that began in time, and nothing else. In the new directory its files
are the data, cut off behind the last batch that is wanted: numbers and times of the batches stay what they were.
"""

from typing import Final

from kvik.errors import CannotRewind
from kvik.journal.files import Files
from kvik.journal.fresh_directory import FreshDirectory
from kvik.journal.frozen_files import FrozenFiles
from kvik.journal.level import shown_level
from kvik.journal.manifest import JournalFile, Manifest, path_in
from kvik.journal.mark import MARK_SIZE, OPENING, parse_mark
from kvik.journal.reader import Limit, Reader
from kvik.journal.recovery import Replay
from kvik.services import Services

UNKNOWN: Final = -1

TOO_EARLY: Final = "nothing is kept that goes back so far; the oldest moment that can be reached is"
TOO_LATE: Final = "there is no such batch yet; the last one is"
NEVER_WRITTEN: Final = "what happened then was never written whole; the last moment that was is"


class Beginning:
    """The files of one generation, and where they begin: behind batch `sequence`, at `time`.

    Both are -1 where the first file does not say it: nobody knows what is in them.
    """

    def __init__(self, files: list[JournalFile], sequence: int, time: int) -> None:
        self.files: Final = files
        self.sequence: Final = sequence
        self.time: Final = time

    def is_known(self) -> bool:
        return self.sequence >= 0

    def is_before(self, limit: Limit) -> bool:
        """Return whether this generation had begun at the moment that is wanted."""
        if not self.is_known() or (limit.at >= 0 and self.time < 0):
            return False
        return self.sequence < limit.before if limit.before >= 0 else self.time <= limit.at


class Rewind:
    """Goes back to one moment of one directory, in slices, with an engine of its own.

    The constructor and `step` raise CannotRewind, JournalDamaged and OSError. Afterwards `sequence` and `time`
    are those of the last batch before the moment, `moment` is that moment in milliseconds since 1970, and the
    engine has the data. All this can fail because a compaction removed files meanwhile: the manifest is
    another one then, and a new Rewind finds what it names.
    """

    def __init__(self, files: Files, directory: str, manifest: Manifest, limit: Limit, services: Services) -> None:
        self.sequence = 0
        self.time = UNKNOWN
        self.moment = UNKNOWN
        self._directory: Final = directory
        self._manifest: Final = manifest
        self._limit: Final = limit
        self._generations: Final[list[Beginning]] = beginnings(files, directory, manifest)
        self._chosen: Final[int] = newest_before(self._generations, limit)
        files_read = self._generations[self._chosen].files
        frozen = FrozenFiles(files, [path_in(directory, file.name) for file in files_read])
        self._files: Final[Files] = frozen
        self._reader: Final = Reader(frozen, directory, files_read, limit)
        self._services: Final = services
        self._replay: Final = Replay(services)

    @property
    def bytes_done(self) -> int:
        return self._reader.bytes_done

    @property
    def bytes_total(self) -> int:
        return self._reader.bytes_total

    def step(self, budget_ms: int) -> bool:
        """Read on for about so long; return whether there is more to do."""
        if self._replay.run(self._reader, budget_ms):
            return True
        reader = self._reader
        if not reader.is_stopped:
            self._check_end()
        self.sequence = reader.sequence
        self.time = reader.time
        self.moment = self._limit.at if self._limit.at >= 0 else reader.time
        return False

    def write(self, fresh: FreshDirectory) -> None:
        """Make the new directory, when everything has been read. Raises OSError."""
        parts = self._parts()
        fresh.need_room(sum([size for _file, size in parts]))
        for file, size in parts:
            source = self._files.open_reading(path_in(self._directory, file.name))
            try:
                fresh.copy(source, file.name, size)
            finally:
                source.close()
        fresh.finish(Manifest([file for file, _size in parts], [], shown_level(self._services.level())))

    def _parts(self) -> list[tuple[JournalFile, int]]:
        """Return the files that were read, with how many of their bytes count."""
        reader = self._reader
        last, end = reader.file, reader.offset
        if reader.torn is not None:
            last, end = reader.torn.file, reader.torn.offset
        parts: list[tuple[JournalFile, int]] = []
        for file in self._generations[self._chosen].files:
            if file.name == last.name:
                parts.append((file, end))
                break
            parts.append((file, self._files.size(path_in(self._directory, file.name))))
        return parts

    def _check_end(self) -> None:
        """The files have ended before the moment: make sure that nothing happened in between."""
        reader = self._reader
        before = self._limit.before
        if before == reader.sequence + 1:
            return
        is_last = self._chosen == len(self._generations) - 1
        if is_last:
            if before >= 0:
                raise CannotRewind(TOO_LATE, reader.sequence, reader.time)
            return
        following = self._generations[self._chosen + 1]
        if before >= 0 or not following.is_known() or following.sequence != reader.sequence:
            raise CannotRewind(NEVER_WRITTEN, reader.sequence, reader.time)


def beginnings(files: Files, directory: str, manifest: Manifest) -> list[Beginning]:
    """Return all generations, the oldest first. Raises OSError."""
    return [beginning(files, directory, chosen) for chosen in [*manifest.kept, manifest.files]]


def beginning(files: Files, directory: str, chosen: list[JournalFile]) -> Beginning:
    path = path_in(directory, chosen[0].name)
    if not files.exists(path):
        return Beginning(chosen, UNKNOWN, UNKNOWN)
    file = files.open_reading(path)
    try:
        data = file.read(MARK_SIZE)
    finally:
        file.close()
    mark = parse_mark(data, 0)
    if mark is not None and mark.kind == OPENING:
        return Beginning(chosen, mark.sequence, mark.time)
    # The very first log is empty until something is written.
    is_unwritten = not data and len(chosen) == 1 and chosen[0].generation == 1
    return Beginning(chosen, 0 if is_unwritten else UNKNOWN, UNKNOWN)


def newest_before(generations: list[Beginning], limit: Limit) -> int:
    """Return the index of the newest generation that had begun at the moment. Raises CannotRewind."""
    for index in range(len(generations) - 1, -1, -1):
        if generations[index].is_before(limit):
            return index
    for oldest in generations:
        if oldest.is_known():
            raise CannotRewind(TOO_EARLY, oldest.sequence, oldest.time)
    raise CannotRewind(TOO_EARLY, UNKNOWN, UNKNOWN)
