"""What tests of a server inside a program need: clients, threads, and what the process has open."""

import os
import socket
import threading
from collections.abc import Callable, Sequence

import kvik
from tests.patience import SECONDS_MAX
from tests.wire import Wire


def connect(server: kvik.Server) -> Wire:
    return Wire(socket.create_connection(("127.0.0.1", server.port), SECONDS_MAX))


def run_together(work: Sequence[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
        assert not thread.is_alive()


def descriptors() -> list[str]:
    """Return what every open descriptor of this process leads to."""
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            # That of the listing itself.
            continue
    return sorted(links)
