"""What a power cut leaves of files and folders: which changes are sure, and every legal end of the others.

Knows no paths, calls or errors: those are the matter of `simulated`.
"""

from random import Random
from typing import Final

SECTOR: Final = 512
"""A disk writes so many bytes, aligned to it, whole or not at all."""

PENDING: Final = "pending"
"""A later sync makes the change sure."""
SURE: Final = "sure"
SPOILED: Final = "spoiled"
"""A sync of it failed: it stays visible, but is not on disk in full and no later sync writes it."""

KEPT: Final = "kept"
LOST: Final = "lost"
TORN: Final = "torn"

STALE_SHARE: Final = 0.25
"""How often a lost write has moved the end of the file all the same, and how often what stands there is no zeros."""


class Change:
    """A change that a crash may undo; `number` counts the changes of its file or folder."""

    def __init__(self, number: int) -> None:
        self.number: Final = number
        self.state = PENDING


class Content(Change):
    """A change of the bytes of a file."""

    def apply(self, content: bytearray, fate: str, random: Random) -> None:
        raise NotImplementedError


class Write(Content):
    def __init__(self, number: int, offset: int, data: bytes) -> None:
        super().__init__(number)
        self.offset: Final = offset
        self.data: Final = data

    def apply(self, content: bytearray, fate: str, random: Random) -> None:
        if fate == KEPT:
            _put(content, self.offset, self.data, random)
            return
        if fate == TORN:
            for offset, piece in torn(self.offset, self.data, random):
                _put(content, offset, piece, random)
        if random.random() < STALE_SHARE:
            _lengthen(content, self.offset + len(self.data), random)


class Cut(Content):
    def __init__(self, number: int, size: int) -> None:
        super().__init__(number)
        self.size: Final = size

    def apply(self, content: bytearray, fate: str, random: Random) -> None:
        if fate == KEPT:
            del content[self.size :]
            _lengthen(content, self.size, random)
        elif fate == TORN:  # the end of the last block was cleared in place, the old size came back
            content[self.size :] = bytes(max(0, len(content) - self.size))


def torn(offset: int, data: bytes, random: Random) -> list[tuple[int, bytes]]:
    """Return the pieces of a write that reach the disk: its beginning, or some of its sectors; never all."""
    if random.random() < 0.5:
        return [(offset, data[: random.randrange(len(data))])]
    ends = [*range(SECTOR - offset % SECTOR, len(data), SECTOR), len(data)]
    pieces = [(offset + start, data[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    missing = random.randrange(len(pieces))
    return [piece for number, piece in enumerate(pieces) if number != missing and random.random() < 0.5]


def _put(content: bytearray, offset: int, piece: bytes, random: Random) -> None:
    if piece:
        _lengthen(content, offset, random)
        content[offset : offset + len(piece)] = piece


def _lengthen(content: bytearray, size: int, random: Random) -> None:
    """Make the file reach to `size`: what was never written there reads as zeros, or as anything."""
    missing = max(0, size - len(content))
    content += random.randbytes(missing) if random.random() < STALE_SHARE else bytes(missing)


def fates(random: Random, count: int) -> list[str]:
    """Draw what becomes of a row of changes: all kept, none, those up to one, or any of them in any way."""
    kind = random.randrange(4)
    if kind == 0:
        return [KEPT] * count
    if kind == 1:
        return [LOST] * count
    if kind == 2:
        kept = random.randrange(count + 1)
        return ([KEPT] * kept + [TORN] + [LOST] * count)[:count]
    return random.choices((KEPT, LOST, TORN), k=count)


class Node:
    """A file or folder: it is there while a folder names it."""


class FileNode(Node):
    """The bytes of a file as programs see them, and as the disk is sure to have them."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.base = bytearray()
        self.changes: list[Content] = []
        self.count = 0
        self.is_locked = False

    def append(self, data: bytes) -> None:
        if data:
            self.count += 1
            self.changes.append(Write(self.count, len(self.content), data))
            self.content += data

    def cut(self, size: int) -> None:
        missing = size - len(self.content)
        if missing >= 0:
            self.append(bytes(missing))
            return
        self.count += 1
        self.changes.append(Cut(self.count, size))
        del self.content[size:]

    def settle(self, number: int) -> None:
        """The changes up to this number are sure, but for those that a failed sync has spoiled."""
        _mark(self.changes, number, SURE)
        while self.changes and self.changes[0].state == SURE:
            self.changes.pop(0).apply(self.base, KEPT, Random(0))

    def spoil(self, number: int) -> None:
        """A sync of the changes up to this number has failed."""
        _mark(self.changes, number, SPOILED)

    def crash(self, random: Random) -> None:
        """Become what the disk has after the power was cut."""
        for change, fate in zip(self.changes, fates(random, len(self.changes)), strict=True):
            change.apply(self.base, _possible(change, fate), random)
        self.content = bytearray(self.base)
        self.changes = []
        self.is_locked = False


def _mark(changes: list[Content], number: int, state: str) -> None:
    for change in changes:
        if change.state == PENDING and change.number <= number:
            change.state = state


def _possible(change: Change, fate: str) -> str:
    """Return the fate a change in this state can have: what is sure is kept, what is spoiled is not kept whole."""
    if change.state == SURE:
        return KEPT
    return LOST if change.state == SPOILED and fate == KEPT else fate


class Naming(Change):
    """Names of a folder that change together; None is a name that goes away.

    `after` is the naming in another folder without which this one does not happen: what moves from
    folder to folder may be found in both after a crash, but not in neither.
    """

    def __init__(self, number: int, names: dict[str, Node | None], after: "Naming | None" = None) -> None:
        super().__init__(number)
        self.names: Final = names
        self.after: Final = after
        self.fate = KEPT

    def is_sure(self) -> bool:
        return self.state == SURE and (self.after is None or self.after.is_sure())

    def happens(self) -> bool:
        return self.fate == KEPT and (self.after is None or self.after.happens())

    def apply(self, entries: dict[str, Node]) -> None:
        for name, node in self.names.items():
            if node is None:
                entries.pop(name, None)
            else:
                entries[name] = node

    def settle(self) -> None:
        if self.state == PENDING:
            self.state = SURE
        if self.after is not None:
            self.after.settle()


class FolderNode(Node):
    """The names in a folder as programs see them, and as the disk is sure to have them."""

    def __init__(self) -> None:
        self.entries: dict[str, Node] = {}
        self.base: dict[str, Node] = {}
        self.changes: list[Naming] = []
        self.count = 0

    def name(self, names: dict[str, Node | None], after: Naming | None = None) -> Naming:
        """Change names, all in one; each of such changes is undone by a crash or not."""
        self.count += 1
        naming = Naming(self.count, names, after)
        naming.apply(self.entries)
        self.changes.append(naming)
        return naming

    def settle(self) -> None:
        for naming in self.changes:
            naming.settle()
        while self.changes and self.changes[0].is_sure():
            self.changes.pop(0).apply(self.base)

    def spoil(self) -> None:
        """A sync of the folder has failed."""
        for naming in self.changes:
            if naming.state == PENDING:
                naming.state = SPOILED

    def draw(self, random: Random) -> None:
        """Decide what becomes of each change; names are not torn."""
        for naming, fate in zip(self.changes, fates(random, len(self.changes)), strict=True):
            naming.fate = KEPT if naming.state == SURE or fate == KEPT else LOST

    def crash(self) -> None:
        """Become what the disk has after the power was cut, as it was drawn."""
        for naming in self.changes:
            if naming.happens():
                naming.apply(self.base)
        self.entries = dict(self.base)
        self.changes = []
