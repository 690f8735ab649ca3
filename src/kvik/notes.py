"""Keyspace events: what has happened to a key becomes a message to whoever listens. Knows no command.

A command that changed keys is told as one event for each change, by the name it was declared with, unless its
handler said otherwise (`Session.event`). A key that has gone by it is told as `del` as well. What the store itself
sees, that a key is new, missed or dead, is told in its place among the others.
"""

from typing import Final

from kvik.channels import Channels
from kvik.declaration import Declaration
from kvik.events import CLASS_OF_GROUP, GENERIC, KEYEVENT, KEYSPACE, MISS, NEW
from kvik.store.databases import Databases

DELETED: Final = b"del"
REMOVING: Final = (DELETED, b"rename_from", b"move_from", b"expired", b"evicted")
"""Events which say themselves that the key has gone."""
CHANGED: Final = 1 << 14
"""The kind of what nobody listens to: a key was changed, and the command's declaration has the event's name."""
CHANGING_NOTHING: Final = NEW | MISS


class Event:
    """What has happened to a key of a numbered database; `kind` is a class of kvik.events, or CHANGED."""

    def __init__(self, kind: int, name: bytes, database: int, key: bytes) -> None:
        self.kind: Final = kind
        self.name: Final = name
        self.database: Final = database
        self.key: Final = key


class Notes:
    """What is told, by the classes and ways in `flags`, and what has happened since the command began."""

    def __init__(self, channels: Channels) -> None:
        self.flags = 0
        self._channels: Final = channels
        self._happened: list[Event] = []
        self._is_said = False
        self._is_collecting = False

    def tell_of(self, flags: int) -> None:
        """From now on tell of these classes, in these ways. Where there are none, what has happened is forgotten."""
        self.flags = flags
        if not flags:
            self._happened = []
            self._is_said = False
            self._is_collecting = False

    def begin(self) -> None:
        """A command runs: what happens is told when it has ended."""
        self._is_collecting = True

    def say(self, kind: int, name: bytes, database: int, key: bytes) -> None:
        """A command says itself what has happened: then the event it was declared with is not told."""
        self._is_said = True
        self._happened.append(Event(kind, name, database, key))

    def note(self, kind: int, name: bytes, database: int, key: bytes) -> None:
        """The store says what has happened: outside a command that is told at once."""
        if self._is_collecting:
            self._happened.append(Event(kind, name, database, key))
        else:
            self._tell(kind, name, database, key)

    def tell_all(self, declaration: Declaration, databases: Databases) -> None:
        """A command has ended: tell what it did, and forget it. Where a key has gone `del` follows its last event."""
        self._is_collecting = False
        if not self._happened:
            return
        events = self._told(declaration)
        self._happened = []
        self._is_said = False
        last = {(event.database, event.key): event for event in events if not event.kind & CHANGING_NOTHING}
        for event in events:
            self._tell(event.kind, event.name, event.database, event.key)
            is_last = last.get((event.database, event.key)) is event and event.name not in REMOVING
            if is_last and not databases.spaces[event.database].contains(event.key):
                self._tell(GENERIC, DELETED, event.database, event.key)

    def _told(self, declaration: Declaration) -> list[Event]:
        """Return the events with their names: changes are told only where the command said nothing itself."""
        if self._is_said:
            return [event for event in self._happened if event.kind != CHANGED]
        kind = CLASS_OF_GROUP.get(declaration.group, GENERIC)
        return [
            Event(kind, declaration.event, event.database, event.key) if event.kind == CHANGED else event
            for event in self._happened
        ]

    def _tell(self, kind: int, name: bytes, database: int, key: bytes) -> None:
        """Publish one event, on the channel of the key and on that of the event, where its class is asked for."""
        if not self.flags & kind:
            return
        if self.flags & KEYSPACE:
            self._channels.publish(b"__keyspace@%d__:%b" % (database, key), name)
        if self.flags & KEYEVENT:
            self._channels.publish(b"__keyevent@%d__:%b" % (database, name), key)
