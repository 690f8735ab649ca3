"""Keyspace events: what has happened to a key becomes a message to whoever listens. Knows no command.

A command that changed keys is told as one event for each, by the name it was declared with, unless its
handler said otherwise (`Session.event`). A key that has gone by it is told as `del` as well.
"""

from typing import Final

from kvik.channels import Channels
from kvik.declaration import Declaration
from kvik.events import CLASS_OF_GROUP, GENERIC, KEYEVENT, KEYSPACE
from kvik.session import Event, Session
from kvik.store.databases import Databases

DELETED: Final = b"del"
REMOVING: Final = (DELETED, b"rename_from", b"move_from")
"""Events which say themselves that the key has gone."""


class Notes:
    """What is told, by the classes and ways in `flags`, and the keys a command has changed so far."""

    def __init__(self) -> None:
        self.flags = 0
        self.touched: list[tuple[int, bytes]] = []
        self.channels = Channels()

    def tell(self, kind: int, name: bytes, database: int, key: bytes) -> None:
        """Publish one event, on the channel of the key and on that of the event, where its class is asked for."""
        if not self.flags & kind:
            return
        if self.flags & KEYSPACE:
            self.channels.publish(b"__keyspace@%d__:%b" % (database, key), name)
        if self.flags & KEYEVENT:
            self.channels.publish(b"__keyevent@%d__:%b" % (database, name), key)

    def tell_all(self, session: Session, declaration: Declaration, databases: Databases) -> None:
        """Tell what a command did, and forget it."""
        touched, events = self.touched, session.events
        if not touched and not events:
            return
        self.touched = []
        session.events = []
        if not events:
            kind = CLASS_OF_GROUP.get(declaration.group, GENERIC)
            events = [Event(kind, declaration.event, database, key) for database, key in dict.fromkeys(touched)]
        has_gone: dict[tuple[int, bytes], bool] = {}
        for event in events:
            self.tell(event.kind, event.name, event.database, event.key)
            place = (event.database, event.key)
            has_gone[place] = event.name not in REMOVING and not databases.spaces[event.database].contains(event.key)
        for (database, key), is_untold in has_gone.items():
            if is_untold:
                self.tell(GENERIC, DELETED, database, key)
