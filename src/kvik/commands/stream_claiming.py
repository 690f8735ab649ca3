"""Taking over what is pending with other consumers of a group. Knows nothing of reading."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.stream_arguments import entry_of, existing_group, id_of, row_of, start_of
from kvik.commands.stream_deliveries import Delivery
from kvik.declaration import ANY, FAST, FIRST, WRITE
from kvik.errors import ReplyError, printed, syntax_error
from kvik.numbers import INTEGER_MIN, counted_on, parse_integer
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.pending_list import Pending
from kvik.store.stream import as_stream, stream_at
from kvik.store.stream_id import LOWEST, StreamId, parse_id

family = Family("stream")

# As Redis: so many times COUNT entries are looked at.
ATTEMPTS_FACTOR: Final = 10
COUNT_MAX: Final = (2**63 - 1) // 16


class Claim:
    """What XCLAIM is asked behind the consumer's name."""

    def __init__(self, session: Session, args: Args) -> None:
        self.idle: Final = max(args.at_least(INTEGER_MIN, "Invalid min-idle-time argument for XCLAIM"), 0)
        self.ids: Final = leading_ids(args)
        self.is_forced = False
        self.answers_ids = False
        self.count = -1
        self.last = LOWEST
        self._time = -1
        now = session.services.clock.now
        while args.more():
            self._read_option(args, now)
        # As Redis: a time nobody can mean is now. The journal's own moments are right, whatever the clock says.
        is_possible = self._time >= 0 and (self._time <= now or session.is_replay)
        self.time: Final = self._time if is_possible else now

    def _read_option(self, args: Args, now: int) -> None:
        has_value = args.left() > 1
        if args.option(b"FORCE"):
            self.is_forced = True
        elif args.option(b"JUSTID"):
            self.answers_ids = True
        elif has_value and args.option(b"IDLE"):
            self._time = now - args.at_least(INTEGER_MIN, "Invalid IDLE option argument for XCLAIM")
        elif has_value and args.option(b"TIME"):
            self._time = args.at_least(INTEGER_MIN, "Invalid TIME option argument for XCLAIM")
        elif has_value and args.option(b"RETRYCOUNT"):
            self.count = args.at_least(INTEGER_MIN, "Invalid RETRYCOUNT option argument for XCLAIM")
        elif has_value and args.option(b"LASTID"):
            self.last = id_of(args.next())
        else:
            raise ReplyError("ERR", f"Unrecognized XCLAIM option '{printed(args.next())}'")


def leading_ids(args: Args) -> list[StreamId]:
    """Return the IDs that come next: the first word that is none begins the options."""
    ids: list[StreamId] = []
    while args.more():
        entry_id = parse_id(args.next(), 0)
        if entry_id is None:
            args.position -= 1
            return ids
        ids.append(entry_id)
    return ids


@family.command(
    "XCLAIM",
    args=(5, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Lets entries be a consumer's that have been pending with another for a while; returns them.",
    syntax="key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count]"
    " [FORCE] [JUSTID] [LASTID id]",
    since="5.0.0",
)
def xclaim(session: Session, args: Args) -> Reply:
    key, name, consumer = args.key(), args.next(), args.next()
    stream = stream_at(session.keys, key)
    group = existing_group(stream, key, name)
    assert stream is not None
    asked = Claim(session, args)
    delivery = Delivery(session, key, stream, group, consumer)
    if group.last.is_before(asked.last):
        group.last = asked.last
        delivery.is_moved = True
    rows: list[Reply] = []
    for entry_id in asked.ids:
        row = claimed_row(delivery, asked, entry_id)
        if row is not None:
            rows.append(row)
    delivery.end()
    return rows


def claimed_row(delivery: Delivery, asked: Claim, entry_id: StreamId) -> Reply:
    """Claim an entry and return what is answered of it; None where it is not to be had."""
    entry = entry_of(delivery.stream, entry_id)
    if entry is None:
        delivery.drop(entry_id)
        return None
    group = delivery.group
    pending = group.pending.find(entry_id)
    if pending is None:
        if not asked.is_forced:
            return None
        pending = group.give(entry_id, delivery.consumer(), delivery.now, 1)
    elif delivery.now - pending.time < asked.idle and asked.idle:
        return None
    count = asked.count
    if count < 0:
        count = pending.count if asked.answers_ids else counted_on(pending.count)
    delivery.given.append(group.give_again(pending, delivery.consumer(), asked.time, count))
    return entry_id.text() if asked.answers_ids else row_of(entry)


class Search:
    """What XAUTOCLAIM is asked behind the consumer's name, and how far it got."""

    def __init__(self, args: Args) -> None:
        self.idle: Final = max(args.at_least(INTEGER_MIN, "Invalid min-idle-time argument for XAUTOCLAIM"), 0)
        self.next = start_of(args.next())
        self.count = 100
        self.answers_ids = False
        while args.more():
            if args.left() > 1 and args.option(b"COUNT"):
                self.count = count_in_range(args.next())
            elif args.option(b"JUSTID"):
                self.answers_ids = True
            else:
                raise syntax_error()
        self.attempts = self.count * ATTEMPTS_FACTOR
        self.rows: Final[list[Reply]] = []

    def run(self, delivery: Delivery) -> None:
        """Look at pending entries until there are enough; `next` is then where to go on, 0-0 at the end."""
        for page in delivery.group.pending.pages(self.next):
            for pending in page:
                if self.attempts == 0 or self.count == 0:
                    self.next = pending.id
                    return
                self.attempts -= 1
                self._look_at(pending, delivery)
        self.next = LOWEST

    def _look_at(self, pending: Pending, delivery: Delivery) -> None:
        entry = entry_of(delivery.stream, pending.id)
        if entry is None:
            delivery.drop(pending.id)
            self.count -= 1
        elif delivery.now - pending.time >= self.idle or self.idle == 0:
            count = pending.count if self.answers_ids else counted_on(pending.count)
            delivery.given.append(delivery.group.give_again(pending, delivery.consumer(), delivery.now, count))
            self.rows.append(pending.id.text() if self.answers_ids else row_of(entry))
            self.count -= 1


def count_in_range(word: bytes) -> int:
    count = parse_integer(word)
    if count is None or not 1 <= count <= COUNT_MAX:
        raise ReplyError("ERR", "COUNT must be > 0")
    return count


@family.command(
    "XAUTOCLAIM",
    args=(5, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Claims what is pending for a while; returns where to go on, the entries, and IDs of those that have gone.",
    syntax="key group consumer min-idle-time start [COUNT count] [JUSTID]",
    since="6.2.0",
)
def xautoclaim(session: Session, args: Args) -> Reply:
    key, name, consumer = args.key(), args.next(), args.next()
    value = session.keys.read(key)
    search = Search(args)
    stream = as_stream(value)
    group = existing_group(stream, key, name)
    assert stream is not None
    delivery = Delivery(session, key, stream, group, consumer)
    search.run(delivery)
    delivery.end()
    gone: list[Reply] = []
    for entry_id in delivery.gone:
        gone.append(entry_id.text())
    return [search.next.text(), search.rows, gone]
