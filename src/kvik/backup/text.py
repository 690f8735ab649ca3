"""The text of a backup, piece by piece: members, what a flat object cannot hold, and the end. Knows no file."""

from typing import Final

from kvik.backup.shapes import json_value, json_word
from kvik.services import Services
from kvik.store.snapshot import Taker
from kvik.store.value import Value

FORMAT: Final = 1
RESERVED: Final = b"kvik:backup"
"""The key whose place in the file is taken: the last member."""
BEGINNING: Final = b"{\n"
DIGEST_DIGITS: Final = 64
DIGEST_FIELD: Final = b'"sha256": "'
ENDING: Final = b'"}\n}\n'
"""What stands behind the digits of the checksum."""
TAIL_SIZE: Final = len(DIGEST_FIELD) + DIGEST_DIGITS + len(ENDING)

QUOTE: Final = 34


class BackupText:
    """Collects keys as text: `keys` in all, `size` bytes since the last `taken`."""

    def __init__(self) -> None:
        self.keys = 0
        self.size = 0
        self._place = 0
        self._members: list[bytes] = []
        self._more: list[bytes] = []

    def add(self, database: int, key: bytes, commands: list[list[bytes]]) -> int:
        """Add a key, with the commands that rebuild it; return how many bytes that made."""
        value = json_value(key, commands)
        name = json_word(key)
        self.keys += 1
        if database == 0 and name[0] == QUOTE and key != RESERVED:
            self._place += 1
            line = name + b": " + value + b",\n"
            self._members.append(line)
        else:
            place = b", %d" % self._place if database == 0 else b""
            line = b",\n[%d, %b, %b%b]" % (database, name, value, place)
            self._more.append(line)
        self.size += len(line)
        return len(line)

    def taken(self) -> tuple[bytes, bytes]:
        """Return the members, and what belongs into `more`, that were added since the last time."""
        members, more = b"".join(self._members), b"".join(self._more)
        self._members = []
        self._more = []
        self.size = 0
        return members, more


class Lines(Taker):
    """Takes keys of a snapshot and adds them to a text."""

    def __init__(self, services: Services, text: BackupText) -> None:
        super().__init__()
        self.text: Final = text
        self._services: Final = services

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        return self.text.add(database, key, list(self._services.rebuild_key(key, value, deadline)))


def last_member(moment: int, keys: int) -> bytes:
    """Return the reserved member up to the items of `more`."""
    return b'"%b": {"format": %d, "moment": %d, "keys": %d, "more": [' % (RESERVED, FORMAT, moment, keys)


def behind_more() -> bytes:
    """Return what stands between the items of `more` and the digits of the checksum."""
    return b"],\n" + DIGEST_FIELD
