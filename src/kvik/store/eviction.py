"""Who goes when there is more than may be. Knows keyspaces and the policy, no command and no file.

A hand goes round all keys, a batch at a time. A batch is every n-th key of a dict, so it holds old and new ones in the
proportion in which they are there; the lowest eighth of a batch goes, and the rest has peace until the hand comes
again. So no queue of keys is kept, and what was deleted, renamed or cleared meanwhile needs no care.
"""

from random import Random
from typing import Final

from mypy_extensions import i64

from kvik.clock import Clock
from kvik.store.keyspace import Keyspace
from kvik.store.limit import CHANCE, DEADLINE, NOBODY, Limit

EVICTED_AT_ONCE: Final = 256
"""Keys that go before one command, or in one round between commands: a third of a millisecond's work."""

BATCH: Final = 128
# One key of so many in a batch goes.
SHARE: Final = 8


class Victim:
    """A key that is to go if nothing happens to it meanwhile: if what it was chosen for, `rank`, is still so."""

    def __init__(self, space: Keyspace, key: bytes, rank: i64) -> None:
        self.space: Final = space
        self.key: Final = key
        self.rank: Final = rank


class Evictor:
    """Makes room in the databases of one limit."""

    def __init__(self, spaces: list[Keyspace], limit: Limit, clock: Clock, random: Random) -> None:
        self.limit: Final = limit
        self._spaces: Final = spaces
        self._clock: Final = clock
        self._random: Final = random
        self._victims: list[Victim] = []
        # Where the hand stands: a database, a dict of it, the keys of that dict and which of its batches is next.
        self._database = 0
        self._dict = -1
        self._keys: list[bytes] = []
        self._batch = 0
        self._batches = 0
        # For INFO: since when there has been too much, and how long there was before, in milliseconds.
        self._over_since = -1
        self._over_before = 0

    def is_at_ease(self, new_keys: int) -> bool:
        """Return whether so many new keys may come without anything being done."""
        if self.limit.is_over(new_keys):
            return False
        if self._over_since >= 0:
            self._note(False)
        return True

    def make_room(self, new_keys: int, most: int) -> bool:
        """Evict up to `most` keys until so many new ones may come; return whether one may go on.

        That is so too where more would have to go than `most`: the rest goes later.
        """
        limit = self.limit
        if not limit.is_over(new_keys):
            self._note(False)
            return True
        if limit.by == NOBODY or limit.keys_max > 0 and new_keys > limit.keys_max:
            self._note(limit.is_over(0))
            return False
        while limit.is_over(new_keys) and most > 0:
            if not self._evict_one():
                self._note(limit.is_over(0))
                return False
            most -= 1
        self._note(limit.is_over(0))
        return True

    def is_behind(self) -> bool:
        """Return whether there is still something to evict."""
        return self.limit.by != NOBODY and self.limit.is_over(0)

    def milliseconds_over(self) -> tuple[int, int]:
        """Return for how long there has been too much altogether, and for how long since it last was not so."""
        now = 0 if self._over_since < 0 else self._clock.now - self._over_since
        return self._over_before + now, now

    def reset_statistics(self) -> None:
        """Count the time with too much from 0 again."""
        self._over_before = 0

    def _note(self, is_over: bool) -> None:
        if is_over and self._over_since < 0:
            self._over_since = self._clock.now
        elif not is_over and self._over_since >= 0:
            self._over_before += self._clock.now - self._over_since
            self._over_since = -1

    def _evict_one(self) -> bool:
        """Evict a key; return whether there was one. What has changed since it was chosen is passed over."""
        while True:
            while len(self._victims) > 0:
                victim = self._victims.pop()
                if self._is_as_chosen(victim):
                    victim.space.evict(victim.key)
                    return True
            if not self._choose():
                return False

    def _is_as_chosen(self, victim: Victim) -> bool:
        space = victim.space
        if not space.contains(victim.key):
            return False
        if self.limit.is_volatile and space.deadline(victim.key) is None:
            return False
        return self.limit.by == CHANCE or self._rank(space, victim.key) == victim.rank

    def _rank(self, space: Keyspace, key: bytes) -> i64:
        """Return what decides about a key: the lowest goes first."""
        if self.limit.by == DEADLINE:
            deadline = space.deadline(key)
            return 0 if deadline is None else deadline
        marks = self.limit.marks
        if marks is not None:
            return marks.mark(key)
        # Below 2**53, so that a rank is an exact number everywhere.
        return self._random.getrandbits(53)

    def _choose(self) -> bool:
        """Look at a batch, and remember who of it goes; return False where there is no key at all."""
        if self.limit.marks is not None:
            self.limit.marks.adjust(int(self.limit.keys))
        batch = self._next_batch()
        # Those that came first go first where nothing else tells keys apart.
        batch.sort(key=rank_of)
        self._victims = batch[: max(len(batch) // SHARE, 1)]
        self._victims.reverse()
        return len(batch) > 0

    def _next_batch(self) -> list[Victim]:
        """Return keys with their ranks, from several dicts where they are small."""
        batch: list[Victim] = []
        dicts = 0
        while len(batch) < BATCH // 2:
            if self._batch >= self._batches:
                dicts += 1
                if dicts > self._count_of_dicts():
                    break
                self._go_on()
            space = self._spaces[self._database]
            for key in self._keys[self._batch :: self._batches]:
                if space.contains(key):
                    batch.append(Victim(space, key, self._rank(space, key)))
            self._batch += 1
        return batch

    def _count_of_dicts(self) -> int:
        return sum([space.count_of_dicts(self.limit.is_volatile) for space in self._spaces])

    def _go_on(self) -> None:
        """Let the hand go on to the next dict, of a database that has one: there is one."""
        is_volatile = self.limit.is_volatile
        self._dict += 1
        while self._dict >= self._spaces[self._database].count_of_dicts(is_volatile):
            self._database = (self._database + 1) % len(self._spaces)
            self._dict = 0
        self._keys = self._spaces[self._database].some_keys(self._dict, is_volatile)
        self._batches = max(len(self._keys) // BATCH, 1)
        self._batch = 0


def rank_of(victim: Victim) -> int:
    return victim.rank
