"""Where commands that store a result put it: unions, ranges, searches and what was sorted. Knows no kind of value."""

from kvik.events import GENERIC
from kvik.session import Session
from kvik.store.container import Container


def store_result(session: Session, destination: bytes, result: Container) -> int:
    """Let a result take the place of what is at the destination; return how many members it has.

    As in Redis, where it has none the key goes, and that is told as `del`.
    """
    if len(result) > 0:
        session.keys.put(destination, result)
    elif session.keys.remove(destination):
        session.event(GENERIC, b"del", destination)
    return len(result)
