"""One connection to a server: requests out, replies in. Knows no terminal.

Standard library only: the one-shot client is made of this.
"""

import select
import socket
from collections.abc import Callable, Iterator, Sequence

from kvik.client.address import Address
from kvik.dialects.resp_reader import ReplyReader
from kvik.errors import ProtocolError, ReplyError
from kvik.replies import Push, Reply
from kvik.wire import encode_request

CONNECT_SECONDS = 5.0
CHUNK = 1 << 16
NOW_OR_NEVER = getattr(socket, "MSG_DONTWAIT", 0)

# A password that is set for all servers, as REDISCLI_AUTH, must not keep us out of one without.
NEEDLESS = "AUTH <password> called without any password configured"


class ConnectionFailed(Exception):
    """There is no connection, or no longer; the text says to whom and why, in one line."""


class Refused(Exception):
    """The server let us in only to say no: a wrong password, a database it does not have."""


def forget(push: Push) -> None:
    """Take a message nobody asked for and do nothing with it."""


class Connection:
    """A connected, authenticated server. `on_push` takes what comes unasked."""

    def __init__(self, address: Address, on_push: Callable[[Push], None] = forget) -> None:
        """Connect and log in. Raises ConnectionFailed or Refused."""
        self.address = address
        self.on_push = on_push
        self._replies = ReplyReader()
        self._socket = connect(address)
        self._log_in()
        self._socket.settimeout(None)

    def call(self, words: list[bytes]) -> Reply:
        """Send one request and return its reply; an error is a reply too. Raises ConnectionFailed."""
        self.request(words)
        return self.receive()

    def request(self, words: list[bytes]) -> None:
        """Send one request whose replies the caller reads."""
        self.send(encode_request(words))

    def call_all(self, requests: Sequence[list[bytes]]) -> Iterator[Reply]:
        """Send all requests at once and yield the replies as they come."""
        self.send(b"".join([encode_request(words) for words in requests]))
        for _ in requests:
            yield self.receive()

    def send(self, data: bytes) -> None:
        """Send everything, reading meanwhile: a server that waits for us to read still gets it all."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self._socket], [self._socket], [])
            if readable:
                self._read_what_is_there()
            if writable:
                view = view[self._send_some(view) :]

    def receive(self) -> Reply:
        """Return the next reply; messages nobody asked for go to `on_push`."""
        while True:
            reply = self.receive_anything()
            if not isinstance(reply, Push):
                return reply
            self.on_push(reply)

    def receive_anything(self) -> Reply:
        """Return the next reply or message, waiting for it."""
        try:
            while not self._replies.advance():
                self._read()
        except ProtocolError as error:
            raise ConnectionFailed(f"{self.address} does not speak the Redis protocol: {error.message}") from None
        return self._replies.reply

    def close(self) -> None:
        self._socket.close()

    def detach(self) -> socket.socket:
        """Return the socket, logged in, for somebody who reads and writes it himself from now on."""
        return self._socket

    def _read(self) -> None:
        try:
            data = self._socket.recv(CHUNK)
        except OSError as error:
            raise self._lost(error) from None
        self._take(data)

    def _read_what_is_there(self) -> None:
        """Read without waiting: an encrypted socket may be readable for a ticket of its session, which is no reply."""
        if not self.address.is_tls:
            return self._read()
        import ssl

        patience = self._socket.gettimeout()
        self._socket.setblocking(False)
        try:
            data = self._socket.recv(CHUNK)
        except ssl.SSLWantReadError:
            return
        except OSError as error:
            raise self._lost(error) from None
        finally:
            self._socket.settimeout(patience)
        self._take(data)

    def _take(self, data: bytes) -> None:
        if not data:
            raise ConnectionFailed(f"{self.address} closed the connection")
        self._replies.feed(data)

    def _send_some(self, view: memoryview) -> int:
        """Return how much the socket took without waiting, which encryption cannot promise."""
        try:
            return self._socket.send(view[:CHUNK], 0 if self.address.is_tls else NOW_OR_NEVER)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost(error) from None

    def _lost(self, error: OSError) -> ConnectionFailed:
        return ConnectionFailed(f"the connection to {self.address} is lost: {error.strerror or error}")

    def _log_in(self) -> None:
        """RESP2 it stays: there a reply holds just what is shown of it."""
        address = self.address
        if address.password:
            words = [address.user, address.password] if address.user else [address.password]
            self._demand([b"AUTH", *[word.encode("utf-8", "surrogateescape") for word in words]], NEEDLESS)
        if address.database:
            self._demand([b"SELECT", b"%d" % address.database])

    def _demand(self, words: list[bytes], excuse: str = "") -> None:
        reply = self.call(words)
        if isinstance(reply, ReplyError) and not (excuse and reply.message.startswith(excuse)):
            self.close()
            raise Refused(str(reply))


def connect(address: Address) -> socket.socket:
    """Return a connected socket. Raises ConnectionFailed."""
    try:
        if address.path:
            return connect_to(socket.AF_UNIX, address.path)
        connected = connect_to_host(address.host, address.port)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return encrypted(connected, address.host) if address.is_tls else connected
    except (OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConnectionFailed(f"cannot connect to {address}: {reason}; is the server running there?") from None


def connect_to_host(host: str, port: int) -> socket.socket:
    """Return a socket connected to the first address of a host that answers. Raises OSError."""
    # As bytes an ASCII name spares the import of the codec for international names, 4 ms.
    name = host.encode("ascii") if host.isascii() else host
    refusal = OSError(f"{host} has no address")
    for family, _, _, _, place in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
        try:
            return connect_to(family, place)
        except OSError as error:
            refusal = error
    raise refusal


def connect_to(
    family: int, place: str | tuple[int, bytes] | tuple[str, int] | tuple[str, int, int, int]
) -> socket.socket:
    connected = socket.socket(family, socket.SOCK_STREAM)
    connected.settimeout(CONNECT_SECONDS)
    try:
        connected.connect(place)
    except OSError:
        connected.close()
        raise
    return connected


def encrypted(connected: socket.socket, host: str) -> socket.socket:
    import ssl

    try:
        return ssl.create_default_context().wrap_socket(connected, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise OSError(f"its certificate is refused: {error.verify_message}") from None
    except ssl.SSLError:
        raise OSError("it does not speak TLS") from None
