"""A server that is killed under load has, when it is started again, everything it has acknowledged."""

from pathlib import Path

import pytest

from tests.crash.lives import Ground, run_lives

KILLS = 50


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_acknowledged_is_there_after_kill_9_under_load(folder: Path, seed: int) -> None:
    figures = run_lives(Ground(folder), seed, KILLS)
    print(figures)
    assert figures.ends == KILLS
    assert figures.acknowledged_and_lost == 0
    assert figures.acknowledged > KILLS, "there was no load"
    assert figures.while_compacting > 0, "no compaction was running"
