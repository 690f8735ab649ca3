"""The numbered databases of one server, over one clock and one observer."""

from typing import Final

from kvik.clock import Clock
from kvik.store.graveyard import Graveyard
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer

# Parts of a dropped content that one slice frees: a large content has 256 parts.
FREED_PARTS: Final = 2


class Databases:
    """A fixed number of keyspaces; `spaces[n]` is database n."""

    def __init__(self, clock: Clock, observer: Observer, count: int = 16) -> None:
        self._graveyard: Final = Graveyard()
        self.spaces: Final = [Keyspace(number, clock, observer, self._graveyard) for number in range(count)]

    def __len__(self) -> int:
        return len(self.spaces)

    def clear(self) -> None:
        """Remove every key of every database."""
        for space in self.spaces:
            space.clear()

    def expire_due(self, most: int) -> int:
        """Remove up to `most` keys of each database whose deadline has passed; return how many."""
        return sum([space.expire_due(most) for space in self.spaces])

    def next_expiry(self) -> int:
        """Return the earliest moment `expire_due` should run again, -1 for never."""
        moments = [moment for space in self.spaces if (moment := space.next_expiry()) >= 0]
        return min(moments) if moments else -1

    def bury(self, parts: list[object]) -> None:
        """Free in slices what nobody can reach any more."""
        self._graveyard.bury(parts)

    def free_some(self, most: int = FREED_PARTS) -> bool:
        """Free a slice of what CLEAR left behind, a millisecond's worth; return whether more is left."""
        return self._graveyard.free_some(most)
