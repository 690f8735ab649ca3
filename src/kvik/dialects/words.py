"""The words of one line: redis-cli's quoting and its inverse. Knows no command and no door.

Standard library only: the one-shot client uses this module too.
"""

import re
from collections.abc import Sequence
from typing import Final

from kvik.errors import UnbalancedQuotes as UnbalancedQuotes

DOUBLE_QUOTE: Final = 34
SINGLE_QUOTE: Final = 39

# What separates words, and what may stand behind a closing quote: as Redis' sdssplitargs and C's isspace.
SPACES: Final = re.compile(rb"[ \t\n\v\f\r]*+")
BARE: Final = re.compile(rb"[^ \t\n\r\"']++")
# Possessive repeats: a long line without its closing quote is looked at once.
DOUBLE_QUOTED: Final = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?![^ \t\n\v\f\r])', re.DOTALL)
SINGLE_QUOTED: Final = re.compile(rb"'((?:[^'\\]++|\\'?+)*+)'(?![^ \t\n\v\f\r])", re.DOTALL)
ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
COMMENT: Final = re.compile(rb"//(?![^ \t\n\v\f\r])")

LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
ESCAPED: Final = {value: b"\\" + letter for letter, value in LETTERS.items()} | {b'"': b'\\"', b"\\": b"\\\\"}

# What needs no quotes: visible ASCII without quotes, unless the text door would take it for a comment
# or for the number of a line.
PLAIN: Final = re.compile(rb"[!#-&(-~]++")
MISTAKEN: Final = re.compile(rb"//\Z|[0-9]*\|")


def split_words(line: bytes, has_comments: bool = False) -> list[bytes]:
    """Return the words of `line`, with quotes and escapes resolved as redis-cli does.

    With `has_comments` a free-standing, unquoted `//` ends the line. Raises UnbalancedQuotes.
    """
    words: list[bytes] = []
    size = len(line)
    position = _skip_spaces(line, 0)
    while position < size:
        if has_comments and COMMENT.match(line, position) is not None:
            break
        position = _take_word(line, position, words)
        position = _skip_spaces(line, position)
    return words


def _skip_spaces(line: bytes, position: int) -> int:
    found = SPACES.match(line, position)
    return position if found is None else found.end()


def _take_word(line: bytes, position: int, words: list[bytes]) -> int:
    """Append the word at `position` and return where it ends. A quote may open within a word and ends it."""
    bare = BARE.match(line, position)
    start = b"" if bare is None else bare.group()
    if bare is not None:
        position = bare.end()
    if position == len(line) or line[position] not in (DOUBLE_QUOTE, SINGLE_QUOTE):
        words.append(start)
        return position
    is_double = line[position] == DOUBLE_QUOTE
    quoted = DOUBLE_QUOTED.match(line, position) if is_double else SINGLE_QUOTED.match(line, position)
    if quoted is None:
        raise UnbalancedQuotes("unbalanced quotes in request")
    inside: bytes = quoted.group(1)
    words.append(start + (ESCAPE.sub(_unescape, inside) if is_double else inside.replace(b"\\'", b"'")))
    return quoted.end()


def _unescape(found: re.Match[bytes]) -> bytes:
    digits: bytes | None = found.group(1)
    if digits is not None:
        return bytes([int(digits, 16)])
    letter: bytes = found.group(2)
    return LETTERS.get(letter, letter)


def quote_word(word: bytes) -> bytes:
    """Return `word` so that `split_words` reads it back, with quotes only where the text door needs them.

    Letters beyond ASCII stay readable as UTF-8; in a word with anything unprintable all of them are escaped.
    """
    is_mistaken = MISTAKEN.match(word) is not None
    if PLAIN.fullmatch(word) is not None and not is_mistaken:
        return word
    try:
        is_printable = word.decode().isprintable()
    except UnicodeDecodeError:
        is_printable = False
    if not is_printable:
        return b'"' + b"".join([ESCAPES[byte] for byte in word]) + b'"'
    if word and b" " not in word and b'"' not in word and b"'" not in word and not is_mistaken:
        return word
    return b'"' + word.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def quote_words(words: Sequence[bytes]) -> bytes:
    """Return `words` as one line without its end."""
    return b" ".join([quote_word(word) for word in words])


def _escape(byte: bytes) -> bytes:
    if byte in ESCAPED:
        return ESCAPED[byte]
    return byte if b" " <= byte <= b"~" else b"\\x%02x" % byte[0]


ESCAPES: Final = [_escape(bytes([byte])) for byte in range(256)]
