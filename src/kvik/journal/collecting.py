"""What happens between two batches, collected as the bytes of the next one. Knows no file, no mark and no clock."""

from typing import Final

from kvik.journal.journal import Journal
from kvik.request import Request
from kvik.wire import encode_request

MULTI: Final = b"*1\r\n$5\r\nMULTI\r\n"
EXEC: Final = b"*1\r\n$4\r\nEXEC\r\n"

UNKNOWN: Final = -1


class CollectingJournal(Journal):
    """Keeps requests as they came, a SELECT where the database changes, MULTI and EXEC around what belongs together."""

    def __init__(self, database: int) -> None:
        """`database` is the one that the last request before used, 0 in an empty file, or UNKNOWN."""
        super().__init__()
        self._database = database
        # What was recorded since the last batch: `_parts`, then `_source[_start:_end]`.
        self._parts: list[bytes] = []
        self._source = b""
        self._start = 0
        self._end = 0
        self._depth = 0
        self._group_size = 0
        self._group_begin = 0

    def record(self, database: int, request: Request) -> None:
        if database != self._database or self._depth > 0 or request.end == 0:
            self._append(database, request.raw())
        elif request.source is self._source and request.start == self._end:
            # A pipeline lies in its buffer in one piece: it is copied in one piece.
            self._end = request.end
        else:
            self._end_run()
            self._source = request.source
            self._start = request.start
            self._end = request.end

    def record_effect(self, database: int, words: list[bytes]) -> None:
        self._append(database, encode_request(words))

    def begin_group(self) -> None:
        self._depth += 1
        if self._depth == 1:
            self._group_size = 0

    def end_group(self) -> None:
        self._depth -= 1
        if self._depth == 0 and self._group_size > 1:
            self._parts.append(EXEC)

    def forget(self) -> None:
        self._parts = []
        self._source = b""
        self._end = 0

    def begin_file(self) -> None:
        """What happens from now on goes to another file, which is empty."""
        self._database = 0

    def has_collected(self) -> bool:
        """Return whether anything has happened since `take_collected`."""
        self._end_run()
        return len(self._parts) > 0

    def take_collected(self) -> bytes:
        """Return what has happened, and forget it; there is something."""
        parts = self._parts
        self._parts = []
        self._source = b""
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _append(self, database: int, part: bytes) -> None:
        self._end_run()
        if database != self._database:
            self._parts.append(encode_request([b"SELECT", b"%d" % database]))
            self._database = database
        if self._depth > 0:
            self._group_size += 1
            if self._group_size == 1:
                self._group_begin = len(self._parts)
            elif self._group_size == 2:
                self._parts.insert(self._group_begin, MULTI)
        self._parts.append(part)

    def _end_run(self) -> None:
        if self._end > 0:
            self._parts.append(self._source[self._start : self._end])
            self._end = 0
