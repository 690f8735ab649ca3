"""What one run found: its rows, what was not there yet and what failed; it knows neither terminal nor file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.figures import interval, ratios, spread
from benchmarks.goals import RATIO, Goal, Verdict, goal_for

Extra = dict[str, list[float]]


@dataclass(frozen=True)
class Row:
    """One figure of both servers: medians, and the ratio as the median of the rounds' own ratios."""

    case: int
    name: str
    figure: str
    unit: str
    peer: str
    ours: list[float]
    theirs: list[float]
    extra: dict[str, Extra] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """Ours divided by theirs, one per round."""
        return ratios(self.ours, self.theirs)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: the figure that is held against the goal."""
        return median(self.ratios)

    @property
    def spread(self) -> float:
        """The noise of this row: how far its rounds' ratios lie apart."""
        return spread(self.ratios)

    @property
    def goal(self) -> Goal | None:
        """What this row is held against."""
        return goal_for(self.case, self.name, self.figure)

    @property
    def verdict(self) -> Verdict:
        """Reached, missed, or nothing when the row is for information."""
        goal = self.goal
        return goal.verdict(self.ratio, median(self.ours)) if goal else Verdict.NO_GOAL

    @property
    def within_noise(self) -> bool:
        """Whether a goal is missed by so little that the true median may reach it."""
        goal = self.goal
        if goal is None or self.verdict is not Verdict.MISSED:
            return False
        ends = interval(self.ratios if goal.unit == RATIO else self.ours)
        return any(goal.verdict(end, end) is Verdict.REACHED for end in ends)

    def busy(self) -> tuple[float, float] | None:
        """The share of its core each server used; much below 1 means that the load generator was the limit."""
        if "busy" not in self.extra:
            return None
        return median(self.extra["busy"]["ours"]), median(self.extra["busy"]["theirs"])


@dataclass
class Outcome:
    """Everything a run found, in the order it was measured."""

    rows: list[Row] = field(default_factory=list)
    not_there_yet: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, *rows: Row) -> None:
        """Keep rows that were measured."""
        self.rows.extend(rows)

    def missed(self) -> Sequence[Row]:
        """The rows whose goal is missed."""
        return [row for row in self.rows if row.verdict is Verdict.MISSED]
