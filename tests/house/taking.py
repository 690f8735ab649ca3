"""TAKE, a command that waits, and two that end in their middle; as a program it serves them.

taking.py ADDRESS PORCH [DIRECTORY]
"""

import sys
from random import Random

from kvik.clock import Clock
from kvik.commands import BUILT_IN
from kvik.commands.args import Args
from kvik.commands.family import CommandTable, Family
from kvik.declaration import BLOCKING, FIRST, READONLY, WRITE
from kvik.engine import Engine
from kvik.journal.files import Files
from kvik.journal.journal import Journal
from kvik.network.lifecycle import Server
from kvik.replies import Reply, Wait
from kvik.services import House
from kvik.session import Session
from kvik.settings import Settings
from kvik.store.container import STRING
from kvik.store.value import as_bytes

family = Family("taking")
FAMILIES = (*BUILT_IN, family)


@family.command("TAKE", args=(2, 2), flags=WRITE | BLOCKING, keys=FIRST, summary="Waits for a string and takes it.")
def take(session: Session, args: Args) -> Reply:
    """TAKE key milliseconds: return the string and remove it; wait for it at most so long, 0 for ever."""
    key = args.key()
    timeout = args.integer()
    value = session.keys.take(key, STRING)
    if value is not None:
        session.effect([b"DEL", key])
        return as_bytes(value)
    if not session.may_wait:
        return None
    return Wait([key], session.services.clock.now + timeout if timeout else 0)


@family.command("FAIL", args=(0, 0), flags=WRITE, summary="Fails.")
def fail(session: Session, args: Args) -> Reply:
    raise ZeroDivisionError("a fault")


@family.command("INTERRUPT", args=(0, 0), flags=READONLY, summary="Is where Ctrl+C comes.")
def interrupt(session: Session, args: Args) -> Reply:
    raise KeyboardInterrupt


def serve(address: str, porch: str, directory: str | None = None) -> None:
    settings = Settings()
    settings.listen = [address]
    settings.porch = porch
    server = Server(Files(), directory)
    server.run(build_taking_engine(settings, server))


def build_taking_engine(settings: Settings, house: House) -> Engine:
    return Engine(CommandTable(FAMILIES), Clock(), Random(), Journal(), settings, house)


if __name__ == "__main__":
    serve(*sys.argv[1:])
