"""Every file operation in the life of a server fails, once or for ever: nothing acknowledged is lost, all goes on."""

import errno
from itertools import count
from random import Random
from typing import Final

import pytest

from kvik.journal.manifest import PART, path_in
from kvik.settings import Settings
from tests.journal.compacting import DIRECTORY
from tests.journal.keeping import Book, Keeping
from tests.journal.simulated import ANY, FOREVER, SHORT, SimulatedFiles

RESUMED_MS_MAX: Final = 2_000
DURABLE_MS_MAX: Final = 5_000

TURNS: Final = (
    ("SET a 1", "SET b 2"),
    ("SELECT 3", "SET c 3", "SELECT 0"),
    ("MULTI", "INCR n", "SELECT 3", "INCR n", "SELECT 0", "EXEC"),
    ("SET dies 1 PX 150",),
    ("SET stays 1 PX 100000", "APPEND a 1"),
    ("GET a",),
    ("DEL b", "RENAME a b"),
    ("SET a 2", "MOVE a 5"),
)
"""What clients ask in a life, over and over, an item a turn."""


class Tale:
    """A scripted life of a directory: begun, written to, compacted, opened again, compacted and written to.

    An operation fails once or for ever; what cannot be opened then is repaired and opened again.
    """

    def __init__(self, policy: str, slow: bool, seed: int = 0) -> None:
        self.files = SimulatedFiles()
        self.book = Book()
        self.settings = Settings(appendfsync=policy, keep_generations=1)
        self.slow = slow
        self.random = Random(seed)
        self.turns = count()
        # A folder that could neither be made durable nor removed: the system cannot promise for it.
        self.is_in_limbo = False

    def run(self) -> Keeping:
        """Live it to the end; the last server is still running."""
        server = self.opened()
        self.go_on(server, 6, 2)
        self.check_power_cut(server)
        server = self.opened_again(server)
        self.go_on(server, 7, 1)
        return server

    def go_on(self, server: Keeping, rounds: int, rewrite_at: int) -> None:
        """Turns and what happens between them; a compaction begins among them."""
        for index in range(rounds):
            if index == rewrite_at:
                server.keeper.begin_rewrite()
            self.turn(server)
            server.round()
            self.turn(server)
            server.round()
            server.finish_work()

    def turn(self, server: Keeping) -> None:
        server.turn(*TURNS[next(self.turns) % len(TURNS)])

    def opened(self) -> Keeping:
        """Open the directory, repaired where that is not possible."""
        try:
            return Keeping(self.files, self.settings, self.slow, self.book).load()
        except OSError:
            last = self.files.calls[-1][0]
            self.is_in_limbo = self.is_in_limbo or last == "remove_folder"
            self.files.heal()
            return Keeping(self.files, self.settings, self.slow, self.book).load()

    def opened_again(self, server: Keeping) -> Keeping:
        """End the server and open its directory again."""
        is_durable = server.keeper.close()
        server.deliver()
        if is_durable:
            assert server.keeper.durable_sequence() == server.keeper.sequence()
        return self.opened()

    def check_power_cut(self, server: Keeping) -> None:
        """Look at what a power cut leaves, where it has to leave everything that was acknowledged."""
        policy = self.settings.appendfsync
        is_durable = policy == "everysec" and server.keeper.durable_sequence() == server.keeper.sequence()
        if (policy == "always" or is_durable) and not self.is_in_limbo:
            server.check_crash(self.random)


def check_life(tale: Tale) -> None:
    """Live with what fails, then repair it: nothing acknowledged is lost at any time, and all of it goes on."""
    server = tale.run()
    server.check_crash(None)
    tale.check_power_cut(server)
    tale.files.heal()
    check_resumes(server)
    check_durable(tale, server)
    server.rewrite()
    assert not [name for name in tale.files.names(path_in(DIRECTORY, "")) if name.endswith(PART)]
    assert server.writes("SET after generation")
    check_durable(tale, server)
    server.keeper.close()
    tale.files.kill()
    again = Keeping(tale.files, tale.settings, book=tale.book).load()
    assert again.owner.warned == []


def check_resumes(server: Keeping) -> None:
    """A write is accepted, and acknowledged, soon after the repair."""
    repaired = server.clock.now
    assert server.wait(RESUMED_MS_MAX, lambda: server.writes("SET resumed 1"))
    assert server.wait(RESUMED_MS_MAX, lambda: not server.waiting)
    assert server.clock.now - repaired <= RESUMED_MS_MAX
    assert server.book.promised == server.keeper.sequence()


def check_durable(tale: Tale, server: Keeping) -> None:
    """After a while a power cut loses nothing, and a kill does not either where the system decides what is synced."""
    if server.settings.appendfsync == "no":
        server.check_crash(None)
    else:
        assert server.wait(DURABLE_MS_MAX, lambda: server.keeper.durable_sequence() == server.keeper.sequence())
        server.book.promised = server.keeper.sequence()
        tale.check_power_cut(server)


def operations(policy: str, slow: bool) -> list[str]:
    """Return the names of the operations of a life in which nothing fails."""
    tale = Tale(policy, slow)
    tale.run()
    return [operation for operation, _ in tale.files.calls]


SERVERS: Final = [("always", True), ("always", False), ("everysec", True), ("no", True)]
ERRORS: Final = [
    (errno.EIO, 1),
    (errno.EIO, FOREVER),
    (errno.ENOSPC, 1),
    (errno.ENOSPC, FOREVER),
    (SHORT, 1),
    (SHORT, FOREVER),
]


def check_failing(tale: Tale, number: int) -> None:
    try:
        check_life(tale)
    except BaseException as reason:
        reason.add_note(f"Operation {number} failed: {tale.files.calls[number]}")
        raise


@pytest.mark.parametrize(("error", "times"), ERRORS)
@pytest.mark.parametrize(("policy", "slow"), SERVERS)
def test_nothing_acknowledged_is_lost_when_an_operation_fails(policy: str, slow: bool, error: int, times: int) -> None:
    for number, operation in enumerate(operations(policy, slow)):
        if error != SHORT or operation in ("read", "write"):
            tale = Tale(policy, slow, number)
            tale.files.fail(ANY, error, times, number)
            check_failing(tale, number)


@pytest.mark.parametrize(("policy", "slow"), SERVERS)
def test_nothing_acknowledged_is_lost_when_the_disk_is_full_in_the_middle_of_a_write(policy: str, slow: bool) -> None:
    writes = 0
    for number, operation in enumerate(operations(policy, slow)):
        if operation == "write":
            tale = Tale(policy, slow, number)
            tale.files.fail(operation, SHORT, 1, writes)
            tale.files.fail(operation, errno.ENOSPC, FOREVER, writes)
            check_failing(tale, number)
            writes += 1


@pytest.mark.parametrize(("policy", "slow"), SERVERS)
def test_a_call_that_is_interrupted_changes_nothing(policy: str, slow: bool) -> None:
    whole = operations(policy, slow)
    tale = Tale(policy, slow)
    for number in range(len(whole)):
        tale.files.fail(ANY, errno.EINTR, 1, 2 * number)
    check_life(tale)
    assert len(tale.files.calls) > len(whole) + 50
