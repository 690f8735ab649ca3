"""Entries of a stream that were given to a consumer and not acknowledged, in the order of their IDs.

They are in rows of up to ROW_LENGTH: finding one is a binary search, adding and removing one a step per place of a row.
Knows nothing of groups.
"""

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from kvik.store.stream_id import StreamId

if TYPE_CHECKING:
    from kvik.store.consumer_group import Consumer

ROW_LENGTH: Final = 256


class Pending:
    """An entry with the consumer who has it, since when in milliseconds since 1970, and how often it was given."""

    __slots__ = ("id", "consumer", "time", "count")

    def __init__(self, entry_id: StreamId, consumer: "Consumer", time: i64, count: int) -> None:
        self.id: Final = entry_id
        self.consumer = consumer
        self.time: i64 = time
        self.count = count


class PendingList:
    """Pending entries by ID."""

    __slots__ = ("_rows", "_length")

    def __init__(self) -> None:
        self._rows: Final[list[list[Pending]]] = []
        self._length: i64 = 0

    def __len__(self) -> int:
        return self._length

    def find(self, entry_id: StreamId) -> Pending | None:
        """Return the pending entry of this ID, None where there is none."""
        if self._length == 0:
            return None
        row = self._rows[self._row_of(entry_id)]
        place = place_in(row, entry_id)
        return row[place] if place < len(row) and row[place].id.equals(entry_id) else None

    def add(self, pending: Pending) -> None:
        """Add one whose ID is not there."""
        self._length += 1
        rows = self._rows
        if not rows:
            rows.append([pending])
            return
        number = self._row_of(pending.id)
        row = rows[number]
        if len(row) >= ROW_LENGTH:
            if number == len(rows) - 1 and row[-1].id.is_before(pending.id):
                rows.append([pending])
                return
            half = row[ROW_LENGTH // 2 :]
            del row[ROW_LENGTH // 2 :]
            rows.insert(number + 1, half)
            if half[0].id.is_before(pending.id):
                row = half
        row.insert(place_in(row, pending.id), pending)

    def remove(self, entry_id: StreamId) -> Pending | None:
        """Remove the pending entry of this ID and return it, None where there is none."""
        if self._length == 0:
            return None
        number = self._row_of(entry_id)
        row = self._rows[number]
        place = place_in(row, entry_id)
        if place >= len(row) or not row[place].id.equals(entry_id):
            return None
        pending = row.pop(place)
        self._length -= 1
        if not row:
            self._rows.pop(number)
        elif number + 1 < len(self._rows) and len(row) + len(self._rows[number + 1]) <= ROW_LENGTH // 2:
            row += self._rows.pop(number + 1)
        return pending

    def page(self, start: StreamId, most: i64) -> list[Pending]:
        """Return up to `most` entries from an ID on."""
        found: list[Pending] = []
        if self._length == 0:
            return found
        number = self._row_of(start)
        place = place_in(self._rows[number], start)
        while number < len(self._rows) and len(found) < most:
            found += self._rows[number][place : place + most - len(found)]
            place = 0
            number += 1
        return found

    def first(self) -> Pending:
        """Return the entry with the lowest ID; there is one."""
        return self._rows[0][0]

    def last(self) -> Pending:
        """Return the entry with the highest ID; there is one."""
        return self._rows[-1][-1]

    def rows(self) -> list[list[Pending]]:
        """Return all, for reading only, in rows of up to ROW_LENGTH."""
        return self._rows

    def _row_of(self, entry_id: StreamId) -> int:
        """Return the number of the row an ID belongs into: the last that does not begin behind it, else the first."""
        rows = self._rows
        low, high = 0, len(rows) - 1
        if high > 0 and not entry_id.is_before(rows[high][0].id):
            return high
        while low < high:
            middle = (low + high + 1) >> 1
            if entry_id.is_before(rows[middle][0].id):
                high = middle - 1
            else:
                low = middle
        return low


def place_in(row: list[Pending], entry_id: StreamId) -> int:
    """Return the place of the first entry of a row that is not before an ID."""
    low, high = 0, len(row)
    if high and row[high - 1].id.is_before(entry_id):
        return high
    while low < high:
        middle = (low + high) >> 1
        if row[middle].id.is_before(entry_id):
            low = middle + 1
        else:
            high = middle
    return low
