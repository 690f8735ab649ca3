"""How a client stores and asks at each door, and exactly what it hears: the bytes, so that nothing more is heard."""

from collections.abc import Callable
from typing import Final, Self

from kvik.build_info import VERSION
from tests.wire import Wire, encode_words

Said = Callable[[bytes, bytes], bytes]


class Speech:
    """One door: its greeting, how a key gets a value, how it is asked for, and the answers."""

    def __init__(self, store: Said, stored: Said, ask: Said, found: Said, greeting: bytes = b"") -> None:
        self.store: Final = store
        self.stored: Final = stored
        self.ask: Final = ask
        self.found: Final = found
        self.greeting: Final = greeting


def line(text: bytes) -> Said:
    """Return a way of saying `text`, in which KEY and VALUE stand for these."""
    return lambda key, value: text.replace(b"KEY", key).replace(b"VALUE", value)


WELCOME: Final = b"Welcome to kvik %s: help shows the commands, exit leaves\r\n-> " % VERSION.encode()
SPEECHES: Final = {
    "resp": Speech(
        lambda key, value: encode_words(["SET", key, value]),
        line(b"+OK\r\n"),
        lambda key, value: encode_words(["GET", key]),
        lambda key, value: b"$%d\r\n%b\r\n" % (len(value), value),
    ),
    "text": Speech(line(b"SET KEY VALUE\n"), line(b"OK\n"), line(b"GET KEY\n"), line(b"VALUE\n")),
    "telnet": Speech(
        line(b"set KEY VALUE\r\n"), line(b"OK\r\n-> "), line(b"get KEY\r\n"), line(b"VALUE\r\n-> "), WELCOME
    ),
    "colon": Speech(line(b"PUT:KEY:VALUE\n"), line(b""), line(b"GET:KEY\n"), line(b"KEY:VALUE\n")),
}
DOORS: Final = ("resp", "text", "telnet", "colon", "auto")
LINE_DOORS: Final = ("text", "telnet", "colon", "auto")


class Guest:
    """A client at one door."""

    def __init__(self, wire: Wire, door: str) -> None:
        self.wire: Final = wire
        self.door: Final = door
        self.speech: Final = SPEECHES["text" if door == "auto" else door]
        self.hear(self.speech.greeting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.wire.close()

    def hear(self, expected: bytes) -> None:
        """Read what must come now, byte for byte."""
        heard = self.wire.read_until(lambda data: len(data) >= len(expected)) if expected else b""
        assert heard == expected, self.door

    def store(self, key: bytes, value: bytes) -> None:
        self.wire.send(self.speech.store(key, value))
        self.hear(self.speech.stored(key, value))

    def find(self, key: bytes, value: bytes) -> None:
        """Ask for a key, which must have this value."""
        self.wire.send(self.speech.ask(key, value))
        self.hear(self.speech.found(key, value))

    def own(self, name: str) -> bytes:
        """Return a key that no other door of a test uses."""
        return f"{name}-{self.door}".encode()
