"""Redis' glob patterns: `*`, `?`, `[a-z]`, `[^a]`, `\\x`. Knows no keys, only bytes.

A pattern is read once into steps. Matching walks name and steps side by side and goes back to the
last star only, so the work is at most the length of the name times that of the pattern, whatever
the pattern.
"""

from typing import Final

# A step is a byte to be met (0 to 255), one of these two, or FIRST_CLASS + the index of a class.
ANY_BYTE: Final = 256
STAR: Final = 257
FIRST_CLASS: Final = 258

ASTERISK: Final = 42
QUESTION: Final = 63
OPEN: Final = 91
CLOSE: Final = 93
BACKSLASH: Final = 92
CARET: Final = 94
HYPHEN: Final = 45


class Glob:
    """One pattern, ready to be matched. As Redis' stringmatchlen, with bytes compared as 0 to 255.

    Redis' own peculiarities are kept: a class that is not closed reaches to the end of the pattern,
    `[z-a]` is `[a-z]`, and the empty name matches the empty pattern alone.
    """

    def __init__(self, pattern: bytes) -> None:
        self._steps: list[int] = []
        self._classes: list[bytes] = []
        self._read(pattern)
        self._prefix: Final = self._literal_prefix()
        self._is_prefix_only: Final = self._steps[len(self._prefix) :] == [STAR]

    def matches(self, name: bytes) -> bool:
        """Return whether the whole of `name` matches."""
        if not name:
            return not self._steps
        if not name.startswith(self._prefix):
            return False
        return self._is_prefix_only or self._walk(name, len(self._prefix))

    def _walk(self, name: bytes, start: int) -> bool:
        steps = self._steps
        at = start
        step = start
        star = -1
        held = 0
        while at < len(name):
            if step < len(steps) and steps[step] == STAR:
                star = step
                held = at
                step += 1
            elif step < len(steps) and self._meets(steps[step], name[at]):
                at += 1
                step += 1
            elif star >= 0:
                held += 1
                at = held
                step = star + 1
            else:
                return False
        while step < len(steps) and steps[step] == STAR:
            step += 1
        return step == len(steps)

    def _meets(self, step: int, byte: int) -> bool:
        if step < ANY_BYTE:
            return step == byte
        return step == ANY_BYTE or self._classes[step - FIRST_CLASS][byte] != 0

    # Reading the pattern

    def _read(self, pattern: bytes) -> None:
        at = 0
        while at < len(pattern):
            byte = pattern[at]
            if byte == OPEN:
                at = self._read_class(pattern, at + 1)
                continue
            if byte == BACKSLASH and at + 1 < len(pattern):
                at += 1
                self._steps.append(pattern[at])
            elif byte == ASTERISK:
                if not self._steps or self._steps[-1] != STAR:
                    self._steps.append(STAR)
            else:
                self._steps.append(ANY_BYTE if byte == QUESTION else byte)
            at += 1

    def _read_class(self, pattern: bytes, at: int) -> int:
        """Read a class whose first byte is at `at`; return where the pattern goes on."""
        is_negated = at < len(pattern) and pattern[at] == CARET
        if is_negated:
            at += 1
        members = bytearray(256)
        while at < len(pattern) and pattern[at] != CLOSE:
            left = len(pattern) - at
            if pattern[at] == BACKSLASH and left >= 2:
                members[pattern[at + 1]] = 1
                at += 2
            elif left >= 3 and pattern[at + 1] == HYPHEN:
                add_range(members, pattern[at], pattern[at + 2])
                at += 3
            else:
                members[pattern[at]] = 1
                at += 1
        if is_negated:
            members = complement(members)
        self._steps.append(FIRST_CLASS + len(self._classes))
        self._classes.append(bytes(members))
        return at + 1

    def _literal_prefix(self) -> bytes:
        prefix = bytearray()
        for step in self._steps:
            if step >= ANY_BYTE:
                return bytes(prefix)
            prefix.append(step)
        return bytes(prefix)


def add_range(members: bytearray, start: int, end: int) -> None:
    for byte in range(min(start, end), max(start, end) + 1):
        members[byte] = 1


def complement(members: bytearray) -> bytearray:
    others = bytearray(256)
    for byte in range(256):
        others[byte] = 1 - members[byte]
    return others
