"""Replies as people read them, each ending in a line end. Knows no request."""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter

from kvik.dialects.words import quote_words
from kvik.errors import ReplyError
from kvik.numbers import decimal, float_text
from kvik.replies import (
    BigNumber,
    CommandLines,
    Composite,
    Digits,
    Figures,
    Map,
    NullArray,
    Pairs,
    Push,
    Reply,
    Series,
    Set,
    Status,
    Stored,
    Verbatim,
)


class Literal(Composite):
    """Punctuation between elements that are still to be written."""

    def __init__(self, text: bytes) -> None:
        self.text: Final = text


OPEN: Final = Literal(b"[")
CLOSE: Final = Literal(b"]")
SPACE: Final = Literal(b" ")


def write_human_reply(reply: Reply, empty_listing: bytes, out: BytesWriter) -> None:
    """Append `reply` and a line end; `empty_listing` is what stands for no command lines at all."""
    if isinstance(reply, CommandLines):
        for words in reply.commands:
            out.write(quote_words(words) + b"\n")
        if not reply.commands:
            out.write(empty_listing)
        return
    if isinstance(reply, Series):
        for each in reply.replies:
            write_human_reply(each, empty_listing, out)
        return
    if isinstance(reply, Stored):
        out.write(reply.text)
    else:
        _write_nested(reply, out)
    out.write(b"\n")


def _write_nested(reply: Reply, out: BytesWriter) -> None:
    """Append a reply on one line, aggregates as `[a b]`. A stack of its own instead of recursion."""
    pending: list[Reply] = [reply]
    while pending:
        item = pending.pop()
        if isinstance(item, bytes):
            out.write(item)
        elif isinstance(item, Composite):
            _write_composite(item, pending, out)
        elif item is None:
            out.write(b"nil")
        elif isinstance(item, bool | int):
            out.write(decimal(item))
        elif isinstance(item, float):
            out.write(float_text(item))
        elif isinstance(item, ReplyError):
            out.write(b"(error) " + item.line())
        else:
            _push_elements(item, pending)


def _write_composite(reply: Composite, pending: list[Reply], out: BytesWriter) -> None:
    if isinstance(reply, Stored):
        out.write(reply.value)
    elif isinstance(reply, Status | Literal | Verbatim | Digits):
        out.write(reply.text)
    elif isinstance(reply, NullArray):
        out.write(b"nil")
    elif isinstance(reply, Figures):
        out.write(b"{" + b", ".join([b'"%s": %d' % (name.encode(), figure) for name, figure in reply.figures]) + b"}")
    elif isinstance(reply, Map | Pairs):
        _push_elements([item for pair in reply.pairs for item in pair], pending)
    elif isinstance(reply, Set):
        _push_elements(reply.members, pending)
    elif isinstance(reply, Push):
        _push_elements(reply.items, pending)
    elif isinstance(reply, Series):
        _push_elements(reply.replies, pending)
    elif isinstance(reply, CommandLines):
        _push_elements([quote_words(words) for words in reply.commands], pending)
    elif isinstance(reply, BigNumber):
        out.write(decimal(reply.value))
    else:
        out.write(b"(error) ERR the command gave a kind of answer that cannot be shown")


def _push_elements(items: Sequence[Reply], pending: list[Reply]) -> None:
    """Put the elements with their punctuation on the stack, the last one first."""
    pending.append(CLOSE)
    for place in range(len(items) - 1, -1, -1):
        pending.append(items[place])
        if place > 0:
            pending.append(SPACE)
    pending.append(OPEN)
