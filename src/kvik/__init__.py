"""kvik, a key-value database: the public names and nothing else.

Each name is loaded when it is first used, so that `import kvik.client.oneshot` stays cheap.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvik.commands.family import Family as Family
    from kvik.embedded import Database as Database
    from kvik.errors import ReplyError as ReplyError
    from kvik.session import Session as Session
    from kvik.settings import Settings as Settings

_HOMES = {
    "Database": "kvik.embedded",
    "Family": "kvik.commands.family",
    "ReplyError": "kvik.errors",
    "Session": "kvik.session",
    "Settings": "kvik.settings",
}

__all__ = ["Database", "Family", "ReplyError", "Session", "Settings", "open"]


def open(path: str | None = None, settings: "Settings | None" = None) -> "Database":
    """Return a new database in memory.

    `path` must be None until a database can be kept in a directory: anything else raises ValueError.
    """
    if path is not None:
        raise ValueError(f"cannot open {path!r}: a database in a directory comes later; leave the path out")
    from kvik.assembly import build_engine
    from kvik.embedded import Database
    from kvik.settings import Settings

    return Database(build_engine(settings or Settings()))


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
