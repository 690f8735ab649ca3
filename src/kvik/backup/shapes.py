"""The shapes that values have in a backup, and the commands that make a value again from its JSON.

Knows no file and no kind of value: docs/formats/backup.md, from the table below. How the JSON is made: value_text.py.
"""

from binascii import a2b_base64
from typing import Final

from kvik.numbers import INTEGER_MAX, parse_float

SET: Final = b"SET"
PXAT: Final = b"PXAT"
PEXPIREAT: Final = b"PEXPIREAT"

STRING: Final = "string"
COMMANDS: Final = "commands"
"""The type of what has no better name: the commands say what it is."""

CHUNK_WORDS: Final = 512
CHUNK_BYTES: Final = 64 << 10
"""A container is made again by commands of about so much at most."""


class Shape:
    """A kind of value that one verb rebuilds.

    `width` words belong together; `is_turned` says that a command names them the other way round.
    """

    def __init__(self, name: str, verb: bytes, width: int, is_turned: bool = False) -> None:
        self.name: Final = name
        self.verb: Final = verb
        self.width: Final = width
        self.is_turned: Final = is_turned


SHAPES: Final = (
    Shape("list", b"RPUSH", 1),
    Shape("set", b"SADD", 1),
    Shape("hash", b"HSET", 2),
    Shape("zset", b"ZADD", 2, True),
)
BY_VERB: Final = {shape.verb: shape for shape in SHAPES}
BY_NAME: Final = {shape.name: shape for shape in SHAPES}

OTHER_NAMES: Final = {b"XADD": "stream", b"XGROUP": "stream", b"XSETID": "stream"}
"""What people call a value that is kept as its commands, by the first of them."""


class Rebuilt:
    """The commands that make a key again, without its deadline: milliseconds since 1970, -1 for none.

    `is_plain` says that they come from the table, so that nothing about them has to be checked.
    """

    def __init__(self, commands: list[list[bytes]], deadline: int, is_plain: bool) -> None:
        self.commands: Final = commands
        self.deadline: Final = deadline
        self.is_plain: Final = is_plain


# JSON to commands


def rebuilt(key: bytes, value: object) -> Rebuilt:
    """Return the commands that make `key` again, from decoded JSON. Raises ValueError with what is wrong."""
    if isinstance(value, dict) and "type" in value:
        return rebuilt_object(key, value)
    return Rebuilt([[SET, key, word_of(value)]], -1, True)


def rebuilt_object(key: bytes, value: dict[object, object]) -> Rebuilt:
    if len(value) != (3 if "pxat" in value else 2) or "value" not in value:
        raise ValueError("an object has type, value and perhaps pxat, and nothing else")
    name, content = value["type"], value["value"]
    deadline = deadline_of(value["pxat"]) if "pxat" in value else -1
    if not isinstance(name, str):
        raise ValueError("the type is no text")
    if name == STRING:
        return Rebuilt([[SET, key, word_of(content)]], deadline, True)
    if not isinstance(content, list) or not content:
        raise ValueError(f"the value of a {name} is an array that is not empty")
    shape = BY_NAME.get(name)
    if shape is not None:
        return Rebuilt(shape_commands(key, shape, content), deadline, True)
    return Rebuilt([command_of(key, item) for item in content], deadline, False)


def word_of(value: object) -> bytes:
    """Return the bytes of a word."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and len(value) == 1:
        text = value.get("b64")
        if isinstance(text, str):
            return a2b_base64(text, strict_mode=True)
    raise ValueError(f'a text or {{"b64": ...}} is expected, not {json_kind(value)}')


def json_kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number: write it in quotes"
    return "an array" if isinstance(value, list) else "such an object"


def deadline_of(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= INTEGER_MAX:
        raise ValueError("pxat is milliseconds since 1970")
    return value


def shape_commands(key: bytes, shape: Shape, items: list[object]) -> list[list[bytes]]:
    """Return commands of a moderate size each."""
    commands: list[list[bytes]] = []
    words: list[bytes] = []
    size = 0
    for item in items:
        members = members_of(shape, item)
        if not words or len(words) >= CHUNK_WORDS or size >= CHUNK_BYTES:
            words = [shape.verb, key]
            commands.append(words)
            size = 0
        words += members
        size += sum([len(member) for member in members])
    return commands


def members_of(shape: Shape, item: object) -> list[bytes]:
    """Return the words of one member as a command names them."""
    if shape.width == 1:
        return [word_of(item)]
    if not isinstance(item, list) or len(item) != 2:
        raise ValueError(f"a {shape.name} is made of pairs")
    one, other = word_of(item[0]), word_of(item[1])
    if not shape.is_turned:
        return [one, other]
    if parse_float(other) is None:
        raise ValueError("a score is a number in quotes")
    return [other, one]


def command_of(key: bytes, item: object) -> list[bytes]:
    """Return one of the commands a value is kept as, with its key in place of null."""
    if not isinstance(item, list) or not item:
        raise ValueError("a command is an array of words")
    return [key if word is None else word_of(word) for word in item]
