"""The database inside a program."""

import signal
import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

import kvik
from kvik.clock import Clock, ManualClock
from kvik.commands.args import Args
from kvik.commands.family import CommandTable, Family
from kvik.commands.strings import family as strings
from kvik.declaration import BLOCKING, FIRST, WRITE
from kvik.embedded import Database, as_plain, as_word
from kvik.engine import Engine
from kvik.journal.journal import Journal
from kvik.replies import NULL_ARRAY, OK, BigNumber, CommandLines, Map, Pairs, Push, Reply, Set, Verbatim, Wait
from kvik.services import House
from kvik.session import Session
from kvik.settings import Settings
from tests.patience import wait_until

waiting = Family("waiting")


@waiting.command("AWAIT", args=(2, 2), flags=WRITE | BLOCKING, keys=FIRST, summary="Takes a string, waiting for it.")
def await_(session: Session, args: Args) -> Reply:
    """AWAIT key milliseconds, 0 for ever."""
    key = args.key()
    milliseconds = args.integer()
    value = session.keys.string(key)
    if value is not None:
        session.keys.remove(key)
        return value
    return Wait([key], session.services.clock.now + milliseconds if milliseconds else 0)


def test_words_of_every_kind_go_in_and_bytes_come_out() -> None:
    with kvik.open() as database:
        assert database.execute("SET", b"key", "blåbær") == b"OK"
        assert database.execute("GET", "key") == "blåbær".encode()
        database.execute("MSET", "integer", 5, "float", 0.5)
        assert database.execute("MGET", "integer", "float", "none") == [b"5", b"0.5", None]


def test_what_is_no_word_is_refused() -> None:
    wrong: Any
    for wrong in (True, None, [1]):
        with pytest.raises(TypeError, match="a word is"):
            as_word(wrong)
    with kvik.open() as database, pytest.raises(TypeError):
        database.execute()


def test_an_error_is_raised_and_inside_exec_it_is_an_element() -> None:
    with kvik.open() as database:
        database.execute("SET", "a", "x")
        with pytest.raises(kvik.ReplyError, match="not an integer"):
            database.execute("INCR", "a")
        database.execute("MULTI")
        database.execute("INCR", "a")
        elements = database.execute("EXEC")
        assert isinstance(elements, list)
        assert isinstance(elements[0], kvik.ReplyError)


def test_every_kind_of_reply_becomes_a_plain_value() -> None:
    assert as_plain(OK) == b"OK"
    assert as_plain(NULL_ARRAY) is None
    assert as_plain(Map([(b"a", [1, OK])])) == {b"a": [1, b"OK"]}
    assert as_plain(Set([b"a", b"b"])) == {b"a", b"b"}
    assert as_plain(Pairs([(b"a", 0.5)])) == [[b"a", 0.5]]
    assert as_plain(Verbatim(b"text")) == b"text"
    assert as_plain(BigNumber(3**80)) == 3**80
    assert as_plain(CommandLines([[b"SET", b"a", b"1"]])) == [[b"SET", b"a", b"1"]]
    assert as_plain(Push([b"message", b"a"])) == [b"message", b"a"]


def test_a_closed_database_says_so() -> None:
    database = kvik.open()
    database.close()
    with pytest.raises(ValueError, match="closed"):
        database.execute("PING")


def test_threads_increment_without_losing_one() -> None:
    with kvik.open() as database:

        def increment() -> None:
            for _ in range(200):
                database.execute("INCR", "counter")

        run_together([increment] * 8)
        assert database.execute("GET", "counter") == b"1600"


def test_a_transaction_belongs_to_its_thread_and_ends_with_it() -> None:
    with kvik.open() as database:
        run_together([lambda: database.execute("MULTI")])
        assert database.execute("SET", "a", "1") == b"OK"
        run_together([lambda: database.execute("PING")])
        assert len(database.session.services.sessions) == 2


def run_together(work: Sequence[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_keys_die_on_time_even_if_nobody_asks_for_them() -> None:
    clock = ManualClock()
    engine = Engine(CommandTable([strings]), clock, Random(1), Journal(), Settings(), House())
    database = Database(engine)
    database.execute("SET", "a", "1", "PX", 50)
    clock.advance(200)
    database.execute("GET", "other")
    assert len(engine.databases.spaces[0]) == 0


def test_what_was_dropped_is_freed_while_others_call() -> None:
    engine = Engine(CommandTable([strings]), ManualClock(), Random(1), Journal(), Settings(), House())
    database = Database(engine)
    engine.databases.bury([{b"a": b"1"}, {b"b": b"2"}, {b"c": b"3"}])
    for _ in range(3):
        database.execute("GET", "a")
    assert not engine.databases.free_some(0)


def waiting_database() -> Database:
    return Database(Engine(CommandTable([strings, waiting]), Clock(), Random(1), Journal(), Settings(), House()))


def wait_until_parked(session: Session) -> None:
    """Return when the call of another thread waits."""
    wait_until(lambda: session.parked is not None)


@pytest.mark.parametrize("word", ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"])
def test_who_could_not_be_told_cannot_listen(word: str) -> None:
    with kvik.open() as database:
        with pytest.raises(kvik.ReplyError, match=f"{word} needs a connection to a server"):
            database.execute(word, "news")
        assert database.execute("PUBLISH", "news", "hello") == 0
        assert database.execute("PING") == b"PONG"


def test_a_command_waits_for_another_thread() -> None:
    database = waiting_database()
    session = database.session

    def store() -> None:
        wait_until_parked(session)
        database.execute("SET", "a", "1")

    storing = threading.Thread(target=store)
    storing.start()
    assert database.execute("AWAIT", "a", 10_000) == b"1"
    storing.join()
    assert database.execute("GET", "a") is None


def test_a_command_that_waited_long_enough_answers_null() -> None:
    database = waiting_database()
    assert database.execute("AWAIT", "a", 30) is None
    assert database.session.parked is None


def test_a_call_that_waits_ends_when_the_database_is_closed() -> None:
    database = waiting_database()
    session = database.session

    def close() -> None:
        wait_until_parked(session)
        database.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(ValueError, match="closed"):
        database.execute("AWAIT", "a", 0)
    closing.join()


def test_an_answer_that_came_as_its_call_was_interrupted_is_not_that_of_the_next() -> None:
    database = kvik.open()
    session = database.session

    def interrupt() -> None:
        wait_until_parked(session)
        with database._lock:
            database.execute("RPUSH", "queue", "late")
            signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        database.execute("BLPOP", "queue", 5)
    thread.join()
    assert database.execute("BLPOP", "empty", 0.01) is None
    assert database.execute("BLPOP", "queue", 0.01) is None, "it was taken for the call that was interrupted"
