"""The client shows a reply as the text door would have sent it."""

import hypothesis.strategies as st
from hypothesis import given
from librt.strings import BytesWriter

from kvik.client.remote import Transaction, meaning
from kvik.client.rendering import render
from kvik.dialects.resp_reader import ReplyReader
from kvik.dialects.resp_writer import write_reply
from kvik.dialects.text_writer import write_human_reply
from kvik.errors import ReplyError
from kvik.replies import (
    NULL_ARRAY,
    OK,
    QUEUED,
    BigNumber,
    CommandLines,
    Map,
    Pairs,
    Push,
    Reply,
    Set,
    Status,
    Stored,
    Verbatim,
)

PLAIN: "st.SearchStrategy[Reply]" = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=8),
    st.sampled_from([OK, NULL_ARRAY, Status(b"PONG"), ReplyError("ERR", "no"), Stored(b"v"), BigNumber(3**80)]),
    st.builds(Verbatim, st.binary(max_size=8)),
)


def aggregates(inner: "st.SearchStrategy[Reply]") -> "st.SearchStrategy[Reply]":
    lists = st.lists(inner, max_size=3)
    pairs = st.lists(st.tuples(inner, inner), max_size=2)
    return st.one_of(
        lists, st.builds(Set, lists), st.builds(Push, lists), st.builds(Map, pairs), st.builds(Pairs, pairs)
    )


REPLIES = st.recursive(PLAIN, aggregates, max_leaves=8)


def at_the_text_door(reply: Reply) -> bytes:
    out = BytesWriter()
    write_human_reply(reply, b"", out)
    return out.getvalue()


@given(REPLIES)
def test_a_reply_looks_as_at_the_text_door(reply: Reply) -> None:
    assert render(reply) + b"\n" == at_the_text_door(reply)


def without_stored(reply: Reply) -> bool:
    return "Stored" not in repr(reply) and not isinstance(reply, Stored)


@given(st.one_of(PLAIN.filter(without_stored), st.lists(PLAIN.filter(without_stored))))
def test_a_reply_looks_the_same_after_its_way_over_the_wire(reply: Reply) -> None:
    out = BytesWriter()
    write_reply(reply, 2, out)
    reader = ReplyReader()
    reader.feed(out.getvalue())
    assert reader.advance()
    assert render(reader.reply) + b"\n" == at_the_text_door(reply)


@given(st.lists(st.lists(st.binary(max_size=6), min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_listing_of_commands_looks_as_at_the_text_door(commands: list[list[bytes]]) -> None:
    listing = CommandLines(commands)
    out = BytesWriter()
    write_reply(listing, 2, out)
    reader = ReplyReader()
    reader.feed(out.getvalue())
    assert reader.advance()
    assert render(meaning([b"compact"], reader.reply)) + b"\n" == at_the_text_door(listing)


def test_a_set_inside_exec_is_shown_as_its_value() -> None:
    transaction = Transaction()
    transaction.explain([b"multi"], OK)
    transaction.explain([b"SET", b"a", b"1"], QUEUED)
    transaction.explain([b"GET", b"a"], QUEUED)
    assert render(transaction.explain([b"EXEC"], [OK, b"1"])) == b"[1 1]"
    assert render(transaction.explain([b"SET", b"a", b"1"], OK)) == b"OK"


def test_an_aborted_exec_is_null_and_ends_the_transaction() -> None:
    transaction = Transaction()
    transaction.explain([b"MULTI"], OK)
    assert render(transaction.explain([b"EXEC"], NULL_ARRAY)) == b"nil"
    assert transaction.queue is None
