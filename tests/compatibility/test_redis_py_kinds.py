"""redis-py's methods for every kind of value but streams, for keys whatever they hold, and for channels."""

import threading
import time

import redis

from tests.patience import wait_until
from tests.servers import KvikServer


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
        with redis.Redis(port=kvik_server.ports["resp"]) as other:
            wait_until(lambda: other.info("clients")["blocked_clients"] == 1)
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


def test_bitmaps_work_by_their_methods(client: redis.Redis) -> None:
    assert client.setbit("b", 1, 1) == client.setbit("b", 2, 1) == 0
    assert client.getbit("b", 1) == 1
    assert client.bitcount("b") == 2
    assert client.bitcount("b", 0, 1, mode="BIT") == 1
    assert client.bitpos("b", 1) == 1
    assert client.bitpos("b", 0, 1, 2, mode="BIT") == -1
    client.set("other", b"\x60")
    assert client.bitop("XOR", "d", "b", "other") == 1
    assert client.bitop("NOT", "d", "d") == 1
    assert client.get("d") == b"\xff"
    field = client.bitfield("n", default_overflow="SAT")
    assert field.set("u8", 0, 250).incrby("u8", 0, 10).get("u8", "#0").execute() == [0, 255, 255]
    assert field.incrby("u8", 0, 1, overflow="FAIL").execute() == [None]
    assert client.bitfield_ro("n", "u4", 0, [("i8", "#0")]) == [15, -1]


def test_hyperloglogs_work_by_their_methods(client: redis.Redis) -> None:
    assert client.pfadd("p", "a", "b", "c") == 1
    assert client.pfadd("p", "a") == 0
    client.pfadd("q", "c", "d")
    assert client.pfcount("p") == 3
    assert client.pfcount("p", "q") == 4
    assert client.pfmerge("r", "p", "q")
    assert client.pfcount("r") == 4


def test_places_work_by_their_methods(client: redis.Redis) -> None:
    assert client.geoadd("g", [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"]) == 2
    assert client.geoadd("g", [15.1, 37.5, "Catania"], xx=True, ch=True) == 1
    assert client.geodist("g", "Palermo", "Catania", "km") == 167.4191
    assert client.geodist("g", "Palermo", "Rome") is None
    # redis-py makes a str of it in RESP2 and not in RESP3.
    assert client.geohash("g", "Palermo") in (["sqc8b49rny0"], [b"sqc8b49rny0"])
    position, missing = client.geopos("g", "Palermo", "Rome")
    assert missing is None and [round(each, 4) for each in position] == [13.3614, 38.1156]
    assert client.georadius("g", 15, 37, 200, "km", sort="ASC") == [b"Catania", b"Palermo"]
    [[name, distance]] = client.georadiusbymember("g", "Palermo", 100, "km", withdist=True)
    assert (name, distance) == (b"Palermo", 0.0)
    found = client.geosearch("g", longitude=15, latitude=37, width=400, height=400, unit="km", count=1, withcoord=True)
    assert [[found[0][0], round(found[0][1][0], 4)]] == [[b"Catania", 15.1]]
    assert client.geosearchstore("d", "g", member="Palermo", radius=10, unit="m") == 1
    assert client.zrange("d", 0, -1) == [b"Palermo"]


def test_keys_are_sorted_by_the_methods_for_that(client: redis.Redis) -> None:
    client.rpush("l", "3", "1", "2")
    client.mset({"weight_1": 9, "weight_2": 8, "weight_3": 7, "name_1": "one", "name_2": "two", "name_3": "three"})
    assert client.sort("l") == [b"1", b"2", b"3"]
    assert client.sort_ro("l", desc=True, start=0, num=2) == [b"3", b"2"]
    assert client.sort("l", by="weight_*", get=["name_*", "#"], groups=True) == [
        (b"three", b"3"),
        (b"two", b"2"),
        (b"one", b"1"),
    ]
    assert client.sort("l", alpha=True, store="d") == 3
    assert client.lrange("d", 0, -1) == [b"1", b"2", b"3"]


def test_all_of_a_large_value_is_scanned(client: redis.Redis) -> None:
    names = [b"m%d" % number for number in range(1_000)]
    client.sadd("s", *names)
    client.hset("h", mapping={name: b"v" + name for name in names})
    client.zadd("z", {name: number for number, name in enumerate(names)})
    client.mset({b"key:" + name: b"v" for name in names})
    assert set(client.sscan_iter("s", count=100)) == set(names)
    assert dict(client.hscan_iter("h", match="m99*")) == {name: b"v" + name for name in names if name[:3] == b"m99"}
    assert set(client.hscan_iter("h", no_values=True)) == set(names)
    assert dict(client.zscan_iter("z")) == {name: float(number) for number, name in enumerate(names)}
    assert set(client.scan_iter("key:*")) == {b"key:" + name for name in names}
    assert set(client.scan_iter(_type="hash")) == {b"h"}


def test_a_value_of_every_kind_is_dumped_and_restored(client: redis.Redis) -> None:
    client.set("string", "v")
    client.rpush("list", "a", "b")
    client.sadd("set", "x")
    client.hset("hash", "f", "v")
    client.zadd("zset", {"m": 1.5})
    client.xadd("stream", {"f": "v"}, "1-1")
    encodings = []
    for kind in ("string", "list", "set", "hash", "zset", "stream"):
        payload = client.dump(kind)
        assert client.restore("twin", 0, payload, replace=True)
        assert client.dump("twin") == payload
        assert client.type("twin") == kind.encode()
        assert client.copy("twin", "copy", replace=True) and client.rename("copy", "renamed")
        assert client.dump("renamed") == payload
        assert client.memory_usage("renamed") > 0
        encodings.append(client.object("encoding", "renamed"))
    assert encodings == [b"embstr", b"quicklist", b"hashtable", b"listpack", b"listpack", b"stream"]
    assert client.restore("twin", 100_000, client.dump("set"), replace=True)
    assert 0 < client.pttl("twin") <= 100_000
    assert client.dump("none") is None


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
            wait_until(lambda: client.publish("news", "hello") > 0 and len(arrived) > 0)
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
