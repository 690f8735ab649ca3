"""`kvik import` of every kind of value: what the files of a real redis-server make here after random requests."""

from pathlib import Path

import pytest

from tests.cli.test_import import redis, rewrite, taken_over
from tests.differential.campaign import FAMILIES, drawn
from tests.differential.draw import WAITING, Draw, Request
from tests.engines import Caller
from tests.programs import KVIK, run
from tests.wire import Wire, encode_words

REQUESTS = 1_500
SEED = 20_261_122
DATABASES = 16

WHOLE = {
    b"list": ["LRANGE", "0", "-1"],
    b"set": ["SMEMBERS"],
    b"hash": ["HGETALL"],
    b"zset": ["ZRANGE", "0", "-1", "WITHSCORES"],
    b"string": ["GET"],
}
"""How to ask for all of a value: name and what comes behind the key."""
Contents = dict[tuple[int, bytes], tuple[bytes, list[bytes], object]]


def plain(kind: bytes, reply: object) -> list[bytes]:
    """Return a whole value so that equal ones are equal: members and fields without their order."""
    if isinstance(reply, bytes):
        return [reply]
    assert isinstance(reply, list)
    # A score is text in RESP2 and a float inside.
    words = [word if isinstance(word, bytes) else b"%.17g" % word for word in reply]
    if kind == b"hash":
        pairs = sorted(zip(words[::2], words[1::2], strict=True))
        return [word for pair in pairs for word in pair]
    return sorted(words) if kind == b"set" else words


def kept_by_redis(wire: Wire) -> Contents:
    found: Contents = {}
    for database in range(DATABASES):
        wire.call("SELECT", database)
        keys = wire.call("KEYS", "*")
        assert isinstance(keys, list)
        for key in keys:
            kind = wire.call("TYPE", key)
            assert isinstance(kind, bytes)
            name, *rest = WHOLE[kind]
            found[database, key] = (kind, plain(kind, wire.call(name, key, *rest)), wire.call("PEXPIRETIME", key))
    return found


def kept_here(call: Caller) -> Contents:
    found: Contents = {}
    for database in range(DATABASES):
        call("SELECT", database)
        keys = call("KEYS", "*")
        assert isinstance(keys, list)
        for key in keys:
            assert isinstance(key, bytes)
            kind = call.plain("TYPE", key)
            assert isinstance(kind, bytes)
            name, *rest = WHOLE[kind]
            found[database, key] = (kind, plain(kind, call.plain(name, key, *rest)), call.plain("PEXPIRETIME", key))
    return found


def requests(family: str, count: int) -> list[Request]:
    draw = Draw(SEED)
    drawn_ones = [drawn(draw, FAMILIES[family]) for _ in range(count)]
    return [request for request in drawn_ones if request[0] not in WAITING]


def send(wire: Wire, asked: list[Request]) -> None:
    wire.send(b"".join([encode_words(request) for request in asked]))
    for _ in asked:
        wire.reply()


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_a_server_has_done_to_its_values_comes_over(folder: Path, family: str) -> None:
    asked = requests(family, REQUESTS)
    with redis(folder) as wire:
        send(wire, asked[: REQUESTS // 2])
        rewrite(wire)
        send(wire, asked[REQUESTS // 2 :])
        expected = kept_by_redis(wire)
    call, said = taken_over(folder)
    found = kept_here(call)
    differing = [
        (place, found.get(place), expected[place]) for place in expected if found.get(place) != expected[place]
    ]
    assert not differing, repr(differing)
    assert len(found) == len(expected) > 3
    assert f"found: {len(expected)} keys" in said
    done = run([*KVIK, "check", str(folder / "new")])
    assert (done.returncode, done.stderr) == (0, b""), done


@pytest.mark.needs("redis-server")
def test_values_of_every_kind_and_size_come_over_from_a_base_alone(folder: Path) -> None:
    with redis(folder) as wire:
        for number in range(0, 3_000, 500):
            several = range(number, number + 500)
            wire.call("RPUSH", "list", *[f"v{each}" for each in several])
            wire.call("SADD", "set", *[f"v{each}" for each in several])
            wire.call("HSET", "hash", *[word for each in several for word in (f"f{each}", each)])
            wire.call("ZADD", "zset", *[word for each in several for word in (each / 7, f"v{each}")])
        wire.call("SADD", "integers", *range(100))
        wire.call("ZADD", "infinite", "inf", "a", "-inf", "b", "1e300", "c")
        wire.call("SET", "string", b"\x00" * 100_000)
        wire.call("EXPIRE", "hash", "100000")
        rewrite(wire)
        expected = kept_by_redis(wire)
    call, _ = taken_over(folder)
    assert kept_here(call) == expected and len(expected) == 7


@pytest.mark.needs("redis-server")
def test_what_is_popped_and_summed_comes_over_as_it_happened(folder: Path) -> None:
    with redis(folder) as wire:
        wire.call("ZADD", "z", "1", "a", "2", "b")
        wire.call("BZPOPMIN", "z", "0")
        wire.call("SADD", "s", "m")
        wire.call("SPOP", "s")
        wire.call("HINCRBYFLOAT", "h", "f", "0.1")
        wire.call("RPUSH", "l", "a", "b")
        wire.call("LMPOP", "1", "l", "RIGHT")
    call, _ = taken_over(folder)
    assert (call.plain("ZRANGE", "z", 0, -1), call.plain("HGET", "h", "f"), call("EXISTS", "s")) == ([b"b"], b"0.1", 0)
    assert call.plain("LRANGE", "l", 0, -1) == [b"a"]
