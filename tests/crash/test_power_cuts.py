"""After a power cut there is everything that `always` has acknowledged, and all but two seconds of `everysec`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.histories import run_histories
from tests.crash.lives import LOSS_SECONDS_MAX, run_lives
from tests.crash.power import NotPossibleHere, PowerCuts, power_cuts

CUTS = 8


@contextmanager
def ground(folder: Path, policy: str) -> Iterator[PowerCuts]:
    """Where it is not possible the test is skipped with the reason."""
    try:
        with power_cuts(folder, policy) as possible:
            yield possible
    except NotPossibleHere as error:
        pytest.skip(str(error))


def test_nothing_that_always_acknowledged_is_lost_by_a_power_cut(folder: Path) -> None:
    with ground(folder, "always") as where:
        figures = run_lives(where, 1, CUTS)
        print(figures)
    assert figures.ends == CUTS
    assert figures.acknowledged_and_lost == 0
    assert figures.acknowledged > 10 * CUTS, "there was no load"


def test_everysec_loses_two_seconds_at_most_by_a_power_cut(folder: Path) -> None:
    with ground(folder, "everysec") as where:
        figures = run_lives(where, 1, CUTS, 1.5)
        print(figures)
    assert figures.ends == CUTS
    assert figures.acknowledged_and_lost > 0, "the power was not really cut"
    assert figures.lost_seconds_before_the_end_max <= LOSS_SECONDS_MAX


def test_nobody_sees_with_always_what_a_power_cut_can_undo(folder: Path) -> None:
    with ground(folder, "always") as where:
        figures = run_histories(where, 1, CUTS // 2)
        print(figures)
    assert figures.unanswered > 0, "no cut hit an operation under way"
