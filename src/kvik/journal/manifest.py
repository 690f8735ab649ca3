"""The manifest: which files of a journal's folder are the data, in which order. Knows nothing of what is in them.

docs/formats/journal.md says how a line looks. kvik reads its own manifests only; what a redis-server
wrote is read on request, for an import.
"""

import re
from typing import Final
from zlib import crc32

from kvik.dialects.words import split_words
from kvik.errors import JournalDamaged, UnbalancedQuotes
from kvik.journal.files import Files
from kvik.journal.level import LOWEST, shown_level
from kvik.journal.log_file import write_all

FOLDER: Final = "appendonlydir"
NAME: Final = "appendonly.aof.manifest"
PART: Final = ".part"
"""How the name of a file ends that is not whole yet."""
LEVEL: Final = shown_level(LOWEST)
"""The Redis version whose commands every journal needs at least."""

BASE: Final = "base"
INCR: Final = "incr"

MANIFEST_BYTES_MAX: Final = 1 << 20
NO_SEQUENCE: Final = -1

JOURNAL_FILE: Final = re.compile(r"appendonly\.aof\.([1-9][0-9]{0,14})\.(base|incr)\.aof")
FILE_LINE: Final = re.compile(rb"file (appendonly\.aof\.[0-9]{1,15}\.(?:base|incr)\.aof) seq ([0-9]{1,15}) type ([bi])")
LEVEL_LINE: Final = re.compile(rb"# kvik1 level ([0-9]{1,4}\.[0-9]{1,4}|kvik)")
KEPT_LINE: Final = re.compile(
    rb"# kvik1 kept ([0-9]{1,15})(?: base (appendonly\.aof\.[0-9]{1,15}\.base\.aof))?"
    rb"((?: incr appendonly\.aof\.[0-9]{1,15}\.incr\.aof)+)"
)
CHECKSUM_LINE: Final = re.compile(rb"# kvik1 checksum ([0-9a-f]{8})\n")
CHECKSUM_LINE_SIZE: Final = 26


class JournalFile:
    """A file of commands: `kind` is BASE or INCR."""

    def __init__(self, generation: int, kind: str) -> None:
        self.generation: Final = generation
        self.kind: Final = kind
        self.name: Final = f"appendonly.aof.{generation}.{kind}.aof"


class Manifest:
    """The files of the data in the order they are read, and older generations that are kept.

    `files` is at most one base and then at least one incr file; each kept generation is its files,
    the oldest generation first.
    """

    def __init__(
        self, files: list[JournalFile], kept: list[list[JournalFile]] | None = None, level: str = LEVEL
    ) -> None:
        self.files: Final = files
        self.kept: Final[list[list[JournalFile]]] = [] if kept is None else kept
        self.level: Final = level

    def at_level(self, level: str) -> "Manifest":
        """Return one of the same files that says this level."""
        return Manifest(self.files, self.kept, level)

    def last(self) -> JournalFile:
        """Return the file that grows."""
        return self.files[-1]

    def since(self, generation: int) -> list[JournalFile]:
        """Return the files that give the data from the beginning of a kept or the current generation on, in order."""
        chosen: list[JournalFile] = []
        for files in [*self.kept, self.files]:
            if chosen:
                chosen.extend([file for file in files if file.kind == INCR])
            elif files[0].generation == generation:
                chosen.extend(files)
        return chosen

    def encode(self) -> bytes:
        """Return the manifest as it stands on disk."""
        lines = [file_line(file) for file in self.files]
        lines.append(b"# kvik1 level " + self.level.encode())
        for files in self.kept:
            names = " ".join([f"{file.kind} {file.name}" for file in files])
            lines.append(f"# kvik1 kept {files[0].generation} {names}".encode())
        lines.append(b"")
        text = b"\n".join(lines)
        return b"%b# kvik1 checksum %08x\n" % (text, crc32(text))


def file_line(file: JournalFile) -> bytes:
    """Return the line that redis-server reads too."""
    return f"file {file.name} seq {file.generation} type {file.kind[0]}".encode()


def path_in(directory: str, name: str) -> str:
    """Return the path of a journal file in a data directory."""
    return f"{directory}/{FOLDER}/{name}"


def read_manifest(files: Files, directory: str) -> Manifest | None:
    """Return the manifest of a data directory, None where there is none. Raises JournalDamaged, OSError."""
    path = path_in(directory, NAME)
    if not files.exists(path):
        return None
    if files.size(path) > MANIFEST_BYTES_MAX:
        raise damaged(path, MANIFEST_BYTES_MAX, "it is larger than any manifest")
    return parse_manifest(files.read(path), path)


def write_manifest(files: Files, directory: str, manifest: Manifest) -> None:
    """Put a manifest in place of the one that is there, whole or not at all, and durable. Raises OSError."""
    replace_file(files, path_in(directory, ""), NAME, manifest.encode())


def replace_file(files: Files, folder: str, name: str, content: bytes) -> None:
    """Make a file of this content durable under a name, whole or not at all. `folder` ends in a slash."""
    part = folder + name + PART
    file = files.create(part, True)
    try:
        write_all(file, content)
        file.sync()
    finally:
        file.close()
    files.rename(part, folder + name)
    files.sync_folder(folder)


def parse_manifest(content: bytes, path: str) -> Manifest:
    """Return what a manifest of kvik says. Raises JournalDamaged where it is anything else."""
    end = len(content) - CHECKSUM_LINE_SIZE
    line = CHECKSUM_LINE.fullmatch(content, max(end, 0))
    if line is None:
        raise damaged(path, max(end, 0), foreign(content))
    if int(line[1], 16) != crc32(content[:end]):
        raise damaged(path, end, "its checksum is wrong")
    return ManifestLines(path).parsed(content[:end])


def foreign(content: bytes) -> str:
    """Return what to say of a manifest that does not end as kvik's do."""
    if b"# kvik1 " in content:
        return "it does not end in its checksum"
    return "kvik did not write it; what redis-server wrote comes in through `kvik import`"


def damaged(path: str, offset: int, why: str) -> JournalDamaged:
    return JournalDamaged(path, offset, NO_SEQUENCE, why)


class ManifestLines:
    """Reads the lines of one manifest, whose checksum was right: what is wrong in them was written so."""

    def __init__(self, path: str) -> None:
        self._path: Final = path
        self._files: Final[list[JournalFile]] = []
        self._kept: Final[list[list[JournalFile]]] = []
        self._level = ""

    def parsed(self, content: bytes) -> Manifest:
        offset = 0
        for line in content.split(b"\n")[:-1]:
            if not self._takes(line):
                raise damaged(self._path, offset, "this line has no place in a manifest")
            offset += len(line) + 1
        if offset != len(content) or not self._level or not are_a_journal(self._files):
            raise damaged(self._path, 0, "its files are not those of a journal")
        if not all(are_a_journal(files) for files in self._kept):
            raise damaged(self._path, 0, "the files of a kept generation are not those of a journal")
        return Manifest(self._files, self._kept, self._level)

    def _takes(self, line: bytes) -> bool:
        found = FILE_LINE.fullmatch(line)
        if found is not None:
            file = named(found[1].decode())
            self._files.append(file)
            return not self._level and line == file_line(file)
        found = LEVEL_LINE.fullmatch(line)
        if found is not None and not self._level:
            self._level = found[1].decode()
            return True
        found = KEPT_LINE.fullmatch(line)
        if found is None or not self._level:
            return False
        files = [named(word.decode()) for word in line.split(b" ")[5::2]]
        self._kept.append(files)
        return int(found[1]) == files[0].generation


def named(name: str) -> JournalFile:
    """Return the journal file of this name; generation 0 where it is not the name of one."""
    found = JOURNAL_FILE.fullmatch(name)
    if found is None:
        return JournalFile(0, BASE)
    return JournalFile(int(found[1]), found[2])


def are_a_journal(files: list[JournalFile]) -> bool:
    """Return whether these are a base, which only generation 1 may lack, and its incr files, their numbers rising."""
    if not files or files[0].generation < 1:
        return False
    base = files[0] if files[0].kind == BASE else None
    logs = files if base is None else files[1:]
    if not logs or logs[0].generation != (1 if base is None else base.generation):
        return False
    return all(
        log.kind == INCR and (index == 0 or log.generation > logs[index - 1].generation)
        for index, log in enumerate(logs)
    )


class RedisFile:
    """A file in a manifest that redis-server wrote: `kind` is `b` (base), `i` (incr) or `h` (history)."""

    def __init__(self, name: str, sequence: int, kind: str) -> None:
        self.name: Final = name
        self.sequence: Final = sequence
        self.kind: Final = kind


def parse_redis_manifest(content: bytes, path: str) -> list[RedisFile]:
    """Return the files a manifest of redis-server names, in order, comments passed over. Raises JournalDamaged."""
    found: list[RedisFile] = []
    offset = 0
    for line in content.split(b"\n"):
        if line and not line.startswith(b"#"):
            file = parse_redis_line(line)
            if file is None:
                raise damaged(path, offset, "this is not a line of a manifest of redis-server")
            found.append(file)
        offset += len(line) + 1
    return found


def parse_redis_line(line: bytes) -> RedisFile | None:
    try:
        words = split_words(line)
    except UnbalancedQuotes:
        return None
    fields = dict(zip(words[::2], words[1::2], strict=False))
    name, sequence, kind = fields.get(b"file", b""), fields.get(b"seq", b""), fields.get(b"type", b"")
    if len(words) % 2 or not sequence.isdigit() or len(sequence) > 18 or kind not in (b"b", b"i", b"h"):
        return None
    if not name or b"/" in name or b"\0" in name or name in (b".", b".."):
        return None
    return RedisFile(name.decode("utf-8", "surrogateescape"), int(sequence), kind.decode())
