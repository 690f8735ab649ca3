"""What is said about a command: arity, flags, keys, summary. Data only; knows no handler.

Gates, key extraction, COMMAND, COMMAND DOCS, HELP, completion in the shell and the command page
of the documentation all read these records.
"""

from collections.abc import Mapping, Sequence
from typing import Final

WRITE: Final = 1
READONLY: Final = 2
DENYOOM: Final = 4
ADMIN: Final = 8
PUBSUB: Final = 16
NOSCRIPT: Final = 32
BLOCKING: Final = 64
LOADING: Final = 128
STALE: Final = 256
FAST: Final = 512
NO_AUTH: Final = 1024
NO_MULTI: Final = 2048
SKIP_MONITOR: Final = 4096
MOVABLE_KEYS: Final = 8192
NO_ASYNC_LOADING: Final = 16384
SKIP_SLOWLOG: Final = 32768
ALLOW_BUSY: Final = 65536
# Runs at once inside MULTI instead of being queued (kvik's own, as the two below).
IMMEDIATE: Final = 1 << 20
# Runs other requests, which are journalled one by one; it is not journalled itself.
COMPOSITE: Final = 1 << 21
# Allowed for a RESP2 connection that is in subscribed mode.
SUBSCRIBED: Final = 1 << 22
# Belongs to Redis' ACL category @dangerous without being ADMIN.
DANGEROUS: Final = 1 << 23
# Belongs to Redis' ACL category @admin without being ADMIN.
ADMINISTRATIVE: Final = 1 << 24  # Reaches others than by the data it changes: it waits in a pause of those that write.
MAY_REPLICATE: Final = 1 << 25

FLAG_NAMES: Final = (
    (WRITE, b"write"),
    (READONLY, b"readonly"),
    (DENYOOM, b"denyoom"),
    (ADMIN, b"admin"),
    (PUBSUB, b"pubsub"),
    (NOSCRIPT, b"noscript"),
    (BLOCKING, b"blocking"),
    (LOADING, b"loading"),
    (STALE, b"stale"),
    (SKIP_MONITOR, b"skip_monitor"),
    (SKIP_SLOWLOG, b"skip_slowlog"),
    (FAST, b"fast"),
    (NO_AUTH, b"no_auth"),
    (NO_ASYNC_LOADING, b"no_async_loading"),
    (NO_MULTI, b"no_multi"),
    (MOVABLE_KEYS, b"movablekeys"),
    (ALLOW_BUSY, b"allow_busy"),
)


NO_OTHERS: Final[dict[bytes, int]] = {}


class Keys:
    """Which words of a request are keys: from `first` to `last` (negative: from the end) by `step`.

    With `count_at` > 0 the word there says how many keys follow it; they come after those by position.
    """

    def __init__(self, first: int, last: int, step: int, count_at: int = 0) -> None:
        self.first: Final = first
        self.last: Final = last
        self.step: Final = step
        self.count_at: Final = count_at

    def of(self, words: list[bytes]) -> list[bytes]:
        """Return the keys among `words`, where the command's name is word 0."""
        found: list[bytes] = []
        if self.first > 0:
            last = self.last if self.last >= 0 else len(words) + self.last
            found = words[self.first : last + 1 : self.step]
        if self.count_at > 0:
            text = words[self.count_at] if self.count_at < len(words) else b"0"
            count = int(text) if text.isdigit() and len(text) < 10 else 0
            if count == 0 or self.count_at + count >= len(words):
                return []
            found = found + words[self.count_at + 1 : self.count_at + 1 + count]
        return found


class OptionalKeys(Keys):
    """The first argument is a key, and what follows the word `option` from word `start` on; as Redis sees it.

    `others` says of each other option how many words follow it: those are passed over, and the last `option` is
    the one that counts. Without it the first one does, wherever it stands.
    """

    def __init__(self, options: Sequence[bytes], start: int, others: Mapping[bytes, int] = NO_OTHERS) -> None:
        super().__init__(1, 1, 1)
        self._options: Final = options
        self._start: Final = start
        self._others: Final = others

    def of(self, words: list[bytes]) -> list[bytes]:
        found = super().of(words)
        for option in self._options:
            place = self._place(words, option)
            if place > 0:
                found.append(words[place])
        return found

    def _place(self, words: list[bytes], option: bytes) -> int:
        """Return where the key behind an option stands, 0 where it is not there."""
        place = 0
        index = self._start
        while index < len(words) - 1:
            word = words[index].upper()
            if word == option:
                place = index + 1
                if not self._others:
                    break
            index += 1 + self._others.get(word, 0)
        return place


class CountedPairs(Keys):
    """The first argument counts pairs of a key and something else, which follow it."""

    def __init__(self) -> None:
        super().__init__(0, 0, 0, 1)

    def of(self, words: list[bytes]) -> list[bytes]:
        text = words[1] if len(words) > 1 else b"0"
        count = int(text) if text.isdigit() and len(text) < 10 else 0
        return words[2 : 2 + 2 * count : 2] if 2 + 2 * count <= len(words) else []


class KeysBehindWord(Keys):
    """Half of what follows a word, the first time it stands at `start` or later, are keys."""

    def __init__(self, word: bytes, start: int) -> None:
        super().__init__(0, 0, 0)
        self.word: Final = word
        self.start: Final = start

    def of(self, words: list[bytes]) -> list[bytes]:
        for place in range(self.start, len(words)):
            if words[place].upper() == self.word:
                return words[place + 1 : place + 1 + (len(words) - place - 1) // 2]
        return []


NO_KEYS: Final = Keys(0, 0, 0)
COUNTED: Final = Keys(0, 0, 0, 1)
COUNTED_BEHIND_TIMEOUT: Final = Keys(0, 0, 0, 2)
COUNTED_PAIRS: Final = CountedPairs()
FIRST: Final = Keys(1, 1, 1)
FIRST_TWO: Final = Keys(1, 2, 1)
SECOND: Final = Keys(2, 2, 1)
ALL: Final = Keys(1, -1, 1)
EVERY_SECOND: Final = Keys(1, -1, 2)

ANY: Final = -1


class Declaration:
    """Everything that is said about one command or subcommand.

    `name` is upper-case, a subcommand's with its parent: `CLIENT ID`. `fewest` and `most` count
    the arguments behind the name, `most` is ANY where there is no limit. `group` is the family's
    name as in Redis' documentation, `since` the Redis version that brought it (kvik's own: "kvik").
    `syntax` shows the arguments to people. `event` is what is published of a key that it changed.
    """

    def __init__(
        self,
        name: str,
        group: str,
        fewest: int,
        most: int,
        flags: int,
        keys: Keys,
        summary: str,
        syntax: str,
        since: str,
        event: str = "",
    ) -> None:
        self.name: Final = name
        self.group: Final = group
        self.fewest: Final = fewest
        self.most: Final = most
        self.flags: Final = flags
        self.keys: Final = keys
        self.summary: Final = summary
        self.syntax: Final = syntax
        self.since: Final = since
        self.event: Final = (event or self.full_name()).encode()

    def full_name(self) -> str:
        """Return the name as errors and COMMAND show it: lower case, `client|id`."""
        return self.name.lower().replace(" ", "|")

    def arity(self) -> int:
        """Return Redis' arity: words including the name, negative where it is only the least."""
        words = self.fewest + 1 + self.name.count(" ")
        return words if self.fewest == self.most else -words

    def flag_names(self) -> list[bytes]:
        """Return the flags by Redis' names, in Redis' order."""
        return [name for flag, name in FLAG_NAMES if self.flags & flag]


def arguments(syntax: str) -> list[str]:
    """Return the arguments of a syntax one by one; what stands in brackets is one: `[NX | XX]`."""
    found: list[str] = []
    depth = 0
    for word in syntax.split():
        if depth > 0:
            found[-1] += f" {word}"
        else:
            found.append(word)
        depth += sum([word.count(opening) for opening in "[<("]) - sum([word.count(closing) for closing in "]>)"])
    return found
