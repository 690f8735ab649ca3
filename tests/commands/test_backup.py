"""SNAPSHOT: the data of one moment, read over a connection while writes go on. BACKUP is in tests/backup."""

from kvik.backup.reading import READINGS_MAX, SILENCE_MS_MAX
from tests.engines import Caller


def read_all(caller: Caller, size: int = 100) -> list[list[object]]:
    items: list[list[object]] = []
    for _ in range(1_000):
        reply = caller.plain("SNAPSHOT", "READ", "BYTES", size)
        assert isinstance(reply, list)
        items += reply[1]
        if not reply[0]:
            return items
    raise AssertionError("it does not end")


def filled() -> Caller:
    caller = Caller()
    for number in range(50):
        caller("SET", f"k{number}", number)
    caller("RPUSH", "l", "a", "b")
    caller("PEXPIRE", "l", "5000")
    caller("SELECT", "7")
    caller("SET", "other", "x")
    caller("SELECT", "0")
    return caller


def test_items_rebuild_the_data_of_the_moment_it_was_opened() -> None:
    caller = filled()
    wanted = caller.content()
    opened = caller.plain("SNAPSHOT", "OPEN")
    assert opened == [b"moment", caller.clock.now, b"keys", 52]
    writer = caller.another()
    first = caller.plain("SNAPSHOT", "READ", "BYTES", "1")
    assert isinstance(first, list) and first[0] == 1 and len(first[1]) == 1
    writer("SET", "k7", "changed")
    writer("DEL", "k8")
    writer("SET", "new", "x")
    writer("RPUSH", "l", "c")
    writer("SWAPDB", "0", "7")
    fresh = Caller()
    for database, key, *words in [*first[1], *read_all(caller)]:
        assert isinstance(database, int) and key == words[1]
        fresh("SELECT", database)
        fresh(*words)
    assert fresh.content() == wanted


def test_the_last_read_closes_it() -> None:
    caller = filled()
    caller("SNAPSHOT", "OPEN")
    read_all(caller)
    assert caller.error("SNAPSHOT", "READ").startswith("ERR No snapshot is open on this connection")
    assert caller.plain("SNAPSHOT", "CLOSE") == 0
    assert caller.engine.databases.snapshots == 0


def test_an_empty_database_has_no_items(caller: Caller) -> None:
    caller("SNAPSHOT", "OPEN")
    assert caller.plain("SNAPSHOT", "READ") == [0, []]


def test_it_belongs_to_one_connection_and_ends_with_it() -> None:
    caller = filled()
    other = caller.another()
    other("SNAPSHOT", "OPEN")
    assert caller.error("SNAPSHOT", "READ").startswith("ERR No snapshot")
    assert b"kvik_snapshots_open:1" in stats(caller)
    caller.engine.close_session(other.session)
    assert caller.engine.databases.snapshots == 0
    assert b"kvik_snapshots_open:0" in stats(caller)


def stats(caller: Caller) -> bytes:
    reply = caller("INFO", "stats")
    text: bytes = reply.text  # type: ignore[union-attr]
    return text


def test_opening_again_and_reset_close_it() -> None:
    caller = filled()
    caller("SNAPSHOT", "OPEN")
    caller("SNAPSHOT", "OPEN")
    assert caller.engine.databases.snapshots == 1
    caller("RESET")
    assert caller.engine.databases.snapshots == 0
    caller("SNAPSHOT", "OPEN")
    assert caller.plain("SNAPSHOT", "CLOSE") == 1


def test_only_so_many_are_open_at_once(caller: Caller) -> None:
    others = [caller.another() for _ in range(READINGS_MAX)]
    for other in others:
        other("SNAPSHOT", "OPEN")
    assert caller.error("SNAPSHOT", "OPEN") == f"ERR {READINGS_MAX} snapshots are open already"
    others[0]("SNAPSHOT", "CLOSE")
    assert caller.plain("SNAPSHOT", "OPEN") == [b"moment", caller.clock.now, b"keys", 0]


def test_one_that_nobody_reads_is_given_up() -> None:
    caller = filled()
    caller("SNAPSHOT", "OPEN")
    caller.clock.advance(SILENCE_MS_MAX)
    caller.engine.readings.look_after(caller.clock.now)
    caller.plain("SNAPSHOT", "READ", "BYTES", "1")
    caller.clock.advance(SILENCE_MS_MAX + 1)
    caller.engine.readings.look_after(caller.clock.now)
    assert caller.engine.databases.snapshots == 0
    assert caller.error("SNAPSHOT", "READ") == "ERR The snapshot was given up: nobody has read on for a minute"


def test_one_that_costs_too_much_is_given_up() -> None:
    caller = filled()
    for number in range(50):
        caller("SET", f"large{number}", "x" * 3_000_000)
    caller("SNAPSHOT", "OPEN")
    writer = caller.another()
    for number in range(50):
        writer("SET", f"large{number}", "small")
    caller.engine.readings.look_after(caller.clock.now)
    assert caller.error("SNAPSHOT", "READ").startswith("ERR The snapshot was given up: too much was overwritten")


def test_wrong_use_is_told(caller: Caller) -> None:
    caller("SNAPSHOT", "OPEN")
    assert caller.error("SNAPSHOT", "READ", "10", "10") == "ERR syntax error"
    assert caller.error("SNAPSHOT", "READ", "BYTES", "0").startswith("ERR bytes must be from 1 to")
    assert caller.error("SNAPSHOT", "READ", "BYTES", "99999999999999").startswith("ERR bytes must be from 1 to")
    assert caller.error("SNAPSHOT", "READ", "BYTES", "x").startswith("ERR value is not an integer")
    assert "unknown subcommand" in caller.error("SNAPSHOT", "PEEK")


def test_help_lists_what_it_can_do(caller: Caller) -> None:
    reply = caller.plain("SNAPSHOT", "HELP")
    assert isinstance(reply, list)
    assert [word for word in (b"OPEN", b"READ [BYTES bytes]", b"CLOSE") if word not in reply] == []


def test_neither_runs_inside_a_transaction(caller: Caller) -> None:
    caller("MULTI")
    for words in (("BACKUP",), ("SNAPSHOT", "OPEN"), ("SNAPSHOT", "READ")):
        assert caller.error(*words) == "ERR Command not allowed inside a transaction"
