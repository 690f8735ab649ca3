"""Who makes a file durable, and tells the journal when that is done. Knows neither batches nor threads."""

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
