"""One connection: bytes to a dialect, requests to the engine, replies back to bytes. Knows no socket."""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from kvik.dialects.dialect import Dialect
from kvik.engine import Engine
from kvik.errors import ProtocolError, RecoverableProtocolError
from kvik.replies import Reply, Series
from kvik.request import Request
from kvik.session import REPLY_ON, REPLY_SKIP, REPLY_SKIP_LAST, Outlet

# A client that does not read its replies is not served further while this much waits for it.
OUTPUT_PAUSE_BYTES: Final = 1 << 20
# A writer that grew beyond this is not kept for the next reply.
WRITER_KEEP_BYTES: Final = 1 << 16


@mypyc_attr(allow_interpreted_subclasses=True)
class Carrier:
    """Who carries a caller's bytes; told when there is something to do at the end of the turn."""

    def touch(self) -> None:
        """There is output, or the caller has finished, or it can go on."""

    def waiting_bytes(self) -> int:
        """Return how much taken output has not left yet."""
        return 0

    def wait_until(self, deadline: int) -> None:
        """Call `Caller.give_up_waiting` at `deadline`, wall-clock milliseconds."""


NOBODY: Final = Carrier()
"""Carries for a caller whose connection is gone."""


class Caller(Outlet):
    """One client. `receive` what it sends, carry `take_output` to it, end when `is_finished`.

    `can_go_on` says that requests are left for `go_on`: they had to wait for a reply, or for output
    to be read.
    """

    def __init__(self, engine: Engine, dialect: Dialect, carrier: Carrier) -> None:
        self.engine: Final = engine
        self.carrier = carrier
        self.session: Final = engine.open_session(self)
        self.is_finished = False
        self.is_settled = False
        self.is_paced = False
        """Whether the dialect holds back: `stall` it when the client does not read."""
        self.is_stalled = False
        self._has_ended = False
        self._dialect = dialect
        self._out = BytesWriter()
        self.can_go_on = False
        self._is_trusted = False
        self._out.write(dialect.greeting())
        self._trust()

    # From the client

    def receive(self, data: bytes) -> None:
        """Run every complete request in what came in so far."""
        self.engine.statistics.bytes_read += len(data)
        self.session.last_active = self.engine.clock.now
        self._dialect.feed(data)
        if not self.is_settled and not self._settle():
            return
        if self.session.parked is None:
            self._run_requests()

    def input_bytes(self) -> int:
        return self._dialect.buffered()

    def end_of_input(self) -> None:
        """The client will send no more: run what a missing line end held back, then finish."""
        self._dialect.end_of_input()
        if self.is_settled or self._settle():
            self._run_requests()
        # What a paced dialect holds back is still delivered.
        self._has_ended = True
        if not (self.is_paced and self.can_go_on):
            self.is_finished = True

    def go_on(self) -> None:
        """Run the requests that are left, behind what the dialect has held back."""
        if self.can_go_on and not self.is_finished:
            self.can_go_on = False
            if self.is_paced and not self.is_stalled and self.output_bytes() == 0:
                self._dialect.continue_writing(self._out)
            self._run_requests()

    def wants_input(self) -> bool:
        """Return whether what a paced client sends can be run when it comes."""
        if self.is_finished or self._has_ended:
            return False
        return not self.can_go_on or (self.is_stalled and self._dialect.takes_requests())

    def stall(self, is_stalled: bool) -> None:
        """A paced client has stopped reading, still does not, or reads again: what may run now is left for `go_on`."""
        self.is_stalled = is_stalled
        self._dialect.stall(is_stalled)

    def hang_up(self) -> None:
        """The connection is gone."""
        self.is_finished = True
        self._dialect.forget()
        self.engine.close_session(self.session)
        # Connection and caller hold one another: nothing must wait for the garbage collector, see machine.py.
        self.carrier = NOBODY

    def give_up_waiting(self, deadline: int) -> None:
        """`deadline` has passed: answer the request that waited for so long, if it still does."""
        wait = self.session.wait
        if wait is not None and wait.deadline == deadline:
            self.engine.give_up_waiting(self.session)

    # To the client

    def output_bytes(self) -> int:
        return len(self._out) + self.carrier.waiting_bytes()

    def has_output(self) -> bool:
        """Return whether `take_output` would return anything."""
        return len(self._out) > 0

    def take_output(self) -> bytes:
        """Return the encoded replies and forget them."""
        out = self._out
        data = out.getvalue()
        if len(data) > WRITER_KEEP_BYTES:
            self._out = BytesWriter()
        else:
            out.truncate(0)
        return data

    def farewell(self, seconds: int) -> bool:
        """Say that the server closes in so many seconds; return whether the client is waited for, as a person is.

        A RESP3 client hears it as a push message, other programs do not.
        """
        warning = self._dialect.farewell(seconds)
        if warning:
            self._out.write(warning)
            self.carrier.touch()
        elif self.session.protocol > 2:
            self.push([b"closing", seconds])
        return self._dialect.is_for_people

    def deliver(self, request: Request, reply: Reply) -> None:
        self._answer(request, reply)
        if self.session.is_closing:
            self.is_finished = True
        if self._is_trusted is not self.session.authenticated:
            self._trust()
        self.can_go_on = True
        self.carrier.touch()

    def wait(self) -> None:
        self._wait()

    def push(self, items: Sequence[Reply]) -> None:
        self._dialect.push(items, self.session.protocol, self._out)
        self.carrier.touch()

    def close(self) -> None:
        """Finish, and leave what it waits for and listens to to others at once."""
        self.is_finished = True
        self.engine.close_session(self.session)
        self.carrier.touch()

    # Steps

    def _settle(self) -> bool:
        try:
            dialect = self._dialect.settled()
        except ProtocolError as error:
            self._break_off(error)
            return False
        if dialect is None:
            return False
        self.is_settled = True
        self._dialect = dialect
        self._dialect.word_bytes_max = self.engine.settings.proto_max_bulk_len
        self.is_paced = dialect.is_paced
        self.session.door = dialect.name
        self._trust()
        return True

    def _trust(self) -> None:
        self._is_trusted = self.session.authenticated
        self._dialect.is_trusted = self._is_trusted

    def _run_requests(self) -> None:
        session = self.session
        while not self.is_finished:
            try:
                request = self._dialect.next_request()
            except RecoverableProtocolError as error:
                self._dialect.encode_protocol_error(error.message, self._out)
                continue
            except ProtocolError as error:
                self._break_off(error)
                return
            if request is None:
                break
            reply = self.engine.execute(session, request)
            if session.parked is not None:
                self._wait()
                return
            self._answer(request, reply)
            if session.is_closing:
                self.is_finished = True
            elif len(self._out) > OUTPUT_PAUSE_BYTES:
                self.can_go_on = True
                return
            if self._is_trusted is not session.authenticated:
                self._trust()
        if self.is_paced:
            self._pace()

    def _pace(self) -> None:
        self._dialect.report(self.engine.statistics)
        self.can_go_on = self._dialect.has_backlog()
        if self._has_ended and not self.can_go_on:
            self.is_finished = True

    def _wait(self) -> None:
        wait = self.session.wait
        if wait is not None and wait.deadline > 0:
            self.carrier.wait_until(wait.deadline)

    def _answer(self, request: Request, reply: Reply) -> None:
        session = self.session
        if session.reply_mode == REPLY_ON or isinstance(reply, Series):
            # As in Redis 7, what is said of a subscription is a message: those are never switched off.
            self._dialect.encode(request, reply, session.protocol, self._out)
        if session.reply_mode == REPLY_SKIP:
            session.reply_mode = REPLY_SKIP_LAST
        elif session.reply_mode == REPLY_SKIP_LAST:
            session.reply_mode = REPLY_ON

    def _break_off(self, error: ProtocolError) -> None:
        self.engine.statistics.protocol_errors += 1
        self._dialect.report(self.engine.statistics)
        if error.message:
            self._dialect.encode_protocol_error(error.message, self._out)
        self.is_finished = True
