"""Cuts a JSON file into the texts of its values without holding all of it. Knows nothing of what they mean."""

import re
from typing import Final

from msgspec import MsgspecError
from msgspec.json import decode

from kvik.errors import BackupDamaged
from kvik.journal.files import ReadingFile

READ_BYTES: Final = 64 << 10
DEPTH_MAX: Final = 8
END: Final = -1
"""In place of a byte: there is none."""

QUOTE: Final = 34
BACKSLASH: Final = 92
OPENING: Final = (91, 123)  # [ {

SPACES: Final = re.compile(rb"[ \t\n\r]*+")
# Possessive repeats: a long text without its closing quote is looked at once for each time the buffer has doubled.
TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
NEXT_BRACKET: Final = re.compile(rb'[^"\[\]{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"\[\]{}]*+)*+[\[\]{}]', re.DOTALL)
SCALAR: Final = re.compile(rb"[^,:\[\]{}\" \t\n\r]++")


class Scanner:
    """Reads a file from its beginning, or from `offset` on. Every method raises BackupDamaged and OSError."""

    def __init__(self, file: ReadingFile, path: str, offset: int = 0) -> None:
        self.path: Final = path
        self._file: Final = file
        self._buffer = b""
        self._base = offset
        self._position = 0
        self._has_ended = False
        if offset > 0:
            file.skip(offset)

    def offset(self) -> int:
        """Return how many bytes of the file were read over."""
        return self._base + self._position

    def next_byte(self) -> int:
        """Go over spaces; return the byte that comes, END where the file has ended, and stay before it."""
        while True:
            spaces = SPACES.match(self._buffer, self._position)
            if spaces is not None:
                self._position = spaces.end()
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._read():
                return END

    def take(self, byte: int) -> bool:
        """Go over spaces and this byte if it comes next; return whether it did."""
        if self.next_byte() != byte:
            return False
        self._position += 1
        return True

    def expect(self, mark: bytes) -> None:
        """Go over spaces and a punctuation mark, which must come next."""
        if not self.take(mark[0]):
            raise self.damaged(f"{mark.decode()} was expected here")

    def value(self) -> object:
        """Return the next value, decoded."""
        self.next_byte()
        start = self.offset()
        text = self._value_text()
        try:
            found: object = decode(text)
        except (MsgspecError, ValueError, RecursionError):
            raise self.damaged("this is no value of JSON", start) from None
        return found

    def rest(self, most: int) -> bytes:
        """Return what is left of the file, up to `most` bytes, spaces and all."""
        while len(self._buffer) - self._position < most and self._read():
            pass
        return self._buffer[self._position : self._position + most]

    def damaged(self, why: str, offset: int = -1) -> BackupDamaged:
        """Return the error to raise for what stands at `offset`, or comes next."""
        if offset < 0:
            if self.next_byte() == END:
                why = "the file ends here, it was cut"
            offset = self.offset()
        return BackupDamaged(self.path, offset, why)

    # Texts of values

    def _value_text(self) -> bytes:
        first = self.next_byte()
        if first in OPENING:
            length = self._nested_length()
        elif first == QUOTE:
            length = self._length_of(TEXT)
        else:
            length = self._scalar_length()
        start = self._position
        self._position = start + length
        return self._buffer[start : self._position]

    def _length_of(self, pattern: re.Pattern[bytes]) -> int:
        """Return the length of what the pattern finds, where it is known to end within it."""
        while True:
            found = pattern.match(self._buffer, self._position)
            if found is not None:
                return found.end() - self._position
            self._need_more()

    def _scalar_length(self) -> int:
        while True:
            found = SCALAR.match(self._buffer, self._position)
            if found is None:
                raise self.damaged("a value was expected here")
            if found.end() < len(self._buffer) or not self._read():
                return found.end() - self._position

    def _nested_length(self) -> int:
        """Return the length of an array or an object: up to the bracket that closes the first one."""
        depth = 0
        length = 0
        while True:
            found = NEXT_BRACKET.match(self._buffer, self._position + length)
            if found is None:
                self._need_more()
                continue
            length = found.end() - self._position
            depth += 1 if self._buffer[found.end() - 1] in OPENING else -1
            if depth == 0:
                return length
            if depth > DEPTH_MAX:
                raise self.damaged("too many brackets in each other", self.offset())

    def _need_more(self) -> None:
        start = self.offset()
        if not self._read():
            raise self.damaged("the file ends within this value, it was cut", start)

    def _read(self) -> bool:
        """Read on, as much again as there is; return False where the file has ended."""
        if self._has_ended:
            return False
        left = self._buffer[self._position :]
        data = self._file.read(max(READ_BYTES, len(left)))
        if not data:
            self._has_ended = True
            return False
        self._base += self._position
        self._position = 0
        self._buffer = left + data
        return True
