"""The place of a bit as an argument: what commands on bits and on fields share."""

from kvik.errors import ReplyError
from kvik.numbers import parse_integer
from kvik.session import Session


def bit_offset(session: Session, word: bytes) -> int:
    """Return a place of a bit. Raises for one in a string that would be longer than any may be."""
    offset = parse_integer(word)
    if offset is None or offset < 0:
        raise bad_offset()
    if offset >> 3 >= session.services.settings.proto_max_bulk_len and not session.is_replay:
        raise bad_offset()
    return offset


def bad_offset() -> ReplyError:
    return ReplyError("ERR", "bit offset is not an integer or out of range")
