"""What the journal was told makes the same database again; so does what COMPACT prints."""

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from kvik.dialects.text import TextDialect
from kvik.errors import ReplyError
from tests.engines import Caller
from tests.properties.requests import MODELLED, REAL, Words, limits

DATABASE = st.dictionaries(
    st.binary(max_size=20),
    st.tuples(st.binary(max_size=60), st.one_of(st.none(), st.integers(1_800_000_000_000, 4_102_444_800_000))),
    max_size=12,
)


@limits(500)
@given(st.lists(st.one_of(MODELLED, REAL, st.integers(1, 3000)), max_size=40))
def test_the_journal_replayed_makes_the_same_database(steps: list[Words | int]) -> None:
    caller = Caller()
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
        else:
            caller(*step)
    assert caller.replayed().content() == caller.content()


def through_the_text_door(caller: Caller, data: bytes) -> bytes:
    """Return what a text connection answers to `data`; no error is among it."""
    dialect, out = TextDialect(), BytesWriter()
    dialect.feed(data)
    dialect.end_of_input()
    while (request := dialect.next_request()) is not None:
        reply = caller.engine.execute(caller.session, request)
        assert not isinstance(reply, ReplyError), reply
        dialect.encode(request, reply, 2, out)
    return out.getvalue()


@limits(500)
@given(DATABASE)
def test_what_compact_prints_makes_the_same_database(entries: dict[bytes, tuple[bytes, int | None]]) -> None:
    caller = Caller()
    for key, (value, deadline) in entries.items():
        caller("SET", key, value, *(() if deadline is None else ("PXAT", deadline)))
    restored = Caller()
    through_the_text_door(restored, through_the_text_door(caller, b"COMPACT\n"))
    assert restored.content() == caller.content()
    assert restored("COMPACT").commands == caller("COMPACT").commands, "the order is kept"


@limits(500)
@given(st.lists(MODELLED, max_size=40))
def test_compact_after_anything_makes_the_same_database(steps: list[Words]) -> None:
    caller = Caller()
    for words in steps:
        caller(*words)
    caller("DISCARD")
    restored = Caller()
    through_the_text_door(restored, through_the_text_door(caller, b"COMPACT\n"))
    assert restored.content() == caller.content()
