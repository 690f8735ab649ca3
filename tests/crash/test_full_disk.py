"""A disk that is full: writes are refused, nothing acknowledged is lost, and when there is room again they go on."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.accounts import REFUSALS
from tests.crash.crowd import Client, work
from tests.crash.lives import Ground, Lives
from tests.crash.power import NotPossibleHere, run, unmount
from tests.crash.servers import DurableServer

SMALL = "2m"
LARGE = "256m"
SECONDS_MAX = 20.0
MOMENT = 0.1


@contextmanager
def small_disk(folder: Path) -> Iterator[Ground]:
    """A directory on a file system in memory that is soon full; where it may not be made the test is skipped."""
    disk = folder / "disk"
    disk.mkdir()
    try:
        if os.geteuid() != 0:
            raise NotPossibleHere("making a small file system needs root")
        run("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "kvik", str(disk))
        ground = Ground(folder)
        ground.directory = disk / "data"
        yield ground
    except NotPossibleHere as error:
        pytest.skip(str(error))
    finally:
        unmount(disk)


class Filling:
    """Clients at work on one server whose disk fills up."""

    def __init__(self, lives: Lives, server: DurableServer) -> None:
        self._server = server
        self._accounts = lives.accounts
        self._talkers = [Client(server.open(), account, 1) for account in lives.accounts]

    def work_until_refused(self) -> None:
        """Clients whose last write waits for room ask for no more: so somebody else asks, for what changes nothing."""
        self._work_until(self._is_refusing)
        with self._server.open() as wire:
            # There is no room for that either.
            wire.call("BGREWRITEAOF")
        self.work_on()

    def _is_refusing(self) -> bool:
        with self._server.open() as wire:
            return str(wire.call("DEL", "nobody")).startswith(REFUSALS)

    def work_until_accepted(self) -> float:
        """Return how many seconds that took."""
        began, before = time.monotonic(), self.acknowledged()
        self._work_until(lambda: self.acknowledged() > before)
        return time.monotonic() - began

    def work_on(self) -> None:
        work(self._talkers, time.monotonic() + MOMENT)

    def acknowledged(self) -> int:
        return sum([account.acknowledged() for account in self._accounts])

    def _work_until(self, is_enough: Callable[[], bool]) -> None:
        limit = time.monotonic() + SECONDS_MAX
        while not is_enough():
            assert time.monotonic() < limit, f"{self.acknowledged()} acknowledged:\n{self._server.output()}"
            self.work_on()

    def leave(self) -> None:
        for talker in self._talkers:
            talker.wire.close()


@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_what_was_acknowledged_on_a_disk_that_filled_up_is_there_after_kill_9(folder: Path, policy: str) -> None:
    with small_disk(folder) as ground:
        lives = Lives(ground, 1)
        server = DurableServer(folder, ground.directory, ["--appendfsync", policy])
        try:
            filling = Filling(lives, server)
            filling.work_until_refused()
            with server.open() as wire:
                assert str(wire.call("SET", "nobody", "1")).startswith(REFUSALS)
                assert wire.call("GET", "nobody") is None
        finally:
            server.kill()
        filling.leave()
        run("mount", "-o", f"remount,size={LARGE}", str(folder / "disk"))
        lives.finish()
    assert lives.figures.acknowledged > 100
    assert lives.figures.acknowledged_and_lost == 0


@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_writes_go_on_when_a_full_disk_has_room_again(folder: Path, policy: str) -> None:
    with small_disk(folder) as ground:
        lives = Lives(ground, 2)
        server = DurableServer(folder, ground.directory, ["--appendfsync", policy])
        try:
            filling = Filling(lives, server)
            filling.work_until_refused()
            run("mount", "-o", f"remount,size={LARGE}", str(folder / "disk"))
            assert filling.work_until_accepted() < 5.0
            filling.work_on()
        finally:
            server.kill()
        filling.leave()
        lives.finish()
    assert lives.figures.acknowledged_and_lost == 0
