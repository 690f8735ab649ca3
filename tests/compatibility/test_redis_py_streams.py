"""redis-py's methods for streams, in both protocols."""

import threading
import time

import pytest
import redis

from tests.patience import wait_until
from tests.servers import KvikServer

A, B, C = {b"f": b"a"}, {b"f": b"b"}, {b"f": b"c"}


def fill(client: redis.Redis) -> None:
    for number, fields in enumerate((A, B, C), 1):
        client.xadd("s", fields, f"{number}-1")


def entries(reply: object) -> dict[object, list[object]]:
    """Return what was read, by stream: redis-py gives lists in RESP2, and a dict of lists of pages in RESP3."""
    if isinstance(reply, dict):
        return {name: [tuple(entry) for page in pages for entry in page] for name, pages in reply.items()}
    assert isinstance(reply, list)
    return {name: [tuple(entry) for entry in page] for name, page in reply}


def test_entries_are_added_and_read_by_their_methods(client: redis.Redis) -> None:
    fill(client)
    assert client.xlen("s") == 3
    assert client.xrange("s") == [(b"1-1", A), (b"2-1", B), (b"3-1", C)]
    assert client.xrange("s", min="(1-1", max="3", count=1) == [(b"2-1", B)]
    assert client.xrevrange("s", count=2) == [(b"3-1", C), (b"2-1", B)]
    assert client.xadd("s", A, "3-*") == b"3-2"
    assert client.xadd("none", A, nomkstream=True) is None
    milliseconds, number = client.xadd("s", {"a": 1, b"\xff": b"\x00"}).split(b"-")
    assert abs(int(milliseconds) - 1_000 * time.time()) < 60_000 and number == b"0"
    assert client.xrevrange("s", count=1)[0][1] == {b"a": b"1", b"\xff": b"\x00"}
    with pytest.raises(redis.ResponseError, match="equal or smaller"):
        client.xadd("s", A, "1-1")


def test_streams_are_trimmed_by_the_methods_for_that(client: redis.Redis) -> None:
    for number in range(1, 251):
        client.xadd("s", A, f"{number}-1", maxlen=200, approximate=True, limit=100)
    assert client.xlen("s") == 250
    assert client.xadd("s", B, "251-1", maxlen=200, approximate=False) == b"251-1"
    assert client.xadd("s", B, "252-1", minid="61", approximate=False) == b"252-1"
    assert client.xlen("s") == 192
    assert client.xtrim("s", maxlen=150, approximate=True) == 40
    assert client.xtrim("s", minid="240-1", approximate=False) == 139
    assert client.xtrim("s", maxlen=1, approximate=False) == 12
    assert client.xdel("s", "252-1", "1-1") == 1
    assert client.xlen("s") == 0 and client.exists("s") == 1


def test_several_streams_are_read_at_once(client: redis.Redis) -> None:
    fill(client)
    client.xadd("t", A, "9-9")
    assert entries(client.xread({"s": "1-1", "t": "0"}, count=1)) == {b"s": [(b"2-1", B)], b"t": [(b"9-9", A)]}
    assert not client.xread({"s": "$"})
    assert not client.xread({"s": "$", "t": "9-9"}, block=10)


def test_a_reader_waits_for_an_entry(client: redis.Redis, kvik_server: KvikServer) -> None:
    client.xgroup_create("s", "g", mkstream=True)

    def add() -> None:
        with redis.Redis(port=kvik_server.ports["resp"]) as other:
            for _ in range(2):
                wait_until(lambda: other.info("clients")["blocked_clients"] == 1)
                other.xadd("s", A)

    helper = threading.Thread(target=add)
    helper.start()
    [(entry_id, fields)] = entries(client.xread({"s": "$"}, block=5_000))[b"s"]
    assert fields == A
    assert entries(client.xreadgroup("g", "alice", {"s": ">"})) == {b"s": [(entry_id, A)]}
    assert len(entries(client.xreadgroup("g", "alice", {"s": ">"}, block=5_000))[b"s"]) == 1
    helper.join()


def test_a_group_reads_and_acknowledges(client: redis.Redis) -> None:
    fill(client)
    assert client.xgroup_create("s", "g", id="0", entries_read=0)
    with pytest.raises(redis.ResponseError, match="BUSYGROUP"):
        client.xgroup_create("s", "g")
    assert client.xgroup_createconsumer("s", "g", "idle") == 1
    assert entries(client.xreadgroup("g", "alice", {"s": ">"}, count=2)) == {b"s": [(b"1-1", A), (b"2-1", B)]}
    assert entries(client.xreadgroup("g", "bob", {"s": ">"}, noack=True)) == {b"s": [(b"3-1", C)]}
    assert entries(client.xreadgroup("g", "alice", {"s": "1-1"})) == {b"s": [(b"2-1", B)]}
    assert not client.xreadgroup("g", "alice", {"s": ">"}, block=10)
    assert client.xack("s", "g", "1-1", "3-1") == 1
    assert client.xgroup_setid("s", "g", "2-1", entries_read=2)
    assert client.xinfo_groups("s")[0]["lag"] == 1
    assert client.xgroup_delconsumer("s", "g", "alice") == 1
    assert client.xgroup_destroy("s", "g") == 1
    assert client.xinfo_groups("s") == []


def test_what_is_pending_is_seen_and_taken_over(client: redis.Redis) -> None:
    fill(client)
    client.xgroup_create("s", "g", id="0")
    client.xreadgroup("g", "alice", {"s": ">"})
    assert client.xpending("s", "g") == {
        "pending": 3,
        "min": b"1-1",
        "max": b"3-1",
        "consumers": [{"name": b"alice", "pending": 3}],
    }
    [found] = client.xpending_range("s", "g", "(1-1", "+", 1, "alice", idle=0)
    assert 0 <= found.pop("time_since_delivered") < 60_000
    assert found == {"message_id": b"2-1", "consumer": b"alice", "times_delivered": 1}
    assert client.xpending_range("s", "g", "-", "+", 10, idle=100_000) == []
    assert client.xclaim("s", "g", "bob", 0, ["1-1"], idle=70_000, retrycount=5) == [(b"1-1", A)]
    assert client.xclaim("s", "g", "bob", 50_000, ["1-1", "2-1"], justid=True) == [b"1-1"]
    client.xdel("s", "2-1")
    assert client.xautoclaim("s", "g", "carol", 0, count=2) == [b"3-1", [(b"1-1", A)], [b"2-1"]]
    assert client.xautoclaim("s", "g", "carol", 0, "3-1", justid=True) == [b"3-1"]
    assert [each["times_delivered"] for each in client.xpending_range("s", "g", "-", "+", 10)] == [6, 1]


def test_what_is_known_of_a_stream_is_told(client: redis.Redis) -> None:
    fill(client)
    client.xgroup_create("s", "g", id="0")
    client.xreadgroup("g", "alice", {"s": ">"}, count=2)
    client.xdel("s", "2-1")
    stream = client.xinfo_stream("s")
    assert (stream["length"], stream["groups"], stream["entries-added"]) == (2, 1, 3)
    assert (stream["last-generated-id"], stream["max-deleted-entry-id"]) == (b"3-1", b"2-1")
    assert stream["first-entry"] == (b"1-1", A) and stream["last-entry"] == (b"3-1", C)
    [group] = client.xinfo_groups("s")
    assert (group["name"], group["consumers"], group["pending"]) == (b"g", 1, 2)
    assert (group["last-delivered-id"], group["entries-read"], group["lag"]) == (b"2-1", 2, None)
    [consumer] = client.xinfo_consumers("s", "g")
    assert (consumer["name"], consumer["pending"]) == (b"alice", 2) and 0 <= consumer["idle"] < 60_000
    full = client.xinfo_stream("s", full=True)
    assert full["length"] == 2 and len(full["entries"]) == 2 and len(full["groups"]) == 1


def test_streams_are_read_in_a_pipeline(client: redis.Redis) -> None:
    with client.pipeline() as pipeline:
        pipeline.xadd("s", A, "1-1").xgroup_create("s", "g", "0").xreadgroup("g", "c", {"s": ">"}).xpending("s", "g")
        added, created, read, pending = pipeline.execute()
    assert (added, created, entries(read), pending["pending"]) == (b"1-1", True, {b"s": [(b"1-1", A)]}, 1)
