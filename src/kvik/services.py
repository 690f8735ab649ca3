"""What commands may ask of the house around them. Abstract: the engine and the assembly provide it."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from mypy_extensions import mypyc_attr

from kvik import machine
from kvik.backup.reading import Readings
from kvik.channels import Channels
from kvik.clock import Clock
from kvik.declaration import Declaration
from kvik.errors import ReplyError
from kvik.journal.journal import Journal
from kvik.notes import Notes
from kvik.pause import Pause
from kvik.replies import Reply
from kvik.request import Request
from kvik.session import Outlet, Session
from kvik.settings import Settings
from kvik.statistics import Statistics
from kvik.store.databases import Databases
from kvik.store.keyspace import Keyspace
from kvik.store.snapshot import Snapshot
from kvik.store.value import Value

REDIS_VERSION: Final = "7.2.4"
"""The Redis whose replies and texts commands promise: HELLO and INFO say it to clients that look."""

RUN_ID_BITS: Final = 160


@mypyc_attr(allow_interpreted_subclasses=True)
class House:
    """What only the whole program can do. This one has no porch: an engine without a network."""

    def shutdown(self) -> None:
        """Begin the orderly end of the program."""
        raise ReplyError("ERR", "SHUTDOWN is for a server; close the database instead")

    def listening(self) -> list[str]:
        """Return the addresses served, as `SCHEME://HOST:PORT`."""
        return []

    def apply(self, name: str) -> None:
        """The setting `name` has changed: let it take effect where it does not by itself."""

    def process_id(self) -> int:
        return machine.process_id()

    def system(self) -> str:
        """Return the operating system's name, version and processor."""
        return machine.system()

    def resident_bytes(self) -> int:
        """Return how much memory the process holds now."""
        return machine.resident_bytes()

    def resident_bytes_max(self) -> int:
        """Return the most memory the process has held."""
        return machine.resident_bytes_max()

    def processor_seconds(self) -> tuple[float, float]:
        """Return the processor time spent in the program and, for it, in the system."""
        return machine.processor_seconds()

    def collector_pause_nanoseconds(self) -> int:
        """Return how long the garbage collector has held the program up, 0 where nobody measures it."""
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Persistence:
    """What keeps the data when the program has ended. This one does not: memory only."""

    def __init__(self, last_save: int, directory: str = "") -> None:
        """`last_save` is when the data was last written whole, in seconds since 1970; as Redis: or the start."""
        self.last_save = last_save
        self.directory = directory
        """Where it is kept; empty: nowhere."""
        self.rewrites = 0
        """How many rewrites of the journal have ended, well or not."""
        self.rewrite_error = ""
        """Why the last one failed; empty: it did not."""
        self.changes_saved = 0
        """What `Services.changes` was when the data was last written whole."""

    def is_kept(self) -> bool:
        """Return whether there is a directory at all."""
        return False

    def begin_rewrite(self) -> bool:
        """Have the journal rewritten in the background; return False where that is going on already."""
        return False

    def schedule_rewrite(self) -> None:
        """Have the journal rewritten in the background, after the rewrite that is going on now."""

    def want_sync(self) -> None:
        """Somebody waits for what has happened to be on disk."""

    def begin_backup(self, name: str, is_new: bool) -> bool:
        """Begin to write all data to the file `name`, which is another one where `is_new` and that name is taken.

        Return False where a backup is running.
        """
        return False

    def backups_ended(self) -> int:
        """Return how many backups have ended, well or not."""
        return 0

    def last_backup(self) -> tuple[str, str]:
        """Return the file of the last backup, as seen from the directory, and why it failed; empty: it did not."""
        return "", ""

    def sequence(self) -> int:
        """Return the number of the last batch that happened."""
        return 0

    def durable_sequence(self) -> int:
        """Return the number of the last batch that is on disk."""
        return 0

    def facts(self) -> "list[tuple[str, int | str]]":
        """Return what INFO persistence says of it, by Redis' names where Redis has them."""
        return []


class Usage:
    """How often one command ran, was refused before it ran, and failed while it ran."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration: Final = declaration
        self.reset()

    def reset(self) -> None:
        self.calls = 0
        self.rejected = 0
        self.failed = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Services:
    """The engine's side that handlers see through `session.services`."""

    def __init__(self, clock: Clock, random: Random, databases: Databases, settings: Settings, house: House) -> None:
        self.clock: Final = clock
        self.random: Final = random
        self.databases: Final = databases
        self.settings: Final = settings
        self.house = house
        self.persistence = Persistence(clock.now // 1_000)
        self.is_loading = False
        self.statistics: Final = Statistics(clock)
        self.sessions: Final[dict[int, Session]] = {}
        self.readings: Final = Readings()
        self.channels: Final = Channels()
        self.notes: Final = Notes(self.channels)
        self.pause: Final = Pause()
        self.wants_events = False
        """Whether the setting notify-keyspace-events asks for any."""
        self.run_id: Final = f"{random.getrandbits(RUN_ID_BITS):040x}"

    def apply_setting(self, name: str) -> None:
        """The setting `name` has changed: let it take effect where it does not by itself."""
        self.house.apply(name)

    def execute(self, session: Session, request: Request) -> Reply:
        """Answer one request, as from outside; errors are answers too."""
        raise NotImplementedError

    def declarations(self) -> dict[bytes, Declaration]:
        """Return what is said about every command, by upper-case name, `CLIENT ID` for a subcommand."""
        raise NotImplementedError

    def usage(self) -> list[Usage]:
        """Return how often each command that was called has been called."""
        raise NotImplementedError

    def reset_usage(self) -> None:
        raise NotImplementedError

    def open_session(self, outlet: Outlet) -> Session:
        raise NotImplementedError

    def close_session(self, session: Session) -> None:
        raise NotImplementedError

    def answer_waiting(self, session: Session, reply: Reply) -> None:
        """Let a caller wait no longer: this is the late answer to its request."""
        raise NotImplementedError

    def rebuild(self, space: Keyspace) -> Iterator[list[bytes]]:
        """Yield the commands that make a database again, in its order; nothing may change meanwhile."""
        raise NotImplementedError

    def rebuild_key(self, key: bytes, value: Value, deadline: int) -> Iterable[list[bytes]]:
        """Return the commands that make `key` again; `deadline` in milliseconds, -1 for none.

        They may be made one by one: `value` must not change meanwhile.
        """
        raise NotImplementedError

    def level_of(self, name: bytes) -> int:
        """Return the level that a journal needs for the command `name` (upper case); see journal/level.py."""
        raise NotImplementedError

    def level(self) -> int:
        """Return the level of everything that has been recorded."""
        raise NotImplementedError

    def changes(self) -> int:
        """Return how often a key has been changed since the start."""
        raise NotImplementedError

    def disk_moved(self) -> bool:
        """More is on disk, or a rewrite has ended: serve those who wait for it; return whether anybody was served.

        To be called between turns.
        """
        raise NotImplementedError

    def use_journal(self, journal: Journal) -> None:
        """Tell `journal` of everything that happens from now on."""
        raise NotImplementedError

    def begin_snapshot(self) -> Snapshot:
        """Return the data as of now, to be given away in slices while writes go on."""
        raise NotImplementedError

    def end_snapshot(self, snapshot: Snapshot) -> None:
        """Let a snapshot go; a second time does nothing."""
        raise NotImplementedError

    def run_all(self, session: Session, requests: list[Request]) -> list[Reply]:
        """Run queued requests as one: nothing comes between them, errors become elements."""
        raise NotImplementedError

    def watch(self, session: Session, key: bytes) -> None:
        """Mark the session dirty when `key` of its database changes."""
        raise NotImplementedError

    def unwatch(self, session: Session) -> None:
        """Forget everything the session watches, and whether it was dirty."""
        raise NotImplementedError
