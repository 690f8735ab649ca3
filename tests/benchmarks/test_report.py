"""The table and the files a run leaves behind."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from benchmarks.cases.growth import growth_rows
from benchmarks.cases.throughput import rows_of
from benchmarks.goals import GET_OVER_KEYS, PROCESSOR, THROUGHPUT, Verdict
from benchmarks.load import Measured
from benchmarks.outcome import Outcome, Row
from benchmarks.report import Report, cells, markdown, number, write


def rounds(rate: float, processor_us: float, busy: float) -> list[Measured]:
    return [Measured(rate, processor_us, busy, 0.5, 1.5)] * 3


def report_of(outcome: Outcome) -> Report:
    programs = {"measured": "kvik 0.1 (compiled)", "peer": "redis-server 7.0.15"}
    return Report(
        datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC), {"kernel": "Linux 6"}, programs, {"rounds": "3"}, outcome
    )


def test_a_load_becomes_a_row_of_throughput_and_one_of_processor_time() -> None:
    throughput, processor = rows_of(2, "GET", "redis-server", rounds(130.0, 0.5, 0.97), rounds(100.0, 1.0, 0.99))
    assert (throughput.figure, throughput.ratio, throughput.busy()) == (THROUGHPUT, 1.3, (0.97, 0.99))
    assert (processor.figure, processor.ratio, processor.busy()) == (PROCESSOR, 0.5, None)


def test_a_server_that_waited_for_the_load_is_marked() -> None:
    waited, _ = rows_of(2, "GET", "redis-server", rounds(130.0, 0.5, 0.6), rounds(100.0, 1.0, 0.99))
    assert "60%, 99% *" in cells(waited)
    assert "used less than" in markdown(report_of(Outcome([waited])))


def test_instructions_and_cycles_stand_beside_processor_time_with_their_ratio() -> None:
    ours, theirs = [Measured(1, 1, 1, 1, 1, 900.0, 300.0)] * 3, [Measured(1, 1, 1, 1, 1, 1800.0, 200.0)] * 3
    _, processor = rows_of(1, "GET", "redis-server", ours, theirs)
    assert "900, 1,800 (0.50)" in cells(processor)
    assert "300, 200 (1.50)" in cells(processor)


def test_without_perf_there_are_no_instructions_to_show() -> None:
    counted, uncounted = [Measured(1, 1, 1, 1, 1, 900.0, 300.0)] * 3, rounds(1, 1, 1)
    _, processor = rows_of(1, "GET", "redis-server", counted, uncounted)
    assert processor.extra == {}


def test_a_curve_as_steep_as_the_peers_reaches_its_goal_although_both_grow() -> None:
    points = []
    for size, rate in ((1_000, 400.0), (1_000_000, 100.0)):
        throughput, processor = rows_of(13, f"{size}", "redis-server", rounds(rate, 1, 1), rounds(rate * 2, 1, 1))
        points.append((size, throughput, processor))
    taken, spent = growth_rows(GET_OVER_KEYS, points)
    assert (round(taken.ours[0], 6), round(taken.ratio, 6), taken.verdict) == (4.0, 1.0, Verdict.REACHED)
    assert spent.verdict is Verdict.NO_GOAL


def test_figures_have_three_digits_or_all_of_their_thousands() -> None:
    assert [number(value) for value in (1234567.8, 0.31847, 12.34)] == ["1,234,568", "0.318", "12.3"]


def test_what_is_not_there_yet_and_what_failed_stands_below_the_table() -> None:
    text = markdown(report_of(Outcome([], ["case 3: ZADD"], ["case 6: no end"])))
    assert "- not there yet: case 3: ZADD" in text
    assert "- failed: case 6: no end" in text


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    text = markdown(report_of(Outcome([Row(1, "a|b", THROUGHPUT, "", "peer", [1.0], [1.0])])))
    assert "a\\|b" in text


def test_a_report_is_kept_as_json_with_every_round_and_as_markdown(tmp_path: Path) -> None:
    found = report_of(Outcome([Row(1, "GET", THROUGHPUT, "1/s", "redis-server", [1.0, 2.0, 3.0], [1.0, 1.0, 1.0])]))
    kept, table = write(found, tmp_path / "results")
    document = msgspec.json.decode(kept.read_bytes())
    assert (kept.name, document["rows"][0]["ours"]) == ("2026-11-20-120005.json", [1.0, 2.0, 3.0])
    assert document["rows"][0]["verdict"] == "reached"
    assert "| 1 | GET | throughput | 2 1/s |" in table.read_text()
