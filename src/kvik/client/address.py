"""Where a server is: `host`, `host:port`, `[v6]:port`, `unix:PATH` and redis:// URLs. Opens nothing.

Standard library only, and as little of it as possible: the one-shot client starts with this.
"""

from collections.abc import Mapping

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9736
URL_PORT = 6379
"""What a redis:// URL without a port means everywhere."""

URL_SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")


class AddressError(ValueError):
    """A text that names no server; the message says what is wrong with it."""


class Address:
    """One server and how to get in: `path` is a unix socket, empty for TCP."""

    def __init__(self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, path: str = "") -> None:
        self.host = host
        self.port = port
        self.path = path
        self.is_tls = False
        self.user = ""
        self.password = ""
        self.database = 0

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def find_address(node: str, environment: Mapping[str, str]) -> Address:
    """Return the server that `node` names; empty: REDIS_URL, else the default one.

    A password that is not in `node` comes from REDISCLI_AUTH. Raises AddressError.
    """
    address = parse_address(node or environment.get("REDIS_URL", ""))
    if not address.password:
        address.password = environment.get("REDISCLI_AUTH", "")
    return address


def parse_address(text: str) -> Address:
    """Return the server that `text` names. Raises AddressError."""
    scheme, separator, _ = text.partition("://")
    if separator:
        if scheme.lower() not in URL_SCHEMES:
            raise AddressError(f"{text!r}: unknown scheme {scheme!r}; known are {', '.join(URL_SCHEMES)}")
        return _parse_url(text)
    if text.startswith("unix:"):
        return _unix(text, text[len("unix:") :])
    host, port = _split_port(text)
    return Address(host or DEFAULT_HOST, DEFAULT_PORT if port is None else _parse_port(text, port))


def _split_port(text: str) -> tuple[str, str | None]:
    """Return host and port, None where there is none. More than one colon without brackets is an IPv6 host."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise AddressError(f"{text!r}: write an IPv6 address as [ADDRESS]:PORT")
        return host, rest[1:] if rest else None
    if text.count(":") != 1:
        return text, None
    host, _, port = text.partition(":")
    return host, port


def _parse_port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise AddressError(f"{text!r}: the port must be a number from 1 to 65535")
    return int(port)


def _unix(text: str, path: str) -> Address:
    if not path:
        raise AddressError(f"{text!r}: the path of the socket is missing")
    return Address(path=path)


def _parse_url(text: str) -> Address:
    # Imported here: only a URL needs it, and it would be a fifth of the one-shot client's time.
    from urllib.parse import parse_qs, unquote, urlsplit

    try:
        url = urlsplit(text)
    except ValueError as error:
        raise AddressError(f"{hide_password(text)!r}: {error}") from None
    shown = hide_password(text)
    if url.scheme == "unix":
        address = _unix(shown, unquote(url.path))
        database = parse_qs(url.query).get("db", ["0"])[-1]
    else:
        host, port = _split_port(url.netloc.rpartition("@")[2])
        address = Address(unquote(host) or DEFAULT_HOST, URL_PORT if not port else _parse_port(shown, port))
        address.is_tls = url.scheme in ("rediss", "valkeys")
        database = url.path.strip("/") or parse_qs(url.query).get("db", ["0"])[-1]
    if not (database.isascii() and database.isdigit() and len(database) < 6):
        raise AddressError(f"{shown!r}: the database must be a number, not {database!r}")
    address.database = int(database)
    address.user = unquote(url.username or "")
    address.password = unquote(url.password or "")
    return address


def hide_password(text: str) -> str:
    """Return a URL with its password as stars, so that a message can show it."""
    before, at, after = text.rpartition("@")
    scheme, separator, credentials = before.partition("://")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{separator}{user}:***@{after}" if at and colon else text
