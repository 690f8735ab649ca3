"""Snapshots that callers read piece by piece: each belongs to one session. Knows no command and no socket."""

from collections import deque
from typing import TYPE_CHECKING, Final

from kvik.rebuilding import Rebuilding
from kvik.replies import Reply
from kvik.store.snapshot import SLICE_BYTES, SLICE_KEYS

if TYPE_CHECKING:
    from kvik.services import Services

READINGS_MAX: Final = 4
"""Every one costs memory for what changes meanwhile, and every write some time."""
HELD_BYTES_MAX: Final = 128 << 20
"""A snapshot that holds more than this is given up: whoever reads it is too slow."""
SILENCE_MS_MAX: Final = 60_000
"""So is one that nobody reads any more."""
WORD_BYTES: Final = 40

TOO_SLOW: Final = "too much was overwritten while nobody read on"
SILENT: Final = "nobody has read on for a minute"


class SnapshotReading(Rebuilding):
    """The data of the moment it is made, as items: database, key, and a command that rebuilds it or part of it."""

    def __init__(self, services: "Services") -> None:
        super().__init__(services)
        self.snapshot: Final = services.begin_snapshot()
        self.complaint = ""
        """Why it was given up; empty: it was not."""
        self.last_read = services.clock.now
        self._items: Final[deque[list[Reply]]] = deque()
        self._sizes: Final[deque[int]] = deque()
        self._waiting = 0

    def add(self, database: int, key: bytes, words: list[bytes]) -> int:
        item: list[Reply] = [database, key]
        size = WORD_BYTES + len(key)
        for word in words:
            item.append(word)
            size += WORD_BYTES + len(word)
        self._items.append(item)
        self._sizes.append(size)
        self._waiting += size
        return size

    def is_over(self) -> bool:
        return not self._items and self.snapshot.is_over()

    def read(self, size: int, until: float) -> list[Reply]:
        """Return items of about `size` bytes, fewer where it takes longer than `until`, a monotonic moment."""
        clock = self._services.clock
        self.last_read = clock.now
        while self._waiting < size and not self.snapshot.is_over():
            self.snapshot.give(self, SLICE_KEYS, SLICE_BYTES)
            if clock.monotonic() >= until:
                size = self._waiting
        items: list[Reply] = []
        while self._items and (size > 0 or not items):
            items.append(self._items.popleft())
            weight = self._sizes.popleft()
            size -= weight
            self._waiting -= weight
        return items

    def bytes_held(self) -> int:
        """Return about how much memory it takes."""
        return self._waiting + self.snapshot.bytes_held()

    def give_up(self, complaint: str = "") -> None:
        """Let go of the snapshot; a second time does nothing."""
        self.complaint = complaint
        self.end()
        self._items.clear()
        self._sizes.clear()
        self._waiting = 0
        self._services.end_snapshot(self.snapshot)


class Readings:
    """The snapshots that are open, by the number of their session."""

    def __init__(self) -> None:
        self._open: Final[dict[int, SnapshotReading]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def find(self, session: int) -> SnapshotReading | None:
        """Return the snapshot of a session, one that was given up too."""
        return self._open.get(session)

    def has_room(self) -> bool:
        """Return whether one more may be opened."""
        return len([1 for reading in self._open.values() if not reading.complaint]) < READINGS_MAX

    def open(self, session: int, services: "Services") -> SnapshotReading:
        """Open one in place of the one the session has."""
        self.close(session)
        reading = SnapshotReading(services)
        self._open[session] = reading
        return reading

    def close(self, session: int) -> bool:
        """Let go of the snapshot of a session; return whether it had one."""
        reading = self._open.pop(session, None)
        if reading is None:
            return False
        reading.give_up()
        return True

    def look_after(self, now: int) -> None:
        """Give up those that cost too much, or that nobody reads; to be called now and then."""
        for reading in self._open.values():
            if reading.complaint:
                continue
            if now - reading.last_read > SILENCE_MS_MAX:
                reading.give_up(SILENT)
            elif reading.bytes_held() > HELD_BYTES_MAX:
                reading.give_up(TOO_SLOW)
