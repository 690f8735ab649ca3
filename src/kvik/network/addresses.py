"""Addresses a server listens on: `SCHEME://HOST:PORT` and `SCHEME:///PATH`."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from kvik.errors import SettingsError

DEFAULT_PORTS = {"auto": 9736, "resp": 6379, "text": 9737, "telnet": 8080, "colon": 9999}


@dataclass(frozen=True)
class Address:
    """Where to listen and which dialect is spoken there; a unix socket has a `path` and no host."""

    scheme: str
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address `text` names: an empty host is 127.0.0.1, port 0 any free one.

    Raises SettingsError that says what is wrong with it.
    """
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise SettingsError(f"--listen {text}: {error}") from None
    try:
        port = parts.port
    except ValueError:
        raise SettingsError(f"--listen {text}: the port must be a number from 0 to 65535") from None
    if parts.scheme not in DEFAULT_PORTS:
        known = ", ".join(DEFAULT_PORTS)
        raise SettingsError(
            f"--listen {text}: it starts with the dialect spoken there: {known} (auto://127.0.0.1:9736)"
        )
    if parts.path:
        return Address(parts.scheme, "", 0, parts.path)
    return Address(parts.scheme, parts.hostname or "127.0.0.1", DEFAULT_PORTS[parts.scheme] if port is None else port)


def is_loopback(host: str) -> bool:
    """Return whether a peer's address is this machine's own; IPv4 inside IPv6 counts as IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
