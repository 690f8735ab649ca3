"""`kvik import` of every kind of value: what the files of a redis-server make here is what they make there."""

from pathlib import Path

import pytest

from tests.cli.test_import import redis, rewrite, taken_over
from tests.differential.campaign import FAMILIES, drawn
from tests.differential.draw import WAITING, Draw, Request
from tests.engines import Caller
from tests.programs import KVIK, run
from tests.rdb.values import HOW_IT_IS_KEPT, without
from tests.wire import Wire, encode_words

REQUESTS = 1_500
SEED = 20_261_122
DATABASES = 16

KEY = "the key"
WHOLE = {
    b"list": ["LRANGE", KEY, "0", "-1"],
    b"set": ["SMEMBERS", KEY],
    b"hash": ["HGETALL", KEY],
    b"zset": ["ZRANGE", KEY, "0", "-1", "WITHSCORES"],
    b"string": ["GET", KEY],
    b"stream": ["XINFO", "STREAM", KEY, "FULL", "COUNT", "0"],
}
"""How to ask for all of a value."""
FORGOTTEN = (*HOW_IT_IS_KEPT, b"seen-time")
"""When a consumer last asked is written nowhere: it is when the server began."""
Contents = dict[tuple[int, bytes], tuple[bytes, object, object]]


def asking(kind: bytes, key: bytes) -> list[str | bytes]:
    return [key if word == KEY else word for word in WHOLE[kind]]


def plain(kind: bytes, reply: object) -> object:
    """Return a whole value so that equal ones are equal: members and fields without their order."""
    if isinstance(reply, bytes):
        return reply
    if kind == b"stream":
        return without(reply, FORGOTTEN)
    assert isinstance(reply, list)
    if kind == b"zset":
        # As numbers: a score that is -0 becomes 0 in a file of either server.
        return [float(word) if index % 2 else word for index, word in enumerate(reply)]
    if kind == b"hash":
        return dict(zip(reply[::2], reply[1::2], strict=True))
    return sorted(reply) if kind == b"set" else reply


def kept_by_redis(wire: Wire) -> Contents:
    found: Contents = {}
    for database in range(DATABASES):
        wire.call("SELECT", database)
        keys = wire.call("KEYS", "*")
        assert isinstance(keys, list)
        for key in keys:
            kind = wire.call("TYPE", key)
            assert isinstance(kind, bytes)
            value = plain(kind, wire.call(*asking(kind, key)))
            found[database, key] = (kind, value, wire.call("PEXPIRETIME", key))
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
            value = plain(kind, call.plain(*asking(kind, key)))
            found[database, key] = (kind, value, call.plain("PEXPIRETIME", key))
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
    call, said = taken_over(folder)
    # A server that begins again: its files do not hold all that it knew of the consumers of a stream.
    with redis(folder) as wire:
        expected = kept_by_redis(wire)
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


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize(("is_rewritten", "alices"), [(False, 25), (True, 24)], ids=["as it happened", "rewritten"])
def test_who_has_which_entry_of_a_stream_comes_over(folder: Path, is_rewritten: bool, alices: int) -> None:
    """As Redis writes it down: a rewriting forgets what is pending of entries that were deleted."""
    with redis(folder) as wire:
        for number in range(1, 251):
            wire.call("XADD", "s", "MAXLEN", "~", "150", "LIMIT", "100", f"{number}-1", "f", number)
        for words in (
            *["XGROUP CREATE s g 0", "XREADGROUP GROUP g alice COUNT 30 STREAMS s >"],
            *["XREADGROUP GROUP g bob COUNT 5 STREAMS s >", "XACK s g 102-1", "XDEL s 103-1", "XDEL s 250-1"],
            *["XCLAIM s g carol 0 110-1 IDLE 5000 RETRYCOUNT 9", "XAUTOCLAIM s g carol 0 128-1 COUNT 3"],
            *["XGROUP CREATE s h $", "XGROUP SETID s h 120-1 ENTRIESREAD 120", "XGROUP CREATECONSUMER s h dan"],
            *["XREADGROUP GROUP h dan NOACK COUNT 2 STREAMS s >", "XSETID s 300-1"],
        ):
            wire.call(*words.split())
        assert wire.call("XTRIM", "s", "MAXLEN", "~", "100") == 0
        if is_rewritten:
            rewrite(wire)
    call, _ = taken_over(folder)
    pending = [alices + 9, b"101-1", b"135-1", [[b"alice", b"%d" % alices], [b"bob", b"5"], [b"carol", b"4"]]]
    assert call.plain("XPENDING", "s", "g") == pending
    found = kept_here(call)
    with redis(folder) as wire:
        assert found == kept_by_redis(wire)
