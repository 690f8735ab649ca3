"""Entries of a stream that were given to a consumer and not acknowledged, in the order of their IDs.

They are in rows of up to ROW_LENGTH. A row is never changed, another one takes its place: so a copy shares them all,
and making one takes a step per row. Finding an entry is a binary search; adding or removing one copies its row.
Knows nothing of groups.
"""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import i64, mypyc_attr

from kvik.store.stream_id import StreamId

ROW_LENGTH: Final = 64
ROWS_IN_A_PART: Final = 32
PAGE: Final = 256


@mypyc_attr(acyclic=True)
class Pending:
    """An entry with the name of who has it, since when in milliseconds since 1970, and how often it was given.

    It never changes: both the list of the group and that of the consumer have it.
    """

    __slots__ = ("id", "consumer", "time", "count")

    def __init__(self, entry_id: StreamId, consumer: bytes, time: i64, count: int) -> None:
        self.id: Final = entry_id
        self.consumer: Final = consumer
        self.time: Final[i64] = time
        self.count: Final = count


class PendingList:
    """Pending entries by ID."""

    __slots__ = ("_rows", "_length")

    def __init__(self) -> None:
        self._rows: list[list[Pending]] = []
        self._length: i64 = 0

    def __len__(self) -> int:
        return self._length

    def copy(self) -> "PendingList":
        twin = PendingList()
        twin._rows = self._rows[:]
        twin._length = self._length
        return twin

    # Reading

    def find(self, entry_id: StreamId) -> Pending | None:
        """Return the pending entry of this ID, None where there is none."""
        if self._length == 0:
            return None
        row = self._rows[self._row_of(entry_id)]
        place = place_in(row, entry_id)
        return row[place] if place < len(row) and row[place].id.equals(entry_id) else None

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

    def pages(self, start: StreamId) -> Iterator[list[Pending]]:
        """Yield the entries from an ID on, PAGE at a time; those that were handed out may change meanwhile."""
        following: StreamId | None = start
        while following is not None:
            page = self.page(following, PAGE)
            yield page
            following = page[-1].id.following() if len(page) == PAGE else None

    def first(self) -> Pending:
        """Return the entry with the lowest ID; there is one."""
        return self._rows[0][0]

    def last(self) -> Pending:
        """Return the entry with the highest ID; there is one."""
        return self._rows[-1][-1]

    def rows(self) -> list[list[Pending]]:
        """Return all, for reading only, in rows of up to ROW_LENGTH."""
        return self._rows

    def parts(self) -> list[object]:
        """Return all in parts of bounded size, for freeing them part by part."""
        parts: list[object] = []
        for start in range(0, len(self._rows), ROWS_IN_A_PART):
            parts.append(self._rows[start : start + ROWS_IN_A_PART])
        return parts

    # Changing

    def add(self, pending: Pending) -> None:
        """Add one whose ID is not there."""
        self._length += 1
        rows = self._rows
        if not rows:
            rows.append([pending])
            return
        number = self._row_of(pending.id)
        row = rows[number].copy()
        place = place_in(row, pending.id)
        if len(row) == ROW_LENGTH and place == ROW_LENGTH:
            rows.insert(number + 1, [pending])
            return
        row.insert(place, pending)
        if len(row) > ROW_LENGTH:
            rows.insert(number + 1, row[ROW_LENGTH // 2 :])
            del row[ROW_LENGTH // 2 :]
        rows[number] = row

    def extend(self, pending: list[Pending]) -> None:
        """Add several in their order, all behind what is there."""
        self._length += len(pending)
        rows = self._rows
        start = 0
        if rows and len(rows[-1]) < ROW_LENGTH:
            start = ROW_LENGTH - len(rows[-1])
            rows[-1] = rows[-1] + pending[:start]
        for place in range(start, len(pending), ROW_LENGTH):
            rows.append(pending[place : place + ROW_LENGTH])

    def replace(self, pending: Pending) -> None:
        """Let an entry take the place of the one with its ID, which is there."""
        number = self._row_of(pending.id)
        row = self._rows[number].copy()
        row[place_in(row, pending.id)] = pending
        self._rows[number] = row

    def remove(self, entry_id: StreamId) -> Pending | None:
        """Remove the pending entry of this ID and return it, None where there is none."""
        if self._length == 0:
            return None
        rows = self._rows
        number = self._row_of(entry_id)
        row = rows[number]
        place = place_in(row, entry_id)
        if place >= len(row) or not row[place].id.equals(entry_id):
            return None
        row = row.copy()
        pending = row.pop(place)
        self._length -= 1
        if not row:
            rows.pop(number)
            return pending
        if number + 1 < len(rows) and len(row) + len(rows[number + 1]) <= ROW_LENGTH // 2:
            row += rows.pop(number + 1)
        rows[number] = row
        return pending

    def remove_all_of(self, consumer: bytes) -> None:
        """Remove what one consumer has: a step for each that is there, whoever has it."""
        rows: list[list[Pending]] = []
        left: list[Pending] = []
        self._length = 0
        for row in self._rows:
            left += [pending for pending in row if pending.consumer != consumer]
            if len(left) >= ROW_LENGTH:
                rows.append(left[:ROW_LENGTH])
                left = left[ROW_LENGTH:]
                self._length += ROW_LENGTH
        if left:
            rows.append(left)
            self._length += len(left)
        self._rows = rows

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
