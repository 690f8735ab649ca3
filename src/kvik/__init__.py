"""kvik, a key-value database: the public names and nothing else.

Each name is loaded when it is first used, so that `import kvik.client.oneshot` stays cheap.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from kvik.commands.family import Family as Family
    from kvik.embedded import Database as Database
    from kvik.errors import DirectoryInUse as DirectoryInUse
    from kvik.errors import JournalDamaged as JournalDamaged
    from kvik.errors import ReplyError as ReplyError
    from kvik.serving import Server as Server
    from kvik.session import Session as Session
    from kvik.settings import Settings as Settings

_HOMES = {
    "Database": "kvik.embedded",
    "DirectoryInUse": "kvik.errors",
    "Family": "kvik.commands.family",
    "JournalDamaged": "kvik.errors",
    "ReplyError": "kvik.errors",
    "Server": "kvik.serving",
    "Session": "kvik.session",
    "Settings": "kvik.settings",
}

__all__ = [
    "Database",
    "DirectoryInUse",
    "Family",
    "JournalDamaged",
    "ReplyError",
    "Server",
    "Session",
    "Settings",
    "open",
]


def open(path: "str | PathLike[str] | None" = None, settings: "Settings | None" = None) -> "Database":
    """Return a database: kept in the directory `path`, made where it is missing, or in memory only.

    Close it when you are done. Raises DirectoryInUse while another program, or this one, has the
    directory open, JournalDamaged where a file in it is not what was written, OSError, and ValueError for
    a setting that cannot be used.
    """
    from kvik.assembly import build_engine, data_directory
    from kvik.embedded import Database
    from kvik.settings import Settings

    settings = settings or Settings()
    settings.check()
    engine = build_engine(settings)
    return Database(engine) if path is None else Database(engine, data_directory(path))


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'kvik' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
