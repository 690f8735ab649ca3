"""Simulated kills and power cuts, each in the middle of an operation, over many lives of one disk."""

import pytest

from tests.crash.simulated_lives import run_simulated

ENDS = 150


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_simulated_end_leaves_is_what_was_promised(seed: int) -> None:
    figures = run_simulated(seed, ENDS)
    print(figures)
    assert figures.kills + figures.power_cuts == ENDS
    assert min(figures.while_starting, figures.while_compacting, figures.torn_ends, figures.acknowledged_and_lost) > 0
    assert figures.acknowledged_batches > ENDS
