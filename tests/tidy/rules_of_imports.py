"""Who may import whom, sentence by sentence. A rule returns what breaks it, with the remedy."""

import ast
from collections.abc import Callable, Sequence
from typing import Final

from tests.tidy.source import Module, imports

FLOORS: Final = (
    {"errors", "replies", "clock", "settings", "setting_kinds", "numbers", "request", "declaration", "statistics"}
    | {"events", "build_info", "glob", "long_double", "machine", "wire"},
    {"store"},
    {"session", "services", "channels", "notes", "pause", "waiting", "rebuilding", "volume"}
    | {"dialects", "journal", "backup", "rdb"},
    {"commands"},
    {"engine"},
    {"network", "plugins", "client", "web", "replication"},
    {"assembly", "caretaker"},
    {"embedded", "cli", "serving"},
    {"__main__", "__init__"},
)
"""From the ground up. `embedded` stands above `assembly`: opening a database in a program builds a house, as the
command line does."""
EDGES: Final = {"network", "embedded", "plugins", "client", "web"}
NETWORKING: Final = {"asyncio", "socket", "socketserver", "select", "selectors", "ssl", "uvloop"}
NETWORK_ROOMS: Final = {"network", "client", "web", "replication"}
Rule = Callable[[Sequence[Module]], list[str]]


def floor_of(room: str) -> int | None:
    """Return the number of the floor a room is on, None for a room nobody has placed."""
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    return None


def room_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def every_room_has_a_floor(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}: the room {module.room()} is on no floor; give it one in tests/tidy/rules_of_imports.py"
        " and in docs/ARCHITECTURE.md"
        for module in modules
        if floor_of(module.room()) is None
    ]


def imports_point_down_only(modules: Sequence[Module]) -> list[str]:
    broken = []
    for module in modules:
        own = floor_of(module.room()) or 0
        for use in imports(module):
            floor = floor_of(room_of(use.name)) if use.name.startswith("kvik.") else None
            if floor is not None and floor > own and not _is_the_program_itself(module, use.name):
                broken.append(
                    f"{module.path}:{use.line}: imports point down only: {module.name} must not import {use.name};"
                    " move what both need below, or pass it in through a constructor"
                )
    return broken


def _is_the_program_itself(module: Module, name: str) -> bool:
    return module.name == "kvik" or name == "kvik"


def edges_do_not_import_one_another(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{use.line}: edges do not import one another: {module.name} must not import {use.name};"
        " move what both need down to dialects or the ground floor, or let assembly pass it in"
        for module in modules
        for use in imports(module)
        if module.room() in EDGES and room_of(use.name) in EDGES - {module.room()} and use.name.startswith("kvik.")
    ]


def families_import_no_family(modules: Sequence[Module]) -> list[str]:
    families = {module.name for module in modules if _declares_a_family(module)}
    return [
        f"{module.path}:{use.line}: a family imports no other family: {module.name} must not import {use.name};"
        " move what they share down to store or args"
        for module in modules
        for use in imports(module)
        if module.name in families and use.name in families
    ]


def _declares_a_family(module: Module) -> bool:
    return module.room() == "commands" and any(
        isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Family(") for node in module.tree.body
    )


def networking_stays_at_the_edges(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{use.line}: {use.name} is banned in {module.room()}: asyncio, sockets and uvloop live only in"
        " network, client, web and the replication link; return a reply value, or use the session's outlet"
        for module in modules
        for use in imports(module)
        if use.name.partition(".")[0] in NETWORKING and module.room() not in NETWORK_ROOMS
    ]


def the_store_knows_neither_commands_nor_dialects(modules: Sequence[Module]) -> list[str]:
    return _strangers(modules, {"store"}, {"commands", "dialects"}, "the store knows neither commands nor dialects")


def commands_and_engine_import_no_dialect(modules: Sequence[Module]) -> list[str]:
    return _strangers(modules, {"commands", "engine"}, {"dialects"}, "commands and engine import no dialect")


def dialects_and_journal_import_no_command(modules: Sequence[Module]) -> list[str]:
    return _strangers(modules, {"dialects", "journal"}, {"commands"}, "dialects and journal import no command")


def dialects_know_no_engine(modules: Sequence[Module]) -> list[str]:
    rooms = {"engine", "session", "services", "store"}
    return _strangers(modules, {"dialects"}, rooms, "a dialect is bytes to words and replies to bytes")


def the_engine_imports_no_family(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.path}:{use.line}: no gate may name a command: the engine must not import {use.name};"
        " give the command a flag in its declaration and ask for the flag"
        for module in modules
        for use in imports(module)
        if module.room() == "engine"
        and room_of(use.name) == "commands"
        and use.name not in ("kvik.commands.args", "kvik.commands.family")
    ]


def _strangers(modules: Sequence[Module], here: set[str], there: set[str], sentence: str) -> list[str]:
    return [
        f"{module.path}:{use.line}: {sentence}: {module.name} must not import {use.name};"
        " let a reply value, a request or a flag of the declaration say it"
        for module in modules
        for use in imports(module)
        if module.room() in here and use.name.startswith("kvik.") and room_of(use.name) in there
    ]


RULES: Final[tuple[Rule, ...]] = (
    every_room_has_a_floor,
    imports_point_down_only,
    edges_do_not_import_one_another,
    families_import_no_family,
    networking_stays_at_the_edges,
    the_store_knows_neither_commands_nor_dialects,
    commands_and_engine_import_no_dialect,
    dialects_and_journal_import_no_command,
    dialects_know_no_engine,
    the_engine_imports_no_family,
)
