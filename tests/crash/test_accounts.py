"""The account of a client accepts what its requests can have left, and nothing else."""

from random import Random

import pytest

from tests.crash.accounts import Account, AnyNumber, State, Step, Violation

FIRST = 5
ALL = 9
MANY = 40


def replies_to(step: Step, state: State) -> list[object]:
    """Return what a server would answer; a counter that others raise too stands at some number."""
    replies = step.apply(dict(state))
    last = replies[-1]
    return (
        [*replies[:-1], [7 if isinstance(reply, AnyNumber) else reply for reply in last]]
        if isinstance(last, list)
        else replies
    )


def account_with(answered: int, sent: int) -> tuple[Account, list[Step]]:
    """Return an account whose first steps were answered, with all its steps."""
    account = Account("c0", Random(3))
    steps = [account.next_step() for _ in range(sent)]
    for step in steps[:answered]:
        for reply in replies_to(step, account.state):
            account.take(reply)
    return account, steps


def state_after(steps: list[Step]) -> State:
    state: State = {}
    for step in steps:
        step.apply(state)
    return state


@pytest.mark.parametrize("count", range(FIRST, ALL + 1))
def test_everything_acknowledged_and_some_of_the_rest_is_accepted(count: int) -> None:
    account, steps = account_with(FIRST, ALL)
    assert account.outstanding() == ALL - FIRST
    found = state_after(steps[:count])
    kept, lost_since = account.settle(found)
    assert kept >= FIRST
    assert lost_since == float("inf")
    assert (account.state, account.acknowledged(), account.outstanding()) == (found, 0, 0)


def test_a_lost_write_is_found() -> None:
    account, steps = account_with(FIRST, ALL)
    with pytest.raises(Violation, match="was acknowledged"):
        account.settle(state_after(steps[: FIRST - 1]))


def test_a_write_in_the_middle_that_is_lost_is_found() -> None:
    account, steps = account_with(MANY, MANY)
    lost = next(step for step in steps if step.changes[0].kind == "INCR")
    with pytest.raises(Violation):
        account.settle(state_after([step for step in steps if step is not lost]))


def test_what_nobody_has_sent_is_found() -> None:
    account, steps = account_with(FIRST, ALL)
    with pytest.raises(Violation, match="c0:extra"):
        account.settle({**state_after(steps[:FIRST]), (0, "c0:extra"): (b"1", -1)})


def test_a_deadline_that_is_lost_is_found() -> None:
    account, steps = account_with(MANY, MANY)
    found = state_after(steps)
    place = next(place for place, (_, deadline) in found.items() if deadline >= 0)
    found[place] = (found[place][0], -1)
    with pytest.raises(Violation):
        account.settle(found)


def test_half_a_transaction_is_found() -> None:
    account, steps = account_with(MANY, 60)
    number = next(number for number in range(MANY, 60) if steps[number].is_transaction)
    found = state_after(steps[:number])
    steps[number].changes[0].apply(found)
    with pytest.raises(Violation):
        account.settle(found)


def test_two_requests_in_the_wrong_order_are_found() -> None:
    account, steps = account_with(MANY, MANY)
    first, second = [number for number, step in enumerate(steps) if step.is_transaction][-2:]
    swapped = [*steps]
    swapped[first], swapped[second] = steps[second], steps[first]
    with pytest.raises(Violation):
        account.settle(state_after(swapped))


def test_what_may_be_lost_is_accepted_up_to_a_moment() -> None:
    account, steps = account_with(FIRST, ALL)
    kept, lost_since = account.settle(state_after(steps[:2]), safe_until=0.0)
    assert kept == 2
    assert lost_since > 0


def test_a_wrong_answer_is_found() -> None:
    account = Account("c0", Random(3))
    step = account.next_step()
    with pytest.raises(Violation, match="was answered"):
        for _ in range(step.replies_count):
            account.take(b"something else")


def test_a_refused_step_has_not_happened() -> None:
    account, steps = account_with(FIRST, ALL)
    refused = steps[FIRST]
    for _ in range(refused.replies_count):
        account.take("EXECABORT" if refused.is_transaction else "MISCONF the disk is full")
    assert account.refused == 1
    account.settle(state_after(steps[:FIRST] + steps[FIRST + 1 :]))
    account, steps = account_with(FIRST, FIRST)
    assert account.settle(state_after(steps))[0] == FIRST
