"""What is counted is what is there, whatever was done before; and no policy lets more in than may be."""

from hypothesis import given
from hypothesis import strategies as st

from kvik.clock import ManualClock
from kvik.errors import ReplyError
from kvik.settings import Settings
from kvik.store.container import Container
from kvik.store.keyspace import Keyspace
from kvik.store.limit import POLICIES
from kvik.store.memory import weight_of_entry
from tests.engines import Caller
from tests.properties.requests import ANY_KIND, KEYS, MILLISECONDS, MODELLED, REAL, Words, limits, words

DATABASE = st.sampled_from([b"0", b"1", b"2"])
NUMBER = st.sampled_from([b"0", b"1", b"-1", b"2"])
LISTS = st.one_of(
    words("RPUSH", KEYS, NUMBER, NUMBER),
    words("LPUSH", KEYS, st.binary(max_size=100)),
    words("LPOP", KEYS),
    words("LSET", KEYS, NUMBER, st.binary(max_size=100)),
    words("LREM", KEYS, NUMBER, NUMBER),
    words("LMOVE", KEYS, KEYS, st.just(b"LEFT"), st.just(b"RIGHT")),
    words("HSET", KEYS, KEYS, st.binary(max_size=100)),
    words("HDEL", KEYS, KEYS),
)
CARRYING = st.one_of(
    words("RENAME", KEYS, KEYS),
    words("MOVE", KEYS, DATABASE),
    words("COPY", KEYS, KEYS, st.just(b"DB"), DATABASE, st.just(b"REPLACE")),
    words("SWAPDB", DATABASE, DATABASE),
    words("SELECT", DATABASE),
    words("FLUSHDB"),
    words("FLUSHALL"),
    words("PERSIST", KEYS),
    words("PEXPIRE", KEYS, MILLISECONDS),
    words("SET", KEYS, st.binary(max_size=1000), st.just(b"PX"), MILLISECONDS),
    words("DEL", KEYS),
)
STEP = st.one_of(LISTS, ANY_KIND, ANY_KIND, CARRYING, CARRYING, REAL, MODELLED, st.integers(1, 3000))
PART = st.lists(STEP, max_size=12)
# A list of lists: hypothesis' lists have few elements on average, however long they may be.
STEPS = st.lists(PART, min_size=2, max_size=8).map(lambda parts: [step for part in parts for step in part])
POLICY = st.sampled_from(list(POLICIES))


def weighed(space: Keyspace, mark_bytes: int) -> int:
    """Return what a database weighs, from scratch; its dead keys are taken away before."""
    weight = 0
    for key in space.keys():  # noqa: SIM118 - a keyspace is no dict
        value = space.find(key)
        assert value is not None
        weight += weight_of_entry(key, value, space.deadline(key) is not None) + mark_bytes
    return weight


def assert_counted(caller: Caller) -> None:
    databases = caller.engine.databases
    evictor = databases.evictor
    assert evictor is not None
    weights = [weighed(space, evictor.limit.mark_bytes) for space in databases.spaces]
    assert [space.weight for space in databases.spaces] == weights
    assert evictor.limit.bytes == sum(weights)
    assert evictor.limit.keys == sum(len(space) for space in databases.spaces)


def run(caller: Caller, steps: list[Words | int]) -> None:
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
        else:
            caller(*step)


@limits(200)
@given(STEPS, STEPS, POLICY)
def test_what_is_counted_is_the_weight_of_what_is_there(
    before: list[Words | int], after: list[Words | int], policy: str
) -> None:
    caller = Caller()
    run(caller, before)
    caller("DISCARD")
    caller("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", "1gb")
    assert_counted(caller)
    run(caller, after)
    assert_counted(caller)


@limits(200)
@given(STEPS, POLICY)
def test_what_is_left_after_evictions_is_what_the_journal_makes_again(steps: list[Words | int], policy: str) -> None:
    caller = Caller(settings=Settings(maxkeys=3, maxmemory=1500, maxmemory_policy=policy))
    run(caller, steps)
    assert_counted(caller)
    # As a directory is loaded: no deadline passes meanwhile.
    fresh = Caller(clock=ManualClock(0))
    for moment, database, recorded in caller.journal.entries:
        fresh.session.select(database)
        reply = fresh(*recorded)
        assert not isinstance(reply, ReplyError), f"{recorded} at {moment} was answered with {reply.line()!r}"
    fresh.clock.now = caller.clock.now
    assert fresh.content() == caller.content()


@limits(200)
@given(STEPS, st.sampled_from(["allkeys-lru", "allkeys-lfu", "allkeys-random"]))
def test_there_are_never_more_keys_than_may_be(steps: list[Words | int], policy: str) -> None:
    caller = Caller(settings=Settings(maxkeys=2, maxmemory_policy=policy))
    for step in steps:
        run(caller, [step])
        assert sum(len(space) for space in caller.engine.databases.spaces) <= 2, step


def test_a_container_weighs_what_it_says_after_every_change() -> None:
    caller = Caller(settings=Settings(maxmemory=1 << 30))
    for number in range(300):
        caller("RPUSH", "list", "x" * number)
    value = caller.session.keys.find(b"list")
    assert isinstance(value, Container)
    assert value.counted == value.weight > 300 * 150
    assert_counted(caller)
    caller("DEL", "list")
    assert caller.session.keys.weight == 0
