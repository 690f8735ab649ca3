"""redis-py's methods for lists, hashes, sets, sorted sets and channels, in both protocols."""

import threading
import time
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers import KvikServer


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def client(request: pytest.FixtureRequest, kvik_server: KvikServer) -> Iterator[redis.Redis]:
    with redis.Redis(port=kvik_server.ports["resp"], protocol=request.param, retry=Retry(NoBackoff(), 0)) as client:
        yield client


def test_lists_work_by_their_methods(client: redis.Redis) -> None:
    assert client.rpush("l", "b", "c") == 2
    assert client.lpush("l", "a") == 3
    assert client.lpushx("x", "a") == client.rpushx("x", "a") == 0
    assert client.lrange("l", 0, -1) == [b"a", b"b", b"c"]
    assert client.llen("l") == 3
    assert client.lindex("l", -1) == b"c"
    assert client.linsert("l", "BEFORE", "b", "x") == 4
    assert client.lset("l", 1, "y")
    assert client.lpos("l", "c") == 3
    assert client.lpos("l", "c", count=0) == [3]
    assert client.lrem("l", 1, "y") == 1
    assert client.ltrim("l", 0, 1)
    assert client.lmove("l", "m", "LEFT", "RIGHT") == b"a"
    assert client.rpoplpush("m", "l") == b"a"
    assert client.lpop("l") == b"a"
    assert client.rpop("l", 5) == [b"b"]
    assert client.lpop("l") is None


def test_lists_are_popped_by_the_methods_that_may_wait(client: redis.Redis) -> None:
    client.rpush("l", "a", "b", "c")
    assert client.lmpop(2, "x", "l", direction="LEFT", count=2) == [b"l", [b"a", b"b"]]
    assert list(client.blpop(["x", "l"], timeout=1) or ()) == [b"l", b"c"]
    assert client.brpop("l", timeout=0.01) is None
    assert client.blmpop(0.01, 1, "l", direction="LEFT") is None
    assert client.blmove("l", "m", 0.01) is None
    assert client.brpoplpush("l", "m", timeout=0.01) is None


def test_a_blocking_pop_is_served_by_another_client(client: redis.Redis, kvik_server: KvikServer) -> None:
    def push() -> None:
        time.sleep(0.1)
        with redis.Redis(port=kvik_server.ports["resp"]) as other:
            other.rpush("queue", "job")
            other.zadd("ranked", {"job": 1})

    helper = threading.Thread(target=push)
    helper.start()
    assert list(client.blpop("queue", timeout=5) or ()) == [b"queue", b"job"]
    assert list(client.bzpopmin("ranked", timeout=5) or ()) == [b"ranked", b"job", 1.0]
    helper.join()


def test_hashes_work_by_their_methods(client: redis.Redis) -> None:
    assert client.hset("h", "a", "1") == 1
    assert client.hset("h", mapping={"b": 2, "c": b"\x00\xff"}) == 2
    assert client.hget("h", "a") == b"1"
    assert client.hmget("h", "a", "x") == [b"1", None]
    assert client.hgetall("h") == {b"a": b"1", b"b": b"2", b"c": b"\x00\xff"}
    assert client.hkeys("h") == [b"a", b"b", b"c"]
    assert client.hvals("h") == [b"1", b"2", b"\x00\xff"]
    assert client.hlen("h") == 3
    assert client.hexists("h", "a") and not client.hexists("h", "x")
    assert client.hstrlen("h", "c") == 2
    assert client.hsetnx("h", "a", "9") == 0
    assert client.hincrby("h", "a", 5) == 6
    assert client.hincrbyfloat("h", "a", 0.5) == 6.5
    assert client.hdel("h", "b", "x") == 1
    assert dict(client.hscan_iter("h")) == {b"a": b"6.5", b"c": b"\x00\xff"}
    assert client.hrandfield("h") in (b"a", b"c")
    assert sorted(client.hrandfield("h", 5)) == [b"a", b"c"]


def test_fields_that_die_work_by_their_methods(client: redis.Redis) -> None:
    client.hset("h", mapping={"a": 1, "b": 2})
    assert client.hexpire("h", 100, "a", "x") == [1, -2]
    assert client.httl("h", "a", "b") == [100, -1]
    assert client.hpersist("h", "a") == [1]


def test_sets_work_by_their_methods(client: redis.Redis) -> None:
    assert client.sadd("s", "a", "b", "c") == 3
    assert client.sadd("t", "b", "c", "d") == 3
    assert client.scard("s") == 3
    assert client.smembers("s") == {b"a", b"b", b"c"}
    assert client.sismember("s", "a")
    assert client.smismember("s", ["a", "x"]) == [1, 0]
    assert client.sinter("s", "t") == {b"b", b"c"}
    assert client.sunion("s", "t") == {b"a", b"b", b"c", b"d"}
    assert client.sdiff("s", "t") == {b"a"}
    assert client.sintercard(2, ["s", "t"], limit=1) == 1
    assert client.sinterstore("d", ["s", "t"]) == 2
    assert client.sunionstore("d", ["s", "t"]) == 4
    assert client.sdiffstore("d", ["s", "t"]) == 1
    assert client.smove("s", "t", "a")
    assert client.srem("s", "b", "x") == 1
    assert client.srandmember("s") == b"c"
    assert set(client.srandmember("t", 10)) == {b"a", b"b", b"c", b"d"}
    assert set(client.sscan_iter("t", match="[ab]")) == {b"a", b"b"}
    assert client.spop("s") == b"c"
    assert set(client.spop("t", 10)) == {b"a", b"b", b"c", b"d"}
    assert client.smembers("t") == set()


def as_pairs(reply: object) -> list[tuple[object, object]]:
    """Return members with their scores as pairs: redis-py gives tuples in RESP2 and lists in RESP3."""
    assert isinstance(reply, list)
    return [(member, score) for member, score in reply]


def test_sorted_sets_work_by_their_methods(client: redis.Redis) -> None:
    assert client.zadd("z", {"a": 1, "b": 2, "c": 3.5}) == 3
    assert client.zadd("z", {"a": 2}, gt=True, ch=True) == 1
    assert client.zadd("z", {"a": 1}, incr=True) == 3.0
    assert client.zscore("z", "c") == 3.5
    assert client.zmscore("z", ["a", "x"]) == [3.0, None]
    assert client.zcard("z") == 3
    assert client.zcount("z", "-inf", 3) == 2
    assert client.zincrby("z", 1.5, "b") == 3.5
    assert client.zrange("z", 0, -1) == [b"a", b"b", b"c"]
    assert as_pairs(client.zrange("z", 0, 0, withscores=True)) == [(b"a", 3.0)]
    assert client.zrange("z", 0, 10, byscore=True, offset=1, num=1) == [b"b"]
    assert as_pairs(client.zrevrange("z", 0, 0, withscores=True)) == [(b"c", 3.5)]
    assert client.zrangebyscore("z", "(3", "+inf") == [b"b", b"c"]
    assert client.zrank("z", "c") == 2
    assert client.zrevrank("z", "c") == 0
    assert client.zrangestore("d", "z", 0, 1) == 2
    assert client.zrandmember("d") in (b"a", b"b")
    assert dict(client.zscan_iter("d")) == {b"a": 3.0, b"b": 3.5}
    assert as_pairs(client.zpopmin("d", 1)) == [(b"a", 3.0)]
    assert client.zrem("z", "c", "x") == 1
    assert client.zremrangebyrank("z", 0, 0) == 1
    assert client.zremrangebyscore("z", "-inf", "inf") == 1
    assert client.exists("z") == 0


def test_several_sorted_sets_are_combined_by_their_methods(client: redis.Redis) -> None:
    client.zadd("a", {"x": 1, "y": 2})
    client.zadd("b", {"y": 10, "z": 20})
    assert as_pairs(client.zunion(["a", "b"], withscores=True)) == [(b"x", 1.0), (b"y", 12.0), (b"z", 20.0)]
    assert as_pairs(client.zinter({"a": 2, "b": 1}, aggregate="MAX", withscores=True)) == [(b"y", 10.0)]
    assert client.zdiff(["a", "b"]) == [b"x"]
    assert client.zintercard(2, ["a", "b"]) == 1
    assert client.zunionstore("d", ["a", "b"]) == 3
    assert client.zinterstore("d", ["a", "b"]) == 1
    assert client.zdiffstore("d", ["a", "b"]) == 1
    name, members = client.zmpop(2, ["none", "b"], max=True)
    assert (name, [[member, float(score)] for member, score in members]) == (b"b", [[b"z", 20.0]])
    assert list(client.bzpopmax("a", timeout=1) or ()) == [b"a", b"y", 2.0]
    assert client.bzpopmin("none", timeout=0.01) is None
    assert client.bzmpop(0.01, 1, ["none"], min=True) is None


def heard(listener: "redis.client.PubSub", count: int) -> list[dict[str, object]]:
    """Return the next messages, which must come."""
    found: list[dict[str, object]] = []
    limit = time.monotonic() + 5
    while len(found) < count:
        assert time.monotonic() < limit, found
        message = listener.get_message(timeout=0.2)
        if message is not None:
            found.append(message)
    return found


def test_channels_and_patterns_are_heard(client: redis.Redis) -> None:
    with client.pubsub() as listener:
        listener.subscribe("news")
        listener.psubscribe("n*")
        assert [message["type"] for message in heard(listener, 2)] == ["subscribe", "psubscribe"]
        assert client.publish("news", "hello") == 2
        first, second = heard(listener, 2)
        assert (first["type"], first["channel"], first["data"]) == ("message", b"news", b"hello")
        assert (second["type"], second["pattern"], second["data"]) == ("pmessage", b"n*", b"hello")
        assert client.pubsub_channels() == [b"news"]
        assert client.pubsub_numpat() == 1
        listener.unsubscribe()
        listener.punsubscribe()
        assert [message["type"] for message in heard(listener, 2)] == ["unsubscribe", "punsubscribe"]
    assert client.publish("news", "hello") == 0


def test_handlers_in_a_thread_get_messages(client: redis.Redis) -> None:
    arrived: list[object] = []
    with client.pubsub() as listener:
        listener.subscribe(news=lambda message: arrived.append(message["data"]))
        thread = listener.run_in_thread(sleep_time=0.01)
        try:
            limit = time.monotonic() + 5
            while client.publish("news", "hello") == 0 or not arrived:
                assert time.monotonic() < limit
                time.sleep(0.01)
        finally:
            thread.stop()
            thread.join(5)
    assert set(arrived) == {b"hello"}


def test_keyspace_events_are_heard(client: redis.Redis) -> None:
    client.config_set("notify-keyspace-events", "KEA")
    try:
        with client.pubsub() as listener:
            listener.psubscribe("__keyevent@0__:*")
            heard(listener, 1)
            client.sadd("s", "m")
            client.srem("s", "m")
            names = [message["channel"] for message in heard(listener, 3)]
            assert names == [b"__keyevent@0__:sadd", b"__keyevent@0__:srem", b"__keyevent@0__:del"]
    finally:
        client.config_set("notify-keyspace-events", "")


def test_kinds_are_kept_apart_in_a_pipeline(client: redis.Redis) -> None:
    pipeline = client.pipeline()
    pipeline.hset("h", "f", "v").zadd("z", {"m": 1}).sadd("s", "m").rpush("l", "v").lpush("h", "v")
    replies = pipeline.execute(raise_on_error=False)
    assert replies[:4] == [1, 1, 1, 1]
    assert isinstance(replies[4], redis.ResponseError) and "WRONGTYPE" in str(replies[4])
    assert [client.type(key) for key in "hzsl"] == [b"hash", b"zset", b"set", b"list"]
