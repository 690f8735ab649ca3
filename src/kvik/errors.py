"""Every error a client can see, and its text. Knows no command and no wire format."""

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


class ProtocolError(Exception):
    """The stream of requests is broken: the text is the last thing the client hears."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message: Final = message


class RecoverableProtocolError(ProtocolError):
    """One request could not be understood, the next ones can: the text is its answer."""


class UnbalancedQuotes(ValueError):
    """A quote in a line is not closed, or something follows the closing quote immediately."""


class SettingsError(Exception):
    """A setting that cannot be used; the text says which, where it came from and what to do."""


def shown(data: bytes) -> str:
    """Return client bytes as text that `ReplyError.line` turns back into the same bytes."""
    return data.decode("utf-8", "surrogateescape")


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
