"""Talks to the colon door: sends lines, prints whatever is answered.

    python examples/colon_client.py [HOST:PORT] [LINE...]

    python examples/colon_client.py localhost:9999 PUT:fruit:apple PUT:fruit:pear GET:fruit
    python examples/colon_client.py localhost:9999            # lines from the keyboard, or from a pipe

A line is PUT:key:value, GET:key, UPDATE:key:old:new or DELETE:key. Only GET is answered: a line `key:value` for each
value. It needs nothing but Python, and shows all that a client in any other language would have to do.
"""

import socket
import sys
import threading
from collections.abc import Iterable


def main(node: str = "localhost:9999", *lines: str) -> int:
    host, _, port = node.rpartition(":")
    if not port.isdecimal():
        print(f"colon_client: {node} is not HOST:PORT", file=sys.stderr)
        return 2
    try:
        connection = socket.create_connection((host or "localhost", int(port)))
    except OSError as error:
        print(f"colon_client: cannot connect to {node}: {error.strerror or error}", file=sys.stderr)
        return 3
    with connection:
        talk(connection, lines or sys.stdin)
    return 0


def talk(connection: socket.socket, lines: Iterable[str]) -> None:
    # Nothing in an answer says where it ends, and a missing key is answered with nothing at all. So one thread prints
    # what comes while this one sends.
    printer = threading.Thread(target=print_answers, args=[connection])
    printer.start()
    try:
        for line in lines:
            connection.sendall(line.rstrip("\n").encode() + b"\n")
        # "I have said all": the server answers what is left, then closes, and the printer ends.
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        print(f"colon_client: {error}", file=sys.stderr)
    printer.join()


def print_answers(connection: socket.socket) -> None:
    for answer in connection.makefile(encoding="utf-8", errors="backslashreplace"):
        print(answer, end="", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
