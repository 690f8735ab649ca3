"""Decides whether a history of one key could have come from one thing that does one operation at a time.

After Wing and Gong (1993), with the memory that Lowe (2017) added: operations are put into an order one by one, each
only while it is under way, and what has been tried (the set of those put, and the state they lead to) is tried once.
A history of several keys is linearizable where that of each key is (Herlihy and Wing 1990). Knows no server.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

State = bytes | None
"""What is stored under the key."""


class Pending:
    """In place of an answer that never came."""

    def __repr__(self) -> str:
        return "no answer"


PENDING: Final = Pending()


class Operation(NamedTuple):
    """One operation on one key. `ended` is when its answer came, or when it could no longer happen."""

    client: str
    words: tuple[str, ...]
    invoked: int
    ended: int
    answer: object

    def is_sure(self) -> bool:
        """Tell whether it has happened; without an answer it may have happened or not."""
        return self.answer is not PENDING


Model = Callable[[State, tuple[str, ...]], tuple[State, object]]
"""Gives the state after an operation, and its answer."""

NOTHING: Final = -1
CALL: Final = 0
END: Final = 1


class Put(NamedTuple):
    """One operation that has been put into the order, and what was there before."""

    operation: int
    has_happened: bool
    state: State


class Search:
    """The search for one order. Entry 2*i is the call of operation i, 2*i + 1 its end."""

    def __init__(self, operations: Sequence[Operation], initial: State, model: Model) -> None:
        self.longest: list[Operation] = []
        self._operations: Final = operations
        self._model: Final = model
        self._state = initial
        self._put: list[Put] = []
        self._members = 0
        self._tried: set[tuple[int, State]] = set()
        entries = sorted(range(2 * len(operations)), key=self._moment)
        self._head: Final = 2 * len(operations)
        around = [self._head, *entries, self._head]
        self._next: Final = dict(zip(around, around[1:], strict=False))
        self._previous: Final = dict(zip(around[1:], around, strict=False))

    def _moment(self, entry: int) -> tuple[int, int]:
        """Where two moments are equal, the call is taken as the earlier: the clock could not tell them apart."""
        operation = self._operations[entry // 2]
        return (operation.ended, END) if entry % 2 else (operation.invoked, CALL)

    def run(self) -> bool:
        """Return whether there is an order; where there is none, `longest` is the longest beginning of one."""
        entry = self._next[self._head]
        while entry != self._head:
            if self._try(entry):
                entry = self._next[self._head]
                continue
            if entry % 2 == CALL:
                entry = self._next[entry]
                continue
            entry = self._take_back()
            if entry == NOTHING:
                return False
        return True

    def _try(self, entry: int) -> bool:
        """Put the operation of an entry next; at the end of one that was not answered: say that it never happened."""
        number = entry // 2
        operation = self._operations[number]
        if entry % 2 == END:
            return not operation.is_sure() and self._put_next(number, False, self._state)
        state, answer = self._model(self._state, operation.words)
        fits = not operation.is_sure() or answer == operation.answer
        return fits and self._put_next(number, True, state)

    def _put_next(self, number: int, has_happened: bool, state: State) -> bool:
        members = self._members | 1 << number
        if (members, state) in self._tried:
            return False
        self._tried.add((members, state))
        self._put.append(Put(number, has_happened, self._state))
        self._members = members
        self._state = state
        for entry in (2 * number, 2 * number + 1):
            self._next[self._previous[entry]] = self._next[entry]
            self._previous[self._next[entry]] = self._previous[entry]
        if len(self._put) > len(self.longest):
            self.longest = [self._operations[put.operation] for put in self._put]
        return True

    def _take_back(self) -> int:
        """Take back up to the last operation that could stand later; return the entry to go on with, or NOTHING."""
        while self._put:
            number, has_happened, self._state = self._put.pop()
            self._members &= ~(1 << number)
            for entry in (2 * number + 1, 2 * number):
                self._next[self._previous[entry]] = entry
                self._previous[self._next[entry]] = entry
            if has_happened:
                return self._next[2 * number]
        return NOTHING


def complaint(operations: Sequence[Operation], initial: State, model: Model) -> str:
    """Return what is wrong with a history of one key, "" where it is linearizable."""
    search = Search(operations, initial, model)
    if search.run():
        return ""
    rest = [operation for operation in operations if operation not in search.longest]
    first = min(operation.ended for operation in rest)
    stuck = [str(operation) for operation in rest if operation.invoked <= first]
    before = [str(operation) for operation in search.longest[-8:]]
    return "\n".join(["no order explains these:", *stuck, "after, in the longest order that was found:", *before])


def string_model(state: State, words: tuple[str, ...]) -> tuple[State, object]:
    """What one key does in kvik: GET, SET with and without GET, GETDEL, DEL, INCR, APPEND."""
    name = words[0]
    if name == "GET":
        return state, state
    if name == "SET":
        return words[2].encode(), state if words[-1] == "GET" else b"OK"
    if name == "GETDEL":
        return None, state
    if name == "DEL":
        return None, int(state is not None)
    if name == "INCR":
        number = int(state or b"0") + 1
        return b"%d" % number, number
    assert name == "APPEND", name
    longer = (state or b"") + words[2].encode()
    return longer, len(longer)
