"""Whether there is room for what requests are about to add. Knows declarations and who makes room, no command."""

from typing import Final

from kvik.declaration import DENYOOM, Declaration
from kvik.errors import ReplyError
from kvik.store.eviction import EVICTED_AT_ONCE, Evictor
from kvik.store.keyspace import Keyspace

# Who sends much may make much go: one key more for so many bytes of a request.
BYTES_PER_KEY: Final = 256
# What is evicted may be a key the request was counted on to overwrite; then it is counted again.
ATTEMPTS: Final = 4


def out_of_memory() -> ReplyError:
    """Return the error for a command that would add data where no more may be; also where the limit is of keys."""
    return ReplyError("OOM", "command not allowed when used memory > 'maxmemory'.")


class Planned:
    """Commands that are about to run in one database, and whether and what they may add."""

    def __init__(self, space: Keyspace) -> None:
        self.adds = False
        self.keys: Final[list[bytes]] = []
        self.size = 0
        self._space: Final = space

    def add(self, declaration: Declaration, words: list[bytes]) -> None:
        """Plan one more command."""
        if declaration.flags & DENYOOM:
            self.adds = True
            self.keys.extend(declaration.keys.of(words))
            self.size += sum([len(word) for word in words])

    def has_room(self, evictor: Evictor) -> bool:
        """Make room, within bounds; return False where there is none to be made.

        For a limit of keys a key counts that is named and not there: a command that only reads it, or does
        not make it after all, is refused or makes room all the same.
        """
        if evictor.limit.keys_max == 0 or not self.adds:
            return evictor.make_room(0, self._most())
        new = self._new_keys()
        for _ in range(ATTEMPTS):
            if not evictor.make_room(new, self._most() + new):
                return False
            before = new
            new = self._new_keys()
            if new <= before:
                break
        return True

    def _new_keys(self) -> int:
        if len(self.keys) == 1:
            return 0 if self._space.contains(self.keys[0]) else 1
        return len({key for key in self.keys if not self._space.contains(key)})

    def _most(self) -> int:
        return EVICTED_AT_ONCE + self.size // BYTES_PER_KEY
