"""Work on files that takes its time, done off the loop. Knows neither threads nor what the work is for."""

from errno import EIO

from mypy_extensions import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class Job:
    """One piece of work: `is_done` when it has ended, `error` where it failed. It touches nothing the loop uses."""

    def __init__(self) -> None:
        self.is_done = False
        self.error: OSError | None = None

    def work(self) -> None:
        """Do it. Raises OSError."""
        raise NotImplementedError

    def run(self) -> None:
        """Do it and note how it ended; for the worker."""
        try:
            self.work()
        except OSError as error:
            self.error = error
        except Exception as error:
            # A job that is never done would be waited for.
            self.error = OSError(EIO, f"the work broke off: {error!r}")
        self.is_done = True


@mypyc_attr(allow_interpreted_subclasses=True)
class Worker:
    """Does one job at a time. Whoever asked for it looks at `is_done`: it should be woken when a job has ended."""

    def start(self, job: Job) -> None:
        """Begin to run a job; the last one has ended."""
        raise NotImplementedError

    def wait(self) -> None:
        """Return when the job that was started has ended."""

    def beside(self) -> "Worker":
        """Return another worker of the same kind, for work that goes on at the same time."""
        raise NotImplementedError


class InlineWorker(Worker):
    """Does the job at once, while everybody waits: for a program that has the database to itself."""

    def start(self, job: Job) -> None:
        job.run()

    def beside(self) -> Worker:
        return InlineWorker()
