"""A file system whose power can be cut: ext4 in an image on a loop device, shut down between two of its writes.

EXT4_IOC_SHUTDOWN lets every later operation fail and nothing that is still in memory reach the image; after it is
mounted again, ext4 recovers as after a real power cut. Needs root, Linux, and leave to mount.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.lives import LOSS_SECONDS_MAX, Ground
from tests.crash.servers import DurableServer

SHUTDOWN: Final = 0x8004587D
WITH_THE_LOG: Final = 1
"""The log of ext4 itself is written down first."""
WITH_NOTHING: Final = 2
KINDS: Final = (WITH_NOTHING, WITH_NOTHING, WITH_NOTHING, WITH_THE_LOG)

IMAGE_BYTES: Final = 96 << 20
MEMORY: Final = "/dev/shm"
"""Where there is one, images lie in memory: a test of what an ended write leaves needs no disk below."""
UNMOUNTING_SECONDS: Final = 10.0


class NotPossibleHere(Exception):
    """This machine does not let us do that; the text says why."""


class PowerCuts(Ground):
    """A directory on a file system of its own. A life ends when its power is cut.

    The server must not live on when its disk is gone: a sync that is under way during the shutdown may return without
    an error though nothing was kept (Linux 6.18, 5 of 240 times, seen with a program that only writes and syncs). No
    machine without power gets to see that.
    """

    def __init__(self, folder: Path, image: Path, policy: str) -> None:
        """Make the file system and mount it. Raises NotPossibleHere."""
        super().__init__(folder)
        self.policies = (policy,)
        self._image: Final = image
        self._mount: Final = folder / "disk"
        self.directory = self._mount / "data"
        self._mount.mkdir()
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", str(image))
        run("mount", "-o", "loop", str(image), str(self._mount))

    def end(self, server: DurableServer, random: Random) -> None:
        """Let the processor stop, then the disk, even in the middle of a sync."""
        kind = random.choice(KINDS)
        self.ended = time.monotonic()
        server.stop_the_processor()
        shut_down(self._mount, kind)
        server.kill()

    def restore(self) -> None:
        self.unmount()
        run("mount", "-o", "loop", str(self._image), str(self._mount))

    def safe_until(self, policy: str) -> float:
        return self.ended - LOSS_SECONDS_MAX if policy == "everysec" else float("inf")

    def unmount(self) -> None:
        """Raises NotPossibleHere where something holds it."""
        limit = time.monotonic() + UNMOUNTING_SECONDS
        while os.path.ismount(self._mount):
            try:
                run("umount", str(self._mount))
            except NotPossibleHere:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.01)


def shut_down(mount: Path, kind: int) -> None:
    """Cut the power of the file system that is mounted there, and of no other. Raises NotPossibleHere."""
    if not os.path.ismount(mount) or mount.stat().st_dev == mount.parent.stat().st_dev:
        raise NotPossibleHere(f"{mount} is no file system of its own")
    handle = os.open(mount, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", kind))
    except OSError as error:
        raise NotPossibleHere(f"EXT4_IOC_SHUTDOWN: {error.strerror}") from error
    finally:
        os.close(handle)


def run(*command: str) -> None:
    """Run a program of the system. Raises NotPossibleHere with what it said."""
    if shutil.which(command[0]) is None:
        raise NotPossibleHere(f"{command[0]} is not installed")
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode != 0:
        raise NotPossibleHere(f"{' '.join(command)}: {outcome.stderr.strip()}")


@contextmanager
def power_cuts(folder: Path, policy: str) -> Iterator[PowerCuts]:
    """A directory whose power can be cut, gone afterwards. Raises NotPossibleHere."""
    if os.geteuid() != 0:
        raise NotPossibleHere("cutting the power of a file system needs root")
    place = MEMORY if os.access(MEMORY, os.W_OK) else str(folder)
    with tempfile.TemporaryDirectory(prefix="kvik-", dir=place) as name:
        try:
            ground = PowerCuts(folder, Path(name) / "image", policy)
            shut_down_works(ground)
            yield ground
        finally:
            unmount(folder / "disk")


def shut_down_works(ground: PowerCuts) -> None:
    """Raises NotPossibleHere where this kernel cannot cut the power."""
    shut_down(ground.directory.parent, WITH_NOTHING)
    ground.restore()


def unmount(mount: Path) -> None:
    """Unmount what is mounted there, at the latest when nobody uses it any more."""
    if os.path.ismount(mount):
        subprocess.run(["umount", "--lazy", str(mount)], check=False)
