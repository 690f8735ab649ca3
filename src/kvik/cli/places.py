"""Where the data is that a program copies: a server, or a directory. Opens nothing but the connection."""

import os
from collections.abc import Callable
from typing import TypeVar

import click

from kvik.client.address import URL_SCHEMES, AddressError, find_address
from kvik.client.connection import Connection, ConnectionFailed, Refused

NO_CONNECTION = 3
"""The exit code where no server answers."""

Function = TypeVar("Function", bound=Callable[..., int])

OPTIONS = (
    click.option("--user", metavar="NAME", default="", help="The server's user."),
    click.option("--pass", "--password", "password", metavar="PASSWORD", default="", help="[as REDISCLI_AUTH]"),
    click.option("--tls", "is_tls", is_flag=True, help="Encrypt the connection."),
)


class NoConnection(click.ClickException):
    """There is no connection, or no longer."""

    exit_code = NO_CONNECTION


def login_options(function: Function) -> Function:
    """Give a verb the options with which it gets into a server."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def is_directory(place: str) -> bool:
    """Return whether a place is meant as a directory: it is one, or is written as a path."""
    scheme = place.partition("://")[0] if "://" in place else ""
    if scheme.lower() in URL_SCHEMES or place.startswith("unix:"):
        return False
    return os.path.isdir(place) or "/" in place or place in (".", "..")


def connect(place: str, user: str, password: str, is_tls: bool) -> Connection:
    """Return a connection to a server. Raises ClickException."""
    try:
        address = find_address(place, os.environ)
    except AddressError as error:
        raise click.UsageError(str(error)) from None
    address.user = user or address.user
    address.password = password or address.password
    address.is_tls = is_tls or address.is_tls
    address.database = 0
    try:
        return Connection(address)
    except ConnectionFailed as error:
        hint = "" if ":" in place or not place else f" A directory of that name is ./{place}"
        raise NoConnection(f"{error}{hint}") from None
    except Refused as error:
        raise click.ClickException(str(error)) from None
