"""What a consumer is given in one request, and how the journal is told: in commands that Redis 7.0 knows.

Declares no command: reading and claiming both give.
"""

from typing import Final

from kvik.events import STREAM as STREAM_EVENT
from kvik.numbers import decimal
from kvik.session import Session
from kvik.store.consumer_group import Consumer, ConsumerGroup
from kvik.store.pending_list import Pending
from kvik.store.stream import StreamValue
from kvik.store.stream_id import StreamId

CLAIMED_IDS_MAX: Final = 128
"""How many entries one command gives a consumer again."""


class Delivery:
    """Entries of a stream that go to one consumer; what the group becomes is said at the end."""

    def __init__(self, session: Session, key: bytes, stream: StreamValue, group: ConsumerGroup, name: bytes) -> None:
        self.stream: Final = stream
        self.group: Final = group
        self.now: Final = session.services.clock.now
        self.given: Final[list[Pending]] = []
        self.gone: Final[list[StreamId]] = []
        """What is pending no more: it is not in the stream."""
        self.is_moved = False
        """Whether the group has read on."""
        self._session: Final = session
        self._key: Final = key
        self._name: Final = name
        self._consumer: Consumer | None = None
        self._is_new = False
        session.keys.edit(key)

    def consumer(self) -> Consumer:
        """Return who is given, and has been seen by that; who is not there is made."""
        consumer = self._consumer
        if consumer is None:
            consumer = self.group.consumers.get(self._name)
            if consumer is None:
                self._is_new = True
                consumer = self.group.create_consumer(self._name, self.now)
            consumer.seen_time = self.now
            self._consumer = consumer
        return consumer

    def drop(self, entry_id: StreamId) -> None:
        """Let an entry that is not in the stream any more be pending no more."""
        if self.group.acknowledge(entry_id):
            self.gone.append(entry_id)

    def end(self) -> None:
        """Say what has happened."""
        if not (self._is_new or self.gone or self.given or self.is_moved):
            return
        session, key, group = self._session, self._key, self.group
        self.stream.weigh_group(group)
        session.keys.recorded(key, self.stream)
        if self._is_new:
            session.event(STREAM_EVENT, b"xgroup-createconsumer", key)
            session.effect(creation(key, group.name, self._name))
        if self.gone:
            words = [b"XACK", key, group.name]
            for entry_id in self.gone:
                words.append(entry_id.text())
            session.effect(words)
        for words in claims(key, group.name, self.given):
            session.effect(words)
        if self.is_moved:
            read = decimal(group.entries_read)
            session.effect([b"XGROUP", b"SETID", key, group.name, group.last.text(), b"ENTRIESREAD", read])


def claims(key: bytes, group: bytes, given: list[Pending]) -> list[list[bytes]]:
    """Return commands that give one consumer what it has: one for those in a row that differ in their ID alone."""
    commands: list[list[bytes]] = []
    start = 0
    for end in range(1, len(given) + 1):
        if end == len(given) or end - start == CLAIMED_IDS_MAX or not is_alike(given[start], given[end]):
            commands.append(claim(key, group, given[start:end]))
            start = end
    return commands


def is_alike(one: Pending, other: Pending) -> bool:
    return one.time == other.time and one.count == other.count


def claim(key: bytes, group: bytes, alike: list[Pending]) -> list[bytes]:
    """Return the command for pending entries that differ in their ID alone."""
    first = alike[0]
    words = [b"XCLAIM", key, group, first.consumer, b"0"]
    for pending in alike:
        words.append(pending.id.text())
    words += [b"TIME", decimal(first.time), b"RETRYCOUNT", decimal(first.count), b"FORCE", b"JUSTID"]
    return words


def creation(key: bytes, group: bytes, consumer: bytes) -> list[bytes]:
    return [b"XGROUP", b"CREATECONSUMER", key, group, consumer]
