"""What clients see of one key is what one server does that never ends, though it is killed."""

from pathlib import Path

import pytest

from tests.crash.histories import run_histories
from tests.crash.lives import Ground

HISTORIES = 10


@pytest.mark.parametrize("seed", [1, 2])
def test_histories_of_many_clients_with_kills_are_linearizable(folder: Path, seed: int) -> None:
    figures = run_histories(Ground(folder), seed, HISTORIES)
    print(figures)
    assert figures.histories == HISTORIES
    assert figures.operations > 50 * HISTORIES, "there was no load"
    assert figures.unanswered > 0, "no kill hit an operation under way"
