"""Who listens to which channel, and the delivery of what is said there. Knows no command and no socket."""

from typing import Final

from kvik.glob import Glob
from kvik.session import CHANNELS, PATTERNS, SHARD_CHANNELS, Session


class Channels:
    """The subscriptions of all callers, of three kinds: to a channel, to what fits a pattern, to a shard's channel."""

    def __init__(self) -> None:
        self._listeners: Final[list[dict[bytes, dict[Session, None]]]] = [{}, {}, {}]
        self._globs: Final[dict[bytes, Glob]] = {}

    def join(self, session: Session, kind: int, name: bytes) -> None:
        """Let a caller hear `name`; a second time changes nothing."""
        session.subscriptions[kind][name] = None
        session.is_listening = True
        self._listeners[kind].setdefault(name, {})[session] = None
        if kind == PATTERNS and name not in self._globs:
            self._globs[name] = Glob(name)

    def leave(self, session: Session, kind: int, name: bytes) -> None:
        """Let a caller hear `name` no more."""
        if name not in session.subscriptions[kind]:
            return
        del session.subscriptions[kind][name]
        session.is_listening = any(session.subscriptions)
        listeners = self._listeners[kind][name]
        del listeners[session]
        if not listeners:
            del self._listeners[kind][name]
            if kind == PATTERNS:
                del self._globs[name]

    def leave_all(self, session: Session) -> None:
        """Let a caller hear nothing any more."""
        for kind in (CHANNELS, PATTERNS, SHARD_CHANNELS):
            for name in list(session.subscriptions[kind]):
                self.leave(session, kind, name)

    def publish(self, channel: bytes, message: bytes) -> int:
        """Tell everybody who listens to `channel`, also by a pattern; return how many times it was told."""
        receivers = self._tell(CHANNELS, b"message", channel, message)
        for pattern, glob in self._globs.items():
            if glob.matches(channel):
                listeners = self._listeners[PATTERNS][pattern]
                for session in listeners:
                    session.outlet.push([b"pmessage", pattern, channel, message])
                receivers += len(listeners)
        return receivers

    def publish_in_shard(self, channel: bytes, message: bytes) -> int:
        """Tell everybody who listens to a shard's channel; return how many."""
        return self._tell(SHARD_CHANNELS, b"smessage", channel, message)

    def names(self, kind: int) -> list[bytes]:
        """Return what anybody listens to, the oldest first."""
        return list(self._listeners[kind])

    def count(self, kind: int, name: bytes) -> int:
        """Return how many listen to `name`."""
        listeners = self._listeners[kind].get(name)
        return 0 if listeners is None else len(listeners)

    def _tell(self, kind: int, word: bytes, channel: bytes, message: bytes) -> int:
        listeners = self._listeners[kind].get(channel)
        if listeners is None:
            return 0
        for session in listeners:
            session.outlet.push([word, channel, message])
        return len(listeners)
