"""The porch: turns, held answers, slow readers, waiting requests; on the own poller and on asyncio."""

import asyncio
import gc
import socket
import sys
import time
from collections.abc import Callable
from random import Random

import pytest
from librt.strings import BytesWriter

from kvik.clock import Clock
from kvik.commands import BUILT_IN
from kvik.commands.args import Args
from kvik.commands.family import CommandTable, Family
from kvik.declaration import BLOCKING, FIRST, READONLY, WRITE
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.engine import Engine
from kvik.journal.journal import Journal
from kvik.network.lifecycle import choose_porch
from kvik.network.rounds import Rounds
from kvik.network.turn import Connection, Turn
from kvik.replies import Reply, Status, Wait
from kvik.request import Request
from kvik.services import House
from kvik.session import Session
from kvik.settings import Settings

family = Family("test")


@family.command("TAKE", args=(2, 2), flags=WRITE | BLOCKING, keys=FIRST, summary="Takes a value, waiting for it.")
def take(session: Session, args: Args) -> Reply:
    key, milliseconds = args.key(), args.integer()
    value = session.keys.find(key)
    if value is not None:
        session.keys.remove(key)
        return value
    deadline = session.services.clock.now + milliseconds if milliseconds else 0
    return Wait([key], deadline, b"nothing came")


@family.command("REPEAT", args=(1, 1), flags=READONLY, summary="Answers with so many bytes.")
def repeat(session: Session, args: Args) -> Reply:
    return b"x" * args.integer()


class LineDialect(Dialect):
    """Words and replies, a line each."""

    name = "line"

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        self._ended = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def end_of_input(self) -> None:
        self._ended = True

    def buffered(self) -> int:
        return len(self._buffer)

    def next_request(self) -> Request | None:
        line, end, rest = self._buffer.partition(b"\n")
        if not end and not (self._ended and line):
            return None
        self._buffer = rest
        return Request(line.split())

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        if isinstance(reply, Status):
            out.write(reply.text)
        elif isinstance(reply, bytes):
            out.write(reply)
        else:
            out.write(repr(reply).encode())
        out.write(b"\n")


class HeldJournal(Journal):
    """Releases a batch only when told."""

    def __init__(self) -> None:
        super().__init__()
        self.sealed = 0

    def seal(self) -> int:
        self.sealed += 1
        return self.sealed


class Porch:
    """A turn with its connections in an asyncio loop, and clients on socket pairs."""

    def __init__(self, choice: str, journal: Journal | None = None, settings: Settings | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.engine = Engine(
            CommandTable((*BUILT_IN, family)),
            Clock(),
            Random(1),
            journal or Journal(),
            settings or Settings(),
            House(),
        )
        self._rounds = Rounds(self.engine, loop, self._failed)
        self.turn = Turn(self.engine, self._rounds)
        self.porch = choose_porch(self.turn, choice, loop)
        self._rounds.start(self.turn)
        self.connections: list[Connection] = []
        self._sockets: list[socket.socket] = []

    def _failed(self, error: Exception) -> None:
        raise error

    async def client(self, dialect: Dialect | None = None) -> "Client":
        """Return a connected client, of lines where nothing else is said."""
        ours, theirs = socket.socketpair()
        self._sockets.append(ours)
        before = len(self.connections)
        self.porch.adopt(theirs, dialect or LineDialect(), self.connections.append)
        await until(lambda: len(self.connections) > before)
        ours.setblocking(False)
        return Client(ours)

    def close(self) -> None:
        self._rounds.stop()
        self.porch.close()
        for ours in self._sockets:
            ours.close()


class Client:
    def __init__(self, ours: socket.socket) -> None:
        self.socket = ours

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def receive(self, size: int = 1 << 16) -> bytes:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.socket, size), 5)

    async def receive_all(self, size: int) -> int:
        """Read `size` bytes and return how many came."""
        count = 0
        while count < size:
            data = await self.receive()
            if not data:
                break
            count += len(data)
        return count

    async def hears_nothing(self, seconds: float = 0.1) -> bool:
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.socket, 1), seconds)
        except TimeoutError:
            return True
        return False


async def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < limit, "it did not come to hold within 5 s"
        await asyncio.sleep(0.005)


pytestmark = pytest.mark.parametrize("choice", ["poller", "asyncio"])


def test_requests_of_one_packet_are_answered_in_order(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        client = await porch.client()
        await client.send(b"SET a 1\nGET a\nGE")
        assert await client.receive() == b"OK\n1\n"
        await client.send(b"T a\n")
        assert await client.receive() == b"1\n"
        porch.close()

    asyncio.run(story())


def test_an_answer_leaves_when_the_journal_has_released_its_batch(choice: str) -> None:
    async def story() -> None:
        journal = HeldJournal()
        porch = Porch(choice, journal)
        client = await porch.client()
        journal.released = journal.sealed
        await client.send(b"SET a 1\n")
        assert await client.hears_nothing()
        assert porch.engine.databases.spaces[0].contains(b"a")
        await client.send(b"GET a\n")
        assert await client.hears_nothing()
        journal.released = journal.sealed - 1
        porch.turn.release()
        assert await client.receive() == b"OK\n"
        journal.released = journal.sealed
        porch.turn.release()
        assert await client.receive() == b"1\n"
        porch.close()

    asyncio.run(story())


def test_only_connections_whose_answers_are_held_are_asked_at_a_release(choice: str) -> None:
    async def story() -> None:
        journal = HeldJournal()
        porch = Porch(choice, journal)
        writing, idle = await porch.client(), await porch.client()
        journal.released = journal.sealed
        await writing.send(b"SET a 1\n")
        await until(lambda: len(porch.turn.held) == 1)
        await writing.send(b"SET a 2\n")
        assert await writing.hears_nothing()
        assert len(porch.turn.held) == 1
        journal.released = journal.sealed
        porch.turn.release()
        assert await writing.receive() == b"OK\nOK\n"
        assert porch.turn.held == []
        assert await idle.hears_nothing()
        porch.close()

    asyncio.run(story())


def test_a_last_line_without_its_end_is_run_and_the_connection_closed(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        client = await porch.client()
        await client.send(b"SET a 1\nGET a")
        client.socket.shutdown(socket.SHUT_WR)
        assert await client.receive_all(100) == len(b"OK\n1\n")
        await until(lambda: not porch.turn.connections)
        assert not porch.engine.sessions
        porch.close()

    asyncio.run(story())


def test_a_waiting_request_is_answered_when_its_key_comes(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        waiting, setting = await porch.client(), await porch.client()
        await waiting.send(b"TAKE a 0\nGET b\n")
        assert await waiting.hears_nothing()
        await setting.send(b"SET b 2\nSET a 1\n")
        assert await setting.receive() == b"OK\nOK\n"
        await until(lambda: not porch.engine.databases.spaces[0].contains(b"a"))
        assert await waiting.receive() == b"1\n2\n"
        porch.close()

    asyncio.run(story())


def test_a_waiting_request_is_given_up_on_time(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        client = await porch.client()
        started = time.monotonic()
        await client.send(b"TAKE a 30\nSET a 1\n")
        assert await client.receive() == b"nothing came\nOK\n"
        assert time.monotonic() - started > 0.02
        porch.close()

    asyncio.run(story())


def test_the_deadlines_of_answered_requests_are_not_kept_until_they_pass(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        waiting, setting = await porch.client(), await porch.client()

        async def wait_and_be_answered(rounds: int) -> int:
            for _ in range(rounds):
                await waiting.send(b"TAKE a 3600000\n")
                await setting.send(b"SET a 1\n")
                assert await waiting.receive() == b"1\n"
                assert await setting.receive() == b"OK\n"
            gc.collect()
            return sys.getallocatedblocks()

        before = await wait_and_be_answered(200)
        assert await wait_and_be_answered(1_000) < before + 1_000
        porch.close()

    asyncio.run(story())


def test_a_client_that_dies_while_it_waits_takes_nothing(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        dying, setting = await porch.client(), await porch.client()
        await dying.send(b"TAKE a 0\n")
        await until(lambda: any(session.parked for session in porch.engine.sessions.values()))
        dying.socket.close()
        await until(lambda: len(porch.engine.sessions) == 1)
        await setting.send(b"SET a 1\nGET a\n")
        assert await setting.receive() == b"OK\n1\n"
        porch.close()

    asyncio.run(story())


def test_a_client_that_does_not_read_is_not_served_further_until_it_does(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        slow, other = await porch.client(), await porch.client()
        requests = 100
        await slow.send(b"REPEAT 999999\n" * requests)
        await other.send(b"SET a 1\n")
        assert await other.receive() == b"OK\n"
        await asyncio.sleep(0.05)
        assert porch.engine.statistics.commands_processed < requests
        assert await slow.receive_all(1_000_000 * requests) == 1_000_000 * requests
        assert porch.engine.statistics.commands_processed == requests + 1
        porch.close()

    asyncio.run(story())


def test_a_reply_beyond_the_output_limit_ends_the_connection(choice: str) -> None:
    async def story() -> None:
        settings = Settings()
        settings.put("client-output-buffer-limit", "normal 2mb 0 0")
        porch = Porch(choice, settings=settings)
        client = await porch.client()
        await client.send(b"REPEAT 9999999\n")
        await until(lambda: not porch.turn.connections)
        porch.close()

    asyncio.run(story())


def test_input_beyond_the_query_limit_ends_the_connection(choice: str) -> None:
    async def story() -> None:
        settings = Settings()
        settings.put("client-query-buffer-limit", "1mb")
        porch = Porch(choice, settings=settings)
        client = await porch.client()
        with pytest.raises((ConnectionError, BrokenPipeError)):
            await client.send(b"x" * 3_000_000)
        await until(lambda: not porch.turn.connections)
        porch.close()

    asyncio.run(story())


def test_a_silent_client_is_dropped_after_the_timeout(choice: str) -> None:
    async def story() -> None:
        settings = Settings()
        settings.put("timeout", "1")
        porch = Porch(choice, settings=settings)
        client = await porch.client()
        assert await client.receive() == b""
        porch.close()

    asyncio.run(story())


def test_keys_expire_on_time_without_being_asked_for(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        client = await porch.client()
        space = porch.engine.databases.spaces[0]
        await client.send(b"SET a 1\nSET b 1\n")
        await client.receive()
        space.set_deadline(b"a", porch.engine.clock.tick() + 150)
        started = time.monotonic()
        await until(lambda: len(space) == 1)
        assert time.monotonic() - started > 0.14
        porch.close()

    asyncio.run(story())


def test_a_connection_that_has_ended_is_freed_without_the_garbage_collector(choice: str) -> None:
    async def story() -> None:
        porch = Porch(choice)
        client = await porch.client(RespDialect())
        await client.send(b"*1\r\n$4\r\nPING\r\n")
        assert await client.receive() == b"+PONG\r\n"
        before = living_sessions()
        client.socket.close()
        await until(lambda: not porch.turn.connections)
        porch.connections.clear()
        await until(lambda: living_sessions() == before - 1)
        porch.close()

    gc.collect()
    gc.disable()
    try:
        asyncio.run(story())
    finally:
        gc.enable()


def living_sessions() -> int:
    return sum(type(each) is Session for each in gc.get_objects())
