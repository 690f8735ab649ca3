"""Replies as RESP2 and RESP3, byte for byte as Redis 7 writes them. Knows no request and no buffer of a client."""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter

from kvik.dialects.words import quote_words
from kvik.errors import ReplyError
from kvik.numbers import decimal, float_text
from kvik.replies import (
    OK,
    PONG,
    QUEUED,
    BigNumber,
    CommandLines,
    Composite,
    Digits,
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

CRLF: Final = b"\r\n"
CR: Final = 13
LF: Final = 10
# Lengths and numbers below this come from a table: formatting one costs ten times as much.
PREPARED: Final = 1024
BULK_HEADERS: Final = [b"$%d\r\n" % length for length in range(PREPARED)]
ARRAY_HEADERS: Final = [b"*%d\r\n" % length for length in range(PREPARED)]
INTEGERS: Final = [b":%d\r\n" % number for number in range(PREPARED)]
# Up to about a million, in two steps.
THOUSANDS: Final = [b":%d" % number for number in range(PREPARED)]
REMAINDERS: Final = [b"%03d\r\n" % number for number in range(1000)]
NOTHING: Final[list[Reply]] = []


def write_reply(reply: Reply, protocol: int, out: BytesWriter) -> None:
    """Append `reply` to `out`; `protocol` is 2 or 3."""
    if isinstance(reply, bytes):
        write_bulk(reply, out)
    elif isinstance(reply, int) and not isinstance(reply, bool):
        write_integer(reply, out)
    elif reply is OK or isinstance(reply, Stored):
        out.write(b"+OK\r\n")
    elif isinstance(reply, list):
        _write_list(reply, protocol, out)
    else:
        children = _open(reply, protocol, out)
        if children:
            _write_list_of(children, protocol, out)


def write_protocol_error(message: str, out: BytesWriter) -> None:
    """Append the last words to a client; nothing where `message` is empty."""
    if message:
        _write_line(b"-", ReplyError("ERR", message).line(), out)


def write_bulk(value: bytes, out: BytesWriter) -> None:
    length = len(value)
    out.write(BULK_HEADERS[length] if length < PREPARED else b"$%d\r\n" % length)
    out.write(value)
    out.write(CRLF)


def _write_list(items: list[Reply], protocol: int, out: BytesWriter) -> None:
    _write_header(b"*", len(items), out)
    _write_list_of(items, protocol, out)


def _write_list_of(items: list[Reply], protocol: int, out: BytesWriter) -> None:
    """Append the elements of an open aggregate. A stack of its own: nesting must not use up the processor's."""
    unfinished: list[list[Reply]] = []
    places: list[int] = []
    place = 0
    while True:
        while place < len(items):
            item = items[place]
            place += 1
            if isinstance(item, bytes):
                write_bulk(item, out)
                continue
            children = _open(item, protocol, out)
            if children:
                unfinished.append(items)
                places.append(place)
                items = children
                place = 0
        if not unfinished:
            return
        items = unfinished.pop()
        place = places.pop()


def _open(reply: Reply, protocol: int, out: BytesWriter) -> list[Reply]:
    """Append a plain reply whole, of an aggregate its header; return the elements that are to follow."""
    if isinstance(reply, bytes):
        write_bulk(reply, out)
    elif isinstance(reply, list):
        _write_header(b"*", len(reply), out)
        return reply
    elif reply is None:
        out.write(b"$-1\r\n" if protocol < 3 else b"_\r\n")
    elif isinstance(reply, bool):
        _write_boolean(reply, protocol, out)
    elif isinstance(reply, int):
        write_integer(reply, out)
    elif isinstance(reply, Composite):
        return _open_composite(reply, protocol, out)
    elif isinstance(reply, float):
        _write_double(reply, protocol, out)
    elif isinstance(reply, ReplyError):
        _write_line(b"-", reply.line(), out)
    else:
        _write_header(b"*", len(reply), out)
        return list(reply)
    return NOTHING


def _open_composite(reply: Composite, protocol: int, out: BytesWriter) -> list[Reply]:
    if isinstance(reply, Status):
        _write_status(reply, out)
    elif isinstance(reply, Map):
        _write_header(b"*" if protocol < 3 else b"%", len(reply.pairs) * (2 if protocol < 3 else 1), out)
        return _flat(reply.pairs)
    elif isinstance(reply, Pairs):
        return _open_pairs(reply, protocol, out)
    elif isinstance(reply, Set):
        _write_header(b"*" if protocol < 3 else b"~", len(reply.members), out)
        return list(reply.members)
    elif isinstance(reply, Push):
        _write_header(b"*" if protocol < 3 else b">", len(reply.items), out)
        return list(reply.items)
    elif isinstance(reply, Series):
        return list(reply.replies)
    elif isinstance(reply, CommandLines):
        _write_header(b"*", len(reply.commands), out)
        return [quote_words(words) for words in reply.commands]
    else:
        _write_rare(reply, protocol, out)
    return NOTHING


def _write_rare(reply: Composite, protocol: int, out: BytesWriter) -> None:
    if isinstance(reply, NullArray):
        out.write(b"*-1\r\n" if protocol < 3 else b"_\r\n")
    elif isinstance(reply, Verbatim | Digits) and protocol < 3:
        write_bulk(reply.text, out)
    elif isinstance(reply, Digits):
        out.write(b"," + reply.text + CRLF)
    elif isinstance(reply, Verbatim):
        out.write(b"=%d\r\n%b:" % (len(reply.text) + 4, reply.form))
        out.write(reply.text)
        out.write(CRLF)
    elif isinstance(reply, BigNumber):
        digits = decimal(reply.value)
        if protocol < 3:
            write_bulk(digits, out)
        else:
            out.write(b"(" + digits + CRLF)
    else:
        # Only a handler of a plugin could return this; the stream has to stay one reply for one request.
        _write_line(b"-", b"ERR the command gave a kind of answer that cannot be sent", out)


def _open_pairs(reply: Pairs, protocol: int, out: BytesWriter) -> list[Reply]:
    if protocol < 3:
        _write_header(b"*", len(reply.pairs) * 2, out)
        return _flat(reply.pairs)
    _write_header(b"*", len(reply.pairs), out)
    return [[first, second] for first, second in reply.pairs]


def _flat(pairs: Sequence[tuple[Reply, Reply]]) -> list[Reply]:
    items: list[Reply] = []
    for first, second in pairs:
        items.append(first)
        items.append(second)
    return items


def _write_header(kind: bytes, count: int, out: BytesWriter) -> None:
    if kind == b"*" and count < PREPARED:
        out.write(ARRAY_HEADERS[count])
    else:
        out.write(b"%b%d\r\n" % (kind, count))


def _write_status(reply: Status, out: BytesWriter) -> None:
    if reply is QUEUED:
        out.write(b"+QUEUED\r\n")
    elif reply is PONG:
        out.write(b"+PONG\r\n")
    else:
        _write_line(b"+", reply.text, out)


def _write_line(kind: bytes, text: bytes, out: BytesWriter) -> None:
    """Append a status or an error; data must not be able to forge another reply with a line end."""
    if CR in text or LF in text:
        text = text.replace(b"\r", b" ").replace(b"\n", b" ")
    out.write(kind)
    out.write(text)
    out.write(CRLF)


def write_integer(number: int, out: BytesWriter) -> None:
    if 0 <= number < PREPARED:
        out.write(INTEGERS[number])
    elif PREPARED <= number < PREPARED * 1000:
        out.write(THOUSANDS[number // 1000])
        out.write(REMAINDERS[number % 1000])
    else:
        out.write(b":")
        out.write(decimal(number))
        out.write(CRLF)


def _write_boolean(reply: bool, protocol: int, out: BytesWriter) -> None:
    if protocol < 3:
        out.write(b":1\r\n" if reply else b":0\r\n")
    else:
        out.write(b"#t\r\n" if reply else b"#f\r\n")


def _write_double(number: float, protocol: int, out: BytesWriter) -> None:
    text = float_text(number)
    if protocol < 3:
        write_bulk(text, out)
    else:
        out.write(b"," + text + CRLF)
