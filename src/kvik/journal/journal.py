"""Where the engine says what happened. This journal keeps nothing: memory only."""

from mypy_extensions import mypyc_attr

from kvik.errors import ReplyError
from kvik.journal.files import WritingFile
from kvik.journal.level import LOWEST
from kvik.request import Request


@mypyc_attr(allow_interpreted_subclasses=True)
class JournalOwner:
    """Whom a journal tells what it cannot do itself. This one does nothing.

    May be called in the middle of a turn, except for `answers_released`
    and `durable_moved`: make a note, act afterwards.
    """

    def answers_released(self) -> None:
        """`released` has moved outside of `seal`, and answers wait for it."""

    def durable_moved(self) -> None:
        """More is on disk than when this was last said."""

    def needs_new_generation(self) -> None:
        """The file is lost: a new base and log must be made from memory; asked again each second until one is begun."""

    def journal_failed(self, reason: str) -> None:
        """Writes are refused from now on."""

    def journal_resumed(self) -> None:
        """Writes are accepted again."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Journal:
    """Takes what happened, in order, and says which turn's answers may leave.

    The porch seals the batch of a turn and holds its answers back until `released` has reached the
    sequence number `seal` returned. In memory nothing has to be waited for. `sequence` is the number
    of the last batch that was sealed: what is recorded now goes with the next.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.released = 0
        self.is_refusing = False
        self.needed = LOWEST
        """The level of what was recorded so far; see level.py."""
        self.owner = JournalOwner()

    def record(self, database: int, request: Request) -> None:
        """`request` was run in `database` and doing the same again has the same result."""

    def record_effect(self, database: int, words: list[bytes]) -> None:
        """Something happened in `database` that `words` repeat exactly."""

    def need(self, level: int) -> None:
        """What is recorded next needs this level."""
        self.needed = max(self.needed, level)

    def begin_group(self) -> None:
        """What is recorded until `end_group` is kept whole or not at all."""

    def end_group(self) -> None:
        pass

    def seal(self) -> int:
        """End the batch of this turn; return the sequence number its answers depend on."""
        return 0

    def forget(self) -> None:
        """What was recorded since the last batch has not happened: a command was cut short, nobody was answered.

        Memory is not what was kept then, so nothing more may be recorded: the directory has to be opened anew.
        """

    def refusal(self) -> ReplyError | None:
        """Return what a command that writes is answered while `is_refusing`."""
        return None

    def look_after(self) -> None:
        """Do what is due by time; to be called at least every 100 ms, between turns."""

    def set_policy(self, policy: str) -> None:
        """Promise from now on what the setting `appendfsync` says."""

    def want_sync(self) -> None:
        """Somebody waits for what has happened to be on disk, whatever the policy: once a second at the latest."""

    def synced(self, file: WritingFile, sequence: int) -> None:
        """A sync that was begun when batch `sequence` had been written to `file` has succeeded."""

    def sync_failed(self, file: WritingFile, error: OSError) -> None:
        """A sync of `file` has failed."""

    def close(self) -> bool:
        """Make durable what was recorded; return whether all of it is."""
        return True
