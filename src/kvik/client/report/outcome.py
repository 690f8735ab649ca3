"""What a load run has shown, as one record that is written as JSON and read again. Knows no terminal and no page."""

import json
import math

import msgspec

from kvik.client.load.crew import Report, Result, Sample
from kvik.client.load.histogram import Histogram, histogram_of
from kvik.client.load.plan import Plan
from kvik.client.report.surroundings import Machine, Server

FORMAT = "kvik bench 1"
PERCENTS = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9}
SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000
POINTS_MAX = 120
STEPS_PER_NINE = 12
NINES_MAX = 6
BUSY = 0.9
REACHED = 0.99
"""A rate is reached where the throughput is that share of it."""


class OutcomeError(ValueError):
    """A file that holds no outcome; the message says what is wrong with it."""


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds that so many per cent of the requests did not exceed."""

    mean: float
    min: float
    p50: float
    p90: float
    p99: float
    p999: float = msgspec.field(name="p99.9")
    max: float


class Counted(msgspec.Struct, frozen=True):
    """A histogram: which counters are not zero, see `load/histogram.py`."""

    sum_ns: int
    shortest_ns: int
    longest_ns: int
    counters: list[tuple[int, int]]


class Outcome(msgspec.Struct, frozen=True):
    """One run. `series` is seconds and requests a second, `missing` how many replies were null."""

    format: str
    moment: str
    command_line: str
    plan: Plan
    server: Server
    machine: Machine
    requests: int
    seconds: float
    throughput: float
    latency_ms: Latency
    series: list[tuple[float, float]]
    errors: dict[str, int]
    lost: dict[str, int]
    missing: int
    unsent: int
    is_interrupted: bool
    busy: float
    """The share of the time that the load processes needed the processor, waiting in an open loop included."""
    histogram: Counted

    def has_failed(self) -> bool:
        """Return whether any request failed."""
        return bool(self.errors or self.lost or not self.requests)

    def failures(self) -> int:
        return sum(self.errors.values()) + sum(self.lost.values())

    def curve(self) -> list[tuple[float, float]]:
        """Return points (nines, ms): at one nine 90 per cent were quicker, at two 99, and so on."""
        counted = self.histogram
        histogram = histogram_of(counted.counters, counted.sum_ns, counted.shortest_ns, counted.longest_ns)
        last = min(NINES_MAX, math.log10(max(histogram.total, 10)))
        nines = [step / STEPS_PER_NINE for step in range(int(last * STEPS_PER_NINE) + 1)]
        found = histogram.at_all([100 * (1 - 10**-nine) for nine in nines])
        return [(nine, value / MILLISECOND_NS) for nine, value in zip(nines, found, strict=True)]

    def notes(self) -> list[str]:
        """Return what a reader has to know before believing the figures."""
        notes = []
        if self.is_interrupted:
            notes.append("interrupted: these are the requests answered until then")
        if self.busy > BUSY and not self.plan.rate and not self.plan.is_embedded:
            notes.append(
                f"the load processes were busy {self.busy:.0%} of the time and may have been the limit:"
                f" try --processes {self.plan.processes + 1}"
            )
        if self.plan.rate and not self.is_interrupted and self.throughput < REACHED * self.plan.rate:
            notes.append(f"the rate of {self.plan.rate:,.0f} requests/s was not reached")
        if self.unsent:
            notes.append(f"{self.unsent:,} requests were due and never sent: their latencies are missing")
        return notes


def outcome_of(result: Result, plan: Plan, server: Server, machine: Machine, moment: str, command_line: str) -> Outcome:
    """Return the record of what a crew has measured."""
    reports = result.reports
    started = min(report.started for report in reports)
    seconds = max(max(report.ended for report in reports) - started, 1) / SECOND_NS
    histogram = result.histogram
    return Outcome(
        FORMAT,
        moment,
        command_line,
        plan,
        server,
        machine,
        int(histogram.total),
        round(seconds, 6),
        round(int(histogram.total) / seconds, 2),
        latency_of(histogram),
        rates([sample for sample in result.samples if sample.moment <= seconds * SECOND_NS], histogram, seconds),
        added([report.errors for report in reports]),
        added([report.lost for report in reports]),
        sum(report.missing for report in reports),
        sum(report.unsent for report in reports),
        result.is_interrupted,
        busy_share(reports),
        counted(histogram),
    )


def latency_of(histogram: Histogram) -> Latency:
    values = [value / MILLISECOND_NS for value in histogram.at_all(list(PERCENTS.values()))]
    mean = round(histogram.mean() / MILLISECOND_NS, 6)
    p50, p90, p99, p999 = values
    return Latency(mean, histogram.shortest / MILLISECOND_NS, p50, p90, p99, p999, histogram.longest / MILLISECOND_NS)


def counted(histogram: Histogram) -> Counted:
    return Counted(int(histogram.sum), int(histogram.shortest), int(histogram.longest), histogram.counted())


def busy_share(reports: list[Report]) -> float:
    taken = sum(report.taken_ns for report in reports)
    return round(sum(report.busy_ns for report in reports) / taken, 3) if taken else 0.0


def added(counts: list[dict[str, int]]) -> dict[str, int]:
    """Return the sums by name, the largest first."""
    together: dict[str, int] = {}
    for count in counts:
        for name, times in count.items():
            together[name] = together.get(name, 0) + times
    return dict(sorted(together.items(), key=lambda item: -item[1]))


def rates(samples: list[Sample], histogram: Histogram, seconds: float) -> list[tuple[float, float]]:
    """Return the middle of each stretch of time in seconds, and its requests a second; POINTS_MAX at the most."""
    samples = [sample for sample in samples if sample.moment / SECOND_NS < seconds * 0.98]
    step = max(1, len(samples) // POINTS_MAX)
    marks = [(sample.moment / SECOND_NS, sample.done) for sample in samples[step::step]]
    marks = [(0.0, 0), *marks, (seconds, int(histogram.total))]
    return [
        (round((before + after) / 2, 3), round((done - was) / (after - before), 1))
        for (before, was), (after, done) in zip(marks, marks[1:], strict=False)
        if after > before
    ]


def as_json(outcome: Outcome) -> str:
    """Return an outcome as text, indented but for its long rows of numbers."""
    plain = msgspec.to_builtins(outcome)
    rows = {name: plain[name] for name in ("series",)} | {"counters": plain["histogram"].pop("counters")}
    del plain["series"]
    text = json.dumps(plain, indent=2)
    tail = f',\n  "series": {json.dumps(rows["series"])},\n  "counters": {json.dumps(rows["counters"])}\n}}\n'
    return text.removesuffix("\n}") + tail


def read_outcome(path: str) -> Outcome:
    """Return the outcome in a file. Raises OutcomeError, OSError."""
    with open(path, "rb") as stream:
        data = stream.read()
    try:
        plain = msgspec.json.decode(data)
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise OutcomeError(f"{path} is no file that kvik bench --json wrote")
        plain["histogram"]["counters"] = plain.pop("counters")
        outcome = msgspec.convert(plain, Outcome)
        outcome.curve()
        return outcome
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, OutcomeError):
            raise
        raise OutcomeError(f"{path} is not what kvik bench --json writes: {error}") from None
