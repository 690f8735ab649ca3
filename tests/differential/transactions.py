"""Transactions between random requests: their parts, drawn, and which replies of EXEC answer which request."""

from tests.differential.draw import Draw, Request
from tests.differential.replies import end_of_reply
from tests.differential.rules import is_allowed

SHARE = 0.03


def request(draw: Draw) -> Request:
    """Return a part of a transaction; what is drawn between MULTI and EXEC is its body."""
    return draw.one_of(
        [[b"MULTI"], [b"MULTI"], [b"EXEC"], [b"EXEC"], [b"DISCARD"], [b"WATCH", draw.key(), draw.key()], [b"UNWATCH"]]
    )


class Queue:
    """The requests that a connection has queued."""

    def __init__(self) -> None:
        self._requests: list[Request] = []

    def note(self, request: Request, reply: bytes) -> None:
        """Remember what the real server has queued."""
        if reply == b"+QUEUED\r\n":
            self._requests.append(request)
        elif request[0] == b"EXEC" or (request[0] == b"DISCARD" and reply == b"+OK\r\n"):
            self._requests = []

    def is_allowed(self, request: Request, expected: bytes, found: bytes) -> bool:
        """Return whether two replies that differ mean the same, those of EXEC one by one."""
        if request[0].upper() != b"EXEC":
            return is_allowed(request, expected, found)
        theirs, ours = elements_of(expected), elements_of(found)
        if len(theirs) != len(ours) or len(ours) != len(self._requests):
            return False
        replies = zip(self._requests, theirs, ours, strict=True)
        return all(one == other or is_allowed(queued, one, other) for queued, one, other in replies)


def elements_of(reply: bytes) -> list[bytes]:
    """Return the bytes of each element of an array; none for another reply."""
    if not reply.startswith(b"*") or reply.startswith(b"*-1"):
        return []
    elements: list[bytes] = []
    start = reply.index(b"\r\n") + 2
    while start < len(reply):
        end = end_of_reply(reply, start)
        elements.append(reply[start:end])
        start = end
    return elements
