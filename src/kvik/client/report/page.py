"""A page about one load run or several, complete in itself: no script, nothing from elsewhere."""

from collections.abc import Iterable, Sequence
from html import escape

from kvik.client.report.chart import Curve, latency_chart, legend, throughput_chart
from kvik.client.report.outcome import Outcome
from kvik.client.report.page_style import STYLE
from kvik.client.report.units import shown_count, shown_ms, shown_rate, shown_ratio

BEGINNINGS = {False: "From sending", True: "From sending, in an open loop from the moment a request is due,"}
"""Where a latency begins, without an open loop and with one."""
COLUMNS = ("throughput", "mean", "p50", "p90", "p99", "p99.9", "max")


def page(outcomes: Sequence[Outcome], labels: Sequence[str]) -> str:
    """Return the page as HTML."""
    runs = list(zip(labels, outcomes, strict=True))
    title = outcomes[0].server.title() if len(runs) == 1 else " and ".join(labels)
    parts = [heading(outcomes[0]) if len(runs) == 1 else heading_of_several(runs)]
    if len(runs) == 1:
        parts += [headline(outcomes[0]), remarks(outcomes[0])]
    latency = latency_chart([Curve(label, outcome.curve()) for label, outcome in runs])
    seconds = max(outcome.seconds for outcome in outcomes)
    throughput = throughput_chart([Curve(label, outcome.series) for label, outcome in runs], seconds)
    names = legend(labels)
    parts += [
        section(
            "Latency by percentile",
            names + latency,
            f"{BEGINNINGS[any(outcome.plan.rate for outcome in outcomes)]} to the complete reply, seen from the client."
            " At 99 % one request in a hundred took longer.",
        ),
        section("Throughput over time", names + throughput, "Requests answered in a second."),
        section("Figures", table(runs)),
        *[details(label if len(runs) > 1 else "How it was measured", outcome) for label, outcome in runs],
    ]
    body = "\n".join([part for part in parts if part])
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>kvik bench: {escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def section(title: str, content: str, explanation: str = "") -> str:
    text = f"<p>{escape(explanation)}</p>" if explanation else ""
    return f"<section><h2>{escape(title)}</h2>{text}{content}</section>"


def heading(outcome: Outcome) -> str:
    plan, server = outcome.plan, outcome.server
    crowd = "one caller" if plan.is_embedded else f"{shown_count(plan.clients, 'client')}, pipeline {plan.pipeline}"
    return (
        f"<header><h1>{escape(server.title())}<small>{escape(server.place)}</small></h1>"
        f"<p>{escape(plan.workload())} · {crowd} · {plan.keyspace:,} keys, {plan.distribution()} · "
        f"values of {plan.value_size()}</p><p>{shown_count(outcome.requests, 'request')} in {outcome.seconds:.2f} s · "
        f"{escape(outcome.moment)}</p></header>"
    )


def heading_of_several(runs: Sequence[tuple[str, Outcome]]) -> str:
    names = " · ".join(f"{label}: {outcome.server.title()}" for label, outcome in runs)
    return f"<header><h1>{len(runs)} runs side by side</h1><p>{escape(names)}</p></header>"


def headline(outcome: Outcome) -> str:
    """Return the six figures that everybody looks for first."""
    latency = outcome.latency_ms
    tiles = [("requests a second", f"{outcome.throughput:,.0f}")] + [
        (name, shown_ms(value))
        for name, value in (
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p99", latency.p99),
            ("p99.9", latency.p999),
            ("longest", latency.max),
        )
    ]
    return f'<section class="figures">{"".join([f"<div><span>{n}</span><b>{v}</b></div>" for n, v in tiles])}</section>'


def remarks(outcome: Outcome) -> str:
    """Return what went wrong, and what to know before believing the figures; empty where there is nothing."""
    lines = [f'<p class="bad">{escape(code)}: {shown_count(times, "error")}</p>' for code, times in failed(outcome)]
    lines += [f'<p class="note">Note: {escape(note)}.</p>' for note in outcome.notes()]
    return f"<section>{''.join(lines)}</section>" if lines else ""


def failed(outcome: Outcome) -> list[tuple[str, int]]:
    return [*outcome.errors.items(), *[(f"no reply, {reason}", times) for reason, times in outcome.lost.items()]]


def table(runs: Sequence[tuple[str, Outcome]]) -> str:
    """Return every figure; of several runs also what each is beside the first."""
    first = row_values(runs[0][1])
    rows = [row(label, shown_row(row_values(outcome))) for label, outcome in runs]
    for label, outcome in runs[1:]:
        ratios = [shown_ratio(value, other) for value, other in zip(row_values(outcome), first, strict=True)]
        rows.append(row(f"{label} / {runs[0][0]}", ratios, "ratio"))
    head = "".join([f'<th scope="col">{name}</th>' for name in ("run", *COLUMNS)])
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def row_values(outcome: Outcome) -> list[float]:
    latency = outcome.latency_ms
    figures = [latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max]
    return [outcome.throughput, *figures]


def shown_row(values: Sequence[float]) -> list[str]:
    return [shown_rate(values[0]), *[shown_ms(value) for value in values[1:]]]


def row(name: str, cells: Iterable[str], kind: str = "") -> str:
    mark = f' class="{kind}"' if kind else ""
    return f'<tr{mark}><th scope="row">{escape(name)}</th>{"".join([f"<td>{cell}</td>" for cell in cells])}</tr>'


def details(title: str, outcome: Outcome) -> str:
    """Return everything that is needed to run it again."""
    plan, machine = outcome.plan, outcome.machine
    facts = {
        "server": f"{outcome.server.title()} at {outcome.server.place}",
        "persistence": outcome.server.persistence,
        "requests": plan.workload(),
        "keys": f"{plan.keyspace:,}, {plan.distribution()}; seed {plan.seed}",
        "values": plan.value_size(),
        "timing": "one call after the other" if plan.is_embedded else plan.loop(),
        "warm-up": f"{plan.warm_up_seconds:g} s" if plan.warm_up_seconds else "",
        "load": f"kvik {machine.kvik}, {shown_count(plan.processes, 'process', 'es')}, busy {outcome.busy:.0%}",
        "null replies": f"{outcome.missing:,}" if outcome.missing else "",
        "machine": f"{machine.processor}, {shown_count(machine.cores, 'core')}",
        "system": f"{machine.system}, {machine.python}",
        "when": outcome.moment,
    }
    listed = "".join([f"<dt>{name}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items() if fact])
    return section(title, f"<pre><code>{escape(outcome.command_line)}</code></pre><dl>{listed}</dl>")
