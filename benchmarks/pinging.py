"""A client that pings at a steady rate and notes how long each answer took: a stall is what it sees.

It is run as a file, `pinging.py PORT`, and goes on until its input ends; then it prints the milliseconds as JSON. A
ping is sent when it is due, whether or not the one before was answered: a server that hangs keeps all of them waiting.
"""

import json
import os
import select
import socket
import sys
import time
from collections import deque
from random import Random

INTERVAL_SECONDS = 0.001
JITTER = 0.5
"""By how much of itself an interval is longer or shorter, so that pings do not keep step with what a server does."""
ANSWER_SECONDS_MAX = 120.0
PING = b"*1\r\n$4\r\nPING\r\n"
PONG = b"+PONG\r\n"


class Pinging:
    """One connection, the pings that are under way on it, and how long the others took."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS_MAX)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent: deque[float] = deque()
        self.milliseconds: list[float] = []
        self.received = b""

    def send(self) -> None:
        self.sent.append(time.perf_counter())
        self.connection.sendall(PING)

    def receive(self) -> None:
        part = self.connection.recv(65536)
        now = time.perf_counter()
        self.received += part
        while self.received.startswith(PONG):
            self.received = self.received[len(PONG) :]
            self.milliseconds.append((now - self.sent.popleft()) * 1000)
        if not part or not PONG.startswith(self.received):
            sys.exit(f"PING was answered {self.received[:80]!r}")


def go_first() -> None:
    """Be served before anything else on this core, as far as the system allows it."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return


def main(port: int) -> None:
    go_first()
    pinging, random, end = Pinging(port), Random(1), sys.stdin.fileno()
    is_over, due = False, time.perf_counter()
    while not is_over or pinging.sent:
        pause = ANSWER_SECONDS_MAX if is_over else max(due - time.perf_counter(), 0)
        ready, _, _ = select.select([pinging.connection] if is_over else [pinging.connection, end], [], [], pause)
        is_over = is_over or end in ready
        if pinging.connection in ready:
            pinging.receive()
        elif is_over and not ready:
            sys.exit(f"PING was not answered within {ANSWER_SECONDS_MAX:g} s")
        if not is_over and time.perf_counter() >= due:
            pinging.send()
            due = max(due, time.perf_counter() - INTERVAL_SECONDS)
            due += INTERVAL_SECONDS * random.uniform(1 - JITTER, 1 + JITTER)
    print(json.dumps(pinging.milliseconds))


if __name__ == "__main__":
    main(int(sys.argv[1]))
