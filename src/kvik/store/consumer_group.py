"""A group of consumers of a stream: who has which entry, and up to where the group has read. Knows no entries."""

from typing import Final

from mypy_extensions import i64

from kvik.store.container import weight_of_bytes
from kvik.store.pending_list import Pending, PendingList
from kvik.store.stream_id import StreamId

UNKNOWN: Final = -1
"""For a count nobody can say."""

# Measured on 64-bit CPython 3.11: the objects with their empty lists, and a pending entry in both lists.
GROUP_BYTES: Final = 430
CONSUMER_BYTES: Final = 215
PENDING_BYTES: Final = 160


class Consumer:
    """A member of a group; `seen_time` is when it last asked, in milliseconds since 1970."""

    __slots__ = ("name", "seen_time", "pending")

    def __init__(self, name: bytes, seen_time: i64) -> None:
        self.name: Final = name
        self.seen_time: i64 = seen_time
        self.pending: Final = PendingList()


class ConsumerGroup:
    """What a group was given. Every pending entry is in `pending` and in that of its consumer.

    `last` is the last ID it was given, `entries_read` how many entries there ever were up to that, UNKNOWN where
    nobody can say.
    """

    __slots__ = ("name", "last", "entries_read", "pending", "consumers", "weight", "counted")

    def __init__(self, name: bytes, last: StreamId, entries_read: int) -> None:
        self.name: Final = name
        self.last = last
        self.entries_read = entries_read
        self.pending: Final = PendingList()
        self.consumers: Final[dict[bytes, Consumer]] = {}
        self.weight: i64 = GROUP_BYTES + weight_of_bytes(len(name))
        """Bytes of memory it takes; its stream counts it, see StreamValue.weigh_group."""
        self.counted: i64 = 0

    def copy(self) -> "ConsumerGroup":
        twin = ConsumerGroup(self.name, self.last, self.entries_read)
        for name in self.consumers:
            twin.create_consumer(name, self.consumers[name].seen_time)
        for row in self.pending.rows():
            for pending in row:
                twin.give(pending.id, twin.consumers[pending.consumer.name], pending.time, pending.count)
        return twin

    def create_consumer(self, name: bytes, now: i64) -> Consumer:
        """Add a consumer who is not there, and return it."""
        consumer = Consumer(name, now)
        self.consumers[name] = consumer
        self.weight += CONSUMER_BYTES + weight_of_bytes(len(name))
        return consumer

    def delete_consumer(self, name: bytes) -> int:
        """Remove a consumer, if there is one, with its pending entries; return how many those were."""
        consumer = self.consumers.pop(name, None)
        if consumer is None:
            return 0
        for row in consumer.pending.rows():
            for pending in row:
                self.pending.remove(pending.id)
        count = len(consumer.pending)
        self.weight -= CONSUMER_BYTES + weight_of_bytes(len(name)) + PENDING_BYTES * count
        return count

    def sorted_consumers(self) -> list[Consumer]:
        """Return the consumers in the order of their names, as Redis keeps them."""
        return [self.consumers[name] for name in sorted(self.consumers)]

    def give(self, entry_id: StreamId, consumer: Consumer, time: i64, count: int) -> Pending:
        """Make a pending entry of an ID that is not pending."""
        pending = Pending(entry_id, consumer, time, count)
        self.pending.add(pending)
        consumer.pending.add(pending)
        self.weight += PENDING_BYTES
        return pending

    def hand_over(self, pending: Pending, consumer: Consumer) -> None:
        """Let a pending entry be another consumer's."""
        if pending.consumer is not consumer:
            pending.consumer.pending.remove(pending.id)
            pending.consumer = consumer
            consumer.pending.add(pending)

    def acknowledge(self, entry_id: StreamId) -> bool:
        """Let an entry be pending no more; return whether it was."""
        pending = self.pending.remove(entry_id)
        if pending is None:
            return False
        pending.consumer.pending.remove(entry_id)
        self.weight -= PENDING_BYTES
        return True
