"""List commands beside a real redis-server: the same declarations, the same answers, the same order of waiting."""

from random import Random

import pytest
from librt.strings import BytesWriter

from kvik.dialects.resp import RespDialect
from kvik.replies import Reply, Wait
from kvik.request import Request
from tests.commands.list_requests import BLOCKING, NAMES, Word, random_request
from tests.engines import Caller, as_word
from tests.reference import ReferenceServer
from tests.servers import RedisServer
from tests.wire import Wire, encode_words

ROUNDS = 17
REQUESTS_PER_ROUND = 600
CLIENTS = 4


@pytest.mark.parametrize("name", NAMES)
def test_a_list_command_is_declared_as_in_redis(caller: Caller, reference: ReferenceServer, name: str) -> None:
    declaration = caller.engine.declarations()[name.encode()]
    keys = declaration.keys
    own = [declaration.full_name().encode(), declaration.arity(), declaration.flag_names(), keys.first, keys.last]
    answer = reference("COMMAND", "INFO", name)
    assert isinstance(answer, list) and isinstance(answer[0], list)
    assert [*own, keys.step] == answer[0][:6]
    documents = reference("COMMAND", "DOCS", name)
    assert isinstance(documents, list)
    documented = dict(zip(documents[1][::2], documents[1][1::2], strict=True))
    assert declaration.group.encode() == documented[b"group"]
    assert declaration.since.encode() == documented[b"since"]


@pytest.mark.parametrize(
    "line",
    [
        "LMPOP 2 a b LEFT",
        "BLMPOP 0 2 a b LEFT",
        "LMPOP 5 a b LEFT",
        "LMPOP 0 a LEFT",
        "BLPOP a b 0",
        "LMOVE a b LEFT LEFT",
        "RPUSH a b c",
    ],
)
def test_keys_are_found_where_redis_finds_them(caller: Caller, reference: ReferenceServer, line: str) -> None:
    assert caller.plain("COMMAND", "GETKEYS", *line.split()) == reference("COMMAND", "GETKEYS", *line.split())


class Client:
    """One client of kvik and of the real server, whose answers come as bytes, at once or later."""

    def __init__(self, caller: Caller, wire: Wire, protocol: int) -> None:
        self.wire = wire
        self.is_waiting = False
        self._caller = caller
        self._dialect = RespDialect()
        caller.session.protocol = protocol
        if protocol == 3:
            wire.call("HELLO", "3")
        wire.socket.setblocking(False)

    def send(self, words: list[Word]) -> bytes:
        """Send a request to both and return what kvik answers at once."""
        self.wire.send(encode_words(words))
        request = Request([as_word(word) for word in words])
        reply = self._caller.engine.execute(self._caller.session, request)
        if isinstance(reply, Wait):
            self.is_waiting = True
            return b""
        return self._encoded(request, reply)

    def late(self) -> bytes:
        """Return what kvik has answered since."""
        delivered = self._caller.outlet.delivered
        answers = b"".join([self._encoded(request, reply) for request, reply in delivered])
        if delivered:
            self.is_waiting = False
            delivered.clear()
        return answers

    def expected(self) -> bytes:
        """Return what the real server has answered since."""
        try:
            return self.wire.socket.recv(1 << 20)
        except BlockingIOError:
            return b""

    def _encoded(self, request: Request, reply: Reply) -> bytes:
        out = BytesWriter()
        self._dialect.encode(request, reply, self._caller.session.protocol, out)
        return out.getvalue()


def clients_of(server: RedisServer, protocol: int) -> list[Client]:
    caller = Caller()
    callers = [caller, *[caller.another() for _ in range(CLIENTS)]]
    return [Client(one, server.open(), protocol) for one in callers]


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_requests_of_clients_that_wait_are_answered_as_redis_answers_them(
    redis_server: RedisServer, seed: int, protocol: int
) -> None:
    random = Random(seed)
    with redis_server.open() as other:
        other.call("FLUSHALL")
        clients = clients_of(redis_server, protocol)
        history: list[str] = []
        for _ in range(REQUESTS_PER_ROUND):
            client, words = next_request(random, clients)
            history.append(f"{clients.index(client)} {words}"[:200])
            answers = {client: client.send(words)}
            # Two may be answered in one turn, in any order: what comes of this request is there after the second.
            other.call("PING")
            other.call("PING")
            for each in clients:
                own = answers.get(each, b"") + each.late()
                assert own == each.expected(), (clients.index(each), history[-30:])
        for client in clients:
            client.wire.close()


def next_request(random: Random, clients: list[Client]) -> tuple[Client, list[Word]]:
    """Return who says what next: the last client only disturbs the others, who never all wait."""
    *others, disturbing = clients
    draw = random.random()
    if draw < 0.03:
        return disturbing, ["SET", "str", "v"]
    free = [client for client in others if not client.is_waiting]
    client = random.choice(free)
    if draw < 0.13:
        return client, [random.choice(("MULTI", "EXEC", "EXEC", "DISCARD"))]
    return client, random_request(random, len(free) > 1 and draw < 0.3)


def test_no_blocking_command_is_left_out_of_the_comparison(caller: Caller) -> None:
    from kvik.declaration import BLOCKING as FLAG

    declared = caller.engine.declarations().values()
    assert {one.name for one in declared if one.flags & FLAG and one.group == "list"} == set(BLOCKING)
