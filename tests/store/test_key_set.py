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


@given(
    st.integers(0, 40),
    st.lists(st.tuples(st.booleans(), st.sampled_from(["add", "discard", "take"]), st.integers(0, 40)), max_size=60),
)
def test_a_copy_and_its_original_change_without_each_other(count: int, steps: list[tuple[bool, str, int]]) -> None:
    own = KeySet(split_at=8)
    for number in range(count):
        own.add(b"%d" % number)
    sets = [own, own.copy()]
    models = [set(own.keys()), set(own.keys())]
    for is_copy, what, number in steps:
        keys, model = sets[is_copy], models[is_copy]
        key = b"%d" % number
        if what == "add":
            keys.add(key)
            model.add(key)
        elif what == "discard":
            assert keys.discard(key) == (key in model)
            model.discard(key)
        else:
            model -= set(keys.take(number % 4))
        assert [set(each.keys()) for each in sets] == models
        assert [len(each) for each in sets] == [len(each) for each in models]
