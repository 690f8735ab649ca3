"""The keys of a snapshot as the commands that make them again, those of a large value in slices. Knows no file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kvik.store.container import Container
from kvik.store.snapshot import SLICE_BYTES, Taker, size_of
from kvik.store.value import Value, copy_of

if TYPE_CHECKING:
    from kvik.services import Services

SLICE_STEPS: Final = 256
"""Small commands cost more than their bytes."""


class Rest:
    """What is left to do for one key."""

    def __init__(self, value: Value, steps: Iterator[int]) -> None:
        self.value: Final = value
        self.steps: Final = steps


class Sliced(Taker):
    """Takes keys, and those that hold much in slices."""

    def __init__(self, services: "Services") -> None:
        super().__init__()
        self._services: Final = services
        # More than one where a key has to be taken at once, before it changes, while another is under way.
        self._rests: Final[list[Rest]] = []

    def take_whole(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        """Take a key that holds little; return how many bytes it made."""
        raise NotImplementedError

    def steps(self, database: int, key: bytes, value: Value, deadline: int) -> Iterator[int]:
        """Take a key step by step, yielding how many bytes each one made; `value` does not change meanwhile."""
        raise NotImplementedError

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        if not is_large(value):
            return self.take_whole(database, key, value, deadline)
        # What is in the database may change between two slices.
        copy = copy_of(value)
        self._rests.append(Rest(copy, iter(self.steps(database, key, copy, deadline))))
        return self.go_on(SLICE_BYTES)

    def is_within_a_key(self) -> bool:
        return len(self._rests) > 0

    def end(self) -> None:
        """Take no more of the keys it is within."""
        while self._rests:
            self._bury(self._rests.pop())

    def go_on(self, size: int) -> int:
        rest = self._rests[-1]
        made = 0
        for number, step in enumerate(rest.steps, 1):
            made += step
            if made >= size or number == SLICE_STEPS:
                return made
        self._bury(self._rests.pop())
        return made

    def _bury(self, rest: Rest) -> None:
        if isinstance(rest.value, Container):
            # It may be the last one that holds what was removed or overwritten meanwhile.
            self._services.databases.bury_value(rest.value)


class Rebuilding(Sliced):
    """Takes keys and adds, one by one, the commands that rebuild them."""

    def add(self, database: int, key: bytes, words: list[bytes]) -> int:
        """Take a command that rebuilds a key, or part of it; return how many bytes it made."""
        raise NotImplementedError

    def take_whole(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        made = 0
        for words in self._services.rebuild_key(key, value, deadline):
            made += self.add(database, key, words)
        return made

    def steps(self, database: int, key: bytes, value: Value, deadline: int) -> Iterator[int]:
        for words in self._services.rebuild_key(key, value, deadline):
            yield self.add(database, key, words)


class CommandsOfKey:
    """The commands that rebuild a key, made anew whenever somebody goes through them."""

    def __init__(self, services: "Services", key: bytes, value: Value, deadline: int) -> None:
        self._services: Final = services
        self._key: Final = key
        self._value: Final = value
        self._deadline: Final = deadline

    def __iter__(self) -> Iterator[list[bytes]]:
        return iter(self._services.rebuild_key(self._key, self._value, self._deadline))


def is_large(value: Value) -> bool:
    """Return whether to go through a value takes more than a slice."""
    return size_of(value) > SLICE_BYTES or (isinstance(value, Container) and value.is_large())
