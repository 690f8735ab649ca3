"""Every error a client can see, and its text. Knows no command and no wire format."""

import shlex
from typing import Final


class ReplyError(Exception):
    """An error that is the answer to a request.

    `code` is the upper-case word clients switch on (ERR, WRONGTYPE ...), `message` the rest of the
    line. CR and LF never get into either, so data cannot forge a reply. Bytes that came from a
    client are decoded with `shown` and leave as the same bytes.
    """

    def __init__(self, code: str, message: str) -> None:
        if "\r" in message or "\n" in message:
            message = message.replace("\r", " ").replace("\n", " ")
        super().__init__(f"{code} {message}")
        self.code: Final = code
        self.message: Final = message

    def line(self) -> bytes:
        """Return `CODE message` as bytes, without any framing."""
        return f"{self.code} {self.message}".encode("utf-8", "surrogateescape")


class UnknownCommand(ReplyError):
    """There is no command of that name; `word` is the name as it came, cut where it is long.

    A door for people may say it in words of its own; `message` is what Redis says.
    """

    def __init__(self, word: bytes, message: str) -> None:
        super().__init__("ERR", message)
        self.word: Final = word


class ProtocolError(Exception):
    """The stream of requests is broken: the text is the last thing the client hears."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message: Final = message


class RecoverableProtocolError(ProtocolError):
    """One request could not be understood, the next ones can: the text is its answer."""


class UnbalancedQuotes(ValueError):
    """A quote in a line is not closed, or something follows the closing quote immediately."""


class SettingsError(ValueError):
    """A setting that cannot be used; the text says which, where it came from and what to do."""


class DirectoryInUse(Exception):
    """Another program, or another part of this one, has the data directory open.

    `pid` is the process the lock file names, 0 where it names none.
    """

    def __init__(self, path: str, pid: int) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(one_line(f"{path} is locked by {holder}: end it, or use another directory"))
        self.path: Final = path
        self.pid: Final = pid


class JournalDamaged(Exception):
    """A file of the journal is not what was written; nothing of it has been loaded or changed.

    `file` is its path, `offset` the byte where the trouble begins, `sequence` the batch that was
    expected there, -1 in a file that has no batches (a manifest). The text is one line and names
    the command that inspects the directory.
    """

    def __init__(self, file: str, offset: int, sequence: int, why: str) -> None:
        expected = f", where batch {sequence} was expected" if sequence >= 0 else ""
        text = f"{file} is damaged at offset {offset}{expected}: {why}. Nothing was loaded or changed"
        super().__init__(one_line(f"{text}. To look into it: kvik check {data_directory(file)}"))
        self.file: Final = file
        self.offset: Final = offset
        self.sequence: Final = sequence
        self.why: Final = why


class CannotRewind(Exception):
    """The journal does not know the moment that was asked for.

    `why` ends where the nearest one it knows is to be named: behind batch `sequence`, at `time` in
    milliseconds since 1970, both -1 where there is none.
    """

    def __init__(self, why: str, sequence: int, time: int) -> None:
        super().__init__(one_line(why))
        self.why: Final = one_line(why)
        self.sequence: Final = sequence
        self.time: Final = time


class CannotImport(Exception):
    """A file that another server wrote holds what cannot be taken over; the text is one line with the place."""

    def __init__(self, file: str, offset: int, why: str) -> None:
        place = f"{file}, offset {offset}" if offset >= 0 else file
        super().__init__(one_line(f"{place}: {why}"))
        self.file: Final = file
        self.offset: Final = offset
        self.why: Final = why


class PayloadDamaged(Exception):
    """A value that somebody else has written is not what it should be; the text says what is wrong."""


class BackupDamaged(Exception):
    """A backup is not what was written, or no backup at all; nothing of it has been restored."""

    def __init__(self, file: str, offset: int, why: str) -> None:
        remedy = "Nothing was changed. Use another copy of the file, or make a new backup"
        super().__init__(one_line(f"{file} cannot be restored: at offset {offset}, {why}. {remedy}"))
        self.file: Final = file
        self.offset: Final = offset
        self.why: Final = why


def data_directory(file: str) -> str:
    """Return the data directory a journal's file is in, as a shell takes it; DIR where unknown."""
    folder, slash, _name = file.rpartition("/appendonlydir/")
    return shlex.quote(folder or "/") if slash else "DIR"


def one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


def shown(data: bytes) -> str:
    """Return client bytes as text that `ReplyError.line` turns back into the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def printed(word: bytes) -> str:
    """Return a client's word as Redis prints it into an error: as C does, up to the first zero byte."""
    return shown(word.partition(b"\0")[0])


def syntax_error() -> ReplyError:
    return ReplyError("ERR", "syntax error")


def wrong_type() -> ReplyError:
    return ReplyError("WRONGTYPE", "Operation against a key holding the wrong kind of value")


def not_an_integer() -> ReplyError:
    return ReplyError("ERR", "value is not an integer or out of range")


def not_a_float() -> ReplyError:
    return ReplyError("ERR", "value is not a valid float")


def no_such_key() -> ReplyError:
    return ReplyError("ERR", "no such key")


def wrong_arity(name: str) -> ReplyError:
    """`name` is the command's lower-case name, `client|id` for a subcommand."""
    return ReplyError("ERR", f"wrong number of arguments for '{name}' command")
