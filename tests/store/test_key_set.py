"""A set that splits, against a plain set."""

from hypothesis import given
from hypothesis import strategies as st

from kvik.store.key_set import KeySet


@given(steps=st.lists(st.tuples(st.sampled_from(["add", "discard", "take"]), st.integers(0, 40)), max_size=120))
def test_it_holds_what_a_set_holds_before_and_after_the_split(steps: list[tuple[str, int]]) -> None:
    own = KeySet(split_at=8)
    model: set[bytes] = set()
    for what, number in steps:
        key = b"%d" % number
        if what == "add":
            own.add(key)
            model.add(key)
        elif what == "discard":
            assert own.discard(key) == (key in model)
            model.discard(key)
        else:
            taken = own.take(number)
            assert len(taken) == min(number, len(model))
            assert len(set(taken)) == len(taken)
            assert set(taken) <= model
            model -= set(taken)
        assert len(own) == len(model)
    assert set(own.take(100)) == model
