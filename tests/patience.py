"""Waiting in tests until another thread, process or server has come as far as it has to: never a sleep and a hope."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

SECONDS_MAX = 20.0

Call: TypeAlias = Callable[..., Any]
"""Runs a command and returns its reply: of a connection, or of a server in this process."""


def wait_until(holds: Callable[[], bool], seconds_max: float = SECONDS_MAX) -> float:
    """Return the seconds until it holds."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds_max, f"it did not come to hold within {seconds_max} s"
        time.sleep(0.005)
    return time.monotonic() - start


def wait_until_blocked(call: Call, count: int = 1) -> None:
    """Return when so many clients of a server wait: for a key, a time, or the end of a pause."""
    wait_until(lambda: b"\r\nblocked_clients:%d\r\n" % count in told(call))


def wait_until_connected(call: Call, count: int = 1) -> None:
    """Return when a server has so many clients, the one that asks among them."""
    wait_until(lambda: b"\r\nconnected_clients:%d\r\n" % count in told(call))


def told(call: Call) -> bytes:
    text = call("INFO", "clients")
    assert isinstance(text, bytes)
    return text


def wait_until_inside(thread: threading.Thread, function: str) -> None:
    """Return when a thread is in a call of a Python function of this name."""
    wait_until(lambda: function in calls_of(thread))


def calls_of(thread: threading.Thread) -> list[str]:
    names = []
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
