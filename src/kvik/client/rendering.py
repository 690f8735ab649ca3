"""How a reply looks to a person: what the text door sends, made without what the server is made of.

Standard library only. Knows no connection; a test holds it against the text door, reply by reply.
"""

from collections.abc import Sequence

from kvik.dialects.words import quote_words
from kvik.errors import ReplyError
from kvik.replies import BigNumber, CommandLines, Map, NullArray, Pairs, Push, Reply, Set, Status, Stored, Verbatim


def render(reply: Reply) -> bytes:
    """Return a reply as text without its last line end."""
    if isinstance(reply, CommandLines):
        return b"\n".join([quote_words(words) for words in reply.commands])
    return reply.text if isinstance(reply, Status) else render_element(reply)


def render_element(reply: Reply) -> bytes:
    """Return an element of an array as text; a SET inside EXEC shows what it stored."""
    if reply is None or isinstance(reply, NullArray):
        return b"nil"
    if isinstance(reply, bytes):
        return reply
    if isinstance(reply, float):
        return b"%.17g" % reply
    if isinstance(reply, int):
        return b"%d" % reply
    if isinstance(reply, ReplyError):
        return b"(error) " + reply.line()
    if isinstance(reply, Stored):
        return reply.value
    if isinstance(reply, (Status, Verbatim)):
        return reply.text
    if isinstance(reply, BigNumber):
        return b"%d" % reply.value
    return b"[" + b" ".join([render_element(element) for element in elements(reply)]) + b"]"


def elements(reply: Reply) -> Sequence[Reply]:
    """Return what stands between the brackets: pairs flat, as RESP2 has them."""
    if isinstance(reply, (Map, Pairs)):
        return [element for pair in reply.pairs for element in pair]
    if isinstance(reply, Set):
        return reply.members
    if isinstance(reply, Push):
        return reply.items
    if isinstance(reply, CommandLines):
        return [quote_words(words) for words in reply.commands]
    assert isinstance(reply, Sequence), reply
    return reply
