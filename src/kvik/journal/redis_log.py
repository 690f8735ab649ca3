"""Reads append-only files that redis-server wrote, request by request, strictly. Knows no command.

Nothing but RESP arrays of bulk strings and the annotations `#TS:` is accepted: an end in the middle of a
request is refused too, as nothing says whether it was torn or is damage.
"""

import re
from typing import Final

from mypy_extensions import i64

from kvik.dialects.intake import Intake
from kvik.dialects.resp import whole_request
from kvik.errors import CannotImport
from kvik.journal.files import Files, ReadingFile
from kvik.journal.manifest import MANIFEST_BYTES_MAX, RedisFile, parse_redis_manifest
from kvik.journal.mark import LENGTH_MAX
from kvik.request import Request

READ_SIZE: Final = 1 << 20
SUFFIX: Final = ".manifest"
USUAL_FOLDER: Final = "appendonlydir"
OLD_NAME: Final = "appendonly.aof"
DUMP_NAME: Final = "dump.rdb"
NO_OFFSET: Final = -1

RDB_HEAD: Final = b"REDIS"
COUNT_LINE: Final = re.compile(rb"\*[1-9][0-9]{0,9}\r\n")
LENGTH_LINE: Final = re.compile(rb"\$(0|[1-9][0-9]{0,9})\r\n")
LENGTH_LINE_MAX: Final = 14
TIME_LINE: Final = re.compile(rb"#TS:[0-9]{1,15}\r\n")
TIME_LINE_MAX: Final = 21

HOW_TO: Final = (
    "on the server it comes from: CONFIG SET appendonly yes, CONFIG SET aof-use-rdb-preamble no, BGREWRITEAOF;"
    " import again when that has ended"
)
IS_RDB: Final = "this is an RDB, and kvik reads commands only; " + HOW_TO
NO_LOG: Final = "there is no append-only file here; " + HOW_TO
IS_KVIK: Final = "kvik wrote this directory: serve it as it is"
NO_REQUEST: Final = "this is neither a command nor a #TS: annotation"
CUT: Final = "the file ends in the middle of a command; redis-check-aof --fix, or a start of redis-server, cuts it off"


class RedisLog:
    """Goes through files in order, as one log.

    `path` and `start` are the file and the offset of the request that was returned last; `number` counts
    the files begun, from 1: each begins in database 0.
    """

    def __init__(self, files: Files, paths: list[str]) -> None:
        self.path = ""
        self.start: i64 = 0
        self.number = 0
        self.bytes_total: Final = sum([files.size(path) for path in paths])
        self._files: Final = files
        self._paths: Final = paths
        self._bytes_before = 0
        self._open: ReadingFile | None = None
        self._base: i64 = 0
        self._intake: Final = Intake()

    @property
    def bytes_done(self) -> int:
        return self._bytes_before + self._base + self._intake.position

    def next_request(self) -> Request | None:
        """Return the next request, None behind the last one. Raises CannotImport, OSError."""
        while self._open is not None or self._begin_file():
            request = self._in_this_file()
            if request is not None:
                return request
            self.close()
        return None

    def close(self) -> None:
        file = self._open
        self._open = None
        if file is not None:
            file.close()

    def _begin_file(self) -> bool:
        if self.number == len(self._paths):
            return False
        self._bytes_before = self.bytes_done
        self.path = self._paths[self.number]
        self.number += 1
        self._open = self._files.open_reading(self.path)
        self._hold(b"", 0)
        self._read_on()
        if self._intake.buffer.startswith(RDB_HEAD):
            raise CannotImport(self.path, NO_OFFSET, IS_RDB)
        return True

    def _in_this_file(self) -> Request | None:
        intake = self._intake
        while True:
            self.start = self._base + intake.position
            request = whole_request(intake, LENGTH_MAX)
            if request is not None or self._skip_annotation():
                if request is not None:
                    return request
                continue
            if not may_go_on(intake.buffer, intake.position):
                raise CannotImport(self.path, self.start, NO_REQUEST)
            if not self._read_on():
                if intake.position < len(intake.buffer):
                    raise CannotImport(self.path, self.start, CUT)
                return None

    def _skip_annotation(self) -> bool:
        found = TIME_LINE.match(self._intake.buffer, self._intake.position)
        if found is None:
            return False
        self._intake.position = found.end()
        return True

    def _read_on(self) -> bool:
        """Read more of the file behind what is not used up yet; return False at its end."""
        intake = self._intake
        file = self._open
        rest: i64 = len(intake.buffer) - intake.position
        # A long request is copied again at each reading: so each doubles what is there.
        piece = b"" if file is None else file.read(max(READ_SIZE, rest))
        if not piece:
            return False
        self._hold(intake.buffer[intake.position :] + piece, self._base + intake.position)
        return True

    def _hold(self, buffer: bytes, base: i64) -> None:
        self._base = base
        self._intake.buffer = buffer
        self._intake.position = 0
        self._intake.start = 0


def may_go_on(buffer: bytes, start: i64) -> bool:
    """Return whether what stands at `start` is a request, or an annotation, as far as it goes."""
    if start == len(buffer):
        return True
    if buffer[start : start + 1] == b"#":
        return is_cut(buffer, start, TIME_LINE_MAX)
    count = COUNT_LINE.match(buffer, start)
    if count is None:
        return buffer[start : start + 1] == b"*" and is_cut(buffer, start, LENGTH_LINE_MAX)
    missing = int(count[0][1:-2])
    index: i64 = count.end()
    while missing > 0:
        length = LENGTH_LINE.match(buffer, index)
        if length is None:
            return is_cut(buffer, index, LENGTH_LINE_MAX)
        index = length.end() + int(length[1])
        if index + 2 > len(buffer):
            return True
        if buffer[index : index + 2] != b"\r\n":
            return False
        index += 2
        missing -= 1
    return True


def is_cut(buffer: bytes, index: i64, most: i64) -> bool:
    """Return whether the buffer ends before the end of a line of at most so many bytes."""
    return len(buffer) - index < most and buffer.find(b"\n", index) < 0


# Which files they are


def redis_files(files: Files, place: str) -> list[str]:
    """Return the paths of the files that are the data, in order.

    `place` is the working directory of a redis-server, the folder of its append-only files, or one
    such file. Raises CannotImport, OSError.
    """
    try:
        files.names(place)
    except NotADirectoryError:
        return [place]
    for folder in (place, f"{place}/{USUAL_FOLDER}"):
        manifests = manifests_in(files, folder)
        if len(manifests) > 1:
            raise CannotImport(folder, NO_OFFSET, f"it has several manifests: {', '.join(manifests)}")
        if manifests:
            return files_of(files, folder, manifests[0])
    old = f"{place}/{OLD_NAME}"
    if files.exists(old):
        return [old]
    dump = f"{place}/{DUMP_NAME}"
    raise CannotImport(dump, NO_OFFSET, IS_RDB) if files.exists(dump) else CannotImport(place, NO_OFFSET, NO_LOG)


def manifests_in(files: Files, folder: str) -> list[str]:
    if not files.exists(folder):
        return []
    return [name for name in files.names(folder) if name.endswith(SUFFIX)]


def files_of(files: Files, folder: str, name: str) -> list[str]:
    """Return the paths a manifest names: the base, then the incr files."""
    path = f"{folder}/{name}"
    if files.size(path) > MANIFEST_BYTES_MAX:
        raise CannotImport(path, NO_OFFSET, "it is larger than any manifest")
    content = files.read(path)
    if b"# kvik1 " in content:
        raise CannotImport(path, NO_OFFSET, IS_KVIK)
    named = parse_redis_manifest(content, path)
    chosen = in_order(named, path)
    for file in chosen:
        if not files.exists(f"{folder}/{file.name}"):
            raise CannotImport(path, NO_OFFSET, f"it names {file.name}, which is not there")
    return [f"{folder}/{file.name}" for file in chosen]


def in_order(named: list[RedisFile], path: str) -> list[RedisFile]:
    bases = [file for file in named if file.kind == "b"]
    logs = [file for file in named if file.kind == "i"]
    if len(bases) > 1:
        raise CannotImport(path, NO_OFFSET, "it names more than one base")
    for index in range(1, len(logs)):
        if logs[index].sequence <= logs[index - 1].sequence:
            raise CannotImport(path, NO_OFFSET, "the numbers of its incr files do not rise")
    if not bases and not logs:
        raise CannotImport(path, NO_OFFSET, "it names no file")
    return bases + logs
