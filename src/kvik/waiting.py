"""Who cares about which key: transactions that watch, requests that wait, snapshots, the journal when a key dies.

Knows no command.
"""

from typing import Final

from kvik.channels import Channels
from kvik.events import EVICTED, EXPIRED, GENERIC, HASH, MISS, NEW
from kvik.journal.journal import Journal
from kvik.notes import CHANGED, DELETED, Notes
from kvik.session import Session
from kvik.store.databases import Databases
from kvik.store.observer import Observer
from kvik.store.snapshot import Snapshot

MEMBERS_IN_COMMAND: Final = 512


class Interest(Observer):
    """Turns changes into dirty transactions and into signals for waiting requests.

    `signals` holds the keys that changed while somebody waited for them, in order; the engine
    serves and empties it. `loss_hearers` counts who has to hear that a key has gone.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self.journal = journal
        self.signals: list[tuple[int, bytes]] = []
        self.loss_hearers = 0
        self._watchers: Final[dict[tuple[int, bytes], dict[Session, None]]] = {}
        self._waiters: Final[dict[tuple[int, bytes], dict[Session, None]]] = {}
        self._disk_waiters: Final[dict[Session, None]] = {}
        self._snapshots: Final[list[Snapshot]] = []
        self._databases: Databases | None = None
        self.notes = Notes(Channels())

    def attach(self, databases: Databases) -> None:
        """Say which databases the numbers stand for."""
        self._databases = databases

    def changing(self, database: int, key: bytes) -> None:
        for snapshot in self._snapshots:
            snapshot.changing(database, key)

    def changed(self, database: int, key: bytes) -> None:
        self.changes += 1
        if len(self._watchers) > 0 or len(self._waiters) > 0:
            self._tell(database, key)
        if self.notes.flags:
            self.notes.note(CHANGED, b"", database, key)

    def recorded(self, database: int, key: bytes, wakes: bool) -> None:
        self.changes += 1
        if wakes:
            self._signal((database, key))

    def added(self, database: int, key: bytes) -> None:
        if self.notes.flags:
            self.notes.note(NEW, b"new", database, key)

    def missed(self, database: int, key: bytes) -> None:
        if self.notes.flags:
            self.notes.note(MISS, b"keymiss", database, key)

    def expired(self, database: int, key: bytes) -> None:
        self._lost(EXPIRED, b"expired", database, key)

    def members_expired(self, database: int, key: bytes, members: list[bytes], is_empty: bool) -> None:
        for start in range(0, len(members), MEMBERS_IN_COMMAND):
            self.journal.record_effect(database, [b"HDEL", key, *members[start : start + MEMBERS_IN_COMMAND]])
        if self.notes.flags:
            self.notes.note(HASH, b"hexpired", database, key)
            if is_empty:
                self.notes.note(GENERIC, DELETED, database, key)
        self._tell(database, key)

    def evicted(self, database: int, key: bytes) -> None:
        self._lost(EVICTED, b"evicted", database, key)

    def _lost(self, kind: int, event: bytes, database: int, key: bytes) -> None:
        """No command has removed `key`: so the journal is told DEL, and listeners this event."""
        self.journal.record_effect(database, [b"DEL", key])
        self.notes.note(kind, event, database, key)
        self._tell(database, key)

    def replacing(self, database: int) -> None:
        self._tell_all_in(database)

    def replaced(self, database: int) -> None:
        self.changes += 1
        for snapshot in self._snapshots:
            snapshot.replaced(database)
        self._tell_all_in(database)

    # Snapshots

    def begin_snapshot(self, snapshot: Snapshot) -> None:
        """Tell a snapshot of every change from now on."""
        self._snapshots.append(snapshot)
        self.wants_before = True

    def end_snapshot(self, snapshot: Snapshot) -> None:
        """Tell a snapshot no more, and let it go."""
        if snapshot in self._snapshots:
            self._snapshots.remove(snapshot)
        self.wants_before = len(self._snapshots) > 0
        snapshot.close()

    # Transactions

    def watch(self, session: Session, key: bytes) -> None:
        """Mark the session dirty when `key` of its database changes, or dies, from now on."""
        session.keys.contains(key)
        place = (session.keys.number, key)
        watchers = self._watchers.setdefault(place, {})
        if session not in watchers:
            watchers[session] = None
            session.watching.append(place)

    def unwatch(self, session: Session) -> None:
        for place in session.watching:
            self._leave(self._watchers, place, session)
        session.watching = []
        session.is_dirty = False

    # Waiting requests

    def wait(self, session: Session, keys: list[bytes]) -> None:
        """Queue the session behind those that already wait for each of `keys`."""
        if session.wait is not None and session.wait.hears_loss:
            self.loss_hearers += 1
        for key in keys:
            self._waiters.setdefault((session.keys.number, key), {}).setdefault(session)

    def wait_for_disk(self, session: Session) -> None:
        """Queue the session among those that wait for something to be on disk."""
        self._disk_waiters[session] = None

    def disk_waiters(self) -> list[Session]:
        return list(self._disk_waiters)

    def stop_waiting(self, session: Session, keys: list[bytes]) -> None:
        self._disk_waiters.pop(session, None)
        if session.wait is not None and session.wait.hears_loss:
            self.loss_hearers -= 1
        for key in keys:
            self._leave(self._waiters, (session.keys.number, key), session)

    def waiters(self, place: tuple[int, bytes]) -> list[Session]:
        """Return who waits for a key, first come first."""
        return list(self._waiters.get(place, ()))

    def _tell(self, database: int, key: bytes) -> None:
        place = (database, key)
        for session in self._watchers.get(place, ()):
            session.is_dirty = True
        self._signal(place)

    def _signal(self, place: tuple[int, bytes]) -> None:
        if place in self._waiters and (not self.signals or self.signals[-1] != place) and self._concerns(place):
            self.signals.append(place)

    def _concerns(self, place: tuple[int, bytes]) -> bool:
        """Return whether there is anything to be had; a key that went again is served when it comes again.

        Where it has gone, that may be what somebody has to know.
        """
        database, key = place
        if self._databases is not None and self._databases.spaces[database].contains(key):
            return True
        if self.loss_hearers == 0:
            return False
        waits = [session.wait for session in self._waiters[place]]
        return len([wait for wait in waits if wait is not None and wait.hears_loss]) > 0

    def _tell_all_in(self, database: int) -> None:
        if self._databases is None:
            return
        space = self._databases.spaces[database]
        for interested in (self._watchers, self._waiters):
            for number, key in list(interested):
                # Looking removes the dead. Those that are about to come into another database have to go
                # before they do: there they were missing and stay missing, as in Redis nothing happens.
                if space.contains(key) and number == database:
                    self._tell(number, key)

    def _leave(
        self, interested: dict[tuple[int, bytes], dict[Session, None]], place: tuple[int, bytes], session: Session
    ) -> None:
        sessions = interested.get(place)
        if sessions is not None:
            sessions.pop(session, None)
            if not sessions:
                del interested[place]
