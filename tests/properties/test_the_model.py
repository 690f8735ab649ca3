"""Random requests of two callers: kvik answers what a plain model answers, while time passes."""

from hypothesis import given
from hypothesis import strategies as st

from tests.engines import Caller
from tests.properties.model import Model, ModelCaller
from tests.properties.requests import MODELLED, Step, Words, limits, stories

PASSES = b"(time passes)"
"""Not a request: so many milliseconds go by."""
STEPS = stories(st.one_of(MODELLED, st.integers(1, 3000).map(lambda moment: [PASSES, b"%d" % moment])))


def in_any_order(words: Words, reply: object) -> object:
    return sorted(reply) if words[0] == b"KEYS" and isinstance(reply, list) else reply


@limits(500)
@given(STEPS)
def test_kvik_answers_what_the_model_answers(steps: list[Step]) -> None:
    caller = Caller()
    callers = [caller, caller.another()]
    model = Model(caller.clock.now)
    models = [ModelCaller(model), ModelCaller(model)]
    for step in steps:
        number, words = step
        if words[0] == PASSES:
            caller.clock.advance(int(words[1]))
            model.now = caller.clock.now
            continue
        got = callers[number].plain(*words)
        expected = models[number].run(words)
        assert in_any_order(words, got) == in_any_order(words, expected), words
    caller("DISCARD")
    model.drop_what_is_over()
    assert {key: caller("GET", key) for key in caller("KEYS", "*")} == model.values


@limits(200)
@given(STEPS)
def test_expiring_what_is_due_is_never_seen_by_anybody(steps: list[Step]) -> None:
    quiet, tidied = Caller(), Caller()
    for step in steps:
        words = step[1]
        if words[0] == PASSES:
            quiet.clock.advance(int(words[1]))
            tidied.clock.advance(int(words[1]))
            tidied.engine.databases.expire_due(1000)
            continue
        assert quiet.plain(*words) == tidied.plain(*words), words
