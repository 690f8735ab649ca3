"""The doors a transcript goes through: a line in, the answer as text out."""

import socket
import time
from typing import Final

import hiredis

from kvik.dialects.colon import ColonDialect
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.dialects.telnet import TelnetDialect
from kvik.dialects.text import TextDialect
from kvik.errors import ReplyError
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.replies import (
    BigNumber,
    CommandLines,
    Digits,
    Map,
    NullArray,
    Pairs,
    Push,
    Reply,
    Series,
    Set,
    Status,
    Stored,
    Verbatim,
)
from tests.engines import Caller
from tests.servers import KvikServer, RedisServer
from tests.wire import Wire, as_text, encode_words, readable, split_line

PROMPT: Final = b"-> "


class Door:
    """One way into a fresh database, with as many connections as a case names."""

    names: tuple[str, ...] = ()
    """By which names of answers this door goes, the most particular first."""

    def ask(self, connection: str, line: str, expected: str) -> str:
        """Send a line and return its answer; `expected` says how many lines a stream has to wait for."""
        raise NotImplementedError

    def hear(self, connection: str, count: int) -> str:
        """Return the messages that a connection has heard, a line for each; a stream waits for `count` of them."""
        raise NotImplementedError

    def passes(self, milliseconds: int) -> None:
        time.sleep(milliseconds / 1000)

    def check_end(self) -> None:
        """Fail if more was answered than was asked."""

    def close(self) -> None:
        pass


class EngineDoor(Door):
    """No door at all: words to the engine, and the reply as it is."""

    names = ("text",)

    def __init__(self) -> None:
        self._first: Final = Caller()
        self._callers: Final = {"": self._first}

    def ask(self, connection: str, line: str, expected: str) -> str:
        return reply_text(self.caller(connection)(*split_line(line)), True)

    def hear(self, connection: str, count: int) -> str:
        pushed = self.caller(connection).outlet.pushed
        lines = [reply_text(message, True) for message in pushed]
        pushed.clear()
        return "\n".join(lines)

    def caller(self, connection: str) -> Caller:
        return self._callers.setdefault(connection, self._first.another() if connection else self._first)

    def passes(self, milliseconds: int) -> None:
        self._first.clock.advance(milliseconds)


class DialectDoor(Door):
    """Bytes through a dialect to the engine and back, as the porch does it, without a network."""

    def __init__(self) -> None:
        self._first: Final = Caller()
        self._connections: Final[dict[str, Connection]] = {}

    def new_dialect(self) -> Dialect:
        raise NotImplementedError

    def exchange(self, name: str, data: bytes) -> bytes:
        connection = self.connection(name)
        connection.receive(data)
        return connection.take_output()

    def connection(self, name: str) -> Connection:
        if name not in self._connections:
            self._connections[name] = Connection(self._first.engine, self.new_dialect(), Carrier())
        return self._connections[name]

    def passes(self, milliseconds: int) -> None:
        self._first.clock.advance(milliseconds)


class TextDoor(DialectDoor):
    names = ("text",)

    def hear(self, connection: str, count: int) -> str:
        return line_text(self.connection(connection).take_output())

    def new_dialect(self) -> Dialect:
        return TextDialect()

    def ask(self, connection: str, line: str, expected: str) -> str:
        return line_text(self.exchange(connection, line.encode() + b"\n"))


class TelnetDoor(DialectDoor):
    names = ("telnet", "text")

    def hear(self, connection: str, count: int) -> str:
        return messages_at_a_prompt(self.connection(connection).take_output())

    def new_dialect(self) -> Dialect:
        return TelnetDialect()

    def connection(self, name: str) -> Connection:
        is_new = name not in self._connections
        connection = super().connection(name)
        if is_new:
            assert connection.take_output().endswith(PROMPT)
        return connection

    def ask(self, connection: str, line: str, expected: str) -> str:
        return telnet_text(line, self.exchange(connection, line.encode() + b"\r\n"))


class ColonDoor(DialectDoor):
    names = ("colon",)

    def new_dialect(self) -> Dialect:
        return ColonDialect()

    def ask(self, connection: str, line: str, expected: str) -> str:
        return colon_text(self.exchange(connection, line.encode() + b"\n"))


class RespDoor(DialectDoor):
    def __init__(self, protocol: int) -> None:
        super().__init__()
        self.names = (f"resp{protocol}", "resp")
        self._protocol: Final = protocol

    def new_dialect(self) -> Dialect:
        return RespDialect()

    def connection(self, name: str) -> Connection:
        is_new = name not in self._connections
        connection = super().connection(name)
        if is_new:
            connection.session.protocol = self._protocol
        return connection

    def hear(self, connection: str, count: int) -> str:
        return "\n".join(wire_texts(self.connection(connection).take_output()))

    def ask(self, connection: str, line: str, expected: str) -> str:
        return wire_text(self.exchange(connection, encode_words(split_line(line))))


class StreamDoor(Door):
    """Connections to a server that runs."""

    def __init__(self, server: KvikServer | RedisServer) -> None:
        self._server: Final = server
        self._wires: Final[dict[str, Wire]] = {}

    def wire(self, connection: str) -> Wire:
        if connection not in self._wires:
            self._wires[connection] = self.opened()
        return self._wires[connection]

    def opened(self) -> Wire:
        return self._server.open()

    def check_end(self) -> None:
        for wire in self._wires.values():
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.read_to_the_end() == b"", "more was answered than was asked"

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close()


class TextStreamDoor(StreamDoor):
    names = ("text",)

    def __init__(self, server: KvikServer) -> None:
        super().__init__(server)
        self._kvik: Final = server

    def opened(self) -> Wire:
        return self._kvik.open("text")

    def hear(self, connection: str, count: int) -> str:
        return line_text(self.wire(connection).read_until(lambda data: data.count(b"\n") >= count))

    def ask(self, connection: str, line: str, expected: str) -> str:
        wire = self.wire(connection)
        wire.send(line.encode() + b"\n")
        lines = 1 + (0 if expected.startswith("matches: ") else expected.count("\n"))
        return line_text(wire.read_until(lambda data: data.count(b"\n") >= lines))


class TelnetStreamDoor(StreamDoor):
    names = ("telnet", "text")

    def __init__(self, server: KvikServer) -> None:
        super().__init__(server)
        self._kvik: Final = server

    def opened(self) -> Wire:
        wire = self._kvik.open("telnet")
        wire.read_until(lambda data: data.endswith(PROMPT))
        return wire

    def hear(self, connection: str, count: int) -> str:
        wire = self.wire(connection)
        return messages_at_a_prompt(wire.read_until(lambda data: data.count(b"\r\n" + PROMPT) >= count))

    def ask(self, connection: str, line: str, expected: str) -> str:
        wire = self.wire(connection)
        wire.send(line.encode() + b"\r\n")
        return telnet_text(line, wire.read_until(lambda data: data.endswith(b"\r\n" + PROMPT)))


class ColonStreamDoor(StreamDoor):
    names = ("colon",)

    def __init__(self, server: KvikServer) -> None:
        super().__init__(server)
        self._kvik: Final = server

    def opened(self) -> Wire:
        return self._kvik.open("colon")

    def ask(self, connection: str, line: str, expected: str) -> str:
        """Where nothing is answered nothing is waited for: what came after all is found at the end."""
        wire = self.wire(connection)
        wire.send(line.encode() + b"\n")
        lines = expected.count("\n") + 1 if expected else 0
        return colon_text(wire.read_until(lambda data: data.count(b"\n") >= lines))


class RespStreamDoor(StreamDoor):
    """A RESP server: kvik's or the real one."""

    def __init__(self, server: KvikServer | RedisServer, protocol: int) -> None:
        super().__init__(server)
        own = (f"resp{protocol}", "resp")
        self.names = ("redis", *own) if isinstance(server, RedisServer) else own
        self._protocol: Final = protocol

    def opened(self) -> Wire:
        wire = super().opened()
        if self._protocol == 3:
            wire.call("HELLO", "3")
        return wire

    def ask(self, connection: str, line: str, expected: str) -> str:
        return as_text(self.wire(connection).call(*split_line(line)))

    def hear(self, connection: str, count: int) -> str:
        return "\n".join([as_text(self.wire(connection).reply()) for _ in range(count)])


def line_text(data: bytes) -> str:
    """Return the bytes of a text answer as text without its last line end."""
    assert data.endswith(b"\n"), f"an answer is whole lines: {data!r}"
    return readable(data[:-1])


def messages_at_a_prompt(data: bytes) -> str:
    """Return what a telnet client was shown while it typed nothing: each message on its own line, then a prompt."""
    assert data.startswith(b"\r\n") and data.endswith(b"\r\n" + PROMPT), data
    messages = data.removesuffix(PROMPT).split(PROMPT)
    return "\n".join([readable(message.strip(b"\r\n")) for message in messages])


def telnet_text(line: str, data: bytes) -> str:
    """Return an answer with its prompt as the text door has it: that says `nil` where telnet names the key."""
    text = line_text(data.removesuffix(PROMPT).replace(b"\r\n", b"\n"))
    words = line.split()
    if len(words) == 2 and words[0].upper() == "GET" and text == f"key {words[1]} not found":
        return "nil"
    return text


def colon_text(data: bytes) -> str:
    return line_text(data) if data else ""


def wire_texts(data: bytes) -> list[str]:
    """Return the bytes of messages as the text door would show them."""
    reader = hiredis.Reader()
    reader.feed(data)
    texts: list[str] = []
    while (value := reader.gets()) is not False:
        texts.append(as_text(value))
    return texts


def wire_text(data: bytes) -> str:
    """Return the bytes of one RESP reply as the text door would show it."""
    reader = hiredis.Reader()
    reader.feed(data)
    value = reader.gets()
    assert reader.gets() is False, f"one request has one reply: {data!r}"
    return as_text(value)


def reply_text(reply: Reply, is_outermost: bool) -> str:
    """Return a reply of the engine as the text door shows it."""
    if isinstance(reply, Stored):
        return "OK" if is_outermost else readable(reply.value)
    if isinstance(reply, Status):
        return readable(reply.text)
    if isinstance(reply, ReplyError):
        return f"(error) {readable(reply.line())}"
    if isinstance(reply, NullArray):
        return "nil"
    if isinstance(reply, CommandLines):
        return "\n".join([" ".join([quoted(word) for word in words]) for words in reply.commands])
    if isinstance(reply, Series):
        return "\n".join([reply_text(each, True) for each in reply.replies])
    if isinstance(reply, Push):
        return reply_text(reply.items, False)
    if isinstance(reply, Map | Pairs):
        return reply_text([item for pair in reply.pairs for item in pair], False)
    if isinstance(reply, Set):
        return reply_text(reply.members, False)
    if isinstance(reply, Verbatim | Digits):
        return readable(reply.text)
    if isinstance(reply, BigNumber):
        return str(reply.value)
    if isinstance(reply, list | tuple):
        return "[" + " ".join([reply_text(item, False) for item in reply]) + "]"
    return as_text(reply)


def quoted(word: bytes) -> str:
    """Return a word so that `split_line` reads it back: bare where that is enough."""
    text = readable(word)
    is_bare = text.encode() == word and text and not any(letter in " \"'\n" for letter in text) and text != "//"
    return text if is_bare else '"' + "".join([_escaped(byte) for byte in word]) + '"'


def _escaped(byte: int) -> str:
    names = {10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b", 34: '\\"', 92: "\\\\"}
    return names.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
