"""Which kvik this is: its version, and whether the compiled or the interpreted build runs. Imports no other room."""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from typing import Final

VERSION: Final = "0.1.0"


def is_compiled() -> bool:
    """Return whether the hallway is a shared library; by all or nothing, every compiled module is then."""
    engine = find_spec("kvik.engine")
    return engine is not None and engine.origin is not None and engine.origin.endswith(tuple(EXTENSION_SUFFIXES))


def build_name() -> str:
    """Return `compiled` or `interpreted`: the word that INFO and `kvik --version` show."""
    return "compiled" if is_compiled() else "interpreted"
