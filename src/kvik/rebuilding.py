"""The keys of a snapshot as the commands that make them again, those of a large value in slices. Knows no file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kvik.store.container import Container
from kvik.store.snapshot import SLICE_BYTES, Taker
from kvik.store.value import Value

if TYPE_CHECKING:
    from kvik.services import Services

SLICE_COMMANDS: Final = 256
"""Small commands cost more than their bytes."""


class Rest:
    """The commands that are left of one key."""

    def __init__(self, database: int, key: bytes, commands: Iterator[list[bytes]]) -> None:
        self.database: Final = database
        self.key: Final = key
        self.commands: Final = commands


class Rebuilding(Taker):
    """Takes keys and adds, one by one, the commands that rebuild them."""

    def __init__(self, services: "Services") -> None:
        super().__init__()
        self._services: Final = services
        self._rests: Final[list[Rest]] = []

    def add(self, database: int, key: bytes, words: list[bytes]) -> int:
        """Take a command that rebuilds a key, or part of it; return how many bytes it made."""
        raise NotImplementedError

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        if isinstance(value, Container) and value.is_large():
            # What is in the database may change between two slices.
            commands = self._services.rebuild_key(key, value.copy(), deadline)
            self._rests.append(Rest(database, key, iter(commands)))
            return self.go_on(SLICE_BYTES)
        made = 0
        for words in self._services.rebuild_key(key, value, deadline):
            made += self.add(database, key, words)
        return made

    def is_within_a_key(self) -> bool:
        return len(self._rests) > 0

    def go_on(self, size: int) -> int:
        rest = self._rests[-1]
        made = 0
        for number, words in enumerate(rest.commands, 1):
            made += self.add(rest.database, rest.key, words)
            if made >= size or number == SLICE_COMMANDS:
                return made
        self._rests.pop()
        return made
