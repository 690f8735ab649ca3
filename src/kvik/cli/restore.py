"""`kvik restore FILE TARGET`: a JSON file into a server or a directory, all or nothing."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence

import click

from kvik.assembly import build_engine
from kvik.backup.restoring import MERGE, REFUSE, REPLACE, CannotRestore, Restoration, Target
from kvik.cli.backup import STANDARD_OUTPUT as STANDARD_INPUT
from kvik.cli.bars import Bar, progress_shown
from kvik.cli.making import DATABASES_MAX, counted, refusals, show_highest
from kvik.cli.opening import open_database
from kvik.cli.places import NoConnection, connect, is_directory, login_options
from kvik.client.connection import Connection, ConnectionFailed
from kvik.clock import Clock
from kvik.embedded import Database
from kvik.errors import BackupDamaged
from kvik.journal.files import Files
from kvik.replies import Reply
from kvik.request import Request
from kvik.settings import Settings

ABOUT_COMMANDS = b"COMMAND"
UNKNOWN_END = (
    "The connection was lost while the data was being stored: whether it was, is not known."
    " Look at the target, and restore again with --replace or --merge"
)


@click.command("restore", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", metavar="FILE")
@click.argument("target", metavar="TARGET")
@click.option("--replace", is_flag=True, help="Remove every key the target has, in the same transaction.")
@click.option("--merge", is_flag=True, help="Keep the keys of the target that FILE does not have.")
@login_options
def command(file: str, target: str, replace: bool, merge: bool, user: str, password: str, is_tls: bool) -> int:
    """Load a JSON file into a server or a directory, all or nothing.

    FILE is what BACKUP or `kvik backup` has written, or a plain JSON object of keys and texts; - is standard input.
    TARGET is HOST[:PORT], unix:PATH or a redis:// URL of a kvik or a redis server, or a directory that no server
    is using. A target that has keys is left alone unless --replace or --merge is said.
    """
    if replace and merge:
        raise click.UsageError("say either --replace or --merge")
    mode = REPLACE if replace else MERGE if merge else REFUSE
    with tempfile.TemporaryDirectory(prefix="kvik-") as folder, refusals():
        path = kept_input(folder) if file == STANDARD_INPUT else file
        with progress_shown() as bar:
            restoration = restore(path, target, mode, bar, (user, password, is_tls))
    click.echo(f"restored: {counted(restoration.restored, 'key')}")
    if restoration.expired:
        click.echo(f"left out: {counted(restoration.expired, 'key')}, whose time to live is over")
    if is_directory(target):
        show_highest(restoration.database_max)
    return 0


def kept_input(folder: str) -> str:
    """Keep standard input in a file, which is read twice; return its path."""
    path = f"{folder}/standard input"
    with open(path, "wb") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    return path


def restore(path: str, place: str, mode: int, bar: Bar, login: tuple[str, str, bool]) -> Restoration:
    """Restore a file into a place, and return how that went. Raises ClickException, OSError."""
    rehearsal = EmptyTarget()
    target: ServerTarget | DirectoryTarget
    target = DirectoryTarget(place, rehearsal) if is_directory(place) else ServerTarget(connect(place, *login))
    restoration = Restoration(Files(), path, target, rehearsal, mode, Clock().now, bar)
    try:
        restoration.run()
    except (BackupDamaged, CannotRestore) as error:
        raise click.ClickException(str(error)) from None
    except ConnectionFailed as error:
        raise NoConnection(f"{error}. {UNKNOWN_END if restoration.is_decided else 'Nothing was changed'}") from None
    finally:
        target.close()
    return restoration


class ServerTarget(Target):
    """A server, through its connection. Raises ConnectionFailed."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def call(self, words: list[bytes]) -> Reply:
        return self._connection.call(words)

    def call_all(self, requests: Sequence[list[bytes]]) -> Iterator[Reply]:
        return self._connection.call_all(requests)

    def close(self) -> None:
        self._connection.close()


class DatabaseTarget(Target):
    """A database of this process."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def call(self, words: list[bytes]) -> Reply:
        return self._database.reply_to(Request(words))

    def call_all(self, requests: Sequence[list[bytes]]) -> Iterator[Reply]:
        for words in requests:
            yield self.call(words)

    def close(self) -> None:
        self._database.close()


class EmptyTarget(DatabaseTarget):
    """A database of nobody's, in which nobody waits."""

    def __init__(self) -> None:
        database = Database(build_engine(Settings()))
        database.session.may_wait = False
        super().__init__(database)


class DirectoryTarget(Target):
    """A database in a directory. Raises OSError where it cannot be kept.

    It is opened when something is asked about its data, so that a file that is refused makes no directory: about
    commands the empty database knows the same.
    """

    def __init__(self, directory: str, empty: EmptyTarget) -> None:
        super().__init__()
        self._directory = directory
        self._empty = empty
        self._opened: DatabaseTarget | None = None

    def call(self, words: list[bytes]) -> Reply:
        if self._opened is None and words[0] == ABOUT_COMMANDS:
            return self._empty.call(words)
        return self._data().call(words)

    def call_all(self, requests: Sequence[list[bytes]]) -> Iterator[Reply]:
        return self._data().call_all(requests)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _data(self) -> DatabaseTarget:
        if self._opened is None:
            self._opened = DatabaseTarget(open_database(self._directory, Settings(databases=DATABASES_MAX)))
        return self._opened
