"""What a campaign has done and seen, to be added up."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Figures:
    """Counts; what ends in `_max` is the largest of its kind."""

    def add(self, more: "Figures") -> None:
        for field in fields(self):
            ours, theirs = getattr(self, field.name), getattr(more, field.name)
            setattr(self, field.name, max(ours, theirs) if field.name.endswith("_max") else ours + theirs)

    def facts(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        return ", ".join([f"{name.replace('_', ' ')} {_shown(value)}" for name, value in self.facts().items()])


def _shown(value: float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
