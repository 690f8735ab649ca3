"""Just enough RESP to wait for a server, ask what it can do and fill it; the load itself comes from redis-benchmark."""

import socket
from collections.abc import Iterable, Sequence
from typing import TypeAlias

ANSWER_SECONDS_MAX = 60.0
PONG = b"+PONG\r\n"
LOADING = b"-LOADING"
Exchange: TypeAlias = tuple[bytes, bytes]
"""A command, and the answer to it."""

ABSENT = (b"*1\r\n$-1", b"*1\r\n*-1", b"*1\r\n_", b"*0", b"-")


class WireError(Exception):
    """A server answered something else than it must."""


def encode(*words: bytes) -> bytes:
    """A command as RESP writes it."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


def connect(port: int) -> socket.socket:
    """A connection to a server on this machine; raises OSError when nobody listens."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS_MAX)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def expect(connection: socket.socket, payload: bytes, answer: bytes) -> None:
    """Send commands and insist on exactly this answer, so that a fast refusal is never taken for fast work."""
    connection.sendall(payload)
    received = b""
    while len(received) < len(answer):
        part = connection.recv(len(answer) - len(received))
        if not part:
            raise WireError("the server closed the connection")
        received += part
    if received != answer:
        raise WireError(f"expected {answer[:40]!r}, the server answered {received[:80]!r}")


def answers_ping(port: int) -> bool:
    """Whether a server listens there and answers PING; one that loads its data refuses it with -LOADING, as Redis 7."""
    line = b""
    try:
        with connect(port) as connection:
            connection.sendall(encode(b"PING"))
            while not line.endswith(b"\r\n"):
                part = connection.recv(4096)
                if not part:
                    return False
                line += part
    except OSError:
        return False
    if line != PONG and not line.startswith(LOADING):
        raise WireError(f"expected {PONG!r}, the server answered {line[:80]!r}")
    return line == PONG


def is_known(answer: bytes) -> bool:
    """Whether the answer to COMMAND INFO NAME describes a command."""
    return not answer.startswith(ABSENT)


def ask(port: int, *words: bytes) -> bytes:
    """Whatever a server answers to one command, as bytes."""
    with connect(port) as connection:
        return ask_over(connection, *words)


def ask_over(connection: socket.socket, *words: bytes) -> bytes:
    """Whatever is answered to one command on this connection; a PING behind it marks the end of the answer."""
    answer = b""
    connection.sendall(encode(*words) + encode(b"PING"))
    while not answer.endswith(PONG):
        part = connection.recv(65536)
        if not part:
            raise WireError(f"the server closed the connection after {words[0].decode()}")
        answer += part
    return answer.removesuffix(PONG)


def knows_command(port: int, name: str) -> bool:
    """Ask a server through COMMAND INFO whether it has a command."""
    return is_known(ask(port, b"COMMAND", b"INFO", name.encode()))


def exchange(port: int, exchanges: Iterable[Exchange], batch: int) -> None:
    """Run commands, a batch at a time, each of which must be answered as it says."""
    waiting: list[Exchange] = []
    with connect(port) as connection:
        for each in exchanges:
            waiting.append(each)
            if len(waiting) == batch:
                expect_all(connection, waiting)
                waiting.clear()
        expect_all(connection, waiting)


def expect_all(connection: socket.socket, exchanges: Sequence[Exchange]) -> None:
    expect(connection, b"".join([command for command, _ in exchanges]), b"".join([answer for _, answer in exchanges]))


def fill(port: int, commands: Iterable[bytes], answer: bytes, batch: int) -> None:
    """Run many commands that all have the same answer, a batch at a time."""
    exchange(port, ((command, answer) for command in commands), batch)


def key(number: int) -> bytes:
    """A key of 16 bytes, spelled as redis-benchmark -r spells its random keys, so that its GET finds it."""
    return b"key:%012d" % number


def set_commands(numbers: Iterable[int], value_bytes: int) -> Iterable[bytes]:
    """SET commands for these keys, with values of this size that all differ."""
    return (encode(b"SET", key(number), (b"%016d" % number).ljust(value_bytes, b"x")) for number in numbers)


def info_number(text: bytes, field: str) -> int:
    """The number behind `field:` in the answer to INFO; WireError when it is not there."""
    for line in text.splitlines():
        name, _, value = line.partition(b":")
        if name == field.encode():
            return int(value)
    raise WireError(f"INFO has no {field}")
