"""Clients of a paced dialect that read slowly, late or never; on the own poller and on asyncio (S65)."""

import asyncio
import socket
from collections.abc import Callable, Coroutine

import pytest

from kvik.dialects.auto import AutoDialect
from kvik.dialects.colon import WAITING_LINES_MAX, ColonDialect
from kvik.network.turn import LINGER_MS, STALLED_LOOKS, Connection
from kvik.settings import Settings
from tests.network.test_turns import Client, HeldJournal, Porch, until

pytestmark = pytest.mark.parametrize("choice", ["poller", "asyncio"])


class Crowd:
    """A porch with a list of so many values under `big`, and one colon client."""

    def __init__(self, porch: Porch, client: Client, values: int) -> None:
        self.porch = porch
        self.engine = porch.engine
        self.client = client
        self.values = values
        self.connection = porch.connections[-1]

    @property
    def dropped(self) -> int:
        return self.engine.statistics.colon_lines_dropped

    def has(self, key: bytes) -> bool:
        return self.engine.databases.spaces[0].contains(key)

    def whole_reply(self) -> bytes:
        return b"".join([b"big:value-%d\n" % number for number in range(self.values)])

    async def stop_reading(self, request: bytes = b"GET:big\n") -> None:
        """Ask for more than the system takes, and wait until the server has seen that nobody reads."""
        await self.client.send(request)
        await until(lambda: self.connection.caller.is_stalled)

    async def read_lines(self, count: int) -> bytes:
        data = b""
        while data.count(b"\n") < count:
            more = await self.client.receive()
            assert more, "the server closed the connection"
            data += more
        return data

    async def read_to_the_end(self) -> bytes:
        data = b""
        while more := await self.client.receive():
            data += more
        return data


def play(
    choice: str,
    story: Callable[[Crowd], Coroutine[None, None, None]],
    values: int = 100_000,
    settings: Settings | None = None,
    stalled_looks: int = 3,
) -> None:
    async def whole() -> None:
        porch = Porch(choice, settings=settings)
        porch.turn.stalled_looks = stalled_looks
        filling = await porch.client()
        for start in range(0, values, 10_000):
            words = [b"value-%d" % number for number in range(start, min(start + 10_000, values))]
            await filling.send(b"RPUSH big " + b" ".join(words) + b"\n")
            await filling.receive()
        client = await porch.client(ColonDialect())
        await story(Crowd(porch, client, values))
        porch.close()

    asyncio.run(whole())


def test_a_client_that_reads_gets_every_value(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.client.send(b"GET:big\nPUT:after:x\nGET:after\n")
        data = await crowd.read_lines(crowd.values + 1)
        assert data == crowd.whole_reply() + b"after:x\n"
        assert crowd.dropped == 0

    play(choice, story)


def test_what_comes_behind_a_reply_that_is_being_read_waits_for_it(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.client.send(b"GET:big\nPUT:after:x\n")
        await crowd.client.receive(1000)
        assert not crowd.has(b"after")
        assert crowd.connection.caller.output_bytes() < 200_000
        await crowd.read_lines(crowd.values - 100)
        await until(lambda: crowd.has(b"after"))

    play(choice, story)


def test_a_client_that_asks_for_more_than_it_has_read_loses_nothing_while_it_reads(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        requests = 100
        await crowd.client.send(b"GET:big\n" * requests)
        data = await crowd.read_lines(requests * crowd.values)
        assert data == crowd.whole_reply() * requests
        assert crowd.dropped == 0

    play(choice, story, values=1_000)


def test_a_client_that_does_not_read_is_served_further_and_hears_500_lines_when_it_reads(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.stop_reading()
        await crowd.client.send(b"PUT:k:v\n" + b"GET:k\n" * (WAITING_LINES_MAX + 200))
        await until(lambda: crowd.dropped == 200)
        assert crowd.has(b"k")
        data = await crowd.read_lines(crowd.values + WAITING_LINES_MAX)
        assert data == crowd.whole_reply() + b"k:v\n" * WAITING_LINES_MAX
        await crowd.client.send(b"GET:k\n")
        assert await crowd.client.receive() == b"k:v\n"
        assert not crowd.connection.caller.is_stalled
        assert crowd.dropped == 200

    play(choice, story)


def test_requests_that_waited_for_a_reader_are_run_when_it_is_seen_to_stand(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.client.send(b"GET:big\nPUT:k:v\n")
        await asyncio.sleep(0.1)
        assert not crowd.has(b"k")
        await until(lambda: crowd.has(b"k"))
        assert crowd.connection.caller.is_stalled

    play(choice, story)


def test_a_client_that_reads_little_by_little_loses_nothing(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.client.send(b"GET:big\n" * 20)
        data = b""
        while len(data) < 200_000:
            data += await crowd.client.receive(10_000)
            await asyncio.sleep(0.05)
        data += await crowd.read_lines(20 * crowd.values - data.count(b"\n"))
        assert data == crowd.whole_reply() * 20
        assert crowd.dropped == 0

    play(choice, story, values=5_000, stalled_looks=STALLED_LOOKS)


def test_a_client_that_ends_its_input_gets_everything_it_asked_for(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.client.send(b"GET:big\nPUT:k:v\nGET:k")
        crowd.client.socket.shutdown(socket.SHUT_WR)
        assert await crowd.read_to_the_end() == crowd.whole_reply() + b"k:v\n"
        assert crowd.has(b"k")
        await until(lambda: crowd.connection.caller.session.id not in crowd.porch.turn.connections)

    play(choice, story)


def test_a_client_that_ended_its_input_and_stood_still_gets_what_waited(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.stop_reading()
        await crowd.client.send(b"PUT:k:v\nGET:k")
        crowd.client.socket.shutdown(socket.SHUT_WR)
        await until(lambda: crowd.has(b"k"))
        assert await crowd.read_to_the_end() == crowd.whole_reply() + b"k:v\n"

    play(choice, story)


def test_a_last_reply_is_not_cut_off_while_it_is_being_read(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.client.send(b"GET:big\n")
        crowd.client.socket.shutdown(socket.SHUT_WR)
        session = crowd.connection.caller.session
        data = b""
        while more := await crowd.client.receive():
            data += more
            session.last_active = crowd.engine.clock.now - 2 * LINGER_MS
        assert data == crowd.whole_reply()

    play(choice, story)


def test_the_limit_of_output_does_not_end_a_paced_client(choice: str) -> None:
    settings = Settings()
    settings.put("client-output-buffer-limit", "normal 10kb 0 0")

    async def story(crowd: Crowd) -> None:
        await crowd.stop_reading()
        await crowd.client.send(b"PUT:k:v\n")
        await until(lambda: crowd.has(b"k"))
        assert await crowd.read_lines(crowd.values) == crowd.whole_reply()

    play(choice, story, settings=settings)


def test_who_dies_without_reading_leaves_nothing_behind(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.stop_reading()
        crowd.client.socket.close()
        await until(lambda: not crowd.connection.is_open)
        await until(lambda: not crowd.porch.turn.writing)

    play(choice, story)


def test_a_dialect_found_out_by_its_first_line_is_paced_too(choice: str) -> None:
    async def story(crowd: Crowd) -> None:
        client = await crowd.porch.client(AutoDialect())
        await client.send(b"GET:big\n" + b"GET:none\n" * 5)
        whole = Crowd(crowd.porch, client, crowd.values)
        await until(lambda: whole.connection.caller.is_stalled)
        assert await whole.read_lines(crowd.values) == crowd.whole_reply()

    play(choice, story)


async def release_again_and_again(porch: Porch, journal: HeldJournal) -> None:
    while True:
        journal.released = journal.sealed
        porch.turn.release()
        await asyncio.sleep(0.005)


def test_answers_that_the_journal_holds_back_are_no_stall(choice: str) -> None:
    async def story() -> None:
        journal = HeldJournal()
        porch = Porch(choice, journal)
        porch.turn.stalled_looks = 2
        client = await porch.client(ColonDialect())
        connection: Connection = porch.connections[-1]
        await client.send((b"PUT:k:" + b"v" * 1000 + b"\n") * 200 + b"GET:k\nPUT:after:x\n")
        await until(lambda: connection.waiting_bytes() > 0)
        await asyncio.sleep(0.4)
        assert not connection.caller.is_stalled
        releasing = asyncio.create_task(release_again_and_again(porch, journal))
        count = 0
        while count < 200 * 1003:
            count += len(await client.receive())
        releasing.cancel()
        assert porch.engine.statistics.colon_lines_dropped == 0
        await until(lambda: porch.engine.databases.spaces[0].contains(b"after"))
        porch.close()

    asyncio.run(story())


def test_a_client_that_dies_while_its_answer_is_held_back_is_dropped_at_the_release(choice: str) -> None:
    async def story() -> None:
        journal = HeldJournal()
        porch = Porch(choice, journal)
        client = await porch.client()
        await client.send(b"SET a 1\n")
        await until(lambda: len(porch.turn.held) == 1)
        porch.connections[-1].drop()
        journal.released = journal.sealed
        porch.turn.release()
        assert not porch.turn.connections
        porch.close()

    asyncio.run(story())
