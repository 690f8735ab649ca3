"""What the threads of a program ask of the loop's thread, with a loop that does nothing by itself."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context

import pytest

from kvik.assembly import build_engine
from kvik.network.guests import NOT_RUNNING, Guests, Question
from kvik.network.turn import Alarm, Turn
from kvik.settings import Settings

SECONDS_MAX = 20.0


class ManualLoop(asyncio.AbstractEventLoop):
    """A loop that keeps what it is to do until it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []
        self.has_been_called = threading.Event()

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *arguments: object, context: Context | None = None
    ) -> asyncio.Handle:
        self.waiting.append(lambda: callback(*arguments))
        self.has_been_called.set()
        return asyncio.Handle(callback, arguments, self)

    def get_debug(self) -> bool:
        return False

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class Wish(Question):
    """A question that remembers whether anybody began with it."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun = False

    def begin(self, guests: Guests) -> None:
        self.has_begun = True
        self.answered()


def ask_in_a_thread(guests: Guests, question: Question) -> tuple[threading.Thread, list[str]]:
    refusals: list[str] = []

    def ask() -> None:
        try:
            guests.ask(question)
        except RuntimeError as error:
            refusals.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, refusals


def open_guests(loop: ManualLoop) -> Guests:
    guests = Guests()
    guests.open(loop, Turn(build_engine(Settings()), Alarm()))
    return guests


def test_a_question_is_answered_in_the_round_after_it_was_put() -> None:
    loop, wish = ManualLoop(), Wish()
    thread, refusals = ask_in_a_thread(open_guests(loop), wish)
    assert loop.has_been_called.wait(SECONDS_MAX)
    assert not wish.has_begun
    loop.run()
    thread.join(SECONDS_MAX)
    assert (wish.has_begun, refusals) == (True, [])


def test_what_was_refused_at_the_end_is_not_done_afterwards() -> None:
    loop, wish = ManualLoop(), Wish()
    guests = open_guests(loop)
    thread, refusals = ask_in_a_thread(guests, wish)
    assert loop.has_been_called.wait(SECONDS_MAX)
    guests.close()
    thread.join(SECONDS_MAX)
    # The loop goes on for a few rounds after the server's end; the journal is closed by then.
    loop.run()
    assert (wish.has_begun, refusals) == (False, [NOT_RUNNING])


@pytest.mark.parametrize("has_been_open", [False, True])
def test_before_the_beginning_and_after_the_end_nobody_is_let_in(has_been_open: bool) -> None:
    loop = ManualLoop()
    guests = open_guests(loop) if has_been_open else Guests()
    guests.close()
    with pytest.raises(RuntimeError, match=NOT_RUNNING):
        guests.ask(Wish())
    guests.run_soon(loop.run)
    assert not loop.waiting
