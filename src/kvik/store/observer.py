"""Who is told of every change. The keyspace tells; it knows nothing of who listens."""

from mypy_extensions import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class Observer:
    """Counts changes; whoever needs more (WATCH, waiting clients, events) extends it.

    `database` is the number of the database the key is in. Whoever has to see what a change takes
    away sets `wants_before`, who has to know which keys are new `wants_added`.
    """

    def __init__(self) -> None:
        self.changes = 0
        self.wants_before = False
        self.wants_added = False

    def changing(self, database: int, key: bytes) -> None:
        """`key` is about to be set, altered or removed; told only while `wants_before`."""

    def changed(self, database: int, key: bytes) -> None:
        """`key` was set, altered or removed, or its deadline was."""
        self.changes += 1

    def recorded(self, database: int, key: bytes, wakes: bool) -> None:
        """`key` was altered in a way that only the journal has to know, and who waits for it where it `wakes` them."""
        self.changes += 1

    def added(self, database: int, key: bytes) -> None:
        """`key` is about to be set where there was none; told only while `wants_added`."""

    def missed(self, database: int, key: bytes) -> None:
        """`key` was to be read and is not there."""

    def expired(self, database: int, key: bytes) -> None:
        """`key` was removed because its deadline had passed."""

    def members_expired(self, database: int, key: bytes, members: list[bytes], is_empty: bool) -> None:
        """These members of `key` were removed because their deadline had passed, and the key with the last one."""

    def evicted(self, database: int, key: bytes) -> None:
        """`key` was removed to make room for others."""

    def replacing(self, database: int) -> None:
        """The whole content of the database is about to be cleared or swapped; it is still there."""

    def replaced(self, database: int) -> None:
        """The whole content of the database was cleared or swapped; the new content is there."""
        self.changes += 1
