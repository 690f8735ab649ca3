"""A value as JSON, made step by step of the commands that rebuild it. Knows no file and no kind of value."""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.json import encode
from mypy_extensions import i64

from kvik.backup.shapes import BY_VERB, COMMANDS, OTHER_NAMES, PEXPIREAT, PXAT, SET, STRING, Shape
from kvik.numbers import parse_float, parse_integer

PIECE_BYTES: Final = 48 << 10
"""Words that are longer are made in pieces. A multiple of three: base64 of such pieces needs no padding."""
PART_BYTES: Final = 16 << 10
WORD_COST: Final = 64
"""A word costs as much as so many bytes, however short it is."""

CONTINUATION_MASK: Final = 0xC0
CONTINUATION: Final = 0x80
CONTINUATIONS_MAX: Final = 3
"""Of UTF-8: so many bytes may stand behind the first one of a letter."""


def json_value(key: bytes, commands: list[list[bytes]]) -> bytes:
    """Return the value of `key` as JSON, made of the commands that rebuild it, at least one."""
    first = commands[0]
    if len(commands) == 1 and len(first) == 3 and is_string(key, first):
        return json_word(first[2])
    text = ValueText(key, commands)
    for _ in text.steps():
        pass
    return b"".join(text.parts)


def json_word(word: bytes) -> bytes:
    """Return a word as JSON: a text where it is UTF-8."""
    try:
        return encode(word.decode("utf-8"))
    except UnicodeDecodeError:
        return b'{"b64": "' + b2a_base64(word, newline=False) + b'"}'


class Content:
    """The commands that rebuild a key but for a PEXPIREAT behind others: its moment is `deadline`.

    That is so once all were gone through; before, and where there is none, `deadline` is empty.
    """

    def __init__(self, key: bytes, commands: Iterable[list[bytes]]) -> None:
        self.deadline = b""
        self._key: Final = key
        self._commands: Final = commands

    def __iter__(self) -> Iterator[list[bytes]]:
        held: list[bytes] | None = None
        is_first = True
        for words in self._commands:
            if held is not None:
                yield held
                is_first = False
            held = words
        if held is not None:
            if not is_first and is_deadline(self._key, held):
                self.deadline = held[2]
            else:
                yield held


class ValueText:
    """The text of one value, made of its key and the commands that rebuild it, at least one.

    Only commands that all have one shape are written in it: so they are gone through twice.
    """

    def __init__(self, key: bytes, commands: Iterable[list[bytes]]) -> None:
        self.parts: Final[list[bytes]] = []
        """The text so far, to be put together."""
        self._key: Final = key
        self._commands: Final = commands
        # What is no part yet, and how much it has cost.
        self._pieces: list[bytes] = []
        self._cost: i64 = 0
        # What stands before the next row of words, and before all those behind it.
        self._mark = b""
        self._row_mark = b""

    def steps(self) -> Iterator[int]:
        """Make the text; yield what each step has cost, in bytes."""
        commands = iter(self._commands)
        first = next(commands)
        if is_string(self._key, first) and next(commands, None) is None:
            yield from self._string(first)
        else:
            shape = BY_VERB.get(first[0])
            if shape is not None:
                for words in Content(self._key, self._commands):
                    if not has_shape(words, self._key, shape):
                        shape = None
                        break
                    yield WORD_COST * len(words)
            if shape is None:
                yield from self._lines(OTHER_NAMES.get(first[0], COMMANDS))
            else:
                yield from self._members(shape)
        yield self._end_part()

    # The kinds of values

    def _string(self, words: list[bytes]) -> Iterator[int]:
        is_dying = len(words) > 3
        if is_dying:
            self._begin(STRING)
        yield from self._rows(words[2:3], 1)
        if is_dying:
            self._end(b"", words[4])

    def _members(self, shape: Shape) -> Iterator[int]:
        self._begin(shape.name)
        is_row = shape.width > 1
        self._mark, self._row_mark = (b"[[", b"], [") if is_row else (b"[", b", ")
        content = Content(self._key, self._commands)
        for words in content:
            yield from self._rows(turned(words) if shape.is_turned else words[2:], shape.width)
        self._end(b"]]" if is_row else b"]", content.deadline)

    def _lines(self, name: str) -> Iterator[int]:
        """A command in each row, with null for the key: wherever it stands, the same words come back."""
        self._begin(name)
        self._mark, self._row_mark = b"[[", b"], ["
        content = Content(self._key, self._commands)
        for words in content:
            yield from self._rows(words, len(words), place_of(self._key, words))
        self._end(b"]]", content.deadline)

    # Text

    def _begin(self, name: str) -> None:
        self._add(b'{"type": "' + name.encode() + b'", "value": ')

    def _end(self, closing: bytes, deadline: bytes) -> None:
        self._add(closing)
        if deadline:
            self._add(b', "pxat": ' + deadline)
        self._add(b"}")

    def _rows(self, words: list[bytes], width: int, null: int = -1) -> Iterator[int]:
        """Add words, `width` to a row, and null in place of one of them."""
        place = 0
        while place < len(words):
            if self._cost >= PART_BYTES:
                yield self._end_part()
            elif place != null and len(words[place]) > PIECE_BYTES:
                self._add_mark(place % width == 0)
                yield from self._long_word(words[place])
                place += 1
            else:
                place = self._add_short(words, place, width, null)

    def _add_short(self, words: list[bytes], place: i64, width: i64, null: i64) -> i64:
        """Add words up to a long one, or to the end of a part; return the place of the next one."""
        while place < len(words) and self._cost < PART_BYTES:
            word = words[place]
            if place != null and len(word) > PIECE_BYTES:
                break
            self._add_mark(place % width == 0)
            self._add(b"null" if place == null else json_word(word))
            self._cost += WORD_COST
            place += 1
        return place

    def _add_mark(self, is_row: bool) -> None:
        """Add what stands before a word, the first of a row or another one."""
        if is_row:
            self._add(self._mark)
            self._mark = self._row_mark
        else:
            self._add(b", ")

    def _long_word(self, word: bytes) -> Iterator[int]:
        """Add a word in pieces; whether all of it is UTF-8 is found out first."""
        cuts = text_cuts(word)
        is_text = True
        for number in range(1, len(cuts)):
            if not is_utf8(word[cuts[number - 1] : cuts[number]]):
                is_text = False
                cuts = [*range(0, len(word), PIECE_BYTES), len(word)]
                break
            yield PIECE_BYTES
        self._add(b'"' if is_text else b'{"b64": "')
        for number in range(1, len(cuts)):
            piece = word[cuts[number - 1] : cuts[number]]
            self._add(encode(piece.decode("utf-8"))[1:-1] if is_text else b2a_base64(piece, newline=False))
            yield self._end_part()
        self._add(b'"' if is_text else b'"}')

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._cost += len(piece)

    def _end_part(self) -> int:
        """Make one part of the pieces; return what they have cost."""
        cost = self._cost
        self.parts.append(b"".join(self._pieces))
        self._pieces.clear()
        self._cost = 0
        return int(cost)


def is_string(key: bytes, words: list[bytes]) -> bool:
    """Return whether a command sets a string, and perhaps its deadline, and does nothing else."""
    if words[0] != SET or len(words) < 3 or words[1] != key:
        return False
    return len(words) == 3 or (len(words) == 5 and words[3] == PXAT and is_moment(words[4]))


def is_deadline(key: bytes, words: list[bytes]) -> bool:
    """Return whether a command says when a key dies, and nothing else."""
    return len(words) == 3 and words[0] == PEXPIREAT and words[1] == key and is_moment(words[2])


def is_moment(word: bytes) -> bool:
    number = parse_integer(word)
    return number is not None and number > 0


def has_shape(words: list[bytes], key: bytes, shape: Shape) -> bool:
    """Return whether a command is the verb of a shape and its members."""
    if words[0] != shape.verb or len(words) < 3 or words[1] != key or len(words) % shape.width != 0:
        return False
    return not shape.is_turned or are_numbers(words, 2)


def are_numbers(words: list[bytes], start: int) -> bool:
    """Return whether every second word from `start` on is a number: no option is."""
    return all(parse_float(words[place]) is not None for place in range(start, len(words), 2))


def turned(words: list[bytes]) -> list[bytes]:
    """Return the pairs behind the key of a command, the second of each first."""
    return [words[place ^ 1] for place in range(2, len(words))]


def place_of(key: bytes, words: list[bytes]) -> int:
    """Return where the key stands behind the name of a command, -1 for nowhere."""
    for place in range(1, len(words)):
        if words[place] == key:
            return place
    return -1


def is_utf8(piece: bytes) -> bool:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def text_cuts(word: bytes) -> list[int]:
    """Return where to cut a long word, from its beginning to its end: where it is UTF-8, before letters."""
    cuts = [0]
    while len(word) - cuts[-1] > PIECE_BYTES:
        cut = cuts[-1] + PIECE_BYTES
        for _ in range(CONTINUATIONS_MAX):
            if word[cut] & CONTINUATION_MASK == CONTINUATION:
                cut -= 1
        cuts.append(cut)
    cuts.append(len(word))
    return cuts
