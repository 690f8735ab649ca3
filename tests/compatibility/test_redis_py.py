"""redis-py, the usual client library, works against kvik as against Redis, in both protocols."""

import pytest
import redis

from tests.servers import KvikServer


def test_strings_and_counters_work_by_their_methods(client: redis.Redis) -> None:
    assert client.set("k", "v") is True
    assert client.set("k", "w", nx=True) is None
    assert client.set("k", "w", get=True) == b"v"
    assert client.get("k") == b"w"
    assert client.getex("k", ex=100) == b"w"
    assert client.ttl("k") == 100
    assert client.mset({"a": 1, "b": b"\x00\xff"}) is True
    assert client.mget("a", "b", "c") == [b"1", b"\x00\xff", None]
    assert [client.incr("n"), client.incrby("n", 10), client.decr("n")] == [1, 11, 10]
    assert client.incrbyfloat("f", 0.5) == 0.5
    assert client.append("k", "x") == 2
    assert client.setrange("k", 1, "yz") == 3
    assert client.getrange("k", 0, -1) == b"wyz"
    assert client.getdel("k") == b"wyz"


def test_keys_and_expiry_work_by_their_methods(client: redis.Redis) -> None:
    client.mset({"a": 1, "b": 2, "c": 3})
    assert client.exists("a", "b", "x") == 2
    assert sorted(client.keys("*")) == [b"a", b"b", b"c"]
    assert sorted(client.scan_iter(match="[ab]")) == [b"a", b"b"]
    assert client.type("a") == b"string"
    assert client.rename("a", "d") is True
    assert client.copy("d", "e") is True
    assert client.expire("d", 100)
    assert client.ttl("d") == 100
    assert client.expireat("d", 4102444800)
    assert client.expiretime("d") == 4102444800
    assert client.persist("d")
    assert client.delete("b", "c") == 2
    assert client.dbsize() == 2
    assert client.randomkey() in (b"d", b"e")
    assert client.flushdb() is True


def test_a_pipeline_of_a_thousand_commands_answers_in_order(client: redis.Redis) -> None:
    pipeline = client.pipeline(transaction=False)
    for number in range(1000):
        pipeline.set(f"key{number}", number).get(f"key{number}")
    assert pipeline.execute()[1::2] == [b"%d" % number for number in range(1000)]


def test_a_transaction_answers_as_one(client: redis.Redis) -> None:
    assert client.pipeline().set("k", 1).incr("k").get("k").execute() == [True, 2, b"2"]


def test_an_error_inside_a_transaction_is_raised_and_the_rest_is_done(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="value is not an integer or out of range"):
        client.pipeline().set("k", "text").incr("k").set("after", 1).execute()
    assert client.get("after") == b"1"
    replies = client.pipeline().incr("k").get("k").execute(raise_on_error=False)
    assert isinstance(replies[0], redis.ResponseError) and replies[1] == b"text"


def test_a_watched_key_that_changed_raises(client: redis.Redis) -> None:
    with client.pipeline() as pipeline:
        pipeline.watch("k")
        client.set("k", "theirs")
        pipeline.multi()
        pipeline.set("k", "mine")
        with pytest.raises(redis.WatchError):
            pipeline.execute()
    assert client.get("k") == b"theirs"


def test_a_transaction_is_tried_again_until_it_succeeds(client: redis.Redis) -> None:
    client.set("k", 1)
    attempts = []

    def double(pipeline: redis.client.Pipeline) -> None:
        value = int(pipeline.get("k"))
        attempts.append(value)
        if len(attempts) == 1:
            client.set("k", 10)
        pipeline.multi()
        pipeline.set("k", value * 2)

    assert client.transaction(double, "k") == [True]
    assert (attempts, client.get("k")) == ([1, 10], b"20")


def test_a_client_says_what_it_is(client: redis.Redis) -> None:
    assert client.client_setname("worker")
    assert client.client_getname() in ("worker", b"worker")
    assert client.client_setinfo("LIB-NAME", "my-library")
    assert client.client_id() > 0
    (own,) = [line for line in client.client_list() if line["name"] == "worker"]
    assert own["lib-name"] == "my-library"
    assert own["id"] == str(client.client_id())


def test_what_the_server_says_about_itself_is_parsed(client: redis.Redis) -> None:
    assert client.ping() is True
    assert client.echo("hello") == b"hello"
    assert client.info("server")["redis_version"] == "7.2.4"
    assert "db0" not in client.info("keyspace")
    client.set("k", 1)
    assert client.info()["db0"]["keys"] == 1
    assert client.config_get("maxclients") == {"maxclients": "10000"}
    assert len(client.time()) == 2
    assert client.command_count() == len(client.command())
    assert client.object("encoding", "k") in ("int", b"int")


def test_numbered_databases_are_apart(kvik_server: KvikServer) -> None:
    with (
        redis.Redis(port=kvik_server.ports["resp"], db=3) as third,
        redis.Redis(port=kvik_server.ports["resp"]) as first,
    ):
        third.set("k", 3)
        assert first.get("k") is None
        assert third.get("k") == b"3"


def test_errors_are_raised_by_their_kind(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command("NOSUCHCOMMAND")
    with pytest.raises(redis.ResponseError, match="wrong number of arguments"):
        client.execute_command("GET")
    with pytest.raises(redis.AuthenticationError):
        client.execute_command("AUTH", "nobody", "secret")


def test_a_url_with_text_answers_works(kvik_server: KvikServer) -> None:
    with redis.Redis.from_url(f"redis://127.0.0.1:{kvik_server.ports['resp']}/1?decode_responses=True") as client:
        client.set("greeting", "grüß dich")
        assert client.get("greeting") == "grüß dich"
