"""What the journal was told makes the same database again; so does what COMPACT prints."""

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from kvik.clock import ManualClock
from kvik.dialects.text import TextDialect
from kvik.errors import ReplyError
from tests.engines import Caller
from tests.properties.requests import ANY_KIND, MODELLED, PASSED, REAL, Words, limits

TELLING = [b"//", b"1|", b"12", b"|", b"'", b'"', b"\\", b" ", b"a b", b"#", b"nil", b"HTTP/1.1", b"\xc3\xbc", b"\n"]
LINE_BYTES_MAX = 60_000
"""What the text door reads in one line; longer values come back by another door."""
WORDS = st.one_of(st.sampled_from(TELLING), st.binary(max_size=40), st.text(max_size=20).map(str.encode))
DATABASE = st.dictionaries(
    WORDS,
    st.tuples(WORDS, st.one_of(st.none(), st.integers(1_800_000_000_000, 4_102_444_800_000))),
    max_size=12,
)

PART = st.lists(st.one_of(ANY_KIND, ANY_KIND, MODELLED, REAL, PASSED, st.integers(1, 3000)), max_size=12)
# A list of lists: hypothesis' lists have few elements on average, however long they may be.
STEPS = st.lists(PART, min_size=2, max_size=10).map(lambda parts: [step for part in parts for step in part])


@limits(200)
@given(STEPS)
def test_the_journal_replayed_makes_the_same_database(steps: list[Words | int]) -> None:
    caller = Caller()
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
        else:
            caller(*step)
    assert caller.replayed().content() == caller.content()
    assert replayed_at_another_time(caller).content() == caller.content(), "the journal speaks of no relative time"


def replayed_at_another_time(caller: Caller) -> Caller:
    """Return a fresh engine that ran what was recorded while its clock stood at the beginning of time."""
    fresh = Caller(clock=ManualClock(0))
    for _, database, words in caller.journal.entries:
        fresh.session.select(database)
        reply = fresh.plain(*words)
        assert not isinstance(reply, str), f"{words!r} was answered with {reply}"
    fresh.clock.now = caller.clock.now
    return fresh


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


@limits(300)
@given(DATABASE)
def test_what_compact_prints_makes_the_same_database(entries: dict[bytes, tuple[bytes, int | None]]) -> None:
    caller = Caller()
    for key, (value, deadline) in entries.items():
        caller("SET", key, value, *(() if deadline is None else ("PXAT", deadline)))
    restored = Caller()
    through_the_text_door(restored, through_the_text_door(caller, b"COMPACT\n"))
    assert restored.content() == caller.content()
    assert restored("COMPACT").commands == caller("COMPACT").commands, "the order is kept"


@limits(200)
@given(STEPS)
def test_compact_after_anything_makes_the_same_database(steps: list[Words | int]) -> None:
    caller = Caller()
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
        else:
            caller(*step)
    caller = caller.another()
    restored = Caller()
    lines = through_the_text_door(caller, b"COMPACT\n")
    if max(map(len, lines.splitlines()), default=0) < LINE_BYTES_MAX:
        through_the_text_door(restored, lines)
    else:
        for words in caller("COMPACT").commands:
            restored(*words)
    assert restored.content()[0] == caller.content()[0]
