"""The text of a backup, piece by piece: members, what a flat object cannot hold, and the end. Knows no file."""

from collections.abc import Iterator
from typing import Final

from kvik.backup.value_text import ValueText, json_value, json_word
from kvik.rebuilding import CommandsOfKey, Sliced
from kvik.services import Services
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
        return self.add_value(database, key, [json_value(key, commands)])

    def add_value(self, database: int, key: bytes, value: list[bytes]) -> int:
        """Add a key, with its value as JSON in parts; return how many bytes that made."""
        name = json_word(key)
        self.keys += 1
        if database == 0 and name[0] == QUOTE and key != RESERVED:
            self._place += 1
            lines, head, tail = self._members, name + b": ", b",\n"
        else:
            lines, head = self._more, b",\n[%d, %b, " % (database, name)
            tail = b", %d]" % self._place if database == 0 else b"]"
        made = len(head) + len(tail)
        lines.append(head)
        for part in value:
            lines.append(part)
            made += len(part)
        lines.append(tail)
        self.size += made
        return made

    def taken(self) -> tuple[list[bytes], list[bytes]]:
        """Return the members, and what belongs into `more`, that were added since the last time, in parts."""
        members, more = self._members, self._more
        self._members = []
        self._more = []
        self.size = 0
        return members, more


class Lines(Sliced):
    """Takes keys of a snapshot and adds them to a text: a large one when all of it is made."""

    def __init__(self, services: Services, text: BackupText) -> None:
        super().__init__(services)
        self.text: Final = text

    def take_whole(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        return self.text.add(database, key, list(self._services.rebuild_key(key, value, deadline)))

    def steps(self, database: int, key: bytes, value: Value, deadline: int) -> Iterator[int]:
        made = ValueText(key, CommandsOfKey(self._services, key, value, deadline))
        yield from made.steps()
        self.text.add_value(database, key, made.parts)


def last_member(moment: int, keys: int) -> bytes:
    """Return the reserved member up to the items of `more`."""
    return b'"%b": {"format": %d, "moment": %d, "keys": %d, "more": [' % (RESERVED, FORMAT, moment, keys)


def behind_more() -> bytes:
    """Return what stands between the items of `more` and the digits of the checksum."""
    return b"],\n" + DIGEST_FIELD
