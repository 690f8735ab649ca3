"""The client's side of the wire for tests: requests written, replies read, nothing of kvik's in between."""

import re
import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import hiredis

TIMEOUT_SECONDS = 10.0
ESCAPED = re.compile(rb"\\x([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}
WORD = re.compile(rb'\s*(?:"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|([^\s"\']\S*))(?=\s|$)', re.DOTALL)

Word = str | bytes | int


def split_line(line: str) -> list[bytes]:
    """Return the words of a line, quoted as for redis-cli. Raises ValueError for unbalanced quotes."""
    rest = line.strip().encode("utf-8")
    words: list[bytes] = []
    position = 0
    while position < len(rest):
        found = WORD.match(rest, position)
        if found is None:
            raise ValueError(f"unbalanced quotes: {line}")
        double, single, bare = found.groups()
        if double is not None:
            words.append(ESCAPED.sub(_unescape, double))
        elif single is not None:
            words.append(single.replace(b"\\'", b"'"))
        else:
            words.append(bare)
        position = found.end()
    return words


def _unescape(found: "re.Match[bytes]") -> bytes:
    digits, letter = found.groups()
    return bytes.fromhex(digits.decode()) if digits else CONTROL.get(letter, letter)


def encode_words(words: Sequence[Word]) -> bytes:
    """Return a request as a RESP array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def as_text(value: object) -> str:
    """Return a reply as hiredis read it the way the text door shows it."""
    if value is None:
        return "nil"
    if isinstance(value, hiredis.ReplyError):
        return f"(error) {value}"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return readable(value)
    if isinstance(value, dict):
        return as_text([item for pair in value.items() for item in pair])
    if isinstance(value, list | tuple):
        return "[" + " ".join([as_text(item) for item in value]) + "]"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.17g}"
    return str(value)


def readable(data: bytes) -> str:
    """Return bytes as text in which what is not text shows as `\\x00`; line ends stay."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join([letter if letter.isprintable() or letter == "\n" else f"\\x{ord(letter):02x}" for letter in text])


class Wire:
    """A connection to a server, raw: bytes out, bytes or parsed replies in."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(TIMEOUT_SECONDS)
        self._reader = hiredis.Reader()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def call(self, *words: Word) -> object:
        """Send one request and return its reply, as hiredis parses it; an error is a value."""
        self.send(encode_words(words))
        return self.reply()

    def ask(self, data: bytes) -> bytes:
        """Send the bytes of one request and return those of its reply."""
        self.send(data)
        reader, received = hiredis.Reader(), b""
        while reader.gets() is False:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the server closed the connection")
            reader.feed(more)
            received += more
        return received

    def reply(self) -> object:
        """Return the next reply. Raises ConnectionError when the server has closed."""
        while (value := self._reader.gets()) is False:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self._reader.feed(data)
        return value

    def read_until(self, is_enough: Callable[[bytes], bool]) -> bytes:
        """Return raw bytes until they are enough, or until the server closes."""
        data = b""
        while not is_enough(data):
            more = self.socket.recv(65536)
            if not more:
                break
            data += more
        return data

    def read_line(self) -> bytes:
        """Return raw bytes up to the first line end."""
        return self.read_until(lambda data: data.endswith(b"\n"))

    def read_to_the_end(self) -> bytes:
        """Return everything until the server closes."""
        return self.read_until(lambda data: False)

    def close(self) -> None:
        self.socket.close()
