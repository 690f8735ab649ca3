"""Looks through a data directory, file by file, and says what is wrong where. Changes nothing, knows no command."""

from typing import Final

from kvik.errors import JournalDamaged
from kvik.journal.files import Files
from kvik.journal.manifest import BASE, INCR, JOURNAL_FILE, JournalFile, Manifest, path_in, read_manifest
from kvik.journal.mark import MARK_SIZE, Mark, parse_mark
from kvik.journal.reader import Batch, Reader, TornEnd
from kvik.journal.search import MarkSearch, counts

SOUND: Final = "sound"
TORN: Final = "torn"
DAMAGED: Final = "damaged"
MISSING: Final = "missing"
CUT_OFF: Final = "cut off"
"""Sound by itself, but what it follows is damaged."""
GIVEN_UP: Final = "given up"
"""Kept, and it ends early: the system could not write it any more, and memory had the data."""


class FileReport:
    """What one file of the journal holds, as far as it counts. Sequence numbers and times are -1 where it has none.

    `offset` is where its last mark that counts ends, `checksum` is that mark's; `why` says what is wrong behind it.
    """

    def __init__(self, file: JournalFile, is_kept: bool, size: int) -> None:
        self.file: Final = file
        self.is_kept: Final = is_kept
        self.size: Final = size
        self.batches = 0
        self.commands = 0
        self.first_sequence = -1
        self.last_sequence = -1
        self.first_time = -1
        self.last_time = -1
        self.offset = 0
        self.checksum = -1
        self.is_torn = False
        self.state = SOUND
        self.why = ""

    def take(self, batch: Batch, checksum: int) -> None:
        """Count a batch that has been read; marks without commands only give their time."""
        self.offset = batch.end
        self.checksum = checksum
        self.last_time = batch.time
        if self.first_time < 0:
            self.first_time = batch.time
        if batch.requests:
            self.batches += 1
            self.commands += len(batch.requests)
            self.last_sequence = batch.sequence
            if self.first_sequence < 0:
                self.first_sequence = batch.sequence


class Behind:
    """The batches behind a damaged or torn place that are whole by themselves."""

    def __init__(self) -> None:
        self.batches = 0
        self.first_sequence = -1
        self.last_sequence = -1
        self.last_time = -1


class Inspection:
    """What was found. `manifest` is None where it is missing or damaged, `complaint` says which.

    `strays` are journal files the manifest does not name. At most one of `damage` and `torn` is there, in
    the files of the data; what is wrong in a kept generation is in its reports only.
    """

    def __init__(self) -> None:
        self.manifest: Manifest | None = None
        self.complaint: JournalDamaged | None = None
        self.reports: Final[list[FileReport]] = []
        self.strays: Final[list[str]] = []
        self.damage: JournalDamaged | None = None
        self.damaged: JournalFile | None = None
        self.torn: TornEnd | None = None
        self.behind: Final = Behind()

    def is_sound(self) -> bool:
        return self.manifest is not None and all(report.state in (SOUND, GIVEN_UP) for report in self.reports)


def inspect(files: Files, directory: str) -> Inspection:
    """Return what is found in a data directory. Raises OSError where something cannot be read at all."""
    found = Inspection()
    try:
        found.manifest = read_manifest(files, directory)
    except JournalDamaged as error:
        found.complaint = error
    manifest = found.manifest
    if manifest is not None:
        inspect_data(files, directory, manifest, found)
        generations = [*manifest.kept, manifest.files]
        for number, kept in enumerate(manifest.kept):
            inspect_kept(files, directory, kept, generations[number + 1], found)
    named = {report.file.name for report in found.reports}
    found.strays.extend([name for name in journal_names(files, directory) if name not in named])
    return found


def journal_names(files: Files, directory: str) -> list[str]:
    """Return the names in the folder that a file of commands can have."""
    return [name for name in files.names(path_in(directory, "")) if JOURNAL_FILE.fullmatch(name) is not None]


def inspect_data(files: Files, directory: str, manifest: Manifest, found: Inspection) -> None:
    reports = read_reports(files, directory, manifest.files, False, found)
    found.reports.extend(reports)
    if found.damage is not None:
        count_behind(files, found.damage.file, found.damage.offset, found.behind)
    elif found.torn is not None:
        count_behind(files, path_in(directory, found.torn.file.name), found.torn.offset, found.behind)
    for report in reports:
        if report.state == CUT_OFF:
            inspect_alone(files, directory, report)


def inspect_kept(
    files: Files, directory: str, kept: list[JournalFile], following: list[JournalFile], found: Inspection
) -> None:
    """Look through a generation; the one that follows it says where it ended."""
    reports = read_reports(files, directory, kept, True, Inspection())
    found.reports.extend(reports)
    opening = opening_of_log(files, directory, following)
    ended = [report for report in reports if report.checksum >= 0]
    if opening is None or not ended:
        return
    last = ended[-1]
    if opening.chain == 0:
        if last.is_torn:
            last.state = GIVEN_UP
    elif last.state == SOUND and last.checksum != opening.chain:
        last.state, last.why = DAMAGED, f"it ends before batch {opening.sequence} does"


def opening_of_log(files: Files, directory: str, generation: list[JournalFile]) -> Mark | None:
    """Return the opening mark of a generation's first log, None where it has none yet."""
    for file in generation:
        if file.kind == INCR and size_of(files, directory, file) >= MARK_SIZE:
            reading = files.open_reading(path_in(directory, file.name))
            try:
                return parse_mark(reading.read(MARK_SIZE), 0)
            finally:
                reading.close()
        if file.kind == INCR:
            return None
    return None


def read_reports(
    files: Files, directory: str, chosen: list[JournalFile], is_kept: bool, found: Inspection
) -> list[FileReport]:
    """Read files as one journal; return what is in them up to the first trouble, which `found` is told."""
    reports = [FileReport(file, is_kept, size_of(files, directory, file)) for file in chosen]
    by_name = {report.file.name: report for report in reports}
    there = [report.file for report in reports if report.size >= 0]
    for number, report in enumerate(reports):
        if report.size < 0:
            report.state = MISSING
            found.damaged = report.file
            found.damage = JournalDamaged(path_in(directory, report.file.name), 0, -1, "the file is missing")
            mark_cut_off(reports[number + 1 :])
            there = [earlier.file for earlier in reports[:number]]
            break
    if there:
        reader = Reader(files, directory, there, None, is_kept)
        try:
            while (batch := reader.next_batch()) is not None:
                by_name[batch.file.name].take(batch, reader.checksum)
        except JournalDamaged as error:
            found.damage = error
            found.damaged = reader.file
            report = by_name[reader.file.name]
            report.state, report.why = DAMAGED, error.why
            mark_cut_off(reports[reports.index(report) + 1 :])
        if reader.torn is not None:
            take_torn(reader, reader.torn, by_name[reader.torn.file.name], found)
    return reports


def take_torn(reader: Reader, torn: TornEnd, report: FileReport, found: Inspection) -> None:
    """Note a torn end; where a file is missing behind it, and in a kept generation, it is damage."""
    report.is_torn = True
    report.why = torn.why
    if found.damage is None and not report.is_kept:
        report.state = TORN
        found.torn = torn
    else:
        report.state = DAMAGED
        found.damaged = torn.file
        found.damage = JournalDamaged(reader.path, torn.offset, reader.sequence + 1, torn.why)


def mark_cut_off(reports: list[FileReport]) -> None:
    for report in reports:
        if report.state == SOUND:
            report.state = CUT_OFF


def inspect_alone(files: Files, directory: str, report: FileReport) -> None:
    """Count what a file holds that follows a damaged one."""
    reader = Reader(files, directory, [report.file], None, True)
    try:
        while (batch := reader.next_batch()) is not None:
            report.take(batch, reader.checksum)
    except JournalDamaged as error:
        report.state, report.why = DAMAGED, error.why


def size_of(files: Files, directory: str, file: JournalFile) -> int:
    """Return the bytes of a file, -1 where there is none."""
    path = path_in(directory, file.name)
    return files.size(path) if files.exists(path) else -1


def count_behind(files: Files, path: str, offset: int, behind: Behind) -> None:
    """Count the batches behind a place of a file, damaged or torn, that are whole."""
    if not files.exists(path):
        return
    search = MarkSearch(files, path, offset)
    end = offset
    try:
        while (found := search.next_mark()) is not None:
            if found.start >= end and found.mark.length > 0 and counts(files, path, found):
                end = found.offset + MARK_SIZE
                behind.batches += 1
                behind.last_sequence = found.mark.sequence
                behind.last_time = found.mark.time
                if behind.first_sequence < 0:
                    behind.first_sequence = found.mark.sequence
    finally:
        search.close()


def rebuilt_manifest(files: Files, directory: str) -> Manifest | None:
    """Return a manifest made from the names in the folder, of the newest generation that reads to its end."""
    generations = by_generation(journal_names(files, directory))
    for number in range(len(generations) - 1, -1, -1):
        if is_readable(files, directory, tail_from(generations, number)):
            return Manifest(tail_from(generations, number), readable(files, directory, generations[:number]))
    return None


def by_generation(names: list[str]) -> list[list[JournalFile]]:
    """Return the generations these files make: each begins with a base, or with the first log."""
    bases: set[int] = set()
    logs: set[int] = set()
    for name in names:
        found = JOURNAL_FILE.fullmatch(name)
        if found is not None:
            (bases if found[2] == BASE else logs).add(int(found[1]))
    generations: list[list[JournalFile]] = []
    for number in sorted(bases | logs):
        if number in bases:
            generations.append([JournalFile(number, BASE)])
        if number in logs and (generations or number == 1):
            if not generations:
                generations.append([])
            generations[-1].append(JournalFile(number, INCR))
    return [files for files in generations if files[-1].kind == INCR]


def tail_from(generations: list[list[JournalFile]], number: int) -> list[JournalFile]:
    """Return the files of a generation and the logs of those behind it."""
    tail = list(generations[number])
    for files in generations[number + 1 :]:
        tail.extend([file for file in files if file.kind == INCR])
    return tail


def readable(files: Files, directory: str, generations: list[list[JournalFile]]) -> list[list[JournalFile]]:
    return [chosen for chosen in generations if is_readable(files, directory, chosen, True)]


def is_readable(files: Files, directory: str, chosen: list[JournalFile], is_alone: bool = False) -> bool:
    """Return whether these files are a journal without damage; its last end may be torn."""
    first_log = chosen[0] if chosen[0].kind == INCR else chosen[1]
    if first_log.generation != chosen[0].generation:
        return False
    reader = Reader(files, directory, chosen, None, is_alone)
    try:
        while reader.next_batch() is not None:
            pass
    except JournalDamaged:
        return False
    return True
