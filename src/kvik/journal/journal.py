"""Where the engine says what happened. This journal keeps nothing: memory only."""

from mypy_extensions import mypyc_attr

from kvik.request import Request


@mypyc_attr(allow_interpreted_subclasses=True)
class Journal:
    """Takes what happened, in order, and says which turn's answers may leave.

    The porch seals the batch of a turn and holds its answers back until `released` has reached the
    sequence number `seal` returned. In memory nothing has to be waited for.
    """

    def __init__(self) -> None:
        self.released = 0

    def record(self, database: int, request: Request) -> None:
        """`request` was run in `database` and doing the same again has the same result."""

    def record_effect(self, database: int, words: list[bytes]) -> None:
        """Something happened in `database` that `words` repeat exactly."""

    def begin_group(self) -> None:
        """What is recorded until `end_group` is kept whole or not at all."""

    def end_group(self) -> None:
        pass

    def seal(self) -> int:
        """End the batch of this turn; return its sequence number."""
        return 0
