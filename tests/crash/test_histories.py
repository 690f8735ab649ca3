"""What clients see of one key is what one server does that never ends, though it is killed."""

from pathlib import Path

import pytest

from tests.crash.histories import run_histories
from tests.crash.lives import Ground
from tests.journal.desks import NEXT, Desk

HISTORIES = 10


@pytest.mark.parametrize("seed", [1, 2])
def test_histories_of_many_clients_with_kills_are_linearizable(folder: Path, seed: int) -> None:
    figures = run_histories(Ground(folder), seed, HISTORIES)
    print(figures)
    assert figures.histories == HISTORIES
    assert figures.operations > 50 * HISTORIES, "there was no load"
    assert figures.unanswered > 0, "no kill hit an operation under way"


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_an_answer_that_has_seen_a_write_that_is_held_back_waits_for_it(policy: str) -> None:
    desk = Desk(policy)
    desk.turn("SET a 1")
    assert desk.journal.rotate(desk.files.create(NEXT)) == 1
    held = desk.turn("SET a 2")
    assert held > desk.journal.written, "nothing goes to the new log before the old one is durable"
    assert desk.turn() == held, "what was only read is 2, which a kill would undo"
    for _ in range(3):
        desk.syncer.wait()
    assert desk.journal.released >= held
