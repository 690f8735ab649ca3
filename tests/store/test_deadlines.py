"""Deadlines against a plain model: on time, each once, little work per call, nothing left behind."""

from hypothesis import given
from hypothesis import strategies as st

from kvik.store.deadlines import Deadlines

NOW = 1_700_000_000_000
LATE_MAX = 32
DISTANCES = st.one_of(
    st.integers(0, 200), st.integers(0, 5_000), st.integers(0, 200_000), st.integers(0, 10**8), st.integers(0, 10**11)
)
STEPS = st.lists(st.tuples(st.sampled_from(["set", "drop", "wait"]), st.integers(0, 15), DISTANCES), max_size=80)


def leftovers(deadlines: Deadlines) -> int:
    """Return how many keys wait in any span."""
    return sum(len(part) for part in deadlines.parts() if isinstance(part, set))


@given(steps=STEPS)
def test_every_key_is_handed_out_on_time_and_once(steps: list[tuple[str, int, int]]) -> None:
    own = Deadlines()
    model: dict[bytes, int] = {}
    now = NOW
    for what, number, distance in steps:
        key = b"%d" % number
        if what == "set":
            own.set(key, now + distance)
            model[key] = now + distance
        elif what == "drop":
            assert own.drop(key) == (model.pop(key, None) is not None)
        else:
            now += distance
            handed = own.due(now, 100)
            assert len(set(handed)) == len(handed)
            for dead in handed:
                assert model.pop(dead) <= now, "handed out too early"
                own.drop(dead)
            assert all(deadline > now - LATE_MAX for deadline in model.values()), "handed out too late"
        assert dict(own.at.items()) == model
        assert leftovers(own) == len(model)


@given(deadlines=st.lists(st.integers(0, 200_000), max_size=60), most=st.integers(1, 7))
def test_following_next_due_hands_out_everything_a_few_at_a_time(deadlines: list[int], most: int) -> None:
    own = Deadlines()
    for number, distance in enumerate(deadlines):
        own.set(b"%d" % number, NOW + distance)
    now = NOW
    lateness = []
    calls = 0
    while (moment := own.next_due()) >= 0:
        calls += 1
        assert calls < 2_000, "next_due asks for calls that do nothing"
        now = max(now, moment)
        handed = own.due(now, most)
        assert len(handed) <= most
        for key in handed:
            lateness.append(now - (own.at.get(key) or 0))
            own.drop(key)
    assert len(lateness) == len(deadlines)
    assert all(0 <= late <= LATE_MAX for late in lateness)
    assert len(own.at) == leftovers(own) == 0


def test_many_keys_that_die_together_are_handed_out_in_slices() -> None:
    own = Deadlines()
    for number in range(100_000):
        own.set(b"%d" % number, NOW + 3_600_000)
    handed: set[bytes] = set()
    for _ in range(2_000):
        some = own.due(NOW + 3_600_032, 1_000)
        assert len(some) <= 1_000
        handed.update(some)
        for key in some:
            own.drop(key)
    assert len(handed) == 100_000
    assert own.next_due() == -1


def test_moving_a_deadline_a_thousand_times_leaves_one() -> None:
    own = Deadlines()
    for distance in range(0, 10_000_000, 10_000):
        own.set(b"k", NOW + distance)
        own.due(NOW, 10)
    assert leftovers(own) == 1
    assert own.at.get(b"k") == NOW + 9_990_000


def test_deadlines_at_the_ends_of_time_are_kept() -> None:
    own = Deadlines()
    own.set(b"never", 2**63 - 1)
    own.set(b"long ago", -(2**62))
    assert own.due(NOW, 10) == [b"long ago"]
    assert own.next_due() > NOW + 10**12


def test_random_far_deadlines_share_a_few_thousand_spans() -> None:
    own = Deadlines()
    for number in range(20_000):
        own.set(b"%d" % number, NOW + number * 10**14)
    own.due(NOW, 10)
    assert len([part for part in own.parts() if isinstance(part, set)]) < 100


def test_a_clock_that_goes_back_hands_out_nothing_early() -> None:
    own = Deadlines()
    own.due(NOW, 10)
    own.set(b"k", NOW + 100)
    assert own.due(NOW - 10_000, 10) == []
    assert own.due(NOW + 200, 10) == [b"k"]
