"""Goals, verdicts and rows: what counts as reached."""

from benchmarks.goals import (
    EXPIRY,
    GOALS,
    LATENESS,
    MEMORY,
    MILLION_SMALL,
    PROCESSOR,
    STALL,
    STALL_P99_OF_IDLE,
    START,
    THROUGHPUT,
    TIME,
    WHILE_GROWING,
    Verdict,
    goal_for,
)
from benchmarks.outcome import Outcome, Row


def row(case: int, name: str, figure: str, ours: list[float], theirs: list[float]) -> Row:
    return Row(case, name, figure, "", "redis-server", ours, theirs)


def test_every_goal_has_a_row_of_its_own() -> None:
    names = [(goal.case, goal.row, goal.figure) for goal in GOALS]
    assert len(set(names)) == len(names)


def test_throughput_at_the_goal_is_reached_and_below_it_is_missed() -> None:
    assert row(2, "GET", THROUGHPUT, [120.0] * 3, [100.0] * 3).verdict is Verdict.REACHED
    assert row(2, "GET", THROUGHPUT, [119.0] * 3, [100.0] * 3).verdict is Verdict.MISSED


def test_processor_time_above_that_of_the_peer_is_missed() -> None:
    assert row(1, "SET", PROCESSOR, [7.0] * 3, [7.0] * 3).verdict is Verdict.REACHED
    assert row(1, "SET", PROCESSOR, [7.1] * 3, [7.0] * 3).verdict is Verdict.MISSED


def test_memory_may_be_somewhat_more_than_that_of_the_peer() -> None:
    assert row(8, MILLION_SMALL, MEMORY, [170.0] * 3, [130.0] * 3).verdict is Verdict.REACHED
    assert row(8, MILLION_SMALL, MEMORY, [180.0] * 3, [130.0] * 3).verdict is Verdict.MISSED


def test_a_goal_in_milliseconds_does_not_look_at_the_peer() -> None:
    assert row(12, START, TIME, [249.0] * 3, [6.0] * 3).verdict is Verdict.REACHED
    assert row(12, START, TIME, [251.0] * 3, [6.0] * 3).verdict is Verdict.MISSED


def test_a_stall_is_held_against_the_peer_and_its_p99_against_the_own_rest() -> None:
    assert row(10, WHILE_GROWING, STALL, [30.0] * 3, [40.0] * 3).verdict is Verdict.REACHED
    assert row(10, WHILE_GROWING, STALL, [50.0] * 3, [40.0] * 3).verdict is Verdict.MISSED
    assert row(10, WHILE_GROWING, STALL_P99_OF_IDLE, [1.4] * 3, [0.9] * 3).verdict is Verdict.REACHED
    assert row(10, WHILE_GROWING, STALL_P99_OF_IDLE, [1.6] * 3, [9.0] * 3).verdict is Verdict.MISSED


def test_late_expiry_is_held_against_a_time_not_against_a_peer_that_is_later() -> None:
    assert row(11, EXPIRY, LATENESS, [101.0] * 3, [3000.0] * 3).verdict is Verdict.MISSED


def test_the_journal_has_the_goals_of_the_same_loads_without_it() -> None:
    for case, label in ((1, "unpipelined"), (2, "pipeline 16"), (3, "pipeline 100")):
        goals = [goal for goal in GOALS if goal.case == case]
        kept = [goal_for(4, f"{goal.row} {label}", goal.figure) for goal in goals]
        assert [goal.limit for goal in kept if goal] == [goal.limit for goal in goals]


def test_a_store_inside_a_program_has_a_goal_against_each_peer() -> None:
    limits = {goal.row: goal.limit for goal in GOALS if goal.case == 7}
    assert limits["GET in memory against diskcache"] == 25
    assert limits["SET in a folder against diskcache"] == 50
    assert limits["GET in a folder against redis-py"] == 50
    assert len(limits) == 8


def test_the_median_of_the_rounds_decides_not_their_mean() -> None:
    outlier = row(1, "GET", THROUGHPUT, [10.0, 101.0, 102.0], [100.0, 100.0, 100.0])
    assert outlier.ratio == 1.01
    assert outlier.verdict is Verdict.REACHED


def test_the_ratio_is_the_median_of_ratios_so_a_slow_round_of_both_does_not_count() -> None:
    slowed = row(1, "GET", THROUGHPUT, [400.0, 100.0, 50.0], [200.0, 100.0, 50.0])
    assert slowed.ratio == 1.0


def test_a_miss_is_within_noise_when_the_true_median_may_reach_the_goal_and_still_a_miss() -> None:
    close = row(1, "GET", THROUGHPUT, [99.0, 98.0, 101.0], [100.0] * 3)
    assert (close.verdict, close.within_noise) == (Verdict.MISSED, True)
    lucky = row(1, "GET", THROUGHPUT, [90.0] * 10 + [110.0], [100.0] * 11)
    assert (lucky.verdict, lucky.within_noise) == (Verdict.MISSED, False)
    clear = row(1, "GET", THROUGHPUT, [80.0, 81.0, 82.0], [100.0] * 3)
    assert (clear.verdict, clear.within_noise) == (Verdict.MISSED, False)


def test_a_row_without_a_goal_is_for_information() -> None:
    assert goal_for(2, "SET", PROCESSOR) is None
    assert row(2, "SET", PROCESSOR, [9.0] * 3, [1.0] * 3).verdict is Verdict.NO_GOAL


def test_missed_rows_are_collected() -> None:
    outcome = Outcome()
    reached, missed = (row(2, "GET", THROUGHPUT, [rate] * 3, [100.0] * 3) for rate in (130.0, 90.0))
    outcome.add(reached, missed)
    assert outcome.missed() == [missed]


def test_goals_read_as_in_the_table_of_goals() -> None:
    assert str(goal_for(2, "SET", THROUGHPUT)) == ">= 1.2"
    assert str(goal_for(12, START, TIME)) == "<= 250 ms"
    assert str(goal_for(10, WHILE_GROWING, STALL_P99_OF_IDLE)) == "<= 1.5 x idle"
