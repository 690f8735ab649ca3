"""Hashes whose fields die are what a plain dict of values and deadlines says, also after a replay and from COMPACT."""

from hypothesis import given
from hypothesis import strategies as st

from kvik.clock import ManualClock
from kvik.replies import CommandLines
from tests.engines import Caller
from tests.properties.requests import Words, limits, several, with_options, words

FIELD = st.sampled_from([b"a", b"b", b"c", b"d"])
# Enough for the deadlines to be many; see FEW_MAX of store/field_deadlines.py.
MANY = [b"f%d" % number for number in range(70)]
KEY = st.sampled_from([b"h", b"h", b"h", b"g"])
VALUE = st.sampled_from([b"1", b"-7", b"x", b"y" * 70])
SPAN = st.sampled_from([b"0", b"1", b"20", b"31", b"40", b"1000", b"70000"])
CONDITION = st.sampled_from([[], [], [b"NX"], [b"XX"], [b"GT"], [b"LT"]])
LIFE = st.one_of(st.just([]), SPAN.map(lambda span: [b"PX", span]))
GUARD = st.sampled_from([[], [], [b"FNX"], [b"FXX"]])
FIELDS = st.one_of(st.lists(FIELD, min_size=1, max_size=3), st.just(MANY))


def listed(fields: list[bytes]) -> Words:
    return [b"FIELDS", b"%d" % len(fields), *fields]


def paired(fields: list[bytes]) -> Words:
    return [b"FIELDS", b"%d" % len(fields), *[word for field in fields for word in (field, b"5")]]


CHANGES = st.one_of(
    several("HSET", FIELD, VALUE).map(lambda request: [request[0], b"h", *request[1:]]),
    words("HDEL", KEY, FIELD),
    words("HINCRBY", KEY, FIELD, st.just(b"3")),
    words("HINCRBYFLOAT", KEY, FIELD, st.just(b"0.5")),
    words("HSETNX", KEY, FIELD, VALUE),
    st.tuples(KEY, SPAN, CONDITION, FIELDS).map(lambda p: [b"HPEXPIRE", p[0], p[1], *p[2], *listed(p[3])]),
    st.tuples(KEY, SPAN, CONDITION, FIELDS).map(lambda p: [b"HPEXPIRE", p[0], p[1], *p[2], *listed(p[3])]),
    st.tuples(KEY, FIELDS).map(lambda p: [b"HPERSIST", p[0], *listed(p[1])]),
    st.tuples(KEY, FIELDS).map(lambda p: [b"HGETDEL", p[0], *listed(p[1])]),
    st.tuples(KEY, st.one_of(LIFE, st.just([b"PERSIST"])), FIELDS).map(
        lambda p: [b"HGETEX", p[0], *p[1], *listed(p[2])]
    ),
    st.tuples(KEY, GUARD, st.one_of(LIFE, st.just([b"KEEPTTL"])), FIELDS).map(
        lambda p: [b"HSETEX", p[0], *p[1], *p[2], *paired(p[3])]
    ),
)
CARRYING = st.one_of(
    with_options(words("COPY", KEY, KEY), st.just([b"REPLACE"])),
    words("RENAME", KEY, KEY),
    words("PEXPIRE", KEY, SPAN),
    words("DEL", KEY),
    words("SET", KEY, VALUE),
    words("MOVE", KEY, "1"),
    words("SWAPDB", "0", "1"),
)
PASSING = st.sampled_from([1, 19, 32, 45, 5_000])


class Model:
    """One hash: fields to values and deadlines."""

    def __init__(self, clock: ManualClock) -> None:
        self.values: dict[bytes, bytes] = {}
        self.deadlines: dict[bytes, int] = {}
        self._clock = clock

    def let_die(self) -> None:
        for field, deadline in list(self.deadlines.items()):
            if deadline <= self._clock.now:
                self.delete(field)

    def delete(self, field: bytes) -> None:
        self.values.pop(field, None)
        self.deadlines.pop(field, None)

    def put(self, field: bytes, value: bytes, deadline: int = -1) -> None:
        self.delete(field)
        self.values[field] = value
        if deadline >= 0:
            self.deadlines[field] = deadline
            self.let_die()

    def expire(self, field: bytes, moment: int, condition: bytes) -> None:
        if field not in self.values:
            return
        before = self.deadlines.get(field)
        allowed = {
            b"": True,
            b"NX": before is None,
            b"XX": before is not None,
            b"GT": before is not None and moment > before,
            b"LT": before is None or moment < before,
        }
        if allowed[condition]:
            self.deadlines[field] = moment
            self.let_die()

    def run(self, request: Words) -> None:
        """Do what the request says of this hash; HINCRBY and HINCRBYFLOAT are asked afterwards."""
        name, rest = request[0], request[2:]
        now = self._clock.now
        at = rest.index(b"FIELDS") if b"FIELDS" in rest else 0
        fields = rest[at + 2 :]
        if name == b"HSET":
            for field, value in zip(rest[::2], rest[1::2], strict=True):
                self.put(field, value)
        elif name == b"HDEL":
            self.delete(rest[0])
        elif name == b"HSETNX" and rest[0] not in self.values:
            self.put(rest[0], rest[1])
        elif name == b"HPEXPIRE":
            for field in fields:
                self.expire(field, now + int(rest[0]), rest[1] if at == 2 else b"")
        elif name == b"HPERSIST" or (name == b"HGETEX" and rest[0] == b"PERSIST"):
            for field in fields:
                self.deadlines.pop(field, None)
        elif name == b"HGETDEL":
            for field in fields:
                self.delete(field)
        elif name == b"HGETEX" and rest[0] == b"PX":
            for field in fields:
                self.expire(field, now + int(rest[1]), b"")
        elif name == b"HSETEX":
            self.set_fields(rest[:at], fields[::2], now)

    def set_fields(self, options: Words, fields: list[bytes], now: int) -> None:
        there = [field in self.values for field in fields]
        if (b"FNX" in options and any(there)) or (b"FXX" in options and not all(there)):
            return
        for field in fields:
            deadline = now + int(options[options.index(b"PX") + 1]) if b"PX" in options else -1
            if b"KEEPTTL" in options:
                deadline = self.deadlines.get(field, -1)
            self.put(field, b"5", deadline)


@limits(120)
@given(st.lists(st.one_of(CHANGES, CHANGES, CHANGES, PASSING), min_size=4, max_size=40))
def test_a_hash_is_what_the_model_says(steps: list[Words | int]) -> None:
    caller = Caller()
    model = Model(caller.clock)
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
            caller.engine.databases.expire_due(3)
        else:
            request = [step[0], b"h", *step[2:]]
            model.let_die()
            reply = caller.plain(*request)
            if request[0] in (b"HINCRBY", b"HINCRBYFLOAT") and not isinstance(reply, str):
                model.values[request[2]] = caller.plain("HGET", "h", request[2])  # type: ignore[assignment]
            model.run(request)
        model.let_die()
        flat = caller.plain("HGETALL", "h")
        assert isinstance(flat, list)
        assert dict(zip(flat[::2], flat[1::2], strict=True)) == model.values, step
        for field in model.values:
            assert caller.plain("HPEXPIRETIME", "h", "FIELDS", "1", field) == [model.deadlines.get(field, -1)]
        assert caller.plain("EXISTS", "h") == (1 if model.values else 0)


STEPS = st.lists(st.one_of(CHANGES, CHANGES, CHANGES, CARRYING, PASSING), min_size=4, max_size=40)


def lived_through(steps: list[Words | int]) -> Caller:
    caller = Caller()
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
            caller.engine.databases.expire_due(3)
        else:
            caller(*step)
    return caller


@limits(120)
@given(STEPS)
def test_the_journal_makes_the_same_hashes_again(steps: list[Words | int]) -> None:
    caller = lived_through(steps)
    assert caller.replayed().content() == caller.content()
    fresh = Caller(clock=ManualClock(0))
    for _, database, request in caller.journal.entries:
        fresh.session.select(database)
        assert not isinstance(fresh.plain(*request), str)
    fresh.clock.now = caller.clock.now
    assert fresh.content() == caller.content(), "the journal speaks of no relative time"


@limits(80)
@given(STEPS)
def test_compact_prints_the_same_hashes(steps: list[Words | int]) -> None:
    caller = lived_through(steps)
    lines = caller("COMPACT")
    assert isinstance(lines, CommandLines)
    restored = Caller(clock=ManualClock(caller.clock.now))
    for request in lines.commands:
        restored(*request)
    assert restored.content()[0] == caller.content()[0]
