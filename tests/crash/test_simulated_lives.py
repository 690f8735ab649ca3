"""Simulated kills and power cuts, each in the middle of an operation, over many lives of one disk."""

import pytest

from tests.crash.simulated_lives import run_simulated
from tests.journal.compacting import DIRECTORY, Building
from tests.journal.simulated import SimulatedFiles

ENDS = 500


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_simulated_end_leaves_is_what_was_promised(seed: int) -> None:
    figures = run_simulated(seed, ENDS)
    print(figures)
    assert figures.kills + figures.power_cuts == ENDS
    assert min(figures.while_starting, figures.while_compacting, figures.torn_ends, figures.acknowledged_and_lost) > 0
    assert figures.acknowledged_batches > ENDS


def test_a_log_that_a_power_cut_has_left_empty_is_passed_over_by_every_later_start() -> None:
    first = Building(SimulatedFiles(), slow=True)
    first.compaction.want()
    for _ in range(3):
        first.round()
        first.worker.wait()
    assert isinstance(first.files, SimulatedFiles)
    files = first.files
    assert first.journal.is_rotating()
    for name, content in (("appendonly.aof.1.incr.aof", b""), ("appendonly.aof.2.incr.aof", b"")):
        files.put(f"{DIRECTORY}/appendonlydir/{name}", content)
    files.kill()
    second = Building(files)
    second.run("SET a 1", "SET b 2")
    files.kill()
    third = Building(files)
    assert third.data() == second.data()
    third.run("SET c 3")
    third.compact()
    files.kill()
    assert set(Building(files).data()) == {(0, b"a"), (0, b"b"), (0, b"c")}
