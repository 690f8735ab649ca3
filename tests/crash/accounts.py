"""One client's account: what it asked for, what it was answered, and so what may be found later. Knows no server.

The keys of an account are its own. So what is found must be what the first so many of its requests make: all
that were acknowledged, any number of those that were only sent. That one comparison shows a lost write, half a
transaction, requests in another order, and what nobody has sent.
"""

import time
from random import Random
from typing import Final, NamedTuple

from tests.wire import Word, encode_words

Place = tuple[int, str]
"""A database and a key."""
State = dict[Place, tuple[bytes, int]]
"""Value and deadline, -1 for none."""

KEYS: Final = 30
COUNTERS: Final = 3
TRAIL_SIZE_MAX: Final = 2_000
LARGE_VALUE: Final = 6_000
SHOWN_MAX: Final = 8
FAR_FUTURE: Final = 4_102_444_800_000
SHARED: Final = ("shared:a", "shared:b")
"""Counters that every transaction of every account raises, in database 0 and 1."""
TRANSACTIONS: Final = "transactions"
REFUSALS: Final = ("MISCONF", "EXECABORT")


class Violation(AssertionError):
    """A promise is broken."""


class AnyNumber:
    """Equal to every integer: the reply of a counter that others raise too."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int)

    def __repr__(self) -> str:
        return "a number"


class Change(NamedTuple):
    """One command that changes one key."""

    kind: str
    place: Place
    value: bytes = b""
    deadline: int = -1

    def words(self) -> list[Word]:
        key = self.place[1]
        if self.kind == "SET":
            return ["SET", key, self.value] if self.deadline < 0 else ["SET", key, self.value, "PXAT", self.deadline]
        return [self.kind, key, self.value] if self.kind == "APPEND" else [self.kind, key]

    def apply(self, state: State) -> object:
        """Change the state and return the reply; counters that are shared are in nobody's state."""
        if self.place[1] in SHARED:
            return AnyNumber()
        value, deadline = state.get(self.place, (b"", -1))
        if self.kind == "DEL":
            return int(state.pop(self.place, None) is not None)
        if self.kind == "SET":
            state[self.place] = (self.value, self.deadline)
            return b"OK"
        new = b"%d" % (int(value or b"0") + 1) if self.kind == "INCR" else value + self.value
        state[self.place] = (new, deadline)
        return int(new) if self.kind == "INCR" else len(new)


class Step:
    """What happens as one: a change, or several in a transaction."""

    def __init__(self, changes: list[Change], is_transaction: bool = False) -> None:
        self.changes: Final = changes
        self.is_transaction: Final = is_transaction
        self._requests: Final = self._as_transaction() if is_transaction else [each.words() for each in changes]
        self.replies_count: Final = len(self._requests)

    def __repr__(self) -> str:
        changes = [f"{each.kind} {each.place[1]} {each.value[:24]!r}" for each in self.changes]
        return f"[{', '.join(changes)}]"

    def encoded(self) -> bytes:
        return b"".join([encode_words(words) for words in self._requests])

    def _as_transaction(self) -> list[list[Word]]:
        requests: list[list[Word]] = [["MULTI"]]
        for change in self.changes:
            requests.append(["SELECT", change.place[0]])
            requests.append(change.words())
        return [*requests, ["SELECT", 0], ["EXEC"]]

    def apply(self, state: State) -> list[object]:
        """Change the state and return the replies."""
        replies = [change.apply(state) for change in self.changes]
        if not self.is_transaction:
            return replies
        results = [result for reply in replies for result in (b"OK", reply)]
        return [b"OK", *[b"QUEUED"] * (self.replies_count - 2), [*results, b"OK"]]


class Account:
    """One client's requests since the last start of the server, and the state before them."""

    def __init__(self, name: str, random: Random) -> None:
        self.name: Final = name
        self.state: State = {}
        self.refused = 0
        self._before: State = {}
        self._random: Final = random
        self._number = 0
        self._steps: list[Step] = []
        self._answered: list[float] = []
        self._replies: list[object] = []

    def outstanding(self) -> int:
        """Return how many steps were sent and not answered."""
        return len(self._steps) - len(self._answered)

    def acknowledged(self) -> int:
        return len(self._answered)

    # What it asks for

    def next_step(self) -> Step:
        """Return a step that is to be sent now."""
        self._number += 1
        drawn = self._random.random()
        step = Step(self._transaction(), True) if drawn < 0.2 else Step([self._change(drawn)])
        self._steps.append(step)
        return step

    def _change(self, drawn: float) -> Change:
        key = f"key:{self._random.randrange(KEYS)}"
        if drawn < 0.6:
            return Change("SET", self._place(key), self._value())
        if drawn < 0.7:
            return Change("SET", self._place(key), self._value(), FAR_FUTURE + self._number)
        if drawn < 0.8:
            return Change("DEL", self._place(key))
        if drawn < 0.9:
            return Change("INCR", self._place(f"counter:{self._random.randrange(COUNTERS)}"))
        return Change("APPEND", self._place("trail"), b"%d," % self._number)

    def _transaction(self) -> list[Change]:
        number = b"%d" % self._number
        changes = [
            Change("SET", self._place("left"), number),
            Change("INCR", self._place(TRANSACTIONS)),
            Change("INCR", (0, SHARED[0])),
            Change("SET", self._place("right", 1), number),
            Change("INCR", (1, SHARED[1])),
        ]
        if len(self.state.get(self._place("trail"), (b"", -1))[0]) > TRAIL_SIZE_MAX:
            changes.append(Change("DEL", self._place("trail")))
        return changes

    def _place(self, key: str, database: int = 0) -> Place:
        return database, f"{self.name}:{key}"

    def _value(self) -> bytes:
        """Return a value that no other step writes."""
        mark = b"%d/%b " % (self._number, self.name.encode())
        size = self._random.randrange(LARGE_VALUE if self._random.random() < 0.1 else 300)
        return mark * (1 + size // len(mark))

    # What it is answered

    def take(self, reply: object) -> None:
        """Take the next reply. Raises Violation where it is not the one that belongs there."""
        step = self._steps[len(self._answered)]
        self._replies.append(reply)
        if len(self._replies) < step.replies_count:
            return
        replies, self._replies = self._replies, []
        if str(reply).startswith(REFUSALS):
            self._steps.remove(step)
            self.refused += 1
            return
        expected = step.apply(self.state)
        if expected != replies:
            raise Violation(f"{self.name}: {step} was answered {replies}, not {expected}")
        self._answered.append(time.monotonic())

    # What is found

    def settle(self, found: State, safe_until: float = float("inf")) -> tuple[int, float]:
        """Take what was found after a restart as the state; return how many steps are there, and since when they lack.

        Steps that were acknowledged before `safe_until` (as time.monotonic) must be there. Raises Violation.
        """
        must = sum([moment <= safe_until for moment in self._answered])
        state = dict(self._before)
        kept = -1
        for count in range(len(self._steps) + 1):
            if count >= must and state == found:
                kept = count
            if count < len(self._steps):
                self._steps[count].apply(state)
        if kept < 0:
            raise Violation(self._complaint(found, must))
        lost_since = self._answered[kept] if kept < len(self._answered) else float("inf")
        self.begin(found)
        return kept, lost_since

    def begin(self, state: State) -> None:
        """Forget what was asked: from now on this is the state."""
        self._before = dict(state)
        self.state = dict(state)
        self._steps = []
        self._answered = []
        self._replies = []

    def transactions(self) -> int:
        return int(self.state.get(self._place(TRANSACTIONS), (b"0", -1))[0])

    def _complaint(self, found: State, must: int) -> str:
        state = dict(self._before)
        for step in self._steps[:must]:
            step.apply(state)
        places = sorted({*state, *found})
        differing = [
            f"{place}: {_short(found.get(place))} was found, {_short(state.get(place))} was acknowledged"
            for place in places
            if state.get(place) != found.get(place)
        ]
        if len(differing) > SHOWN_MAX:
            differing[SHOWN_MAX:] = [f"and {len(differing) - SHOWN_MAX} keys more"]
        last = [str(step) for step in self._steps[max(0, must - 3) : must + 3]]
        return "\n".join([f"{self.name}: found is what no prefix makes", *differing, f"the last steps: {last}"])


def _short(value: tuple[bytes, int] | None) -> str:
    return "nothing" if value is None else f"{value[0][:24]!r} ({len(value[0])} bytes, deadline {value[1]})"
