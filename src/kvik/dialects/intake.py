"""What arrived from a client and is not yet understood: cut into lines and lengths. Knows no protocol.

No byte is copied more than a few times, however a large request is torn: what is incomplete waits as a
list of pieces and is joined once, when its end has come.
"""

from typing import Final

from librt.strings import read_i64_le
from mypy_extensions import i64

from kvik.errors import ProtocolError

# Neighbours smaller than this become one piece: a client that sends single bytes must not cost us an
# object for each.
SMALL_PIECE: Final = 4096
# A longer word is not kept for the next request.
RECENT_BYTES_MAX: Final = 64


class Intake:
    """The bytes of one connection.

    `buffer[position:]` is what is read next, `buffer[start:position]` what the request in progress has
    used up of this buffer; `is_whole` says whether that is all of the request. A parser may read the
    buffer itself and move `position` and `start` on.
    """

    def __init__(self) -> None:
        self.buffer = b""
        self.position: i64 = 0
        self.start: i64 = 0
        self._used_before: i64 = 0
        self._torn: list[bytes] = []
        self._torn_size: i64 = 0
        self._fresh: list[bytes] = []
        self._fresh_size: i64 = 0
        self.names: Final = RecentWord()
        self.keys: Final = RecentWord()

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        if self.position == len(self.buffer) and self._fresh_size == 0:
            self._replace(data)
        else:
            append_piece(self._fresh, data)
            self._fresh_size += len(data)

    def begin(self) -> None:
        """A request starts at `position`."""
        self.start = self.position
        self._used_before = 0

    def is_whole(self) -> bool:
        """Return whether everything since `begin` lies in the buffer."""
        return self._used_before == 0

    def size(self) -> int:
        """Return how many bytes arrived since the last `begin`."""
        return self._used_before + len(self.buffer) - self.start + self._fresh_size

    def is_used_up(self) -> bool:
        """Return whether everything that arrived has been read."""
        return self.position == len(self.buffer) and self._fresh_size == 0 and self._torn_size == 0

    def first_byte(self) -> int:
        """Return the first byte of what is read next, -1 where there is none."""
        if self._torn:
            return self._torn[0][0]
        return self.buffer[self.position] if self.position < len(self.buffer) else -1

    def line(self, most: int, complaint: str) -> bytes | None:
        """Return the next line without its LF, None when it has no end yet.

        Raises ProtocolError with `complaint` for a line of more than `most` bytes.
        """
        while True:
            end = self.buffer.find(b"\n", self.position)
            reach = len(self.buffer) if end < 0 else end
            if self._torn_size + reach - self.position > most:
                raise ProtocolError(complaint)
            if end >= 0:
                piece = self.buffer[self.position : end]
                self.position = end + 1
                return self._joined(piece)
            self._tear()
            if not self._refill():
                return None

    def last_line(self) -> bytes | None:
        """Return what is left where `line` found no end, None when that is nothing."""
        return self._joined(b"") if self._torn else None

    def take(self, count: i64) -> bytes | None:
        """Return the next `count` bytes, None when they are not all there yet."""
        while True:
            missing = count - self._torn_size
            if len(self.buffer) - self.position >= missing:
                end = self.position + missing
                piece = self.buffer[self.position : end]
                self.position = end
                return self._joined(piece)
            self._tear()
            if not self._refill():
                return None

    def _tear(self) -> None:
        piece = self.buffer[self.position :]
        if piece:
            append_piece(self._torn, piece)
            self._torn_size += len(piece)
            self.position = len(self.buffer)

    def _joined(self, piece: bytes) -> bytes:
        if not self._torn:
            return piece
        self._torn.append(piece)
        whole = b"".join(self._torn)
        self._torn = []
        self._torn_size = 0
        return whole

    def _refill(self) -> bool:
        if not self._fresh:
            return False
        data = b"".join(self._fresh)
        self._fresh = []
        self._fresh_size = 0
        self._replace(data)
        return True

    def _replace(self, data: bytes) -> None:
        self._used_before += len(self.buffer) - self.start
        self.buffer = data
        self.position = 0
        self.start = 0


class RecentWord:
    """What last stood in one place of a request. When it comes again it is the same object, whose hash is known."""

    def __init__(self) -> None:
        self._word = b""
        # The eight bytes that ended with it: keys differ at the end.
        self._tail: i64 = 0

    def read(self, buffer: bytes, begin: i64, end: i64) -> bytes:
        """Return the word from `begin` up to, not including, `end`.

        At least eight bytes end there: before the first word of an array stands `*1\\r\\n$0\\r\\n` or more.
        """
        length = end - begin
        tail = read_i64_le(buffer, end - 8)
        if tail == self._tail and length == len(self._word):
            word = self._word
            place = length - 8
            while place > 0:
                # The last step goes over bytes that were compared already.
                place = place - 8 if place > 8 else 0
                if read_i64_le(buffer, begin + place) != read_i64_le(word, place):
                    return self._new(buffer, begin, end, tail)
            return word
        return self._new(buffer, begin, end, tail)

    def _new(self, buffer: bytes, begin: i64, end: i64, tail: i64) -> bytes:
        word = buffer[begin:end]
        if end - begin <= RECENT_BYTES_MAX:
            self._word = word
            self._tail = tail
        return word


def append_piece(pieces: list[bytes], data: bytes) -> None:
    """Append `data`, to the last piece where both are small."""
    if pieces and len(data) + len(pieces[-1]) <= SMALL_PIECE:
        pieces[-1] += data
    else:
        pieces.append(data)
