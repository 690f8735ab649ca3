"""The requests of a load: commands with places to fill in, filled from a seed. Knows no socket and no clock.

One connection's requests are a stream of its own: the same seed gives it the same requests in the same order,
whatever the number of processes and however quick the server.
"""

from random import Random
from typing import Final

from mypy_extensions import i64

from kvik.client.load.keys import Draw, Numbers, Zipf

KEY: Final = b"__key__"
RANDOM: Final = b"__rand_int__"
VALUE: Final = b"__value__"

NUMBER: Final = b"%012d"
"""How a number is written, twelve digits as redis-benchmark does: so every request of a command has one length."""
NUMBER_BYTES: Final = 12
THOUSAND: Final = 1_000
MILLION: Final = 1_000_000
ZEROS: Final = b"000000"
VALUES_MAX: Final = 256
"""So many values of a usual size stay in the processor's cache."""
VALUES_BYTES_MAX: Final = 1 << 24
VALUES_MIN: Final = 8
LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# What a piece of a request is.
TEXT: Final = 0
KEY_NUMBER: Final = 1
ANY_NUMBER: Final = 2
THE_VALUE: Final = 3
VALUE_LENGTH: Final = 4
VALUE_WORD: Final = 5


class Piece:
    """A part of a word: a text, or a place; a length is that of `constant` bytes and `values` times the value."""

    def __init__(self, kind: int, text: bytes = b"", constant: int = 0, values: int = 0) -> None:
        self.kind: Final = kind
        self.text: Final = text
        self.constant: Final = constant
        self.values: Final = values


class Template:
    """A command with places: `__key__` and `__rand_int__` become numbers, `__value__` a value."""

    def __init__(self, words: list[bytes]) -> None:
        self.words: Final = [pieces_of(word) for word in words]
        self.encoded: Final = encoded_pieces(self.words)
        self.has_value: Final = any(piece.kind in (THE_VALUE, VALUE_WORD) for piece in self.encoded)


def pieces_of(word: bytes) -> list[Piece]:
    """Return the parts of a word, from left to right."""
    pieces: list[Piece] = []
    rest = word
    while rest:
        place, kind, mark = first_place(rest)
        if place > 0:
            pieces.append(Piece(TEXT, rest[:place]))
        if kind != TEXT:
            pieces.append(Piece(kind))
        rest = rest[place + len(mark) :]
    return pieces


def first_place(text: bytes) -> tuple[int, int, bytes]:
    """Return where the first place begins, of what kind it is, and how it is written."""
    found = (len(text), TEXT, b"")
    for kind, mark in ((KEY_NUMBER, KEY), (ANY_NUMBER, RANDOM), (THE_VALUE, VALUE)):
        place = text.find(mark)
        if 0 <= place < found[0]:
            found = (place, kind, mark)
    return found


def encoded_pieces(words: list[list[Piece]]) -> list[Piece]:
    """Return the parts of the whole request as it is sent, neighbouring texts as one."""
    pieces = [Piece(TEXT, b"*%d\r\n" % len(words))]
    for word in words:
        if len(word) == 1 and word[0].kind == THE_VALUE:
            pieces.append(Piece(VALUE_WORD))
            continue
        constant = sum([len(piece.text) if piece.kind == TEXT else NUMBER_BYTES for piece in word])
        values = sum([piece.kind == THE_VALUE for piece in word])
        if values:
            pieces.append(Piece(VALUE_LENGTH, b"", constant - values * NUMBER_BYTES, values))
        else:
            pieces.append(Piece(TEXT, b"$%d\r\n" % constant))
        pieces += [*word, Piece(TEXT, b"\r\n")]
    return joined(pieces)


def joined(pieces: list[Piece]) -> list[Piece]:
    together: list[Piece] = []
    for piece in pieces:
        if together and piece.kind == TEXT and together[-1].kind == TEXT:
            together[-1] = Piece(TEXT, together[-1].text + piece.text)
        else:
            together.append(piece)
    return together


class Material:
    """What all streams of a process share: the commands, the values, the texts of numbers."""

    def __init__(
        self, reads: list[bytes], writes: list[bytes], read_share: float, keyspace: int, exponent: float
    ) -> None:
        """Of all requests `read_share` (0 to 1) are `reads`; exponent 0 stands for a uniform distribution."""
        self.reads: Final = Template(reads)
        self.writes: Final = Template(writes)
        self.read_share: Final = read_share
        self.keyspace: Final = keyspace
        self.exponent: Final = exponent
        self.values: list[bytes] = [b""]
        self.value_words: list[bytes] = [b"$0\r\n\r\n"]
        self.digits: Final = [b"%03d" % number for number in range(THOUSAND)]

    def make_values(self, seed: int, size_min: int, size_max: int) -> None:
        """Make the values that requests choose from: letters, as long as they shall be."""
        if not self.reads.has_value and not self.writes.has_value:
            return
        random = Random(f"{seed} values")
        table = LETTERS * 4
        many = max(VALUES_MIN, min(VALUES_MAX, VALUES_BYTES_MAX // max(size_max, 1)))
        sizes = [random.randint(size_min, size_max) for _ in range(many)]
        self.values = [random.randbytes(size).translate(table) for size in sizes]
        self.value_words = [b"$%d\r\n%b\r\n" % (len(value), value) for value in self.values]

    def write_of(self, number: int) -> list[bytes]:
        """Return the write to one key, so that reads find it."""
        found = NUMBER % number
        value = self.values[number % len(self.values)]
        return [b"".join([piece_text(piece, found, value) for piece in word]) for word in self.writes.words]


def piece_text(piece: Piece, number: bytes, value: bytes) -> bytes:
    if piece.kind == TEXT:
        return piece.text
    return value if piece.kind == THE_VALUE else number


class Stream:
    """The requests of one connection."""

    def __init__(self, material: Material, seed: str) -> None:
        random = Random(seed)
        self._material: Final = material
        self._values: Final = material.values
        self._value_words: Final = material.value_words
        self._digits: Final = material.digits
        self._draw: Final = random.random
        self._any: Final = Numbers(material.keyspace, random.random)
        self._keys: Final = keys_of(material, random.random)
        self._value: i64 = 0

    def batch(self, count: int) -> bytes:
        """Return the next requests, as they are sent."""
        parts: list[bytes] = []
        for _ in range(count):
            for piece in self._choose().encoded:
                if piece.kind == TEXT:
                    parts.append(piece.text)
                elif piece.kind == KEY_NUMBER:
                    self._append_number(parts, self._keys.next())
                elif piece.kind == VALUE_WORD:
                    parts.append(self._value_words[self._value])
                elif piece.kind == ANY_NUMBER:
                    self._append_number(parts, self._any.next())
                elif piece.kind == VALUE_LENGTH:
                    length = piece.constant + piece.values * len(self._values[self._value])
                    parts.append(b"$%d\r\n" % length)
                else:
                    parts.append(self._values[self._value])
        return b"".join(parts)

    def words(self) -> list[bytes]:
        """Return the next request as words."""
        return [
            b"".join([piece.text if piece.kind == TEXT else self._filling(piece.kind) for piece in word])
            for word in self._choose().words
        ]

    def _choose(self) -> Template:
        """Return the command of the next request, and have its value ready."""
        material = self._material
        if material.read_share >= 1.0 or (material.read_share > 0.0 and self._draw() < material.read_share):
            template = material.reads
        else:
            template = material.writes
        if template.has_value:
            self._value = int(self._draw() * len(self._values))
        return template

    def _append_number(self, parts: list[bytes], number: i64) -> None:
        """Write a number from pieces that are in the processor's cache: half of what formatting it costs."""
        if number >= MILLION:
            parts.append(NUMBER % number)
            return
        parts.append(ZEROS)
        parts.append(self._digits[number // THOUSAND])
        parts.append(self._digits[number % THOUSAND])

    def _filling(self, kind: int) -> bytes:
        if kind == THE_VALUE:
            return self._values[self._value]
        return NUMBER % (self._keys.next() if kind == KEY_NUMBER else self._any.next())


def keys_of(material: Material, draw: Draw) -> Numbers:
    if material.exponent > 0.0:
        return Zipf(material.keyspace, draw, material.exponent)
    return Numbers(material.keyspace, draw)
