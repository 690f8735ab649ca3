"""Where large contents go when they are dropped, to be freed in slices. Knows nothing of what they were.

Freeing a million keys at once takes a tenth of a second in which nobody is served.
"""

from collections.abc import Sequence
from typing import Final


class Graveyard:
    """Parts nobody can reach any more; each is freed when it is let go of here."""

    def __init__(self) -> None:
        self._parts: Final[list[object]] = []

    def __len__(self) -> int:
        """Return how many parts wait."""
        return len(self._parts)

    def bury(self, parts: Sequence[object]) -> None:
        """Take the parts of a content."""
        self._parts.extend(parts)

    def free_some(self, most: int) -> bool:
        """Free up to `most` parts; return whether more are left."""
        del self._parts[max(len(self._parts) - most, 0) :]
        return bool(self._parts)
