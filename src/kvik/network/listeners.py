"""Ports and unix sockets: opens them, accepts callers, turns away those who may not come in."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import stat
from collections.abc import Callable

from kvik.dialects.auto import AutoDialect
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.dialects.text import TextDialect
from kvik.engine import Engine
from kvik.errors import SettingsError
from kvik.network.addresses import Address, is_loopback
from kvik.network.turn import Connection, Welcome

log = logging.getLogger("kvik")

ACCEPTS_PER_ROUND = 256
# Descriptors kept free for files, beside those of the clients.
SPARE_DESCRIPTORS = 32

DIALECTS: dict[str, Callable[[], Dialect]] = {"auto": AutoDialect, "resp": RespDialect, "text": TextDialect}

DENIED = (
    b"-DENIED kvik is running in protected mode: without a password only callers from this machine are answered."
    b" Set one with --requirepass, or say --protected-mode no.\r\n"
)
TOO_MANY = b"-ERR max number of clients reached\r\n"


def open_socket(address: Address, backlog: int, permissions: int) -> socket.socket:
    """Return a socket that listens at `address`. Raises SettingsError with what is in the way."""
    try:
        if address.path:
            return _open_unix(address.path, backlog, permissions)
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=backlog)
    except socket.gaierror:
        raise SettingsError(f"cannot listen on {address}: {address.host} is not an address of this machine") from None
    except OSError as error:
        raise SettingsError(f"cannot listen on {address}: {_remedy(error, address)}") from None


def _open_unix(path: str, backlog: int, permissions: int) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX)
    try:
        previous = os.umask(0o177)
        try:
            listening.bind(path)
        finally:
            os.umask(previous)
        if permissions:
            os.chmod(path, permissions)
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
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)


def _remedy(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE:
        place = address.path or f"port {address.port}"
        return f"{place} is taken by another program; end it, or choose another with --listen"
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

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.add_reader(self._socket, self._accept_all)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept no more, and take the unix socket's file away."""
        loop.remove_reader(self._socket)
        self._socket.close()
        if self.address.path:
            with contextlib.suppress(OSError):
                os.unlink(self.address.path)

    def _accept_all(self) -> None:
        for _ in range(ACCEPTS_PER_ROUND):
            try:
                connected, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("Accepting a client on %s failed: %s", self.address, error.strerror)
                return
            self._receive_caller(connected)

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
        if len(self._engine.sessions) >= settings.maxclients:
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
            log.debug("Client %d joined from %s on %s", session.id, there, self.address)

        return welcome


def _shown(name: tuple[str, int]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
