"""Reading streams from behind an ID on, alone or in a group, at once or as soon as there is something."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.stream_arguments import (
    ALL_ENTRIES,
    count_argument,
    entry_of,
    existing_group,
    id_of,
    row_of,
    rows_of,
)
from kvik.commands.stream_deliveries import Delivery
from kvik.declaration import ANY, BLOCKING, MOVABLE_KEYS, READONLY, WRITE, KeysBehindWord
from kvik.errors import ReplyError, syntax_error
from kvik.numbers import INTEGER_MAX, counted_on, parse_integer
from kvik.replies import NULL_ARRAY, Map, Reply, Wait
from kvik.session import Session
from kvik.store.consumer_group import UNKNOWN
from kvik.store.stream import StreamValue, stream_at
from kvik.store.stream_block import Entry
from kvik.store.stream_id import HIGHEST, LOWEST, StreamId

family = Family("stream")

# As Redis: who has waited and did not say how many is given no more at once.
COUNT_AFTER_WAITING: Final = 1_000


class Reading:
    """What XREAD or XREADGROUP is asked: which streams, and from behind which ID on each.

    In a group the highest ID stands for `>`: what nobody of the group was given.
    """

    def __init__(self, args: Args, is_group: bool) -> None:
        self.is_group: Final = is_group
        self.group = b""
        self.consumer = b""
        self.is_noack = False
        self.count = 0
        self.timeout: bytes | None = None
        self._has_group = False
        while not (args.left() > 1 and args.option(b"STREAMS")):
            self._read_option(args)
        if args.left() % 2:
            raise ReplyError(
                "ERR", "Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
            )
        if is_group and not self._has_group:
            raise ReplyError("ERR", "Missing GROUP option for XREADGROUP")
        self.keys: Final = args.keys(args.left() // 2)
        self.words: Final = args.rest()
        self.after: Final[list[StreamId]] = []

    def _read_option(self, args: Args) -> None:
        if args.left() > 1 and args.option(b"BLOCK"):
            self.timeout = args.next()
            milliseconds_of(self.timeout, 0)
        elif args.left() > 1 and args.option(b"COUNT"):
            self.count = count_argument(args)
        elif args.left() > 2 and args.option(b"GROUP"):
            self._refuse_outside_group("GROUP")
            self._has_group = True
            self.group = args.next()
            self.consumer = args.next()
        elif args.option(b"NOACK"):
            self._refuse_outside_group("NOACK")
            self.is_noack = True
        else:
            raise syntax_error()

    def _refuse_outside_group(self, option: str) -> None:
        if not self.is_group:
            raise ReplyError("ERR", f"The {option} option is only supported by XREADGROUP. You called XREAD instead.")

    def resolve(self, session: Session) -> None:
        """Read the IDs as they are meant now. Raises where a key holds another kind, or there is no such group."""
        for index in range(len(self.keys)):
            key = self.keys[index]
            stream = stream_at(session.keys, key)
            if self.is_group:
                existing_group(stream, key, self.group, " in XREADGROUP with GROUP option")
            self.after.append(self._resolved(self.words[index], stream))

    def _resolved(self, word: bytes, stream: StreamValue | None) -> StreamId:
        if word == b"$":
            if self.is_group:
                raise ReplyError("ERR", LAST_IN_GROUP)
            return LOWEST if stream is None else stream.last
        if word == b">":
            if not self.is_group:
                raise ReplyError("ERR", NEW_OUTSIDE_GROUP)
            return HIGHEST
        return id_of(word)

    def most(self) -> int:
        """Return how many entries of a stream are wanted at most."""
        return min(self.count, ALL_ENTRIES) if self.count else ALL_ENTRIES

    def reply(self, session: Session, answered: list[tuple[bytes, Reply]]) -> Reply:
        """Return what was read: by key in RESP3, in RESP2 pairs of key and entries."""
        if session.protocol == 3:
            return Map(answered)
        pairs: list[Reply] = []
        for key, rows in answered:
            pairs.append([key, rows])
        return pairs

    def waiting(self, session: Session) -> Reply:
        """Return that the caller waits, or that there is nothing."""
        if self.timeout is None or not session.may_wait:
            return NULL_ARRAY
        milliseconds = milliseconds_of(self.timeout, session.services.clock.now)
        return StreamWait(self, milliseconds)


LAST_IN_GROUP: Final = (
    "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying"
    " a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
)
NEW_OUTSIDE_GROUP: Final = (
    "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
)


class StreamWait(Wait):
    """Waits for entries behind the IDs that were meant when the wait began."""

    def __init__(self, reading: Reading, deadline: int) -> None:
        super().__init__(list(dict.fromkeys(reading.keys)), deadline, NULL_ARRAY, reading.is_group)
        self.reading: Final = reading
        reading.count = reading.count or COUNT_AFTER_WAITING


def milliseconds_of(timeout: bytes, now: int) -> int:
    """Return the moment so many milliseconds from now, 0 for never: a timeout of 0, or beyond 64 bits."""
    milliseconds = parse_integer(timeout)
    if milliseconds is None:
        raise ReplyError("ERR", "timeout is not an integer or out of range")
    if milliseconds < 0:
        raise ReplyError("ERR", "timeout is negative")
    return now + milliseconds if 0 < milliseconds <= INTEGER_MAX - now else 0


@family.command(
    "XREAD",
    args=(3, ANY),
    flags=READONLY | BLOCKING | MOVABLE_KEYS,
    keys=KeysBehindWord(b"STREAMS", 1),
    summary="Returns entries of streams behind an ID each, `$` for the last; with BLOCK waits where there are none.",
    syntax="[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
    since="5.0.0",
)
def xread(session: Session, args: Args) -> Reply:
    wait = session.wait
    if isinstance(wait, StreamWait):
        return read_after_waiting(session, wait)
    asked = Reading(args, False)
    asked.resolve(session)
    answered: list[tuple[bytes, Reply]] = []
    for index in range(len(asked.keys)):
        stream = stream_at(session.keys, asked.keys[index])
        after = asked.after[index]
        if stream is not None and after.is_before(stream.top_id()):
            answered.append((asked.keys[index], rows_of(entries_after(stream, after, asked.most()))))
    return asked.reply(session, answered) if answered else asked.waiting(session)


def entries_after(stream: StreamValue, after: StreamId, most: int) -> list[Entry]:
    start = after.following()
    return [] if start is None else stream.range(start, HIGHEST, most)


def read_after_waiting(session: Session, wait: StreamWait) -> Reply:
    key, asked = wait.changed, wait.reading
    stream = session.keys.find(key)
    if not isinstance(stream, StreamValue):
        return wait
    after = asked.after[asked.keys.index(key)]
    if not after.is_before(stream.last):
        return wait
    return asked.reply(session, [(key, rows_of(entries_after(stream, after, asked.most())))])


# In a group


@family.command(
    "XREADGROUP",
    args=(6, ANY),
    flags=WRITE | BLOCKING | MOVABLE_KEYS,
    keys=KeysBehindWord(b"STREAMS", 4),
    summary="Gives a consumer entries nobody of its group was given, for `>`, or its own pending ones behind an ID.",
    syntax="GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]",
    since="5.0.0",
)
def xreadgroup(session: Session, args: Args) -> Reply:
    wait = session.wait
    if isinstance(wait, StreamWait):
        return read_in_group_after_waiting(session, wait)
    asked = Reading(args, True)
    asked.resolve(session)
    answered: list[tuple[bytes, Reply]] = []
    for index in range(len(asked.keys)):
        key = asked.keys[index]
        after = asked.after[index]
        stream = stream_at(session.keys, key)
        group = existing_group(stream, key, asked.group)
        assert stream is not None
        # As in Redis a consumer who is given nothing is not even seen.
        if not after.equals(HIGHEST) or group.last.is_before(stream.top_id()):
            delivery = Delivery(session, key, stream, group, asked.consumer)
            is_new = after.equals(HIGHEST)
            answered.append((key, give_new(delivery, asked) if is_new else give_again(delivery, asked, after)))
            delivery.end()
    return asked.reply(session, answered) if answered else asked.waiting(session)


def read_in_group_after_waiting(session: Session, wait: StreamWait) -> Reply:
    key, asked = wait.changed, wait.reading
    stream = session.keys.find(key)
    if not isinstance(stream, StreamValue):
        raise ReplyError("UNBLOCKED", "the stream key no longer exists")
    group = stream.group(asked.group)
    if group is None:
        raise ReplyError("NOGROUP", "the consumer group this client was blocked on no longer exists")
    if not group.last.is_before(stream.last):
        return wait
    delivery = Delivery(session, key, stream, group, asked.consumer)
    rows = give_new(delivery, asked)
    delivery.end()
    return asked.reply(session, [(key, rows)])


def give_new(delivery: Delivery, asked: Reading) -> list[Reply]:
    """Give what nobody of the group was given."""
    entries = entries_after(delivery.stream, delivery.group.last, asked.most())
    ids = [entry.id() for entry in entries]
    for entry_id in ids:
        move_to(delivery, entry_id)
    consumer = delivery.consumer()
    if ids and not asked.is_noack:
        delivery.given.extend(delivery.group.give_first(ids, consumer, delivery.now))
    return rows_of(entries)


def move_to(delivery: Delivery, entry_id: StreamId) -> None:
    """Let the group have read up to an entry."""
    group, stream = delivery.group, delivery.stream
    if group.entries_read != UNKNOWN and not stream.has_gap_from(entry_id):
        group.entries_read = counted_on(group.entries_read)
    elif stream.entries_added:
        group.entries_read = stream.count_up_to(entry_id)
    group.last = entry_id
    delivery.is_moved = True


def give_again(delivery: Delivery, asked: Reading, after: StreamId) -> list[Reply]:
    """Give what is pending with the consumer behind an ID; of an entry that has gone only the ID is answered."""
    rows: list[Reply] = []
    consumer = delivery.consumer()
    start = after.following()
    if start is None:
        return rows
    for pending in consumer.pending.page(start, asked.most()):
        entry = entry_of(delivery.stream, pending.id)
        if entry is None:
            rows.append([pending.id.text(), NULL_ARRAY])
        else:
            given = delivery.group.give_again(pending, consumer, delivery.now, counted_on(pending.count))
            delivery.given.append(given)
            rows.append(row_of(entry))
    return rows
