"""The classes of keyspace events, and how the setting notify-keyspace-events names them. Knows nobody who listens."""

from typing import Final

GENERIC: Final = 1
STRING: Final = 2
LIST: Final = 4
SET: Final = 8
HASH: Final = 16
ZSET: Final = 32
EXPIRED: Final = 64
EVICTED: Final = 128
STREAM: Final = 256
MODULE: Final = 512
NEW: Final = 1024
MISS: Final = 2048
KEYSPACE: Final = 4096
"""Tell the channel of the key which event it was."""
KEYEVENT: Final = 8192
"""Tell the channel of the event which key it was."""

ALL: Final = GENERIC | STRING | LIST | SET | HASH | ZSET | EXPIRED | EVICTED | STREAM | MODULE

# In the order in which Redis 7 writes them: what `A` stands for, then the rest.
LETTERS: Final = (
    ("g", GENERIC),
    ("$", STRING),
    ("l", LIST),
    ("s", SET),
    ("h", HASH),
    ("z", ZSET),
    ("x", EXPIRED),
    ("e", EVICTED),
    ("t", STREAM),
    ("d", MODULE),
    ("n", NEW),
)
WAYS: Final = (("K", KEYSPACE), ("E", KEYEVENT), ("m", MISS))

CLASS_OF_GROUP: Final = {
    "string": STRING,
    "bitmap": STRING,
    "hyperloglog": STRING,
    "list": LIST,
    "set": SET,
    "hash": HASH,
    "sorted-set": ZSET,
    "geo": ZSET,
    "stream": STREAM,
}
"""The class of the events that commands of a group cause; GENERIC for any other group."""


def parse_events(text: str) -> int:
    """Return the classes and ways a text of letters names. Raises ValueError with Redis' text for another letter."""
    known = dict((*LETTERS, *WAYS, ("A", ALL)))
    flags = 0
    for letter in text:
        if letter not in known:
            raise ValueError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
        flags |= known[letter]
    return flags


def show_events(flags: int) -> str:
    """Return the letters of classes and ways as CONFIG GET writes them: as in Redis NEW is not shown beside all."""
    classes = "A" if flags & ALL == ALL else "".join([letter for letter, flag in LETTERS if flags & flag])
    return classes + "".join([letter for letter, flag in WAYS if flags & flag])
