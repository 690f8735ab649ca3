"""Reads a backup key by key and finds whatever is wrong with it. Knows no database: docs/formats/backup.md."""

from hashlib import sha256
from typing import Final

from kvik.backup.scanner import END, Scanner
from kvik.backup.shapes import Rebuilt, rebuilt, word_of
from kvik.backup.text import DIGEST_FIELD, ENDING, FORMAT, RESERVED, TAIL_SIZE
from kvik.errors import BackupDamaged
from kvik.journal.files import Files, ReadingFile

DATABASES_MAX: Final = 10_000
PIECE: Final = 1 << 20
COMMA: Final = 44
OBJECT_END: Final = 125
ARRAY_END: Final = 93
ARRAY: Final = 91
OBJECT: Final = 123
QUOTE: Final = 34

IN_MEMBERS: Final = 0
IN_MORE: Final = 1
AT_END: Final = 2


class Entry:
    """One key of a backup; `place` says how many members stand before it, -1 where it does not matter."""

    def __init__(self, database: int, key: bytes, value: Rebuilt, place: int, offset: int) -> None:
        self.database: Final = database
        self.key: Final = key
        self.value: Final = value
        self.place: Final = place
        self.offset: Final = offset


class BackupReader:
    """Gives the entries in the order of the file, and checks at the end that all of it is what was written.

    `moment` is that of the data, -1 where the file does not say it; `more_offset` is where the items of `more`
    begin, 0 where there are none. Raises BackupDamaged and OSError.
    """

    def __init__(self, files: Files, path: str) -> None:
        self.path: Final = path
        self.keys = 0
        self.members = 0
        self.moment = -1
        self.more_offset = 0
        self.database_max = 0
        self.digest = ""
        """Of the first `digested` bytes: as the file says, or of all of one that says nothing."""
        self.digested = 0
        self._files: Final = files
        self._size: Final = files.size(path)
        self._file: Final = files.open_reading(path)
        self._scanner: Final = Scanner(self._file, path)
        self._state: int = IN_MEMBERS
        self._keys_promised = -1
        self._last_place = 0
        self._is_first = True

    def has_checksum(self) -> bool:
        """Return, at the end, whether the file has a checksum."""
        return self._keys_promised >= 0

    def bytes_done(self) -> int:
        return self._scanner.offset()

    def bytes_total(self) -> int:
        return self._size

    def next(self) -> Entry | None:
        """Return the next key, None when all were given and the whole file is in order."""
        entry = None
        if self._state == IN_MEMBERS:
            entry = self._next_member()
        if self._state == IN_MORE and entry is None:
            entry = self._next_of_more()
        if entry is not None:
            self.keys += 1
            self.database_max = max(self.database_max, entry.database)
        return entry

    def close(self) -> None:
        self._file.close()

    # Members

    def _next_member(self) -> Entry | None:
        scanner = self._scanner
        if self._is_first:
            scanner.expect(b"{")
        elif not scanner.take(COMMA):
            scanner.expect(b"}")
            self._end_of_others()
            return None
        if self._is_first and scanner.take(OBJECT_END):
            self._end_of_others()
            return None
        self._is_first = False
        offset = scanner.offset()
        key = self._key()
        scanner.expect(b":")
        if key == RESERVED:
            self._open_reserved()
            return None
        self.members += 1
        return Entry(0, key, self._rebuilt(key, scanner.value(), offset), -1, offset)

    def _key(self) -> bytes:
        scanner = self._scanner
        if scanner.next_byte() != QUOTE:
            raise scanner.damaged("a key in quotes was expected here")
        offset = scanner.offset()
        try:
            return word_of(scanner.value())
        except ValueError as error:
            raise scanner.damaged(f"this is no key: {error}", offset) from None

    def _rebuilt(self, key: bytes, value: object, offset: int) -> Rebuilt:
        try:
            return rebuilt(key, value)
        except ValueError as error:
            raise self._scanner.damaged(f"the value of {shown_key(key)} is not one: {error}", offset) from None

    def _end_of_others(self) -> None:
        """The end of a file without the reserved member."""
        if self._scanner.next_byte() != END:
            raise self._scanner.damaged("nothing may stand behind the object")
        self._state = AT_END
        self.digested = self._size
        self.digest = digest_of(self._files, self.path, self._size)

    # The reserved member

    def _open_reserved(self) -> None:
        scanner = self._scanner
        if scanner.next_byte() != OBJECT:
            raise scanner.damaged(f"the name {RESERVED.decode()} is reserved for what kvik writes there")
        offset = scanner.offset()
        scanner.expect(b"{")
        found = self._number("format")
        if found != FORMAT:
            why = f"it has format {found}, and this kvik knows {FORMAT}: a newer one has written it"
            raise scanner.damaged(why, offset)
        self.moment = self._number("moment")
        self._keys_promised = self._number("keys")
        self._name("more")
        scanner.expect(b"[")
        self._state = IN_MORE
        self._is_first = True

    def _name(self, name: str) -> None:
        scanner = self._scanner
        if scanner.next_byte() != QUOTE or scanner.value() != name:
            raise scanner.damaged(f"{name} was expected before this")
        scanner.expect(b":")

    def _number(self, name: str) -> int:
        """Return the number that a field has, and go over the comma behind it."""
        self._name(name)
        value = self._scanner.value()
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._scanner.damaged(f"{name} is a number")
        self._scanner.expect(b",")
        return value

    def _next_of_more(self) -> Entry | None:
        scanner = self._scanner
        if self._is_first and scanner.next_byte() == ARRAY:
            self.more_offset = scanner.offset()
        if scanner.next_byte() == ARRAY_END:
            self._end_of_more()
            return None
        if not self._is_first:
            scanner.expect(b",")
        self._is_first = False
        entry = read_item(scanner)
        if entry.place >= 0:
            if not self._last_place <= entry.place <= self.members:
                raise scanner.damaged("there is no such place among the members", entry.offset)
            self._last_place = entry.place
        return entry

    def _end_of_more(self) -> None:
        scanner = self._scanner
        scanner.expect(b"]")
        scanner.expect(b",")
        scanner.next_byte()
        offset = scanner.offset()
        tail = scanner.rest(TAIL_SIZE + 1)
        # The size first: compiled code cannot slice from behind the end.
        digits = tail[len(DIGEST_FIELD) : -len(ENDING)] if len(tail) == TAIL_SIZE else b""
        if not digits or tail != DIGEST_FIELD + digits + ENDING:
            raise scanner.damaged("the end is not what was written", offset)
        self.digested = offset + len(DIGEST_FIELD)
        self.digest = digest_of(self._files, self.path, self.digested)
        if self.digest.encode() != digits:
            raise BackupDamaged(self.path, self.digested, "the checksum is another one: the file was altered")
        if self.keys != self._keys_promised:
            raise scanner.damaged(f"it has {self.keys} keys where {self._keys_promised} were written", offset)
        self._state = AT_END


class MoreReader:
    """Gives the items of `more` once again, of a file that was found to be in order."""

    def __init__(self, files: Files, reader: BackupReader) -> None:
        self._file: ReadingFile | None = None
        self._scanner: Scanner | None = None
        if reader.more_offset > 0:
            file = files.open_reading(reader.path)
            self._file = file
            self._scanner = Scanner(file, reader.path, reader.more_offset)

    def next(self) -> Entry | None:
        scanner = self._scanner
        if scanner is None:
            return None
        entry = read_item(scanner)
        if not scanner.take(COMMA):
            self._scanner = None
        return entry

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def read_item(scanner: Scanner) -> Entry:
    """Return the next item of `more`: `[database, key, value]`, with a place for one of database 0."""
    if scanner.next_byte() != ARRAY:
        raise scanner.damaged("an item of `more` was expected here")
    offset = scanner.offset()
    item = scanner.value()
    try:
        return entry_of(item, offset)
    except ValueError as error:
        raise scanner.damaged(f"this is no item of `more`: {error}", offset) from None


def entry_of(item: object, offset: int) -> Entry:
    if not isinstance(item, list) or len(item) not in (3, 4):
        raise ValueError("it has a database, a key and a value")
    database, place = item[0], item[3] if len(item) == 4 else -1
    if isinstance(database, bool) or not isinstance(database, int) or not 0 <= database < DATABASES_MAX:
        raise ValueError("there is no such database")
    if isinstance(place, bool) or not isinstance(place, int) or (place >= 0) != (database == 0):
        raise ValueError("a key of database 0 has a place, and no other key")
    key = word_of(item[1])
    return Entry(database, key, rebuilt(key, item[2]), place, offset)


def digest_of(files: Files, path: str, size: int) -> str:
    """Return the checksum of the first `size` bytes of a file."""
    file = files.open_reading(path)
    found = sha256()
    try:
        while size > 0 and (piece := file.read(min(size, PIECE))):
            found.update(piece)
            size -= len(piece)
    finally:
        file.close()
    digits: str = found.hexdigest()
    return digits


def shown_key(key: bytes) -> str:
    """Return a key as a message shows it."""
    text = key[:40].decode("utf-8", "backslashreplace")
    return f'"{text}{"..." if len(key) > 40 else ""}"'
