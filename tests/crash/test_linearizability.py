"""The checker of histories accepts what one server could have answered and nothing else."""

from itertools import permutations
from random import Random

import pytest

from tests.crash.linearizability import PENDING, Operation, State, complaint, string_model


def operation(text: str, invoked: int, ended: int, answer: object) -> Operation:
    return Operation("c", tuple(text.split()), invoked, ended, answer)


def is_linearizable(operations: list[Operation], initial: State = None) -> bool:
    return complaint(operations, initial, string_model) == ""


def test_an_empty_history_is_accepted() -> None:
    assert is_linearizable([])


def test_one_after_the_other_is_accepted() -> None:
    assert is_linearizable(
        [operation("SET k 1", 0, 1, b"OK"), operation("GET k", 2, 3, b"1"), operation("DEL k", 4, 5, 1)]
    )


def test_a_read_that_sees_an_older_value_is_refused() -> None:
    history = [
        operation("SET k 1", 0, 1, b"OK"),
        operation("SET k 2", 2, 3, b"OK"),
        operation("GET k", 4, 5, b"1"),
    ]
    assert not is_linearizable(history)
    assert "'GET', 'k'" in complaint(history, None, string_model)


def test_a_read_under_way_during_a_write_may_see_either_value() -> None:
    for answer in (None, b"1"):
        assert is_linearizable([operation("SET k 1", 0, 9, b"OK"), operation("GET k", 1, 2, answer)])


def test_two_reads_in_a_row_may_not_see_a_write_come_and_go() -> None:
    write = operation("SET k 1", 0, 9, b"OK")
    assert not is_linearizable([write, operation("GET k", 1, 2, b"1"), operation("GET k", 3, 4, None)])
    assert is_linearizable([write, operation("GET k", 1, 2, None), operation("GET k", 3, 4, b"1")])


def test_an_acknowledged_write_that_is_gone_is_refused() -> None:
    assert not is_linearizable([operation("SET k 1", 0, 1, b"OK"), operation("GET k", 2, 3, None)])


def test_a_value_nobody_wrote_is_refused() -> None:
    assert not is_linearizable([operation("SET k 1", 0, 1, b"OK"), operation("GET k", 2, 3, b"7")])


def test_a_write_without_an_answer_may_have_happened_or_not() -> None:
    write = operation("SET k 1", 0, 5, PENDING)
    for answer in (None, b"1"):
        assert is_linearizable([write, operation("GET k", 6, 7, answer)])


def test_a_write_without_an_answer_does_not_happen_after_the_crash() -> None:
    write = operation("SET k 1", 0, 5, PENDING)
    assert not is_linearizable([write, operation("GET k", 6, 7, None), operation("GET k", 8, 9, b"1")])


def test_what_a_read_has_seen_is_not_undone_by_the_crash() -> None:
    write = operation("SET k 1", 0, 5, PENDING)
    assert not is_linearizable([write, operation("GET k", 1, 2, b"1"), operation("GET k", 6, 7, None)])


def test_a_write_that_happened_twice_is_refused() -> None:
    first = operation("INCR k", 0, 5, PENDING)
    assert is_linearizable([first, operation("GET k", 6, 7, b"1")])
    assert not is_linearizable([first, operation("GET k", 6, 7, b"2")])


def test_two_clients_may_not_be_given_the_same_number() -> None:
    assert is_linearizable([operation("INCR k", 0, 9, 2), operation("INCR k", 1, 8, 1)])
    assert not is_linearizable([operation("INCR k", 0, 9, 1), operation("INCR k", 1, 8, 1)])


def test_many_writes_without_an_answer_are_decided_quickly() -> None:
    writes = [operation(f"APPEND k {number}", 0, 50, PENDING) for number in range(7)]
    assert is_linearizable([*writes, operation("GET k", 60, 61, b"3162")])
    assert not is_linearizable([*writes, operation("GET k", 60, 61, b"31623")])


@pytest.mark.parametrize(
    ("words", "state", "after", "answer"),
    [
        ("SET k 2 GET", b"1", b"2", b"1"),
        ("GETDEL k", b"1", None, b"1"),
        ("DEL k", None, None, 0),
        ("APPEND k xy", b"1", b"1xy", 3),
        ("INCR k", None, b"1", 1),
    ],
)
def test_the_model_answers_as_kvik_does(words: str, state: State, after: State, answer: object) -> None:
    assert string_model(state, tuple(words.split())) == (after, answer)


REQUESTS = ["SET k {}", "SET k {} GET", "GET k", "GET k", "GETDEL k", "DEL k"]


def random_history(random: Random, size: int) -> list[Operation]:
    """Return a history with some wrong answers: about half of them have an order."""
    state: State = None
    history = []
    for number in range(size):
        words = tuple(random.choice(REQUESTS).format(random.randrange(2)).split())
        state, answer = string_model(state, words)
        if random.random() < 0.15:
            answer = random.choice([None, b"0", b"1", b"OK", 0, 1])
        elif random.random() < 0.2:
            answer = PENDING
        moment = 10 * number
        history.append(Operation("c", words, moment - random.randrange(25), moment + random.randrange(1, 25), answer))
    return history


def has_an_order(history: list[Operation]) -> bool:
    """Try every order of every choice of operations: slow, and plainly right."""
    unsure = [each for each in history if not each.is_sure()]
    for choice in range(1 << len(unsure)):
        left_out = {id(each) for number, each in enumerate(unsure) if choice >> number & 1}
        chosen = [each for each in history if id(each) not in left_out]
        if any(explains(list(order)) for order in permutations(chosen)):
            return True
    return False


def explains(order: list[Operation]) -> bool:
    state: State = None
    latest = -1_000
    for each in order:
        if each.ended < latest:
            return False
        latest = max(latest, each.invoked)
        state, answer = string_model(state, each.words)
        if each.is_sure() and answer != each.answer:
            return False
    return True


def test_it_decides_as_trying_every_order_does() -> None:
    verdicts = []
    for seed in range(400):
        history = random_history(Random(seed), 6)
        verdicts.append(is_linearizable(history))
        assert verdicts[-1] == has_an_order(history), (seed, history)
    assert 80 < sum(verdicts) < 320, "the cases say too little"
