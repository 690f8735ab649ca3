"""The number of a database as an argument of several families. Knows no particular command."""

from typing import Final

from kvik.commands.args import Args
from kvik.errors import ReplyError, not_an_integer
from kvik.numbers import parse_integer
from kvik.session import Session
from kvik.store.keyspace import Keyspace

INT_MIN: Final = -(2**31)
INT_MAX: Final = 2**31 - 1


def database_argument(session: Session, args: Args) -> Keyspace:
    """Return the database whose number is the next word. Raises Redis' error for each way to be wrong."""
    number = parse_integer(args.next())
    if number is None:
        raise not_an_integer()
    if not INT_MIN <= number <= INT_MAX:
        raise ReplyError("ERR", f"value is out of range, value must between {INT_MIN} and {INT_MAX}")
    return database_numbered(session, number)


def exchanged_number(args: Args, which: str) -> int:
    """Return the next word of SWAPDB, a number; `which` is `first` or `second`."""
    number = parse_integer(args.next())
    if number is None or not INT_MIN <= number <= INT_MAX:
        raise ReplyError("ERR", f"invalid {which} DB index")
    return number


def database_numbered(session: Session, number: int) -> Keyspace:
    """Return database `number`. Raises where there is none."""
    spaces = session.services.databases.spaces
    if not 0 <= number < len(spaces):
        raise ReplyError("ERR", "DB index is out of range")
    return spaces[number]
