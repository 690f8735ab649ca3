"""The end of a turn: what was run is sealed in the journal, and what may leave is sent.

A turn is: read all that is ready, run every complete request, hand the batch to the journal, send
once per connection. Knows callers and sequence numbers; how bytes travel is the connection's affair.
"""

import heapq
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from mypy_extensions import mypyc_attr

from kvik.dialects.dialect import Dialect
from kvik.engine import Engine
from kvik.network.caller import OUTPUT_PAUSE_BYTES, Caller, Carrier

UNLIMITED: Final = 1 << 62
# How long a client that is to leave may take to read its last reply.
LINGER_MS: Final = 10_000
# A paced client is stalled when its socket has taken nothing for so many looks, one each 100 ms. A reader's
# system makes room in steps of 64 kB on loopback, so that one that takes 100 kB/s is seen to move each 0.65 s.
STALLED_LOOKS: Final = 10
# The deadlines are listed anew when this many of them may be of requests that were answered, or whose client is gone.
ANSWERED_WAITS: Final = 64

Welcome: TypeAlias = "Callable[[Connection], None]"
"""What is told of a connection as soon as there is one."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Alarm:
    """Whoever calls `Turn.ring` in time."""

    def ring_at(self, moment: int) -> None:
        """Call `Turn.ring` at `moment`, wall-clock milliseconds, or earlier."""


class Parcel:
    """Bytes that may leave when the journal has released `sequence`; `data` shrinks as it is sent."""

    def __init__(self, sequence: int, data: memoryview) -> None:
        self.sequence: Final = sequence
        self.data = data


@mypyc_attr(allow_interpreted_subclasses=True)
class Connection(Carrier):
    """A caller with the output that still has to leave."""

    def __init__(self, dialect: Dialect, turn: "Turn") -> None:
        self.turn: Final = turn
        self.is_touched = False
        self.is_open = True
        self.caller: Final = Caller(turn.engine, dialect, self)
        self.on_leaving: Welcome | None = None
        """Who is to be told when it ends."""
        self._parcels: Final[deque[Parcel]] = deque()
        self._waiting_bytes = 0
        self._is_held = False
        self._is_reading = True
        self._is_writing = False
        self._is_looked_after = False
        self._looks = 0
        self._last_mark = (0, 0)
        self.moved = 0
        """When waiting output was last taken, wall-clock milliseconds."""
        turn.connections[self.caller.session.id] = self

    # What a kind of connection provides

    def write(self, data: bytes | memoryview) -> int:
        """Send without waiting; return how many bytes were taken, -1 when the connection is gone."""
        raise NotImplementedError

    def watch(self, reading: bool, writing: bool) -> None:
        """Say whether to be woken when there is input, and when output can go on."""
        raise NotImplementedError

    def shut(self) -> None:
        """Close the connection itself."""
        raise NotImplementedError

    def unsent(self) -> int:
        """Return how much that `write` took has not left yet; it need only change when some has."""
        return 0

    def may_time_out(self) -> bool:
        """Return whether the setting `timeout` is for this connection."""
        return True

    # Carrier

    def touch(self) -> None:
        if not self.is_touched:
            self.is_touched = True
            self.turn.touched.append(self)

    def waiting_bytes(self) -> int:
        return self._waiting_bytes

    def wait_until(self, deadline: int) -> None:
        self.turn.wait_until(deadline, self.caller.session.id)

    # In a turn

    def received(self, data: bytes) -> None:
        """Take input; none at all means that the client will send no more."""
        caller = self.caller
        if data:
            caller.receive(data)
            if caller.input_bytes() > self.turn.input_bytes_max:
                self.drop()
                return
        else:
            caller.end_of_input()
        self.touch()

    def settle(self, sequence: int) -> None:
        """Send this turn's output if it may leave, else queue it behind what is queued."""
        if self.caller.has_output():
            data = self.caller.take_output()
            sent = 0
            if self._waiting_bytes == 0 and sequence <= self.turn.engine.journal.released:
                sent = self.write(data)
            if sent < 0:
                self.drop()
                return
            if sent < len(data):
                self._waiting_bytes += len(data) - sent
                self._parcels.append(Parcel(sequence, memoryview(data)[sent:]))
                self._wait_for_release()
        if self._waiting_bytes > 0:
            self.flush()
        else:
            self._arrange_next(False)

    def released(self) -> None:
        """The journal has released more: send what waited for that."""
        self._is_held = False
        if self.is_open:
            self.flush()
            self._wait_for_release()

    def flush(self) -> None:
        """Send what has been released, as far as the client takes it."""
        released = self.turn.engine.journal.released
        parcels = self._parcels
        is_blocked = False
        while self._waiting_bytes > 0 and not is_blocked and parcels[0].sequence <= released:
            parcel = parcels[0]
            sent = self.write(parcel.data)
            if sent < 0:
                self.drop()
                return
            self._waiting_bytes -= sent
            if sent > 0:
                self._note_movement()
            if sent == len(parcel.data):
                parcels.popleft()
            else:
                parcel.data = parcel.data[sent:]
                is_blocked = True
        self._arrange_next(is_blocked)

    def writable(self) -> None:
        """The socket takes more."""
        if self._waiting_bytes > 0:
            self.flush()
        elif self.is_open:
            self._note_movement()
            self.touch()

    def look(self) -> bool:
        """See whether a client that is to take output does so; return False where it has taken all there is."""
        if not self.is_open or not self._is_writing:
            self._is_looked_after = False
            return False
        if self._waiting_bytes > 0:
            # The system calls a socket writable only when a third of its buffer is free: ask it.
            self.flush()
        mark = (self._waiting_bytes, self.unsent())
        if mark != self._last_mark:
            self._last_mark = mark
            self._note_movement()
        self._looks += 1
        if self._looks >= self.turn.stalled_looks and self.is_open:
            self.caller.stall(True)
            self.touch()
        return True

    def _note_movement(self) -> None:
        self.moved = self.turn.engine.clock.now
        self._looks = 0
        if self.caller.is_stalled:
            self.caller.stall(False)
            self.touch()

    def _wait_for_release(self) -> None:
        """Be told when the journal releases what the last parcel depends on, where it has not yet."""
        if self._waiting_bytes == 0 or self._is_held:
            return
        if self._parcels[-1].sequence > self.turn.engine.journal.released:
            self._is_held = True
            self.turn.held.append(self)

    def drop(self) -> None:
        """End the connection now."""
        if self.is_open:
            self.is_open = False
            self._parcels.clear()
            self._waiting_bytes = 0
            self.caller.hang_up()
            del self.turn.connections[self.caller.session.id]
            self.shut()
            if self.on_leaving is not None:
                self.on_leaving(self)

    def _arrange_next(self, is_blocked: bool) -> None:
        caller = self.caller
        if caller.is_finished and self._waiting_bytes == 0:
            self.drop()
        elif caller.is_paced:
            self._pace(is_blocked)
        elif self._waiting_bytes > self.turn.output_bytes_max:
            self.drop()
        else:
            if caller.can_go_on and self._waiting_bytes <= OUTPUT_PAUSE_BYTES:
                self.touch()
            is_reading = self._waiting_bytes <= OUTPUT_PAUSE_BYTES and not caller.is_finished
            if is_reading is not self._is_reading or is_blocked is not self._is_writing:
                self._change_watch(is_reading, is_blocked)

    def _pace(self, is_blocked: bool) -> None:
        """Let a paced dialect go on when all it has written has left: a piece a turn, others come in between."""
        caller = self.caller
        is_writing = is_blocked or (caller.can_go_on and self._waiting_bytes == 0)
        is_reading = caller.wants_input()
        if is_reading is not self._is_reading or is_writing is not self._is_writing:
            self._change_watch(is_reading, is_writing)
        if is_writing and not self._is_looked_after:
            self._is_looked_after = True
            self._looks = 0
            self.turn.writing.append(self)

    def _change_watch(self, is_reading: bool, is_writing: bool) -> None:
        self._is_reading = is_reading
        self._is_writing = is_writing
        self.watch(is_reading, is_writing)


class Turn:
    """All connections of one porch, those that something happened to in this turn, and those whose output is held."""

    def __init__(self, engine: Engine, alarm: Alarm) -> None:
        self.engine: Final = engine
        self.connections: Final[dict[int, Connection]] = {}
        self.touched: list[Connection] = []
        self.held: list[Connection] = []
        self.writing: list[Connection] = []
        """Paced connections with output that their clients have yet to take."""
        self.stalled_looks = STALLED_LOOKS
        self.input_bytes_max = 0
        self.output_bytes_max = 0
        self._alarm: Final = alarm
        self._waits: list[tuple[int, int]] = []
        self.adjust()

    def adjust(self) -> None:
        """Read the settings that are asked for at every turn."""
        settings = self.engine.settings
        self.input_bytes_max = settings.client_query_buffer_limit
        self.output_bytes_max = settings.client_output_buffer_limit["normal"].hard or UNLIMITED

    def begin(self) -> None:
        """Read the clock for everything that is run in this turn."""
        self.engine.clock.tick()

    def finish(self) -> None:
        """Let callers that had to wait go on, seal the turn's batch, and send."""
        while self.touched:
            touched = self.touched
            self.touched = []
            for connection in touched:
                connection.is_touched = False
                connection.caller.go_on()
            sequence = self.engine.journal.seal()
            for connection in touched:
                if connection.is_open:
                    connection.settle(sequence)

    def release(self) -> None:
        """The journal has released more: send what waited for it."""
        held = self.held
        self.held = []
        for connection in held:
            connection.released()
        self.finish()

    def wait_until(self, deadline: int, session: int) -> None:
        """Give up the request this session waits with at `deadline`, wall-clock milliseconds."""
        if len(self._waits) > 2 * len(self.connections) + ANSWERED_WAITS:
            self._waits = self._waiting()
        heapq.heappush(self._waits, (deadline, session))
        self._alarm.ring_at(deadline)

    def _waiting(self) -> list[tuple[int, int]]:
        """Return until when each session waits that does so now, the first one first."""
        sessions = [connection.caller.session for connection in self.connections.values()]
        waiting = [(each.wait.deadline, each.id) for each in sessions if each.wait is not None]
        return sorted([(deadline, session) for deadline, session in waiting if deadline > 0])

    def drop_idle(self, now: int) -> None:
        """End connections that were silent for longer than the setting `timeout`, or never read their last reply."""
        timeout = self.engine.settings.timeout * 1_000 or UNLIMITED
        for connection in list(self.connections.values()):
            session = connection.caller.session
            silence = now - max(session.last_active, connection.moved)
            is_over = silence > timeout and session.parked is None and connection.may_time_out()
            if is_over or (connection.caller.is_finished and silence > LINGER_MS):
                connection.drop()

    def look_after_writing(self) -> None:
        """See who of those that are to take output does not; to be called each 100 ms."""
        writing = self.writing
        self.writing = []
        for connection in writing:
            if connection.look():
                self.writing.append(connection)

    def ring(self) -> None:
        """Give up the requests whose deadline has passed; the next one sets the alarm again."""
        now = self.engine.clock.tick()
        while self._waits and self._waits[0][0] <= now:
            deadline, session = heapq.heappop(self._waits)
            connection = self.connections.get(session)
            if connection is not None:
                connection.caller.give_up_waiting(deadline)
        if self._waits:
            self._alarm.ring_at(self._waits[0][0])
        self.finish()
