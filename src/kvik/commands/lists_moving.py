"""Moving values from the end of one list to that of another, at once or as soon as there is one."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.blocking import deadline_after, ready_key, wait_for
from kvik.commands.family import Family
from kvik.declaration import BLOCKING, DENYOOM, FIRST_TWO, NOSCRIPT, WRITE
from kvik.events import LIST as LIST_EVENT
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.container import LIST
from kvik.store.list_value import ListValue, list_to_edit

family = Family("list")


class Move:
    """From an end of one list to an end of another, or of the same."""

    def __init__(self, source: bytes, destination: bytes, from_left: bool, to_left: bool) -> None:
        self.source: Final = source
        self.destination: Final = destination
        self.from_left: Final = from_left
        self.to_left: Final = to_left

    def run(self, session: Session) -> bytes | None:
        """Move a value and return it, None where there is no source. Raises WRONGTYPE before anything moves."""
        space = session.keys
        values = list_to_edit(space, self.source)
        if values is None:
            return None
        others = list_to_edit(space, self.destination)
        if others is None:
            others = ListValue()
        value = values.pop_left() if self.from_left else values.pop_right()
        if self.to_left:
            others.push_left(value)
        else:
            others.push_right(value)
        space.edited(self.destination, others)
        if values is not others:
            space.edited(self.source, values)
        session.event(LIST_EVENT, b"lpush" if self.to_left else b"rpush", self.destination)
        session.event(LIST_EVENT, b"lpop" if self.from_left else b"rpop", self.source)
        return value

    def run_or_wait(self, session: Session, deadline: int) -> Reply:
        """As `run`, but wait for the source until `deadline` where there is none."""
        if ready_key(session, [self.source], LIST) is None:
            return wait_for(session, [self.source], deadline, None)
        value = self.run(session)
        session.effect(
            [b"LMOVE", self.source, self.destination, name_of_end(self.from_left), name_of_end(self.to_left)]
        )
        return value


def name_of_end(is_left: bool) -> bytes:
    return b"LEFT" if is_left else b"RIGHT"


def read_move(args: Args) -> Move:
    return Move(args.key(), args.key(), args.either(b"LEFT", b"RIGHT"), args.either(b"LEFT", b"RIGHT"))


@family.command(
    "LMOVE",
    args=(4, 4),
    flags=WRITE | DENYOOM,
    keys=FIRST_TWO,
    summary="Moves a value from an end of a list to an end of another and returns it; null where there is no list.",
    syntax="source destination <LEFT | RIGHT> <LEFT | RIGHT>",
    since="6.2.0",
)
def lmove(session: Session, args: Args) -> Reply:
    return read_move(args).run(session)


@family.command(
    "RPOPLPUSH",
    args=(2, 2),
    flags=WRITE | DENYOOM,
    keys=FIRST_TWO,
    summary="Moves the last value of a list before all others of another and returns it; null where there is no list.",
    syntax="source destination",
    since="1.2.0",
)
def rpoplpush(session: Session, args: Args) -> Reply:
    return Move(args.key(), args.key(), False, True).run(session)


@family.command(
    "BLMOVE",
    args=(5, 5),
    flags=WRITE | DENYOOM | NOSCRIPT | BLOCKING,
    keys=FIRST_TWO,
    summary="As LMOVE, but waits for the source where there is none; null after so many seconds, 0: never.",
    syntax="source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
    since="6.2.0",
)
def blmove(session: Session, args: Args) -> Reply:
    move = read_move(args)
    return move.run_or_wait(session, deadline_after(session, args.next()))


@family.command(
    "BRPOPLPUSH",
    args=(3, 3),
    flags=WRITE | DENYOOM | NOSCRIPT | BLOCKING,
    keys=FIRST_TWO,
    summary="As RPOPLPUSH, but waits for the source where there is none; null after so many seconds, 0: never.",
    syntax="source destination timeout",
    since="2.2.0",
)
def brpoplpush(session: Session, args: Args) -> Reply:
    move = Move(args.key(), args.key(), False, True)
    return move.run_or_wait(session, deadline_after(session, args.next()))
