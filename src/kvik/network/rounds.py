"""The timer of a server: what is due is done between turns. Knows no socket."""

import asyncio
import logging
from collections.abc import Callable

from kvik.engine import Engine
from kvik.journal.keeper import Keeper
from kvik.network.turn import Alarm, Turn

# Redis' hz of 10: how often what has no moment of its own is looked after, in milliseconds.
ROUNDS_MS = 100
# Keys removed in one go when many expire together: a fifth of a millisecond's work.
EXPIRE_SLICE = 128
# How long a slice of loading, and one of compaction, holds everybody up. While it loads nobody is served.
LOADING_SLICE_MS = 20.0
COMPACTION_SLICE_MS = 0.2
# Between two slices of compaction clients have the time for themselves.
COMPACTION_PAUSE_MS = 1
# How often the log says how far the loading is.
PROGRESS_PAUSE_MS = 2_000
MEGABYTE = 1_000_000

log = logging.getLogger("kvik")


class Rounds(Alarm):
    """Does what is due, at the latest every ROUNDS_MS. An exception ends the rounds and goes to `failed`."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, failed: Callable[[Exception], None]) -> None:
        super().__init__()
        self._engine = engine
        self._loop = loop
        self._failed = failed
        self._keeper: Keeper | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0
        self._next_look = 0
        self._next_progress = 0

    def start(self, turn: Turn, keeper: Keeper | None = None) -> None:
        self._turn = turn
        self._keeper = keeper
        self._next_progress = self._engine.clock.now
        self._set_timer(0)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def ring_at(self, moment: int) -> None:
        if moment < self._next:
            self._set_timer(moment - self._engine.clock.now)

    def _set_timer(self, milliseconds: int) -> None:
        self.stop()
        milliseconds = min(max(milliseconds, 0), ROUNDS_MS)
        self._next = self._engine.clock.now + milliseconds
        self._timer = self._loop.call_later(milliseconds / 1000, self._round)

    def _round(self) -> None:
        now = self._engine.clock.tick()
        self._next = now + ROUNDS_MS
        try:
            pause = self._do_what_is_due(now)
        except Exception as error:
            self._failed(error)
        else:
            self._set_timer(pause)

    def _do_what_is_due(self, now: int) -> int:
        """Return how many milliseconds the next round may wait."""
        if now >= self._next_look:
            self._next_look = now + ROUNDS_MS
            self._turn.drop_idle(now)
            self._turn.look_after_writing()
        if self._engine.is_loading and self._keeper is not None:
            self._load(self._keeper, now)
            return 0
        databases = self._engine.databases
        is_paused = self._engine.pause.is_on(now)
        is_behind = not is_paused and databases.expire_due(EXPIRE_SLICE) >= EXPIRE_SLICE
        is_behind = databases.free_some() or is_behind
        is_behind = self._engine.make_room() or is_behind
        self._engine.readings.look_after(now)
        is_compacting = self._keeper is not None and self._keep(self._keeper)
        self._turn.ring()
        if is_behind:
            return 0
        due = -1 if is_paused else databases.next_expiry()
        pause = ROUNDS_MS if due < 0 else due - now
        return min(pause, COMPACTION_PAUSE_MS) if is_compacting else pause

    def _keep(self, keeper: Keeper) -> bool:
        """Look after the directory; return whether a compaction runs."""
        return keeper.step(COMPACTION_SLICE_MS) or keeper.is_compacting()

    def _load(self, keeper: Keeper, now: int) -> None:
        """Load a slice, and say now and then how far it is."""
        if now >= self._next_progress:
            self._next_progress = now + PROGRESS_PAUSE_MS
            log.info("%s", progress(*keeper.loading_facts()))
        keeper.step(LOADING_SLICE_MS)
        self._turn.finish()


def progress(done: int, total: int, seconds: float) -> str:
    """Return how far a loading is: bytes read, bytes in all, and the seconds it has taken."""
    read = f"Loading: {100 * done // max(total, 1)} % of {total / MEGABYTE:.1f} MB"
    return f"{read}, about {seconds * (total - done) / done:.0f} seconds to go" if done else read
