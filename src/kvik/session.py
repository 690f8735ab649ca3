"""One caller's state: database, name, queued requests, watched keys. Knows no socket."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from kvik.declaration import Declaration
from kvik.replies import Reply, Wait
from kvik.request import Request
from kvik.store.keyspace import Keyspace

if TYPE_CHECKING:
    from kvik.services import Services

REPLY_ON: Final = 0
REPLY_OFF: Final = 1
REPLY_SKIP: Final = 2
"""This reply and the next are not sent; then REPLY_SKIP_LAST, then REPLY_ON."""
REPLY_SKIP_LAST: Final = 3

DEFAULT_USER: Final = b"default"
"""The only user there is."""
UNIX_PORT: Final = ":0"
"""What the address of a caller on a Unix socket ends with, as in Redis."""

# The kinds of subscription: indexes into `Session.subscriptions`.
CHANNELS: Final = 0
PATTERNS: Final = 1
SHARD_CHANNELS: Final = 2


@mypyc_attr(allow_interpreted_subclasses=True)
class Outlet:
    """Where a session's late answers go. This one forgets them: the embedded database has no late answers."""

    def deliver(self, request: Request, reply: Reply) -> None:
        """Answer a request that had to wait."""

    def wait(self) -> None:
        """A request that had to wait goes on waiting: see the session's `wait`."""

    def takes_messages(self) -> bool:
        """Return whether `push` brings what it is given to somebody."""
        return True

    def push(self, items: Sequence[Reply]) -> None:
        """Send a message nobody asked for."""

    def close(self) -> None:
        """End the connection once what is queued has been sent."""

    def input_bytes(self) -> int:
        """Return how much input is held that was not yet run, for CLIENT LIST."""
        return 0

    def output_bytes(self) -> int:
        """Return how much output waits to be sent, for CLIENT LIST."""
        return 0


NOWHERE: Final = Outlet()
"""Where the answers of a session go that is closed."""


class Session:
    """The state of one caller, as long as its connection; `last_write` is the batch its last change went with."""

    def __init__(self, number: int, services: "Services", outlet: Outlet) -> None:
        self.id: Final = number
        self.services: Final = services
        self.outlet = outlet
        self.keys: Keyspace = services.databases.spaces[0]
        self.protocol = 2
        self.authenticated = True
        self.user = DEFAULT_USER
        self.reply_mode = REPLY_ON
        self.is_closing = False
        self.is_replay = False

        self.queue: list[Request] | None = None
        self.is_doomed = False
        self.watching: list[tuple[int, bytes]] = []
        self.is_dirty = False
        self.may_wait = True
        self.is_executing = False
        """Whether queued requests are being run: their replies become elements of one."""
        self.parked: Request | None = None
        self.wait: Wait | None = None
        self.effects: list[list[bytes]] = []
        self.last_write = 0
        self.subscriptions: Final[list[dict[bytes, None]]] = [{}, {}, {}]
        """The names this caller listens to, by kind of subscription."""
        self.is_listening = False
        """Whether there are any."""

        self.name = b""
        self.library_name = b""
        self.library_version = b""
        self.no_evict = False
        self.no_touch = False
        self.door = ""
        self.address = ""
        self.local_address = ""
        self.descriptor = -1
        self.created = services.clock.now
        self.last_active = services.clock.now
        self.last_command: Declaration | None = None

    def select(self, number: int) -> None:
        """Use another database; `number` is in range."""
        self.keys = self.services.databases.spaces[number]

    def effect(self, words: list[bytes]) -> None:
        """Say what happened where that is not what was asked: the journal keeps this instead.

        For a command whose repetition could end otherwise (a relative time, a random choice, a
        float sum). It may be called several times; the order is kept.
        """
        self.effects.append(words)

    def event(self, kind: int, name: bytes, key: bytes, space: Keyspace | None = None) -> None:
        """Say which event has happened to a key where that is not the one the command is declared with.

        `kind` is a class of kvik.events, `space` the database where it is not the caller's own. Where a
        command says any, the declared one is not told at all; that a key has gone is told in any case. To be said
        after the change: the order in which keys are made, changed and told is the order of the messages.
        """
        if self.services.wants_events:
            self.services.notes.say(kind, name, self.keys.number if space is None else space.number, key)

    def begin_transaction(self) -> None:
        self.queue = []
        self.is_doomed = False

    def end_transaction(self) -> None:
        """Leave MULTI and forget the watched keys."""
        self.queue = None
        self.is_doomed = False
        self.services.unwatch(self)
