"""Who makes a file durable, and tells the journal when that is done. Knows neither batches nor threads."""

from errno import EIO
from typing import Final

from mypy_extensions import mypyc_attr

from kvik.journal.files import WritingFile
from kvik.journal.journal import Journal


@mypyc_attr(allow_interpreted_subclasses=True)
class Syncer:
    """Syncs one file at a time: a journal begins the next one when it has been told the end of the last."""

    def start(self, journal: Journal, file: WritingFile, sequence: int) -> None:
        """Begin to sync; the end is told by `journal.synced` or `journal.sync_failed`, once."""
        raise NotImplementedError

    def wait(self) -> None:
        """Return when the end of what was started has been told."""

    def close(self) -> None:
        """Nothing will be started any more."""


class InlineSyncer(Syncer):
    """Syncs at once, while everybody waits: for a program that has the database to itself."""

    def start(self, journal: Journal, file: WritingFile, sequence: int) -> None:
        try:
            file.sync()
        except OSError as error:
            journal.sync_failed(file, error)
        else:
            journal.synced(file, sequence)


class SyncOrder:
    """One sync that was asked for, for who has it run elsewhere: `run` touches only the file, `tell` the journal."""

    def __init__(self, journal: Journal, file: WritingFile, sequence: int) -> None:
        self.journal: Final = journal
        self.file: Final = file
        self.sequence: Final = sequence
        self.error: OSError | None = None

    def run(self) -> None:
        try:
            self.file.sync()
        except OSError as error:
            self.error = error
        except Exception as error:
            # Whatever it was, nothing is known to be durable; and a thread that ended here would be waited for.
            self.error = OSError(EIO, f"the sync broke off: {error!r}")

    def tell(self) -> None:
        if self.error is None:
            self.journal.synced(self.file, self.sequence)
        else:
            self.journal.sync_failed(self.file, self.error)
