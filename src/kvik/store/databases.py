"""The numbered databases of one server, over one clock and one observer."""

from random import Random
from typing import Final

from kvik.clock import Clock
from kvik.store.container import Container
from kvik.store.eviction import Evictor
from kvik.store.graveyard import Graveyard
from kvik.store.keyspace import Keyspace
from kvik.store.limit import LATEST_USE_OR_FREQUENCY, Limit
from kvik.store.memory import weight_of_entry
from kvik.store.observer import Observer

# Parts of a dropped content that one slice frees: a large content has 256 parts.
FREED_PARTS: Final = 2
# A database of more keys than this is weighed by its first ones where there is no limit.
WEIGHED_KEYS_MAX: Final = 1_000


class Databases:
    """A fixed number of keyspaces; `spaces[n]` is database n."""

    def __init__(self, clock: Clock, observer: Observer, count: int = 16) -> None:
        self._clock: Final = clock
        self._graveyard: Final = Graveyard()
        self.evictor: Evictor | None = None
        """Who sees to it that there is no more than may be; nobody where there is no limit."""
        self.snapshots = 0
        """How many snapshots of them are open."""
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

    def limit(self, bytes_max: int, keys_max: int, policy: str, random: Random) -> None:
        """Let there be at most so many bytes and keys, 0 for any number; `policy` is one of limit.POLICIES.

        Where nothing was counted before, or the policy is another one, every key is weighed once.
        """
        is_counted = bytes_max > 0 or keys_max > 0 or policy in LATEST_USE_OR_FREQUENCY
        evictor = self.evictor if is_counted else None
        if is_counted and (evictor is None or evictor.limit.policy != policy):
            keys = sum([len(space) for space in self.spaces])
            evictor = Evictor(self.spaces, Limit(policy, keys, self._clock), self._clock, random)
        if evictor is not self.evictor:
            for space in self.spaces:
                space.use_limit(None if evictor is None else evictor.limit)
            self.evictor = evictor
        if evictor is not None:
            evictor.limit.bytes_max = bytes_max
            evictor.limit.keys_max = keys_max

    def weight(self) -> int:
        """Return how many bytes of memory all data take; without a limit an estimate, see `weight_of_database`."""
        if self.evictor is not None:
            return int(self.evictor.limit.bytes)
        return sum([weight_of_database(space) for space in self.spaces])

    def reset_statistics(self) -> None:
        """Count from 0 again what INFO tells of keys."""
        for space in self.spaces:
            space.reset_statistics()
        if self.evictor is not None:
            self.evictor.reset_statistics()

    def bury(self, parts: list[object]) -> None:
        """Free in slices what nobody can reach any more, keys with their values."""
        self._graveyard.bury_values(parts)

    def bury_value(self, value: Container) -> None:
        """Free in slices a value that nobody can reach any more."""
        self._graveyard.bury(value.parts())

    def free_some(self, most: int = FREED_PARTS) -> bool:
        """Free a slice of what CLEAR left behind, a millisecond's worth; return whether more is left."""
        return self._graveyard.free_some(most)


def weight_of_database(space: Keyspace) -> int:
    """Return about how many bytes all keys take: exact for few, for many the mean of some times their number."""
    # Asking the keyspace for a deadline would remove what is over, while its keys are gone through.
    _, deadlines = space.maps()
    weight = 0
    weighed = 0
    for key, value in space.items():
        if weighed == WEIGHED_KEYS_MAX:
            break
        weight += weight_of_entry(key, value, deadlines.get(key) is not None)
        weighed += 1
    return weight * len(space) // weighed if weighed == WEIGHED_KEYS_MAX else weight
