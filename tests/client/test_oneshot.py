"""`./client NODE COMMAND...`: one command, its answer, an exit code (S40, S41)."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

from benchmarks.servers import free_port

from tests.programs import CLIENT, KVIK, SOURCE, run
from tests.servers import KvikServer, RedisServer


def node(server: KvikServer) -> str:
    return f"127.0.0.1:{server.ports['auto']}"


def test_set_is_silent_and_get_prints_the_value(kvik_server: KvikServer) -> None:
    done = run([*CLIENT, node(kvik_server), "set", "norway", "oslo"])
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)
    done = run([*CLIENT, node(kvik_server), "get", "norway"])
    assert (done.stdout, done.stderr, done.returncode) == (b"oslo\n", b"", 0)


def test_a_missing_key_is_not_found(kvik_server: KvikServer) -> None:
    done = run([*CLIENT, node(kvik_server), "get", "sweden"])
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"error: not found\n", 1)


def test_a_further_argument_of_get_is_ignored(kvik_server: KvikServer) -> None:
    run([*CLIENT, node(kvik_server), "set", "norway", "oslo"])
    assert run([*CLIENT, node(kvik_server), "GET", "norway", "bergen"]).stdout == b"oslo\n"


def test_any_other_command_prints_its_answer(kvik_server: KvikServer) -> None:
    assert run([*CLIENT, node(kvik_server), "incr", "hits"]).stdout == b"1\n"
    assert run([*CLIENT, node(kvik_server), "mget", "hits", "none"]).stdout == b"[1 nil]\n"
    assert run([*CLIENT, node(kvik_server), "compact"]).stdout == b"SET hits 1\n"


def test_a_set_that_did_not_happen_says_so(kvik_server: KvikServer) -> None:
    run([*CLIENT, node(kvik_server), "set", "a", "1"])
    done = run([*CLIENT, node(kvik_server), "set", "a", "2", "NX"])
    assert (done.stderr, done.returncode) == (b"error: not set\n", 1)
    assert run([*CLIENT, node(kvik_server), "set", "a", "2", "GET"]).stdout == b"1\n"


def test_a_failure_of_the_server_is_one_line(kvik_server: KvikServer) -> None:
    run([*CLIENT, node(kvik_server), "set", "a", "x"])
    done = run([*CLIENT, node(kvik_server), "incr", "a"])
    assert (done.stderr, done.returncode) == (b"error: value is not an integer or out of range\n", 1)


def test_any_bytes_go_in_and_come_out(kvik_server: KvikServer) -> None:
    value = b"\xff\xfe\n\r\x01 end"
    run([*[word.encode() for word in [*CLIENT, node(kvik_server), "set"]], b"\xff", value])
    assert run([*[word.encode() for word in [*CLIENT, node(kvik_server), "get"]], b"\xff"]).stdout == value + b"\n"


def test_wrong_use_prints_the_usage_and_exits_with_2(kvik_server: KvikServer) -> None:
    for arguments in (
        ["--nope"],
        ["--user"],
        ["host:port"],
        [node(kvik_server), "get"],
        [node(kvik_server), "set", "k"],
    ):
        done = run([*CLIENT, *arguments])
        assert done.returncode == 2, arguments
        assert done.stderr.startswith(b"error: ") and b"usage: client" in done.stderr


def test_without_a_server_there_is_one_line_and_exit_code_3() -> None:
    port = free_port()
    for arguments in (["get", "a"], []):
        done = run([*CLIENT, f"127.0.0.1:{port}", *arguments])
        assert (done.stdout, done.returncode) == (b"", 3)
        assert done.stderr.startswith(b"error: cannot connect to 127.0.0.1:%d: Connection refused" % port)
        assert done.stderr.count(b"\n") == 1


def test_a_server_of_another_kind_is_one_line_and_exit_code_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def be_rude() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")
                connection.recv(1000)

        thread = threading.Thread(target=be_rude)
        thread.start()
        done = run([*CLIENT, f"127.0.0.1:{listener.getsockname()[1]}", "get", "a"])
        thread.join()
    assert done.returncode == 3
    assert b"does not speak the Redis protocol" in done.stderr and done.stderr.count(b"\n") == 1


def test_a_server_without_encryption_is_one_line_and_exit_code_3(kvik_server: KvikServer) -> None:
    done = run([*CLIENT, "--tls", node(kvik_server), "get", "a"])
    assert done.returncode == 3
    assert b": it does not speak TLS; is " in done.stderr and done.stderr.count(b"\n") == 1


def test_kvik_client_is_the_same_program(kvik_server: KvikServer) -> None:
    assert run([*KVIK, "client", node(kvik_server), "incr", "hits"]).stdout == b"1\n"
    assert run([*KVIK, "client", node(kvik_server), "get", "none"]).returncode == 1
    assert b"usage: client" in run([*KVIK, "client", "--help"]).stdout


def test_a_unix_socket_and_the_environment_name_a_server(redis_server: RedisServer) -> None:
    assert run([*CLIENT, f"unix:{redis_server.address}", "ping"]).stdout == b"PONG\n"
    environment = {"REDIS_URL": f"unix://{redis_server.address}?db=3"}
    assert run(CLIENT, b"SET a 1\nCLIENT INFO\n", environment).stdout.partition(b" db=")[2].startswith(b"3 ")


def test_a_password_is_given_or_refused(folder: Path) -> None:
    server = KvikServer(folder, ("auto",), ["--requirepass", "s3cret"])
    try:
        assert run([*CLIENT, node(server), "get", "a"]).stderr == b"error: NOAUTH Authentication required.\n"
        assert run([*CLIENT, "--pass", "s3cret", node(server), "ping"]).stdout == b"PONG\n"
        assert run([*CLIENT, f"redis://:s3cret@{node(server)}", "ping"]).stdout == b"PONG\n"
        assert run([*CLIENT, node(server), "ping"], environment={"REDISCLI_AUTH": "s3cret"}).stdout == b"PONG\n"
        assert run([*CLIENT, "--pass=wrong", node(server), "ping"]).stderr.startswith(b"error: WRONGPASS")
    finally:
        server.stop()


def test_a_password_that_nobody_asks_for_does_no_harm(kvik_server: KvikServer) -> None:
    assert run([*CLIENT, node(kvik_server), "ping"], environment={"REDISCLI_AUTH": "s3cret"}).stdout == b"PONG\n"


def test_the_client_needs_nothing_but_the_standard_library() -> None:
    program = (
        f"import sys; sys.path.insert(0, {SOURCE!r});"
        "import kvik.client.oneshot, kvik.client.remote, kvik.client.shell;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('click', 'librt', 'mypy_extensions', 'msgspec', 'prompt_toolkit', 'ssl', 'asyncio')])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, timeout=20)
    assert done.stdout == b"[]\n", done.stderr
