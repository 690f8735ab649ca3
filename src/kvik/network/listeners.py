"""Ports and unix sockets: opens them, accepts callers, turns away those who may not come in."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import stat
from collections.abc import Callable

from kvik import machine
from kvik.dialects.auto import AutoDialect
from kvik.dialects.colon import ColonDialect
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.dialects.telnet import TelnetDialect
from kvik.dialects.text import TextDialect
from kvik.engine import Engine
from kvik.network.addresses import Address, is_loopback
from kvik.network.attendance import Attendance
from kvik.network.turn import Connection, Welcome
from kvik.settings import Settings

log = logging.getLogger("kvik")

ACCEPTS_PER_ROUND = 256
# Descriptors kept free for files, beside those of the clients.
SPARE_DESCRIPTORS = 32
# Where the system gives none, the next try to accept waits so long: without a pause it would be the loop's only work.
ACCEPT_PAUSE_SECONDS = 0.1
# The permissions of a unix socket where the settings give none.
OWNER_ONLY = 0o600

DIALECTS: dict[str, Callable[[], Dialect]] = {
    "auto": AutoDialect,
    "resp": RespDialect,
    "text": TextDialect,
    "telnet": TelnetDialect,
    "colon": ColonDialect,
}

DENIED = (
    b"-DENIED kvik is running in protected mode: without a password only callers from this machine are answered."
    b" Set one with --requirepass, or say --protected-mode no.\r\n"
)
TOO_MANY = b"-ERR max number of clients reached\r\n"


def make_room_for_clients(settings: Settings) -> None:
    """Have the system allow a descriptor for each client the settings let in, and say so where it does not."""
    allowed = machine.allow_descriptors(settings.maxclients + SPARE_DESCRIPTORS) - SPARE_DESCRIPTORS
    if allowed < settings.maxclients:
        log.warning(
            "The system's limit on open files has room for %d clients, not for maxclients %d: see ulimit -n",
            allowed,
            settings.maxclients,
        )


def open_socket(address: Address, backlog: int, permissions: int) -> socket.socket:
    """Return a socket that listens at `address`. Raises OSError with one line that says what is in the way."""
    try:
        if address.path:
            return _open_unix(address.path, backlog, permissions)
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=backlog)
    except socket.gaierror:
        why = f"{address.host} is not an address of this machine"
        raise _cannot_listen(address, why, errno.EADDRNOTAVAIL) from None
    except OSError as error:
        raise _cannot_listen(address, _remedy(error, address), error.errno) from None


def _cannot_listen(address: Address, why: str, number: int | None) -> OSError:
    """Return an error with its number, and a text that is one sentence."""
    error = OSError(f"cannot listen on {address}: {why}")
    error.errno = number
    return error


def _open_unix(path: str, backlog: int, permissions: int) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(path)
        # Nobody can connect before it listens. Not by umask(), which would be that of every thread of the program.
        os.chmod(path, permissions or OWNER_ONLY)
        listening.listen(backlog)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: str) -> None:
    """Remove the socket a killed server left behind; one that answers stays."""
    if not os.path.exists(path) or not stat.S_ISSOCK(os.stat(path).st_mode):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        # Not to be waited for: who listens there may stand still, with as many at the door as there is room for.
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            os.unlink(path)


def _remedy(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE:
        place = address.path or f"port {address.port}"
        return f"{place} is taken by another program; end it, or listen elsewhere"
    if error.errno == errno.EACCES:
        return "this user may not; choose a port above 1023, or a folder of your own"
    return (error.strerror or str(error)).lower()


class Listener:
    """One listening socket, its dialect, and who is let in."""

    def __init__(
        self, address: Address, engine: Engine, adopt: Callable[[socket.socket, Dialect, Welcome], None]
    ) -> None:
        settings = engine.settings
        self._socket = open_socket(address, settings.tcp_backlog, settings.unixsocketperm)
        self._socket.setblocking(False)
        if not address.path:
            address = Address(address.scheme, address.host, self._socket.getsockname()[1])
        self.address = address
        self._engine = engine
        self._adopt = adopt
        self._has_failed = False
        self._pause: asyncio.TimerHandle | None = None
        self._attendance = Attendance(engine.clock, str(address), DIALECTS[address.scheme]().is_for_people)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.add_reader(self._socket, self._accept_all, loop)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept no more, and take the unix socket's file away."""
        if self._pause is not None:
            self._pause.cancel()
        loop.remove_reader(self._socket)
        if self.address.path:
            # While it still listens: a server that is being started takes the place of a socket that does not.
            with contextlib.suppress(OSError):
                os.unlink(self.address.path)
        self._socket.close()

    def _accept_all(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(ACCEPTS_PER_ROUND):
            try:
                connected, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait_for_better_times(loop, error)
                return
            self._has_failed = False
            self._receive_caller(connected)

    def _wait_for_better_times(self, loop: asyncio.AbstractEventLoop, error: OSError) -> None:
        """Leave who knocks unheard for a moment; said once, until somebody could be accepted again."""
        if not self._has_failed:
            log.warning("Accepting a client on %s failed: %s", self.address, error.strerror)
        self._has_failed = True
        loop.remove_reader(self._socket)
        self._pause = loop.call_later(ACCEPT_PAUSE_SECONDS, self.start, loop)

    def _receive_caller(self, connected: socket.socket) -> None:
        statistics = self._engine.statistics
        statistics.connections_received += 1
        refusal = self._refusal(connected)
        if refusal:
            statistics.connections_rejected += 1
            with contextlib.suppress(OSError):
                connected.setblocking(False)
                connected.send(refusal)
            connected.close()
            return
        self._tune(connected)
        try:
            welcome = self._welcome(connected)
            self._adopt(connected, DIALECTS[self.address.scheme](), welcome)
        except OSError:
            connected.close()

    def _refusal(self, connected: socket.socket) -> bytes:
        settings = self._engine.settings
        # The system gives the lowest number that is free.
        has_room = connected.fileno() < machine.descriptors_max() - SPARE_DESCRIPTORS
        if not has_room or len(self._engine.sessions) >= settings.maxclients:
            return TOO_MANY
        if settings.protected_mode and not settings.requirepass and not self.address.path:
            try:
                host = connected.getpeername()[0]
            except OSError:
                return DENIED
            if not is_loopback(host):
                return DENIED
        return b""

    def _tune(self, connected: socket.socket) -> None:
        if self.address.path:
            return
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A telnet client may send its interrupt as urgent data: it belongs where it stands.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        keepalive = self._engine.settings.tcp_keepalive
        if keepalive:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keepalive)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(keepalive // 3, 1))
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)

    def _welcome(self, connected: socket.socket) -> Welcome:
        """Return what is to be done once the caller has a connection: say where it came from."""
        descriptor = connected.fileno()
        here = there = f"{self.address.path}:0"
        if not self.address.path:
            here, there = _shown(connected.getsockname()), _shown(connected.getpeername())

        def welcome(connection: Connection) -> None:
            session = connection.caller.session
            session.descriptor = descriptor
            session.address = there
            session.local_address = here
            self._attendance.joined(connection)

        return welcome


def _shown(name: tuple[str, int]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
