"""Ways to feed a dialect, and what came out: every parser has to give the same whichever way is taken."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from librt.strings import BytesWriter

from kvik.dialects.dialect import Dialect
from kvik.errors import ProtocolError, RecoverableProtocolError
from kvik.replies import Reply

Outcome = list[list[bytes] | str]


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    borders = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in zip(borders, borders[1:], strict=False)]


def in_halves(data: bytes) -> list[bytes]:
    return cut_at(data, [len(data) // 2])


def in_threes(data: bytes) -> list[bytes]:
    return cut_at(data, range(0, len(data), 3))


Way: TypeAlias = Callable[[bytes], list[bytes]]
WAYS: list[Way] = [whole, byte_by_byte, in_halves, in_threes]


def requests(dialect: Dialect, pieces: Iterable[bytes], ends: bool = False) -> Outcome:
    """Return the words of each request, an error as its text; a ProtocolError is the last thing."""
    outcome: Outcome = []
    for piece in pieces:
        dialect.feed(piece)
        if not _drain(dialect, outcome):
            return outcome
    if ends:
        dialect.end_of_input()
        _drain(dialect, outcome)
    return outcome


def _drain(dialect: Dialect, outcome: Outcome) -> bool:
    while True:
        try:
            request = dialect.next_request()
        except RecoverableProtocolError as error:
            outcome.append(error.message)
            continue
        except ProtocolError as error:
            outcome.append(error.message)
            return False
        if request is None:
            return True
        outcome.append(request.words)


def encoded(dialect: Dialect, reply: Reply, protocol: int = 2) -> bytes:
    out = BytesWriter()
    dialect.encode(None, reply, protocol, out)
    return out.getvalue()


def last_words(dialect: Dialect, message: str) -> bytes:
    out = BytesWriter()
    dialect.encode_protocol_error(message, out)
    return out.getvalue()


def trusted(dialect: Dialect) -> Dialect:
    dialect.is_trusted = True
    return dialect
