"""Taking over what is pending with other consumers of a group. Knows nothing of reading."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.stream_arguments import entry_of, existing_group, id_of, row_of, start_of
from kvik.commands.stream_deliveries import all_effects, claims, creation, position
from kvik.declaration import ANY, FAST, FIRST, WRITE
from kvik.errors import ReplyError, printed, syntax_error
from kvik.events import STREAM as STREAM_EVENT
from kvik.numbers import parse_integer
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.consumer_group import Consumer, ConsumerGroup
from kvik.store.pending_list import Pending
from kvik.store.stream import StreamValue, as_stream, stream_at
from kvik.store.stream_id import LOWEST, StreamId, parse_id

family = Family("stream")

PAGE: Final = 256
# As Redis: so many times COUNT entries are looked at.
ATTEMPTS_FACTOR: Final = 10
COUNT_MAX: Final = (2**63 - 1) // 16


class Takeover:
    """Entries that go over to one consumer, and what the journal is told of it."""

    def __init__(self, session: Session, key: bytes, stream: StreamValue, group: ConsumerGroup, name: bytes) -> None:
        self.session: Final = session
        self.key: Final = key
        self.stream: Final = stream
        self.group: Final = group
        self.now: Final = session.services.clock.now
        self.claimed: Final[list[Pending]] = []
        self.gone: Final[list[StreamId]] = []
        self.is_moved = False
        """Whether the group has read on."""
        self.is_new = False
        self._name: Final = name
        self._consumer: Consumer | None = None
        session.keys.edit(key)

    def drop(self, entry_id: StreamId) -> None:
        """Let an entry be pending no more that is not in the stream any more."""
        if self.group.acknowledge(entry_id):
            self.gone.append(entry_id)

    def consumer(self) -> Consumer:
        """Return who takes over; as in Redis it is made, or seen, only where there is something to take."""
        consumer = self._consumer
        if consumer is None:
            consumer = self.group.consumers.get(self._name)
            if consumer is None:
                self.is_new = True
                consumer = self.group.create_consumer(self._name, self.now)
            consumer.seen_time = self.now
            self._consumer = consumer
        return consumer

    def take(self, pending: Pending, time: int, count: int) -> None:
        """Let an entry be the consumer's, as given so often and at that time."""
        self.group.hand_over(pending, self.consumer())
        pending.time = time
        pending.count = count
        self.claimed.append(pending)

    def end(self) -> None:
        """Say what has happened."""
        if not (self.is_new or self.gone or self.claimed or self.is_moved):
            return
        self.stream.weigh_group(self.group)
        self.session.keys.recorded(self.key, self.stream)
        if self.is_new:
            self.session.event(STREAM_EVENT, b"xgroup-createconsumer", self.key)
            self.session.effect(creation(self.key, self.group.name, self._name))
        if self.gone:
            words = [b"XACK", self.key, self.group.name]
            for entry_id in self.gone:
                words.append(entry_id.text())
            self.session.effect(words)
        all_effects(self.session, claims(self.key, self.group.name, self.claimed))
        if self.is_moved:
            self.session.effect(position(self.key, self.group))


class Claim:
    """What XCLAIM is asked behind the consumer's name."""

    def __init__(self, session: Session, args: Args) -> None:
        self.idle: Final = max(number(args, "Invalid min-idle-time argument for XCLAIM"), 0)
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
            self._time = now - number(args, "Invalid IDLE option argument for XCLAIM")
        elif has_value and args.option(b"TIME"):
            self._time = number(args, "Invalid TIME option argument for XCLAIM")
        elif has_value and args.option(b"RETRYCOUNT"):
            self.count = number(args, "Invalid RETRYCOUNT option argument for XCLAIM")
        elif has_value and args.option(b"LASTID"):
            self.last = id_of(args.next())
        else:
            raise ReplyError("ERR", f"Unrecognized XCLAIM option '{printed(args.next())}'")


def number(args: Args, otherwise: str) -> int:
    """Return the next word as an integer. Raises ERR `otherwise`."""
    found = parse_integer(args.next())
    if found is None:
        raise ReplyError("ERR", otherwise)
    return found


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
    takeover = Takeover(session, key, stream, group, consumer)
    if group.last.is_before(asked.last):
        group.last = asked.last
        takeover.is_moved = True
    rows: list[Reply] = []
    for entry_id in asked.ids:
        row = claimed_row(takeover, asked, entry_id)
        if row is not None:
            rows.append(row)
    takeover.end()
    return rows


def claimed_row(takeover: Takeover, asked: Claim, entry_id: StreamId) -> Reply:
    """Claim an entry and return what is answered of it; None where it is not to be had."""
    entry = entry_of(takeover.stream, entry_id)
    if entry is None:
        takeover.drop(entry_id)
        return None
    group = takeover.group
    pending = group.pending.find(entry_id)
    if pending is None:
        if not asked.is_forced:
            return None
        pending = group.give(entry_id, takeover.consumer(), takeover.now, 1)
    elif takeover.now - pending.time < asked.idle and asked.idle:
        return None
    count = asked.count
    if count < 0:
        count = pending.count if asked.answers_ids else pending.count + 1
    takeover.take(pending, asked.time, count)
    return entry_id.text() if asked.answers_ids else row_of(entry)


class Search:
    """What XAUTOCLAIM is asked behind the consumer's name, and how far it got."""

    def __init__(self, args: Args) -> None:
        self.idle: Final = max(number(args, "Invalid min-idle-time argument for XAUTOCLAIM"), 0)
        self.next: StreamId | None = start_of(args.next())
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

    def run(self, takeover: Takeover) -> None:
        """Look at pending entries until there are enough; `next` is then where to go on, None at the end."""
        while self.next is not None:
            page = takeover.group.pending.page(self.next, PAGE)
            for pending in page:
                if self.attempts == 0 or self.count == 0:
                    self.next = pending.id
                    return
                self.attempts -= 1
                self._look_at(pending, takeover)
            self.next = page[-1].id.following() if len(page) == PAGE else None

    def _look_at(self, pending: Pending, takeover: Takeover) -> None:
        entry = entry_of(takeover.stream, pending.id)
        if entry is None:
            takeover.drop(pending.id)
            self.count -= 1
        elif takeover.now - pending.time >= self.idle or self.idle == 0:
            takeover.take(pending, takeover.now, pending.count if self.answers_ids else pending.count + 1)
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
    takeover = Takeover(session, key, stream, group, consumer)
    search.run(takeover)
    takeover.end()
    following = LOWEST if search.next is None else search.next
    gone: list[Reply] = []
    for entry_id in takeover.gone:
        gone.append(entry_id.text())
    return [following.text(), search.rows, gone]
