"""Work on files in a thread, so that the loop goes on meanwhile. Knows nothing of what the work is for."""

import threading

from kvik.journal.worker import Job, Worker


class ThreadWorker(Worker):
    """Does each job in a thread of its own, one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._running: threading.Thread | None = None

    def start(self, job: Job) -> None:
        self.wait()
        # A daemon: a disk that never answers must not keep the program from ending.
        self._running = threading.Thread(target=job.run, name="kvik-work", daemon=True)
        self._running.start()

    def wait(self) -> None:
        if self._running is not None:
            self._running.join()
            self._running = None

    def beside(self) -> Worker:
        return ThreadWorker()
