"""Reads the files of a journal batch by batch and believes nothing that its mark does not confirm. Knows no command.

docs/formats/journal.md says when a batch counts, and what is a torn end and what is damage.
"""

from typing import Final
from zlib import crc32

from mypy_extensions import i64, mypyc_attr

from kvik.dialects.intake import Intake
from kvik.dialects.resp import whole_request
from kvik.errors import JournalDamaged
from kvik.journal.files import Files, ReadingFile
from kvik.journal.manifest import BASE, INCR, JournalFile, path_in
from kvik.journal.mark import (
    BATCH,
    CLOSING,
    HEAD,
    LENGTH_MAX,
    MARK_SIZE,
    OPENING,
    SUMMED_END,
    TEXT_START,
    Mark,
    fields_of_mark,
    stands_at,
)
from kvik.journal.search import contradiction, long_batch_end
from kvik.request import Request

READ_SIZE: Final = 1 << 20
# A batch that is longer is held in memory only when its end is known to be right.
HELD_MAX: Final = 16 << 20
# Most batches are short, and bytes.find prepares itself for a long way where there is one.
NEAR: Final = 2048
ANY: Final = -1
"""In place of a number that is expected: every one."""

NO_MARK: Final = "no mark closes the batch that begins here"
NO_OPENING: Final = "the file does not begin with its opening mark"


@mypyc_attr(acyclic=True, free_list_len=1)
class Batch:
    """What one mark closes: requests, and where it stands in its file, the mark included.

    `kind` is OPENING, BATCH or CLOSING; at an opening mark database 0 is selected. `sequence` is in a
    base that of the last batch before it.
    """

    def __init__(
        self, kind: i64, sequence: i64, time: i64, requests: list[Request], file: JournalFile, start: i64, end: i64
    ) -> None:
        self.kind: Final = kind
        self.sequence: Final = sequence
        self.time: Final = time
        self.requests: Final = requests
        self.file: Final = file
        self.start: Final = start
        self.end: Final = end


class Limit:
    """Where reading stops: before the batch numbered `before`, or behind the last not later than `at` (milliseconds).

    -1: no limit. A base is read whole.
    """

    def __init__(self, before: int = ANY, at: int = ANY) -> None:
        self.before: Final = before
        self.at: Final = at

    def stops(self, mark: Mark) -> bool:
        """Return whether the batch this mark closes is no longer wanted."""
        return (self.before >= 0 and mark.sequence >= self.before) or (self.at >= 0 and mark.time > self.at)


class TornEnd:
    """The end of the last file that was never written whole: from `offset` to `size`."""

    def __init__(self, file: JournalFile, offset: int, size: int, why: str) -> None:
        self.file: Final = file
        self.offset: Final = offset
        self.size: Final = size
        self.why: Final = why


class Reader:
    """Goes through files in order, as one journal.

    Afterwards `sequence`, `checksum`, `time` and `durable` are those of the last mark that counts, `offset`
    is where it ends in `file`; `torn` is the end that has to be cut off, if there is one.

    With `is_alone` the first file may begin with any number and chain: a part of a journal.
    """

    def __init__(
        self,
        files: Files,
        directory: str,
        chosen: list[JournalFile],
        limit: Limit | None = None,
        is_alone: bool = False,
    ) -> None:
        self.sequence: i64 = 0
        self.checksum: i64 = 0
        self.time: i64 = 0
        self.durable: i64 = 0
        self.torn: TornEnd | None = None
        self.is_stopped = False
        self.file: JournalFile = chosen[0]
        self.bytes_total: Final = sum([files.size(path_in(directory, file.name)) for file in chosen])
        self._files: Final = files
        self._directory: Final = directory
        self._chosen: Final = chosen
        self._limit: Final = limit
        self._number = -1
        self._bytes_before = 0

        # The open file: `_buffer[_position:]` has been read and does not belong to a batch yet. A sequence that is
        # expected, the chain and the kind of the next mark; ANY where every one is right.
        self._open: ReadingFile | None = None
        self._path = ""
        self._size: i64 = 0
        self._buffer = b""
        self._base: i64 = 0
        self._position: i64 = 0
        self._mark_at: i64 = 0
        self._is_opening = True
        self._is_closed = False
        self._next_sequence: i64 = ANY if is_alone or chosen[0].kind == BASE else 0
        self._next_chain: i64 = ANY if is_alone and chosen[0].kind == INCR else 0
        self._intake: Final = Intake()
        self._requests: list[Request] = []
        self._why = NO_MARK

    @property
    def offset(self) -> int:
        """Return where the last mark that counts ends in `file`, in bytes."""
        return self._base + self._position

    @property
    def bytes_done(self) -> int:
        return self._bytes_before + self._base + self._position

    @property
    def chain(self) -> int:
        """Return the checksum the next mark is chained to, -1 where the files do not say it."""
        return self._next_chain

    @property
    def path(self) -> str:
        """Return the path of `file`."""
        return self._path

    def next_batch(self) -> Batch | None:
        """Return the next batch that counts, None at the end of the last file and at the limit.

        Raises JournalDamaged, OSError.
        """
        while self._open is not None or self._begin_file():
            mark = self._mark_at_hand()
            if mark is None:
                mark = self._next_mark()
            if mark is not None:
                if self._limit is not None and self.file.kind == INCR and self._limit.stops(mark):
                    self.is_stopped = True
                    self.close()
                    return None
                return self._accepted(mark)
            self._end_file()
        return None

    def close(self) -> None:
        """Read no further."""
        self._number = len(self._chosen)
        self._close_file()

    # From file to file

    def _begin_file(self) -> bool:
        if self._number + 1 >= len(self._chosen):
            return False
        self._bytes_before += self._base + self._position
        self._number += 1
        self.file = self._chosen[self._number]
        self._path = path_in(self._directory, self.file.name)
        self._size = self._files.size(self._path)
        self._open = self._files.open_reading(self._path)
        self._hold(b"", 0)
        self._is_opening = True
        self._is_closed = False
        return True

    def _end_file(self) -> None:
        if not self._is_closed and self.file.kind == BASE:
            raise self._damage("the base ends before its closing mark")
        # A log may stay empty: after a power cut the one that was named behind it is gone on in. What lacks here would
        # show there, for its opening mark has to follow what stands before.
        if self._is_opening and self.torn is None and self._size > 0:
            self._give_up(NO_OPENING)
        if self.file.kind == BASE:
            # What a base says of the log before it ended with it.
            self._next_chain = ANY
        if not self._is_opening:
            self._next_sequence = self.sequence
        self._close_file()

    def _close_file(self) -> None:
        file = self._open
        self._open = None
        if file is not None:
            file.close()

    # From mark to mark

    def _mark_at_hand(self) -> Mark | None:
        """As `_next_mark`, where the whole batch is in the buffer already and nothing is wrong with it; else None.

        It only saves the search for the mark, which a short batch has not much time for.
        """
        intake = self._intake
        buffer = self._buffer
        start = self._position
        intake.position = start
        requests: list[Request] = []
        while not stands_at(buffer, intake.position):
            request = whole_request(intake, LENGTH_MAX)
            if request is None:
                return None
            requests.append(request)
        at = intake.position
        mark = fields_of_mark(buffer, at)
        if mark is None or mark.length != at - start or self._complaint(mark) or not self._is_right(mark, at):
            return None
        self._requests = requests
        self._mark_at = at
        return mark

    def _next_mark(self) -> Mark | None:
        """Return the mark of the next batch, all of which is in the buffer then; None at the end of the file."""
        self._why = NO_OPENING if self._is_opening else NO_MARK
        search = self._position
        while True:
            at: i64 = self._buffer.find(HEAD, search, search + NEAR)
            if at < 0:
                at = self._buffer.find(HEAD, search)
            if at >= 0 and at + MARK_SIZE <= len(self._buffer):
                mark = fields_of_mark(self._buffer, at)
                if mark is not None and self._is_next(mark, at):
                    self._mark_at = at
                    return mark
                search = at + 1
                continue
            behind: i64 = len(self._buffer) - self._position
            if not self._read_on():
                if behind > 0:
                    self._give_up(self._why)
                return None
            search = max(behind - MARK_SIZE + 1, 0)

    def _is_next(self, mark: Mark, at: i64) -> bool:
        """Return whether a mark, and the batch before it, is what has to stand here."""
        if mark.length != at - self._position:
            return False
        complaint = self._complaint(mark)
        if not complaint:
            if not self._is_right(mark, at):
                complaint = "the checksum of this batch is wrong"
            elif not self._understands(at):
                complaint = "what this batch holds is no list of commands"
        if complaint:
            self._why = complaint
        return not complaint

    def _complaint(self, mark: Mark) -> str:
        """Return what is wrong with a mark for this place in this file, an empty text for nothing."""
        if self._is_closed:
            return "something follows the closing mark of the base"
        if not self._is_the_kind(mark):
            return "a mark of this kind has no place here"
        if mark.sequence != self._next_sequence and self._next_sequence != ANY:
            return f"the mark says batch {mark.sequence}"
        if mark.chain != self._next_chain and self._next_chain != ANY:
            return "the mark does not follow the one before"
        if mark.durable > mark.sequence:
            return "the mark calls durable what was not written yet"
        return ""

    def _is_right(self, mark: Mark, at: i64) -> bool:
        """Return whether the checksum of the mark at `at` is that of its text and of the bytes before it."""
        begun = crc32(self._buffer[self._position : at], mark.chain)
        return crc32(self._buffer[at + TEXT_START : at + SUMMED_END], begun) == mark.checksum

    def _is_the_kind(self, mark: Mark) -> bool:
        if self._is_opening:
            return mark.kind == OPENING and mark.length == 0
        return mark.kind == BATCH or (mark.kind == CLOSING and self.file.kind == BASE)

    def _understands(self, at: i64) -> bool:
        """Cut the batch up to `at` into requests; return False where that does not come out even."""
        intake = self._intake
        intake.position = self._position
        requests: list[Request] = []
        while intake.position < at:
            request = whole_request(intake, LENGTH_MAX)
            if request is None:
                return False
            requests.append(request)
        self._requests = requests
        return intake.position == at

    def _accepted(self, mark: Mark) -> Batch:
        start = self._base + self._position
        self._position = self._mark_at + MARK_SIZE
        self._is_opening = False
        self._is_closed = mark.kind == CLOSING
        self.sequence = mark.sequence
        self.checksum = mark.checksum
        self.time = mark.time
        if mark.durable > self.durable:
            self.durable = mark.durable
        self._next_sequence = mark.sequence if self.file.kind == BASE else mark.sequence + 1
        self._next_chain = mark.checksum
        requests = self._requests
        self._requests = []
        return Batch(mark.kind, mark.sequence, mark.time, requests, self.file, start, self._base + self._position)

    # From piece to piece

    def _read_on(self) -> bool:
        """Read more of the file behind what is not used up yet; return False at its end."""
        rest: i64 = len(self._buffer) - self._position
        if rest > HELD_MAX:
            return self._read_long_batch(rest)
        # A long batch is copied again at each reading: so each doubles what is there.
        piece = self._read(max(READ_SIZE, rest))
        self._hold(self._buffer[self._position :] + piece if rest > 0 else piece, self._base + self._position)
        return len(piece) > 0

    def _read_long_batch(self, rest: i64) -> bool:
        start = self._base + self._position
        end = long_batch_end(self._files, self._path, start, self._next_sequence, self._next_chain)
        pieces = [self._buffer[self._position :]]
        missing: i64 = end - start - rest
        if end < 0 or missing <= 0:
            return False
        while missing > 0:
            piece = self._read(missing)
            if not piece:
                return False
            pieces.append(piece)
            missing -= len(piece)
        self._hold(b"".join(pieces), start)
        return True

    def _read(self, size: i64) -> bytes:
        return b"" if self._open is None else self._open.read(size)

    def _hold(self, buffer: bytes, base: i64) -> None:
        self._buffer = buffer
        self._base = base
        self._position = 0
        self._intake.buffer = buffer

    # Torn or damaged

    def _give_up(self, why: str) -> None:
        """Note that a torn end begins here. Raises JournalDamaged where it is anything else."""
        sequence: int = self._next_sequence
        start = self.offset
        if not self._may_be_torn():
            raise self._damage(why)
        # An opening mark has the number of a batch in another file: the first batch here tells of it.
        later = contradiction(self._files, self._path, start, sequence + int(self._is_opening))
        if later is not None:
            raise self._damage(f"{why}, but it was on disk: so says the mark at offset {later.offset}")
        size = max(self._size, start + len(self._buffer) - self._position)
        if size > start:
            self.torn = TornEnd(self.file, start, size, why)

    def _may_be_torn(self) -> bool:
        """Return whether this is the last log that is not empty: a new one is named before the old one is durable."""
        later = self._chosen[self._number + 1 :]
        sizes = [self._files.size(path_in(self._directory, file.name)) for file in later]
        return self.file.kind == INCR and max(sizes, default=0) == 0

    def _damage(self, why: str) -> JournalDamaged:
        self._close_file()
        return JournalDamaged(self._path, self.offset, self._next_sequence, why)
