"""`kvik client NODE` in a pipe: the filter of a server (S9)."""

from tests.programs import CLIENT, pipe_to, run
from tests.servers import KvikServer, RedisServer

SAMPLE = b"""\
1 | SET counter 10 // the first value
2 | INCR counter

GET "no such"
MULTI
SET foo bar
GET foo
EXEC
"""
ANSWERS = b"OK\n11\nnil\nOK\nQUEUED\nQUEUED\n[bar bar]\n"


def test_a_server_answers_as_the_embedded_database_does(kvik_server: KvikServer) -> None:
    node = f"127.0.0.1:{kvik_server.ports['resp']}"
    assert run([*CLIENT, node], SAMPLE).stdout == ANSWERS
    assert run([*CLIENT, node], b"COMPACT\n").stdout == b"SET counter 11\nSET foo bar\n"
    assert run([*CLIENT, node], b"FLUSHALL\nCOMPACT\n").stdout == b"OK\n"


def test_it_works_with_the_real_server_too(redis_server: RedisServer) -> None:
    done = run([*CLIENT, f"unix:{redis_server.address}"], b"FLUSHALL\n" + SAMPLE + b"DISCONNECT\nGET foo\n")
    assert (done.stdout, done.stderr, done.returncode) == (b"OK\n" + ANSWERS + b"OK\n", b"", 0)


def test_errors_show_in_the_exit_code(redis_server: RedisServer) -> None:
    done = run([*CLIENT, f"unix:{redis_server.address}"], b'NOPE\nECHO "x\nECHO on\n')
    first, second, third = done.stdout.splitlines()
    assert first.startswith(b"(error) ERR unknown command 'NOPE'")
    assert second == b"(error) ERR Protocol error: unbalanced quotes in request"
    assert third == b"on"
    assert done.returncode == 1


def test_answers_come_as_the_lines_come_in(redis_server: RedisServer) -> None:
    with pipe_to([*CLIENT, f"unix:{redis_server.address}"]) as program:
        assert program.stdin is not None and program.stdout is not None
        for number in range(3):
            program.stdin.write(b"ECHO %d\n" % number)
            program.stdin.flush()
            assert program.stdout.readline() == b"%d\n" % number


def test_messages_of_a_subscription_are_shown_as_they_come(redis_server: RedisServer) -> None:
    with pipe_to([*CLIENT, f"unix:{redis_server.address}"]) as program, redis_server.open() as wire:
        assert program.stdin is not None and program.stdout is not None
        program.stdin.write(b"SUBSCRIBE news\n")
        program.stdin.flush()
        assert program.stdout.readline() == b"[subscribe news 1]\n"
        wire.call("PUBLISH", "news", "hello")
        assert program.stdout.readline() == b"[message news hello]\n"
        wire.call("CLIENT", "KILL", "TYPE", "pubsub")
        assert program.wait(20) == 3
