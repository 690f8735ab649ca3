"""Builds the house: the only file that knows every room."""

import logging
import os
import platform
import sys
from random import Random

from kvik import machine
from kvik.build_info import VERSION, is_compiled
from kvik.clock import Clock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.engine import Engine
from kvik.errors import SettingsError
from kvik.journal.files import Files
from kvik.journal.journal import Journal
from kvik.services import House
from kvik.settings import Settings

log = logging.getLogger("kvik")


def build_engine(settings: Settings, house: House | None = None) -> Engine:
    """Return an engine with all built-in commands, in memory."""
    table = CommandTable(BUILT_IN)
    random = Random(os.urandom(16))
    return Engine(table, Clock(), random, Journal(), settings, house or House())


def data_directory(path: str | os.PathLike[str]) -> str:
    """Return the path of a data directory as it stays when the program goes to another folder."""
    return os.path.abspath(os.fspath(path))


def refuse_predictable_hashes() -> None:
    """Raise SettingsError where nobody should serve strangers."""
    if not sys.flags.hash_randomization:
        raise SettingsError(
            "PYTHONHASHSEED=0 lets a client choose keys that collide and stop the server; unset it and start again"
        )


def serve(settings: Settings, directory: str | None = None) -> int:
    """Serve until the end is asked for; return the exit code. Without a directory the data is in memory only.

    Raises SettingsError, DirectoryInUse, JournalDamaged, OSError.
    """
    from kvik.network.lifecycle import Server
    from kvik.network.listeners import make_room_for_clients
    from kvik.network.log import start_logging

    refuse_predictable_hashes()
    start_logging(settings.log_level, settings.log_format, settings.logfile)
    build = "compiled" if is_compiled() else "interpreted"
    log.info("kvik %s (%s), Python %s, pid %d", VERSION, build, platform.python_version(), os.getpid())
    make_room_for_clients(settings)
    machine.collect_only_what_is_young()
    server = Server(Files(), directory)
    server.run(build_engine(settings, server))
    log.warning("kvik is now ready to exit, bye bye...")
    return 0
