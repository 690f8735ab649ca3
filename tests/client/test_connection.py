"""One connection to a server: who is slow, who goes away."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kvik.client.address import Address
from kvik.client.connection import Connection, ConnectionFailed
from kvik.replies import Push

LARGE = b"x" * 8_000_000


def serve_one(path: str, behave: Callable[[socket.socket], None]) -> threading.Thread:
    """Listen on a unix socket and behave so towards the first client."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        with listener:
            client, _ = listener.accept()
        with client:
            client.settimeout(10)
            behave(client)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def read_all(client: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(client.recv(1 << 16))


def test_a_server_that_answers_before_it_reads_on_does_not_jam(folder: Path) -> None:
    def answer_first(client: socket.socket) -> None:
        client.sendall(b"$%d\r\n%b\r\n" % (len(LARGE), LARGE))
        read_all(client, len(LARGE))

    thread = serve_one(f"{folder}/s", answer_first)
    connection = Connection(Address(path=f"{folder}/s"))
    assert list(connection.call_all([[b"ECHO", LARGE]])) == [LARGE]
    connection.close()
    thread.join(10)


def test_a_message_between_replies_goes_to_its_listener(folder: Path) -> None:
    thread = serve_one(f"{folder}/s", lambda client: client.sendall(b">2\r\n+news\r\n:1\r\n+PONG\r\n"))
    pushes: list[Push] = []
    connection = Connection(Address(path=f"{folder}/s"), pushes.append)
    connection.receive()
    assert [len(push.items) for push in pushes] == [2]
    connection.close()
    thread.join(10)


def test_a_server_that_goes_away_in_the_middle_of_a_reply_is_told(folder: Path) -> None:
    def break_off(client: socket.socket) -> None:
        read_all(client, 1)
        client.sendall(b"$5\r\nhel")

    thread = serve_one(f"{folder}/s", break_off)
    connection = Connection(Address(path=f"{folder}/s"))
    with pytest.raises(ConnectionFailed, match="closed the connection|is lost"):
        connection.call([b"GET", b"a"])
    connection.close()
    thread.join(10)


def test_nobody_there_is_told_with_the_address(folder: Path) -> None:
    with pytest.raises(ConnectionFailed, match="cannot connect to unix:.*/s: No such file"):
        Connection(Address(path=f"{folder}/s"))
