"""The kinds of answer a command can give. Knows no dialect: how each looks is the door's business.

Plain values speak for themselves: bytes is a string, int and float are numbers, bool is RESP3's
boolean (1 and 0 in RESP2), None is null, a list is an array, a ReplyError an error. What needs a
name of its own is here. Standard library only: the one-shot client uses this module too.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from kvik.errors import ReplyError


class Composite:
    """The base of every answer that is more than a plain value."""


class Status(Composite):
    """A short word that is not data: `OK`, `QUEUED`, `PONG`."""

    def __init__(self, text: bytes) -> None:
        self.text: Final = text


class Stored(Status):
    """`OK` from a plain successful SET; the text door prints `value` for it inside EXEC."""

    def __init__(self, value: bytes) -> None:
        super().__init__(b"OK")
        self.value: Final = value


class NullArray(Composite):
    """The null that RESP2 writes as `*-1`; RESP3 and text know only one null."""


class Map(Composite):
    """Ordered pairs of name and value: a map in RESP3, a flat array in RESP2."""

    def __init__(self, pairs: "Sequence[tuple[Reply, Reply]]") -> None:
        self.pairs: Final = pairs


class Figures(Map):
    """Named integers about the program: to programs a map like any other, to people one line of JSON."""

    def __init__(self, figures: Sequence[tuple[str, int]]) -> None:
        super().__init__([(name.encode(), figure) for name, figure in figures])
        self.figures: Final = figures


class Set(Composite):
    """Members without order: a set in RESP3, an array in RESP2."""

    def __init__(self, members: "Sequence[Reply]") -> None:
        self.members: Final = members


class Pairs(Composite):
    """Pairs such as member and score: nested arrays in RESP3, one flat array in RESP2."""

    def __init__(self, pairs: "Sequence[tuple[Reply, Reply]]") -> None:
        self.pairs: Final = pairs


class Verbatim(Composite):
    """Text meant for people: RESP3's verbatim string with its three-letter format."""

    def __init__(self, text: bytes, form: bytes = b"txt") -> None:
        self.text: Final = text
        self.form: Final = form


class BigNumber(Composite):
    """An integer that may not fit 64 bits."""

    def __init__(self, value: int) -> None:
        self.value: Final = value


class Digits(Composite):
    """A number as it is to be written, digit for digit: a double in RESP3, a string in RESP2."""

    def __init__(self, text: bytes) -> None:
        self.text: Final = text


class CommandLines(Composite):
    """Whole commands as an answer: the text door quotes them one per line, RESP sends an array."""

    def __init__(self, commands: list[list[bytes]]) -> None:
        self.commands: Final = commands


class Push(Composite):
    """A message nobody asked for: a push in RESP3, an array in RESP2. `items` starts with its kind."""

    def __init__(self, items: "Sequence[Reply]") -> None:
        self.items: Final = items


class Series(Composite):
    """Several replies to one request, one after the other: what SUBSCRIBE says of each channel."""

    def __init__(self, replies: "Sequence[Reply]") -> None:
        self.replies: Final = replies


class Wait(Composite):
    """The caller has to wait until one of `keys` changes, at most until `deadline`.

    `deadline` is in wall-clock milliseconds, 0 means for ever; `otherwise` is the answer when it
    passes. The engine runs the same request again whenever a key changes: the command finds this
    wait in its session then, and in `changed` which key it was. With `hears_loss` that is so as well
    when the key has gone.
    """

    def __init__(self, keys: list[bytes], deadline: int, otherwise: "Reply" = None, hears_loss: bool = False) -> None:
        self.keys: Final = keys
        self.hears_loss: Final = hears_loss
        self.changed = b""
        self.deadline: Final = deadline
        self.otherwise = otherwise


class WaitForDisk(Wait):
    """The caller has to wait until `target` is reached on disk: what it counts is the command's own affair.

    The engine runs the same request again whenever more is durable, or a rewrite of the journal has
    ended; the command finds this wait in its session then. What it waits with again, `otherwise`,
    is what it answers at the deadline.
    """

    def __init__(self, target: int, deadline: int = 0, otherwise: "Reply" = None) -> None:
        super().__init__([], deadline, otherwise)
        self.target: Final = target


Reply: TypeAlias = "bytes | int | float | None | Composite | ReplyError | Sequence[Reply]"

OK: Final = Status(b"OK")
QUEUED: Final = Status(b"QUEUED")
PONG: Final = Status(b"PONG")
NULL_ARRAY: Final = NullArray()
