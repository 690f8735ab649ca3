"""`kvik backup SOURCE FILE`: the data of a server or of a directory as one JSON file."""

import errno
import tempfile
from collections.abc import Iterator

import click

from kvik.backup.file import BackupBody, BackupFile
from kvik.backup.text import BackupText, Lines
from kvik.cli.bars import Bar, progress_shown
from kvik.cli.making import counted, refusals, roomy_engine
from kvik.cli.opening import refuse_what_is_no_database
from kvik.cli.places import NoConnection, connect, is_directory, login_options
from kvik.client.connection import Connection, ConnectionFailed
from kvik.engine import Engine
from kvik.errors import DirectoryInUse, ReplyError
from kvik.journal.files import Files, Lock, WritingFile
from kvik.journal.manifest import read_manifest
from kvik.journal.reader import Reader
from kvik.journal.recovery import LOCK_NAME, Replay
from kvik.replies import Reply

STANDARD_OUTPUT = "-"
STANDARD_OUTPUT_DESCRIPTOR = 1
SLICE_KEYS = 256
READ_BYTES = 1 << 20
BATCH_BYTES = 1 << 20
STEP_MS = 100
NO_SNAPSHOT = (
    "{}: the server has no SNAPSHOT command, so nobody can read its data of one moment: it is no kvik, or an older one."
    " The data of a redis-server: let it write CONFIG SET aof-use-rdb-preamble no, BGREWRITEAOF, then kvik import"
)
IN_USE = "{}. The server that uses it can be asked: kvik backup HOST:PORT FILE"


@click.command("backup", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", metavar="SOURCE")
@click.argument("file", metavar="FILE")
@login_options
def command(source: str, file: str, user: str, password: str, is_tls: bool) -> int:
    """Write all data of a server or of a directory to a JSON file.

    SOURCE is HOST[:PORT], unix:PATH, a redis:// URL, or a directory that no server is using, which is only read. All
    databases are in the file, as they are at one moment. FILE is replaced if it is an earlier backup; - is standard
    output.
    """
    with refusals(), progress_shown() as bar:
        taking: Taking = (
            FromDirectory(source, bar) if is_directory(source) else FromServer(source, user, password, is_tls)
        )
        try:
            keys, size = write(taking, file, bar)
        finally:
            taking.close()
    if file != STANDARD_OUTPUT:
        click.echo(f"wrote: {counted(keys, 'key')}, {counted(size, 'byte')}, to {file}")
    return 0


class Taking:
    """The data of one moment, read piece by piece: `moment` in milliseconds since 1970, `keys` there are about."""

    moment = 0
    keys = 0

    def read(self, text: BackupText) -> Iterator[None]:
        """Add all keys to the text, yielding now and then."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what was opened."""


class FromServer(Taking):
    """Reads a server's snapshot."""

    def __init__(self, place: str, user: str, password: str, is_tls: bool) -> None:
        self._connection: Connection = connect(place, user, password, is_tls)
        try:
            opened = self._call([b"SNAPSHOT", b"OPEN"])
        except BaseException:
            self.close()
            raise
        facts = opened if isinstance(opened, list) else []
        self.moment, self.keys = (number for number in facts[1::2] if isinstance(number, int))

    def read(self, text: BackupText) -> Iterator[None]:
        database, key, commands = -1, b"", list[list[bytes]]()
        is_more = True
        while is_more:
            reply = self._call([b"SNAPSHOT", b"READ", b"BYTES", b"%d" % READ_BYTES])
            assert isinstance(reply, list) and isinstance(reply[1], list)
            is_more = reply[0] == 1
            for item in reply[1]:
                number, name, *words = item
                if commands and (number != database or name != key):
                    text.add(database, key, commands)
                    commands = []
                database, key = number, name
                commands.append(words)
            yield
        if commands:
            text.add(database, key, commands)

    def close(self) -> None:
        self._connection.close()

    def _call(self, words: list[bytes]) -> Reply:
        try:
            reply = self._connection.call(words)
        except ConnectionFailed as error:
            raise NoConnection(str(error)) from None
        if isinstance(reply, ReplyError):
            if reply.message.startswith("unknown command"):
                raise click.ClickException(NO_SNAPSHOT.format(self._connection.address))
            raise click.ClickException(f"{self._connection.address}: {reply}")
        return reply


class FromDirectory(Taking):
    """Reads a directory that nobody is using, and writes nothing there but the lock."""

    def __init__(self, directory: str, bar: Bar) -> None:
        files = Files()
        directory = directory.rstrip("/") or "/"
        refuse_what_is_no_database(directory)
        self._lock: Lock | None = locked(files, directory)
        self._engine = roomy_engine()
        try:
            load(files, directory, self._engine, bar)
        except BaseException:
            self.close()
            raise
        self._engine.clock.tick()
        self._snapshot = self._engine.begin_snapshot()
        self.moment = self._snapshot.moment
        self.keys = self._snapshot.keys_total

    def read(self, text: BackupText) -> Iterator[None]:
        taker = Lines(self._engine, text)
        while not self._snapshot.is_over():
            self._snapshot.give(taker, SLICE_KEYS, READ_BYTES)
            yield

    def close(self) -> None:
        if self._lock is not None:
            self._lock.release()


def locked(files: Files, directory: str) -> Lock | None:
    """Return the lock of a directory, None where it may only be read. Raises ClickException while it is used."""
    try:
        return files.lock(f"{directory}/{LOCK_NAME}")
    except DirectoryInUse as error:
        raise click.ClickException(IN_USE.format(error)) from None
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES):
            return None
        raise


def load(files: Files, directory: str, engine: Engine, bar: Bar) -> None:
    """Read a journal into an engine, and change nothing about it."""
    manifest = read_manifest(files, directory)
    if manifest is None:
        raise click.ClickException(f"{directory}: it has no manifest; to look into it: kvik check {directory}")
    reader = Reader(files, directory, manifest.files)
    replay = Replay(engine)
    try:
        while replay.run(reader, STEP_MS):
            bar.show("reading", reader.bytes_done, reader.bytes_total)
    finally:
        reader.close()
    replay.finish()
    if reader.torn is not None:
        torn = reader.torn
        size = torn.size - torn.offset
        click.echo(f"kvik: the last {size} bytes of {torn.file.name} are torn and left out ({torn.why})", err=True)


# Writing


def write(taking: Taking, file: str, bar: Bar) -> tuple[int, int]:
    """Write all keys; return how many there are, and the size of the file in bytes."""
    text = BackupText()
    output: BackupFile | StandardOutput
    if file == STANDARD_OUTPUT:
        output = StandardOutput()
    else:
        folder, slash, name = file.rpartition("/")
        output = BackupFile(Files(), folder or (slash or "."), name)
    try:
        for _ in taking.read(text):
            if text.size >= BATCH_BYTES:
                output.append(*text.taken())
                bar.show("writing", text.keys, max(taking.keys, text.keys))
        output.append(*text.taken())
        output.finish(taking.moment, text.keys)
    except BaseException:
        output.discard()
        raise
    bar.show("writing", 1, 1)
    return text.keys, output.size


class StandardOutput:
    """A backup that goes where standard output goes."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kvik-")
        self._body = BackupBody(Files(), WritingFile(STANDARD_OUTPUT_DESCRIPTOR), self._folder.name + "/more")

    @property
    def size(self) -> int:
        return self._body.size

    def append(self, members: list[bytes], more: list[bytes]) -> None:
        self._body.append(members, more)

    def finish(self, moment: int, keys: int) -> None:
        self._body.finish(moment, keys)
        self.discard()

    def discard(self) -> None:
        self._folder.cleanup()
