"""What was found, as a table on the terminal, a Markdown table and JSON; it measures nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.figures import ratios
from benchmarks.goals import RATIO, Verdict
from benchmarks.outcome import Outcome, Row

COLUMNS = (
    *("case", "row", "figure", "measured", "peer", "ratio", "noise", "busy", "p99 ms", "instructions", "cycles"),
    *("goal", "verdict"),
)
COUNTS = ("instructions", "cycles")
COLOURS = {Verdict.REACHED: "green", Verdict.MISSED: "red", Verdict.NO_GOAL: ""}
BUSY_MIN = 0.85
"""A server that used less of its core than this waited for the load generator, or another program had the core."""


@dataclass(frozen=True)
class Report:
    """A run with everything a reader needs to judge it."""

    date: datetime
    machine: dict[str, str]
    programs: dict[str, str]
    options: dict[str, str]
    outcome: Outcome

    def title(self) -> str:
        """One line that names the run."""
        return f"Benchmarks of {self.date:%Y-%m-%d %H:%M}, {self.programs['measured']}"


def number(value: float) -> str:
    """A figure with three digits that count, or all of them when it is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """A row as the texts of its columns."""
    unit = "" if row.unit == RATIO else f" {row.unit}"
    return (
        str(row.case),
        row.name,
        row.figure,
        number(median(row.ours)) + unit,
        f"{number(median(row.theirs))}{unit} ({row.peer})",
        f"{row.ratio:.2f}",
        f"{row.spread:.0%}",
        _busy(row),
        _latency(row),
        *(_count(row, figure) for figure in COUNTS),
        str(row.goal or ""),
        _verdict(row),
    )


def _verdict(row: Row) -> str:
    return f"{row.verdict.value}, within noise" if row.within_noise else row.verdict.value


def _busy(row: Row) -> str:
    shares = row.busy()
    if shares is None:
        return ""
    waited = " *" if min(shares) < BUSY_MIN else ""
    return f"{shares[0]:.0%}, {shares[1]:.0%}{waited}"


def _latency(row: Row) -> str:
    if "p99_ms" not in row.extra:
        return ""
    return f"{number(median(row.extra['p99_ms']['ours']))}, {number(median(row.extra['p99_ms']['theirs']))}"


def _count(row: Row, figure: str) -> str:
    if figure not in row.extra:
        return ""
    ours, theirs = row.extra[figure]["ours"], row.extra[figure]["theirs"]
    return f"{number(median(ours))}, {number(median(theirs))} ({median(ratios(ours, theirs)):.2f})"


def remarks(outcome: Outcome) -> Iterator[str]:
    """The sentences below the table."""
    if any(_busy(row).endswith("*") for row in outcome.rows):
        yield f"* a server used less than {BUSY_MIN:.0%} of its core: it waited for the load or shared the core"
    if outcome.not_there_yet:
        yield "not there yet: " + ", ".join(outcome.not_there_yet)
    for failure in outcome.failures:
        yield f"failed: {failure}"
    verdicts = [row.verdict for row in outcome.rows]
    missed = sum(row.within_noise for row in outcome.rows)
    within = f" ({missed} of them within noise: they may be reached on a quiet machine)" if missed else ""
    yield f"{verdicts.count(Verdict.REACHED)} goals reached, {verdicts.count(Verdict.MISSED)} missed{within}"


def table(report: Report) -> Table:
    """The table for a terminal."""
    found = Table(title=report.title())
    for column in COLUMNS:
        found.add_column(column, justify="right" if column in ("ratio", "noise") else "left", overflow="fold")
    for row in report.outcome.rows:
        found.add_row(*cells(row), style=COLOURS[row.verdict])
    return found


def markdown(report: Report) -> str:
    """The same as a document."""
    lines = [f"# {report.title()}", ""]
    for facts in (report.machine, report.programs, report.options):
        lines += ["; ".join(f"{name}: {value}" for name, value in facts.items() if value), ""]
    lines += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(cells(row)) for row in report.outcome.rows]
    lines += [""] + [f"- {remark}" for remark in remarks(report.outcome)]
    return "\n".join(lines) + "\n"


def _line(texts: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def as_json(report: Report) -> bytes:
    """Everything, every round included, for programs."""
    document = {
        "date": report.date.isoformat(timespec="seconds"),
        "machine": report.machine,
        "programs": report.programs,
        "options": report.options,
        "rows": [_row(row) for row in report.outcome.rows],
        "not_there_yet": report.outcome.not_there_yet,
        "failures": report.outcome.failures,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _row(row: Row) -> dict[str, object]:
    return {
        "case": row.case,
        "row": row.name,
        "figure": row.figure,
        "unit": row.unit,
        "peer": row.peer,
        "ours": row.ours,
        "theirs": row.theirs,
        "ratio": row.ratio,
        "spread": row.spread,
        "extra": row.extra,
        "goal": str(row.goal or ""),
        "verdict": row.verdict.value,
    }


def write(report: Report, folder: Path) -> list[Path]:
    """Keep a report as JSON and Markdown, named after its date."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{report.date:%Y-%m-%d-%H%M%S}"
    files = [folder / f"{stem}.json", folder / f"{stem}.md"]
    files[0].write_bytes(as_json(report))
    files[1].write_text(markdown(report))
    return files


def show(report: Report, console: Console) -> None:
    """Print the table and what is to be said about it."""
    console.print(table(report))
    for remark in remarks(report.outcome):
        console.print(remark, highlight=False)
