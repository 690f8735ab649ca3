"""Random requests of two callers: kvik answers what a plain model answers, while time passes."""

from hypothesis import given
from hypothesis import strategies as st

from tests.engines import Caller
from tests.properties.model import Model, ModelCaller
from tests.properties.requests import MODELLED, Words, limits

Step = tuple[int, Words] | int
STEPS = st.lists(st.one_of(st.tuples(st.integers(0, 1), MODELLED), st.integers(1, 3000)), max_size=40)


def in_any_order(words: Words, reply: object) -> object:
    return sorted(reply) if words[0] == b"KEYS" and isinstance(reply, list) else reply


@limits(1000)
@given(STEPS)
def test_kvik_answers_what_the_model_answers(steps: list[Step]) -> None:
    caller = Caller()
    callers = [caller, caller.another()]
    model = Model(caller.clock.now)
    models = [ModelCaller(model), ModelCaller(model)]
    for step in steps:
        if isinstance(step, int):
            caller.clock.advance(step)
            model.now = caller.clock.now
            continue
        number, words = step
        got = callers[number].plain(*words)
        expected = models[number].run(words)
        assert in_any_order(words, got) == in_any_order(words, expected), words
    caller("DISCARD")
    model.drop_what_is_over()
    assert {key: caller("GET", key) for key in caller("KEYS", "*")} == model.values


@limits(400)
@given(STEPS)
def test_expiring_what_is_due_is_never_seen_by_anybody(steps: list[Step]) -> None:
    quiet, tidied = Caller(), Caller()
    for step in steps:
        if isinstance(step, int):
            quiet.clock.advance(step)
            tidied.clock.advance(step)
            tidied.engine.databases.expire_due(1000)
            continue
        words = step[1]
        assert quiet.plain(*words) == tidied.plain(*words) or words[0] == b"DBSIZE", words
