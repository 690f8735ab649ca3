"""What commands that wait for a key have in common. Knows no kind of value.

Such a command looks for a ready key first; where there is none, it returns what `wait_for` gives. When one of its
keys changes, the engine runs the same request again.
"""

from typing import Final

from kvik.commands.args import Args
from kvik.errors import ReplyError, wrong_type
from kvik.long_double import parse_long_double
from kvik.numbers import INTEGER_MAX, parse_integer
from kvik.replies import NULL_ARRAY, Reply, Wait
from kvik.session import Session
from kvik.store.value import kind_of


class MultiplePop:
    """What LMPOP, ZMPOP and those of them that wait are asked: from which keys, from which end, how many."""

    def __init__(self, args: Args, first: bytes, last: bytes) -> None:
        """Read all that is left; `first` and `last` name the ends (upper case)."""
        self.keys: Final = args.keys(args.at_least(1, "numkeys should be greater than 0"))
        self.is_first: Final = args.either(first, last)
        self.count: Final = args.at_least(1, "count should be greater than 0") if args.option(b"COUNT") else 1
        args.end()


def ready_key(session: Session, keys: list[bytes], kind: int) -> bytes | None:
    """Return the first of the keys that holds a value of this kind, None where none does.

    Raises WRONGTYPE where another kind comes first. As Redis 7.0, who has begun to wait is served by the key that
    changed, and a key of another kind is as good as none then.
    """
    space = session.keys
    wait = session.wait
    if wait is not None:
        value = space.find(wait.changed)
        return wait.changed if value is not None and kind_of(value) == kind else None
    for key in keys:
        value = space.find(key)
        if value is not None:
            if kind_of(value) != kind:
                raise wrong_type()
            return key
    return None


def wait_for(session: Session, keys: list[bytes], deadline: int, refused: Reply) -> Reply:
    """Return that the caller waits for the keys; `refused`, and at once, where it may not wait.

    As Redis 7.0, every command that has waited in vain is answered with the null array.
    """
    return Wait(keys, deadline, NULL_ARRAY) if session.may_wait else refused


def deadline_after(session: Session, timeout: bytes) -> int:
    """Return the moment so many seconds from now, in milliseconds since 1970, 0 for a timeout of 0: never.

    As Redis 7.0: a fraction of a millisecond is rounded up, and a time beyond 64 bits is found negative.
    """
    milliseconds = milliseconds_of(timeout)
    if milliseconds < 0 or milliseconds > INTEGER_MAX:
        raise ReplyError("ERR", "timeout is negative")
    return session.services.clock.now + milliseconds if milliseconds > 0 else 0


def milliseconds_of(timeout: bytes) -> int:
    """Return seconds as milliseconds; an infinity is found negative."""
    whole = parse_integer(timeout)
    if whole is not None:
        return whole * 1000
    seconds = parse_long_double(timeout)
    if seconds is None:
        raise ReplyError("ERR", "timeout is not a float or out of range")
    milliseconds = seconds.times(1000)
    return -1 if milliseconds is None else milliseconds.ceiling()
