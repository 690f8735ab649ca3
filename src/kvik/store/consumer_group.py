"""A group of consumers of a stream: who has which entry, and up to where the group has read. Knows no entries."""

from typing import Final

from mypy_extensions import i64

from kvik.store.container import weight_of_bytes
from kvik.store.pending_list import Pending, PendingList
from kvik.store.stream_id import StreamId

UNKNOWN: Final = -1
"""For a count nobody can say."""

# From this share of all that is pending on, looking at all of it is cheaper than finding each.
SPARSE: Final = 8

# Measured on 64-bit CPython 3.11: the objects with the lists and tables they begin, and a pending entry in both lists.
GROUP_BYTES: Final = 552
CONSUMER_BYTES: Final = 282
PENDING_BYTES: Final = 144


class Consumer:
    """A member of a group; `seen_time` is when it last asked, in milliseconds since 1970."""

    __slots__ = ("name", "seen_time", "pending")

    def __init__(self, name: bytes, seen_time: i64) -> None:
        self.name: Final = name
        self.seen_time: i64 = seen_time
        self.pending = PendingList()


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
        self.pending = PendingList()
        self.consumers: Final[dict[bytes, Consumer]] = {}
        self.weight: i64 = GROUP_BYTES + weight_of_bytes(len(name))
        """Bytes of memory it takes; its stream counts it, see StreamValue.weigh_group."""
        self.counted: i64 = 0

    def copy(self) -> "ConsumerGroup":
        """Return an equal group; what is pending is shared, row by row."""
        twin = ConsumerGroup(self.name, self.last, self.entries_read)
        twin.pending = self.pending.copy()
        for name in self.consumers:
            consumer = twin.create_consumer(name, self.consumers[name].seen_time)
            consumer.pending = self.consumers[name].pending.copy()
        twin.weight = self.weight
        twin.counted = self.counted
        return twin

    def parts(self) -> list[object]:
        """Return what is pending in parts of bounded size, for freeing it part by part."""
        parts = self.pending.parts()
        for consumer in self.consumers.values():
            parts += consumer.pending.parts()
        return parts

    # Consumers

    def create_consumer(self, name: bytes, now: i64) -> Consumer:
        """Add a consumer who is not there, and return it."""
        consumer = Consumer(name, now)
        self.consumers[name] = consumer
        self.weight += CONSUMER_BYTES + weight_of_bytes(len(name))
        return consumer

    def delete_consumer(self, consumer: Consumer) -> None:
        """Remove a consumer and, from the group, what is pending with it."""
        del self.consumers[consumer.name]
        count = len(consumer.pending)
        if count * SPARSE > len(self.pending):
            self.pending.remove_all_of(consumer.name)
        else:
            for row in consumer.pending.rows():
                for pending in row:
                    self.pending.remove(pending.id)
        self.weight -= CONSUMER_BYTES + weight_of_bytes(len(consumer.name)) + PENDING_BYTES * count

    def sorted_consumers(self) -> list[Consumer]:
        """Return the consumers in the order of their names, as Redis keeps them."""
        return [self.consumers[name] for name in sorted(self.consumers)]

    # What is pending

    def give(self, entry_id: StreamId, consumer: Consumer, time: i64, count: int) -> Pending:
        """Make a pending entry of an ID that is not pending."""
        pending = Pending(entry_id, consumer.name, time, count)
        self.pending.add(pending)
        consumer.pending.add(pending)
        self.weight += PENDING_BYTES
        return pending

    def give_again(self, pending: Pending, consumer: Consumer, time: i64, count: int) -> Pending:
        """Let a pending entry be that consumer's, whose ever it was, with another time and count."""
        given = Pending(pending.id, consumer.name, time, count)
        self.pending.replace(given)
        if pending.consumer == consumer.name:
            consumer.pending.replace(given)
        else:
            self.consumers[pending.consumer].pending.remove(pending.id)
            consumer.pending.add(given)
        return given

    def give_first(self, ids: list[StreamId], consumer: Consumer, time: i64) -> list[Pending]:
        """Let entries, in their order, be pending as given for the first time, also where they were pending before."""
        if len(self.pending) > 0 and not self.pending.last().id.is_before(ids[0]):
            return [self._give_first(entry_id, consumer, time) for entry_id in ids]
        given = [Pending(entry_id, consumer.name, time, 1) for entry_id in ids]
        self.pending.extend(given)
        consumer.pending.extend(given)
        self.weight += PENDING_BYTES * len(given)
        return given

    def _give_first(self, entry_id: StreamId, consumer: Consumer, time: i64) -> Pending:
        pending = self.pending.find(entry_id)
        if pending is None:
            return self.give(entry_id, consumer, time, 1)
        return self.give_again(pending, consumer, time, 1)

    def acknowledge(self, entry_id: StreamId) -> bool:
        """Let an entry be pending no more; return whether it was."""
        pending = self.pending.remove(entry_id)
        if pending is None:
            return False
        self.consumers[pending.consumer].pending.remove(entry_id)
        self.weight -= PENDING_BYTES
        return True
