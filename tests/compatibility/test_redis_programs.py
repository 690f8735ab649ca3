"""Redis' own programs and a bare nc work against kvik."""

import json
import os
import re
import socket
import subprocess

import hiredis
import pytest

from tests.servers import KvikServer, connect
from tests.wire import encode_words


def run(command: list[str], data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if name != "REDISCLI_AUTH"}
    return subprocess.run(command, input=data, capture_output=True, timeout=60, env=environment)


def redis_cli(server: KvikServer, *words: str, data: bytes = b"") -> str:
    done = run(["redis-cli", "-p", str(server.ports["resp"]), *words], data)
    assert done.returncode == 0, done
    return done.stdout.decode()


@pytest.mark.needs("redis-cli")
def test_redis_cli_takes_a_command_as_arguments(kvik_server: KvikServer) -> None:
    assert redis_cli(kvik_server, "SET", "k", "v w") == "OK\n"
    assert redis_cli(kvik_server, "GET", "k") == "v w\n"
    assert redis_cli(kvik_server, "-r", "3", "INCR", "n") == "1\n2\n3\n"
    assert redis_cli(kvik_server, "-n", "1", "GET", "k") == "\n"
    assert redis_cli(kvik_server, "--no-raw", "MGET", "k", "none") == '1) "v w"\n2) (nil)\n'


@pytest.mark.needs("redis-cli")
def test_redis_cli_takes_commands_from_a_pipe(kvik_server: KvikServer) -> None:
    given = b'SET k "a b"\nGET k\nMULTI\nINCR n\nEXEC\nNOSUCH\n'
    assert redis_cli(kvik_server, data=given).startswith("OK\na b\nOK\nQUEUED\n1\nERR unknown command 'NOSUCH'")


@pytest.mark.needs("redis-cli")
def test_redis_cli_speaks_resp3(kvik_server: KvikServer) -> None:
    shown = redis_cli(kvik_server, "-3", "--no-raw", "CONFIG", "GET", "maxclients")
    assert shown == '1# "maxclients" => "10000"\n'


@pytest.mark.needs("redis-cli")
def test_redis_cli_helps_with_the_arguments(kvik_server: KvikServer) -> None:
    assert "EXPIRE\x1b[0m \x1b[90mkey seconds [NX | XX | GT | LT]" in redis_cli(kvik_server, data=b"HELP EXPIRE\n")


@pytest.mark.needs("redis-cli")
def test_redis_cli_loads_a_mass_of_requests(kvik_server: KvikServer) -> None:
    requests = b"".join([encode_words(["SET", f"key{number}", number]) for number in range(5000)])
    assert "errors: 0, replies: 5000" in redis_cli(kvik_server, "--pipe", data=requests)
    assert redis_cli(kvik_server, "DBSIZE") == "5000\n"


@pytest.mark.needs("redis-cli")
def test_redis_cli_scans_all_keys(kvik_server: KvikServer) -> None:
    redis_cli(kvik_server, "MSET", "a", "1", "b", "2", "c", "3")
    assert sorted(redis_cli(kvik_server, "--scan", "--pattern", "[ab]").split()) == ["a", "b"]


@pytest.mark.needs("redis-cli")
@pytest.mark.parametrize("protocol", ["-2", "-3"])
def test_redis_cli_shows_json(protocol: str, kvik_server: KvikServer) -> None:
    if protocol == "-2":
        assert redis_cli(kvik_server, protocol, "GET", "none") == "\n"
    else:
        assert json.loads(redis_cli(kvik_server, protocol, "--json", "MGET", "none", "none")) == [None, None]


@pytest.mark.needs("redis-benchmark")
@pytest.mark.parametrize("pipeline", ["1", "16"])
def test_redis_benchmark_runs_to_its_end(pipeline: str, kvik_server: KvikServer) -> None:
    port = str(kvik_server.ports["resp"])
    tests = ["-t", "set,get,incr,mset", "-n", "2000", "-c", "20", "-P", pipeline, "--csv"]
    done = run(["redis-benchmark", "-p", port, *tests])
    assert done.returncode == 0, done
    names = [line.partition(",")[0].strip('"') for line in done.stdout.decode().splitlines()]
    assert [name for name in names if name != "test"] == ["SET", "GET", "INCR", "MSET (10 keys)"]
    assert b"rror" not in done.stdout + done.stderr


@pytest.mark.needs("redis-benchmark")
def test_redis_benchmark_without_a_choice_of_tests_runs_all_of_them(kvik_server: KvikServer) -> None:
    done = run(["redis-benchmark", "-p", str(kvik_server.ports["resp"]), "-n", "2000", "-c", "20", "-q"])
    assert done.returncode == 0, done
    output = (done.stdout + done.stderr).decode()
    assert "rror" not in output
    lines = [line for line in output.replace("\r", "\n").splitlines() if "requests per second" in line]
    names = {line.partition(":")[0] for line in lines}
    kinds = {"PING_INLINE", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP", "ZADD"}
    assert kinds | {"ZPOPMIN", "MSET (10 keys)", "LRANGE_600 (first 600 elements)"} <= names
    with kvik_server.open() as wire:
        assert wire.call("EXISTS", "mylist") == 1


@pytest.mark.needs("nc")
@pytest.mark.parametrize("door", ["text", "auto"])
def test_nc_gets_its_answers_though_it_closes_its_side_first(door: str, kvik_server: KvikServer) -> None:
    done = run(["nc", "-N", "127.0.0.1", str(kvik_server.ports[door])], b"SET k v\nGET k")
    assert done.stdout == b"OK\nv\n"


@pytest.mark.needs("nc")
def test_nc_may_write_inline_commands_to_the_resp_door(kvik_server: KvikServer) -> None:
    done = run(["nc", "-N", "127.0.0.1", str(kvik_server.ports["resp"])], b"SET k v\r\nGET k\r\nQUIT\r\n")
    assert done.stdout == b"+OK\r\n$1\r\nv\r\n+OK\r\n"


def test_hiredis_reads_every_kind_of_reply_in_resp3(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire:
        greeting = wire.call("HELLO", "3")
        assert isinstance(greeting, dict)
        assert (greeting[b"server"], greeting[b"proto"], greeting[b"mode"]) == (b"redis", 3, b"standalone")
        assert isinstance(wire.call("CONFIG", "GET", "maxclients"), dict)
        assert wire.call("GET", "none") is None
        assert isinstance(wire.call("INCR", "n", "too many"), hiredis.ReplyError)
        assert re.search(rb"redis_version:7\.2\.4", bytes(str(wire.call("INFO", "server")), "utf-8"))


def test_a_connection_may_stay_silent_before_it_speaks(kvik_server: KvikServer) -> None:
    address = ("127.0.0.1", kvik_server.ports["auto"])
    with connect(address) as silent, kvik_server.open("auto") as wire:
        assert wire.call("PING") == b"PONG"
        silent.sendall(b"PING\n")
        silent.shutdown(socket.SHUT_WR)
        assert silent.recv(100) == b"PONG\n"
