"""What `kvik bench` shows on a terminal: a line while it runs, tables at the end."""

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kvik.client.load.crew import Board, Sample, Watch
from kvik.client.load.histogram import Histogram
from kvik.client.load.plan import Plan
from kvik.client.report.outcome import Outcome
from kvik.client.report.units import shown_count, shown_ms, shown_rate, shown_ratio

SECOND_NS = 1_000_000_000
BAR_CELLS = 28
FIGURES: dict[str, Callable[[Outcome], float]] = {
    "p50": lambda outcome: outcome.latency_ms.p50,
    "p90": lambda outcome: outcome.latency_ms.p90,
    "p99": lambda outcome: outcome.latency_ms.p99,
    "p99.9": lambda outcome: outcome.latency_ms.p999,
    "max": lambda outcome: outcome.latency_ms.max,
}


class Screen(Watch):
    """One line a second where somebody looks: how far, how fast, and p99 so far."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._is_shown = console.is_terminal
        self._last = Sample(0, 0)

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def look(self, sample: Sample, boards: Sequence[Board]) -> None:
        if not self._is_shown or sample.moment - self._last.moment < SECOND_NS:
            return
        if not self._live.is_started:
            # Not before the load processes are forked: a terminal that is drawn on has a lock.
            self._live.start()
        histogram = Histogram()
        for board in boards:
            histogram.merge(board.seen())
        rate = (sample.done - self._last.done) / (sample.moment - self._last.moment) * SECOND_NS
        self._live.update(self._line(sample, rate, histogram.at(99) / 1e6), refresh=True)
        self._last = sample

    def _line(self, sample: Sample, rate: float, p99_ms: float) -> Table:
        line = Table.grid(padding=(0, 2))
        share = self._share(sample)
        line.add_row(
            ProgressBar(100, share * 100, width=BAR_CELLS),
            f"{share:4.0%}",
            Text.assemble((f"{shown_rate(rate)}", "bold")),
            f"p99 {shown_ms(p99_ms)}",
            Text(f"{sample.done:,} requests", "dim"),
        )
        return line

    def _share(self, sample: Sample) -> float:
        plan = self._plan
        by_time = sample.moment / SECOND_NS / plan.seconds if plan.seconds else 0.0
        by_number = sample.done / plan.requests if plan.requests else 0.0
        return min(1.0, max(by_time, by_number))


def show_outcome(outcome: Outcome, console: Console) -> None:
    """Show one run."""
    console.print(heading(outcome))
    table = figures_table()
    table.add_row(*figures(outcome))
    console.print(table)
    show_failures(outcome, console)


def show_comparison(outcomes: Sequence[Outcome], labels: Sequence[str], console: Console) -> None:
    """Show runs side by side, each with what it is beside the first."""
    table = figures_table("run")
    for outcome, label in zip(outcomes, labels, strict=True):
        table.add_row(label, *figures(outcome))
    for outcome, label in zip(outcomes[1:], labels[1:], strict=True):
        first = outcomes[0]
        ratios = [shown_ratio(figure(outcome), figure(first)) for figure in FIGURES.values()]
        throughput = shown_ratio(outcome.throughput, first.throughput)
        table.add_row(f"{label} / {labels[0]}", throughput, *ratios, style="dim")
    console.print(table)


def heading(outcome: Outcome) -> Text:
    plan, server = outcome.plan, outcome.server
    crowd = "1 caller" if plan.is_embedded else f"{shown_count(plan.clients, 'client')}, pipeline {plan.pipeline}"
    keys = f"{plan.keyspace:,} keys ({plan.distribution()}), values of {plan.value_size()}, seed {plan.seed}"
    loop = "one call after the other" if plan.is_embedded else plan.loop()
    took = f"{shown_count(outcome.requests, 'request')} in {outcome.seconds:.2f} s"
    return Text.assemble(
        (server.title(), "bold"),
        (f"  {server.place}\n", "dim"),
        f"{plan.workload()} · {keys}\n{crowd}, {shown_count(plan.processes, 'load process', 'es')} · {took}\n{loop}",
    )


def figures_table(first: str = "") -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    if first:
        table.add_column(first, no_wrap=True)
    for name in ("throughput", *FIGURES):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def figures(outcome: Outcome) -> list[str]:
    return [shown_rate(outcome.throughput), *[shown_ms(figure(outcome)) for figure in FIGURES.values()]]


def show_failures(outcome: Outcome, console: Console) -> None:
    for code, times in outcome.errors.items():
        console.print(Text(f"{code}: {shown_count(times, 'error')}", "bold red"))
    for reason, times in outcome.lost.items():
        console.print(Text(f"{shown_count(times, 'request')} without a reply: {reason}", "bold red"))
    if outcome.missing:
        share = outcome.missing / max(outcome.requests, 1)
        console.print(Text(f"{share:.1%} of the replies were null", "dim"))
    for note in outcome.notes():
        console.print(Text(f"note: {note}", "yellow"))
