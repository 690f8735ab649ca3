"""Syncs in a thread, so that the loop goes on meanwhile. Knows no batch: the journal says when and what."""

import asyncio
import threading
from queue import SimpleQueue
from typing import Final

from kvik.journal.files import WritingFile
from kvik.journal.journal import Journal
from kvik.journal.syncer import Syncer, SyncOrder


class ThreadSyncer(Syncer):
    """A worker thread that syncs; the loop's thread tells the journal. All but `_work` runs in the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop: Final = loop
        self._orders: Final[SimpleQueue[SyncOrder | None]] = SimpleQueue()
        self._done: Final[SimpleQueue[SyncOrder]] = SimpleQueue()
        self._untold = 0
        # A daemon: a disk that never answers must not keep the program from ending.
        self._worker: Final = threading.Thread(target=self._work, name="kvik-sync", daemon=True)
        self._worker.start()

    def start(self, journal: Journal, file: WritingFile, sequence: int) -> None:
        self._untold += 1
        self._orders.put(SyncOrder(journal, file, sequence))

    def wait(self) -> None:
        while self._untold > 0:
            self._tell(self._done.get())

    def close(self) -> None:
        self._orders.put(None)
        self._worker.join()

    def _work(self) -> None:
        while True:
            order = self._orders.get()
            if order is None:
                return
            order.run()
            self._done.put(order)
            try:
                self._loop.call_soon_threadsafe(self._tell_done)
            except RuntimeError:
                # The loop is closed; `wait` finds the order all the same.
                continue

    def _tell_done(self) -> None:
        # `wait` may have told this one already.
        if not self._done.empty():
            self._tell(self._done.get())

    def _tell(self, order: SyncOrder) -> None:
        self._untold -= 1
        order.tell()
