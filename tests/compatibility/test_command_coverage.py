"""Every command redis-server 7.0 lists, of the groups kvik has, exists here and is described alike."""

from collections import Counter

import pytest

from tests.differential.campaign import FAMILIES
from tests.differential.draw import Draw
from tests.engines import Caller, plain_reply
from tests.servers import RedisServer
from tests.wire import Wire, as_text

GROUPS = [
    *["string", "list", "hash", "set", "sorted-set", "stream", "bitmap", "hyperloglog", "geo"],
    *["generic", "pubsub", "transactions", "connection"],
]
ABSENT = {
    "migrate": "moves keys to another node; there is only one",
    "wait": "waits for replicas; there are none",
    "client|caching": "caching on the client's side is not offered",
    "client|getredir": "as client|caching",
    "client|tracking": "as client|caching",
    "client|trackinginfo": "as client|caching",
}
"""What is deliberately not there, with the reason."""
NEWER = {
    "zrank": "WITHSCORE of Redis 7.2",
    "zrevrank": "WITHSCORE of Redis 7.2",
    "lolwut": "of no ACL category of keys: it reads none",
}
"""What is described otherwise, with the reason."""
ODD = {b"PFMERGE": 2}
"""So many words of it are a whole command, but Redis finds that it has no keys."""
SAMPLES = 300
SEED = 5
SAMPLE_REQUESTS = """
GET k | SET k v GET | MSET a 1 b 2 c 3 | MSET a 1 b | MGET a b c | DEL a | LCS a b IDX | BITOP AND d a b c
OBJECT ENCODING k | OBJECT HELP | PING | XADD | BLPOP a b 0 | BLPOP a | BLMPOP 0 2 a b LEFT | LMPOP 3 a b LEFT
ZUNIONSTORE d 2 a b WEIGHTS 1 2 | ZUNIONSTORE d 9 a | ZUNIONSTORE d x a | ZINTERCARD 0 a | ZDIFF 1 a | SINTERCARD 2 a b
ZMPOP 1 a MIN | BZMPOP 0 2 a b MAX COUNT 3 | BZPOPMIN a b c 0 | ZRANGESTORE d s 0 -1 | SORT k BY w_* GET # STORE d
SORT k STORE a STORE b | SORT_RO k BY w_* | GEORADIUS k 0 0 1 m STORE d STOREDIST e | GEORADIUS k 0 0 1 m
GEOSEARCHSTORE d k FROMMEMBER m BYRADIUS 1 m | SMOVE a b m | RENAME a b | COPY a b DB 1 | TOUCH a b a | PFMERGE d a b
PFCOUNT a b | PUBLISH c m | SUBSCRIBE c | SPUBLISH c m | SSUBSCRIBE a b | WATCH a b | NOSUCH a | MULTI | CLIENT ID
"""


class Description:
    """What COMMAND INFO says of a command, and the group of its documentation."""

    def __init__(self, info: list[object], group: str) -> None:
        self.group = group
        self.arity, self.flags, self.first, self.last, self.step, self.categories = [
            sorted(map(str, each)) if isinstance(each, list | set | tuple | frozenset) else each for each in info[1:7]
        ]

    def shown(self) -> dict[str, object]:
        return vars(self)


def described(commands: object, documents: object) -> dict[str, Description]:
    """Return the descriptions of commands and subcommands by name."""
    groups: dict[str, str] = {}
    note_groups(documents, groups)
    found: dict[str, Description] = {}
    assert isinstance(commands, list)
    for info in [each for parent in commands for each in (parent, *parent[9])]:
        name = info[0].decode()
        found[name] = Description(info, groups[name])
    return found


def note_groups(documents: object, groups: dict[str, str]) -> None:
    for name, document in as_dict(documents).items():
        facts = as_dict(document)
        group, children = facts[b"group"], facts.get(b"subcommands", [])
        assert isinstance(name, bytes) and isinstance(group, bytes)
        groups[name.decode()] = group.decode()
        note_groups(children, groups)


def as_dict(pairs: object) -> dict[object, object]:
    if isinstance(pairs, dict):
        return pairs
    assert isinstance(pairs, list)
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


@pytest.fixture
def wire(redis_server: RedisServer) -> "Wire":
    return redis_server.open()


@pytest.fixture
def theirs(wire: Wire) -> dict[str, Description]:
    return described(wire.call("COMMAND"), wire.call("COMMAND", "DOCS"))


@pytest.fixture
def ours() -> dict[str, Description]:
    caller = Caller()
    return described(caller.plain("COMMAND"), caller.plain("COMMAND", "DOCS"))


def test_every_command_of_redis_is_there_or_its_absence_is_explained(
    theirs: dict[str, Description], ours: dict[str, Description]
) -> None:
    expected = {name for name, one in theirs.items() if one.group in GROUPS}
    unexplained = sorted(expected - set(ours) - set(ABSENT))
    no_longer_needed = sorted(set(ABSENT) & set(ours) | set(ABSENT) - expected)
    found = expected & set(ours)
    counts = Counter(theirs[name].group for name in found)
    print(f"\n{len(found)} of the {len(expected)} commands of redis-server are there, {len(ABSENT)} deliberately not:")
    print(", ".join([f"{group} {counts[group]}" for group in GROUPS]))
    assert unexplained == [], "commands that redis-server has"
    assert no_longer_needed == [], "strike these out of the list"


def test_every_command_both_have_is_described_alike(
    theirs: dict[str, Description], ours: dict[str, Description]
) -> None:
    both = sorted(set(theirs) & set(ours))
    assert len(both) > 200
    differing = {name: (theirs[name].shown(), ours[name].shown()) for name in both}
    assert {name: pair for name, pair in differing.items() if pair[0] != pair[1]}.keys() == NEWER.keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_keys_of_any_request_are_found_as_by_redis(family: str, wire: Wire) -> None:
    draw, caller = Draw(SEED), Caller()
    for _ in range(SAMPLES):
        request = draw.mangled(FAMILIES[family](draw))
        if request[0] in ODD and len(request) == ODD[request[0]]:
            continue
        asked = [b"COMMAND", b"GETKEYS", *request]
        assert plain_text(caller.plain(*asked)) == as_text(wire.call(*asked)), request


def test_the_keys_of_some_requests_are_found_as_by_redis(wire: Wire) -> None:
    caller = Caller()
    for line in SAMPLE_REQUESTS.replace("\n", "|").split("|"):
        if line.strip():
            asked = ["COMMAND", "GETKEYS", *line.split()]
            assert plain_text(caller.plain(*asked)) == as_text(wire.call(*asked)), line


def plain_text(reply: object) -> str:
    """Return a plain reply as the text door shows it."""
    return f"(error) {reply}" if isinstance(reply, str) else as_text(plain_reply(reply))
