"""How commands are declared and collected. Knows no particular command."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from mypy_extensions import i64

from kvik.commands.args import Args
from kvik.declaration import ANY, NO_KEYS, Declaration, Keys
from kvik.journal.level import level_of
from kvik.replies import Reply
from kvik.services import Usage
from kvik.session import Session
from kvik.store.value import Value, kind_of

Handler: TypeAlias = Callable[[Session, Args], Reply]

Rebuilder: TypeAlias = Callable[[bytes, Value, int], Iterable[list[bytes]]]
"""Key, value, deadline (-1: none) to the commands that make exactly this key in an empty database."""

UNLIMITED_WORDS: Final = 1 << 62
# An object of its own, which no client can send.
NO_NAME: Final = b"no name"


class Family:
    """Commands that belong together, collected where they are declared.

    A plugin is a module with a Family; the built-in commands come in the same way.
    """

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.commands: Final[list[tuple[Declaration, Handler]]] = []
        self.rebuilders: Final[dict[int, Rebuilder]] = {}

    def rebuilds(self, kind: int) -> Callable[[Rebuilder], Rebuilder]:
        """Declare how values of this kind are made again: for COMPACT, compaction, backup, full sync."""

        def declare(rebuilder: Rebuilder) -> Rebuilder:
            self.rebuilders[kind] = rebuilder
            return rebuilder

        return declare

    def command(
        self,
        name: str,
        *,
        args: tuple[int, int],
        flags: int,
        keys: Keys = NO_KEYS,
        summary: str,
        syntax: str = "",
        since: str = "1.0.0",
        event: str = "",
    ) -> Callable[[Handler], Handler]:
        """Declare the command a function handles; returns the function unchanged.

        `args` counts the arguments behind the name, at least and at most (ANY: no limit). A
        subcommand is named with its parent, `CLIENT ID`, and declared after it. `event` is the keyspace
        event of the keys it changes where that is not called like the command.
        """

        def declare(handler: Handler) -> Handler:
            fewest, most = args
            declaration = Declaration(name, self.name, fewest, most, flags, keys, summary, syntax, since, event)
            self.commands.append((declaration, handler))
            return handler

        return declare


class Command:
    """One command of one table: its declaration, the function that does the work, its use so far."""

    def __init__(self, declaration: Declaration, handler: Handler) -> None:
        self.declaration: Final = declaration
        self.handler: Final = handler
        self.flags: Final[i64] = declaration.flags
        self.level: Final[i64] = level_of(declaration.since)
        self.first_argument: Final[i64] = 1 + declaration.name.count(" ")
        self.fewest_words: Final[i64] = declaration.fewest + self.first_argument
        most = UNLIMITED_WORDS if declaration.most == ANY else declaration.most + self.first_argument
        self.most_words: Final[i64] = most
        self.usage: Final = Usage(declaration)
        self.children: Final[dict[bytes, Command]] = {}


class CommandTable:
    """The commands of one engine by name. Two engines in one process may know different ones."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._by_name: Final[dict[bytes, Command]] = {}
        self.commands: Final[list[Command]] = []
        self._rebuilders: Final[dict[int, Rebuilder]] = {}
        # A client that sends one command after the other sends the same name: see RecentWord.
        self._last_name = NO_NAME
        self._last_command: Command | None = None
        for family in families:
            self._rebuilders.update(family.rebuilders)
            for declaration, handler in family.commands:
                self._add(Command(declaration, handler))

    def find(self, name: bytes) -> Command | None:
        """Return the command called `name`, in whatever case it is written."""
        if name is self._last_name:
            return self._last_command
        command = self._by_name.get(name)
        if command is None:
            command = self._by_name.get(name.upper())
        if command is not None:
            self._last_name = name
            self._last_command = command
        return command

    def child(self, parent: Command, name: bytes) -> Command | None:
        """Return the subcommand of `parent` called `name`."""
        return parent.children.get(name.upper())

    def rebuild(self, key: bytes, value: Value, deadline: int) -> Iterable[list[bytes]]:
        """Return the commands that make `key` again; `deadline` in milliseconds, -1 for none."""
        return self._rebuilders[kind_of(value)](key, value, deadline)

    def _add(self, command: Command) -> None:
        parent_name, _, child_name = command.declaration.name.partition(" ")
        if child_name:
            parent = self._by_name.get(parent_name.encode())
            if parent is None:
                raise ValueError(f"{command.declaration.name}: declare {parent_name} before its subcommands")
            where, name = parent.children, child_name.encode()
        else:
            where, name = self._by_name, parent_name.encode()
        if name in where:
            raise ValueError(f"{command.declaration.name} is declared twice: a command has one home")
        where[name] = command
        if not child_name:
            where[name.lower()] = command
        self.commands.append(command)
