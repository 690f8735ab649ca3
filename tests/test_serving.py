"""A server inside a program: started, asked and closed from its threads, with nothing left behind."""

import asyncio
import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import kvik
from tests.patience import SECONDS_MAX, wait_until
from tests.programs import run_python
from tests.serving import connect, descriptors, run_together
from tests.wire import Wire


@pytest.fixture(params=["auto", "asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[kvik.Server]:
    """A server in memory that runs, on each porch."""
    with kvik.Server(settings=kvik.Settings(porch=request.param)) as server:
        server.start(0)
        yield server


# Starting


def test_it_answers_as_soon_as_it_is_started(server: kvik.Server) -> None:
    assert server.is_running
    with connect(server) as wire:
        assert wire.call("SET", "a", "1") == b"OK"
        assert wire.call("GET", "a") == b"1"


def test_the_port_that_was_found_can_be_asked(server: kvik.Server) -> None:
    assert server.port > 0
    assert server.addresses == [f"auto://127.0.0.1:{server.port}"]


def test_a_taken_port_is_an_error_of_the_system_with_one_clear_line(server: kvik.Server) -> None:
    other = kvik.Server()
    with pytest.raises(OSError) as taken:
        other.start(server.port)
    assert taken.value.errno == errno.EADDRINUSE
    expected = f"cannot listen on auto://127.0.0.1:{server.port}: port {server.port} is taken by another program"
    assert str(taken.value).startswith(expected)
    assert "\n" not in str(taken.value)
    other.start(0)
    other.close()


def test_a_host_that_is_not_this_machine_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="not an address of this machine|cannot listen") as refused:
        kvik.Server(host="192.0.2.1").start(0)
    assert refused.value.errno == errno.EADDRNOTAVAIL


def test_starting_twice_is_an_error_and_disturbs_nobody(server: kvik.Server) -> None:
    with pytest.raises(RuntimeError, match="started already"):
        server.start(0)
    with connect(server) as wire:
        assert wire.call("PING") == b"PONG"


def test_what_is_no_port_and_no_door_is_refused() -> None:
    for number in (-1, 65_536):
        with pytest.raises(ValueError, match="a port is a number from 0 to 65535"):
            kvik.Server().start(number)
    with pytest.raises(ValueError, match="no door 'gopher'; the doors are auto, resp, text"):
        kvik.Server(door="gopher")
    with pytest.raises(ValueError, match="gopher"):
        kvik.Server(also=["gopher://:70"]).start(0)


def test_several_doors_lead_to_the_same_data(folder: Path) -> None:
    path = str(folder / "socket")
    with kvik.Server(door="text", also=["resp://127.0.0.1:0", f"resp://{path}"]) as server:
        server.start(0)
        assert [address.partition(":")[0] for address in server.addresses] == ["text", "resp", "resp"]
        with connect(server) as wire:
            wire.send(b"SET a 1\n")
            assert wire.read_line() == b"OK\n"
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        with Wire(connection) as wire:
            assert wire.call("GET", "a") == b"1"
    assert not os.path.exists(path)


def test_an_ipv6_host_is_written_as_people_write_it() -> None:
    with kvik.Server(host="::1") as server:
        server.start(0)
        with Wire(socket.create_connection(("::1", server.port), SECONDS_MAX)) as wire:
            assert wire.call("PING") == b"PONG"


def test_several_servers_live_in_one_program() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(kvik.Server()) for _ in range(3)]
        for number, server in enumerate(servers):
            server.start(0)
            server.execute("SET", "who", number)
        assert [connect(server).call("GET", "who") for server in servers] == [b"0", b"1", b"2"]


def test_settings_are_copied_so_that_one_server_does_not_change_another() -> None:
    settings = kvik.Settings(timeout=100)
    with kvik.Server(settings=settings) as server:
        server.start(0)
        server.execute("CONFIG", "SET", "timeout", "7")
    assert settings.timeout == 100
    assert settings.listen == kvik.Settings().listen


# Closing


def test_closing_drops_the_clients_and_frees_the_port(server: kvik.Server) -> None:
    port = server.port
    with connect(server) as wire:
        assert wire.call("PING") == b"PONG"
        server.close()
        assert wire.read_to_the_end() == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), SECONDS_MAX)
    assert not server.is_running


def test_closing_is_at_once_whatever_the_clients_do(server: kvik.Server) -> None:
    text = socket.create_connection(("127.0.0.1", server.port))
    text.sendall(b"SET a 1\n")
    with connect(server) as silent, connect(server) as deaf:
        silent.send(b"*2\r\n$3\r\nGE")
        deaf.call("SET", "large", b"x" * 1_000_000)
        deaf.send(b"GET large\r\n" * 200)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 2
    text.close()


def test_closing_a_second_time_or_unstarted_does_nothing(server: kvik.Server) -> None:
    server.close()
    server.close()
    kvik.Server().close()
    assert not server.is_running


def test_a_closed_server_can_be_started_again_and_counts_anew(server: kvik.Server) -> None:
    connect(server).close()
    assert server.count_dropped() == 1
    server.execute("SET", "a", "1")
    server.close()
    server.start(0)
    assert server.count_dropped() == 0
    assert server.execute("GET", "a") is None


def test_asking_a_server_that_does_not_run_is_an_error(server: kvik.Server) -> None:
    server.close()
    asked: list[Callable[[], object]] = [
        server.count_active,
        server.count_dropped,
        lambda: server.port,
        lambda: server.addresses,
        lambda: server.execute("PING"),
        kvik.Server().count_active,
    ]
    for ask in asked:
        with pytest.raises(RuntimeError, match="^the server is not running$"):
            ask()


@pytest.mark.parametrize("porch", ["auto", "asyncio"])
def test_nothing_is_left_when_it_is_closed(porch: str, tmp_path: Path) -> None:
    kvik.Server().close()
    threads, open_before = threading.enumerate(), descriptors()
    for _ in range(5):
        server = kvik.Server(tmp_path, kvik.Settings(porch=porch, appendfsync="always"), also=["text://:0"])
        server.start(0)
        clients = [connect(server) for _ in range(20)]
        clients[0].call("SET", "large", b"x" * 1_000_000)
        clients[0].send(b"GET large\r\n" * 20)
        server.execute("INCR", "rounds")
        server.close()
        for client in clients:
            client.close()
        assert threading.enumerate() == threads
        assert descriptors() == open_before
    with kvik.open(tmp_path) as database:
        assert database.execute("GET", "rounds") == b"5"


def test_a_failed_start_leaves_nothing(server: kvik.Server, tmp_path: Path) -> None:
    threads, open_before = threading.enumerate(), descriptors()
    for _ in range(3):
        with pytest.raises(OSError):
            kvik.Server(tmp_path, also=[f"resp://127.0.0.1:{server.port}"]).start(0)
        assert threading.enumerate() == threads
        assert descriptors() == open_before
    kvik.open(tmp_path).close()


def test_a_client_may_end_the_server_and_the_program_sees_it(server: kvik.Server) -> None:
    assert not server.wait(0.01)
    with connect(server) as wire:
        wire.send(b"SHUTDOWN\r\n")
        assert server.wait(SECONDS_MAX)
    assert (server.is_running, server.error) == (False, None)
    with pytest.raises(RuntimeError, match="not running"):
        server.count_active()
    server.close()
    server.start(0)
    assert server.execute("PING") == b"PONG"


def test_many_threads_close_it_together_and_all_return(server: kvik.Server) -> None:
    run_together([server.close] * 8)
    assert not server.is_running


# Counting


def test_clients_are_counted_as_soon_as_they_are_connected_and_gone(server: kvik.Server) -> None:
    assert (server.count_active(), server.count_dropped()) == (0, 0)
    clients = [connect(server) for _ in range(50)]
    assert (server.count_active(), server.count_dropped()) == (50, 0)
    for client in clients[:20]:
        client.close()
    assert (server.count_active(), server.count_dropped()) == (30, 20)
    for client in clients:
        client.close()
    assert (server.count_active(), server.count_dropped()) == (0, 50)


def test_clients_that_were_dropped_are_counted_like_those_that_left(server: kvik.Server) -> None:
    with connect(server) as killer, connect(server) as killed:
        number = killed.call("CLIENT", "ID")
        assert isinstance(number, int)
        assert killer.call("CLIENT", "KILL", "ID", number) == 1
        assert (server.count_active(), server.count_dropped()) == (1, 1)
        killer.send(b"GET /x HTTP/1.1\r\n\r\n")
        killer.read_to_the_end()
        wait_until(lambda: (server.count_active(), server.count_dropped()) == (0, 2))


def test_clients_that_were_not_let_in_are_not_counted() -> None:
    with kvik.Server(settings=kvik.Settings(maxclients=2)) as server:
        server.start(0)
        clients = [connect(server) for _ in range(5)]
        assert (server.count_active(), server.count_dropped()) == (2, 0)
        for client in clients:
            client.close()


def test_resetting_the_statistics_does_not_touch_the_counts(server: kvik.Server) -> None:
    connect(server).close()
    assert server.count_dropped() == 1
    server.execute("CONFIG", "RESETSTAT")
    assert server.count_dropped() == 1


def test_thousands_of_connections_from_many_threads_are_counted_one_by_one(server: kvik.Server) -> None:
    def come_and_go() -> None:
        for _ in range(10):
            clients = [connect(server) for _ in range(25)]
            assert server.count_active() >= 25
            for client in clients:
                client.close()

    run_together([come_and_go] * 8)
    assert (server.count_active(), server.count_dropped()) == (0, 2_000)


# In any program


def test_a_program_with_a_loop_of_its_own_can_have_a_server() -> None:
    async def program() -> bytes:
        with kvik.Server() as server:
            await asyncio.to_thread(server.start, 0)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            assert server.count_active() == 1
            writer.write(b"PING\n")
            line = await reader.readline()
            writer.close()
            return line

    assert asyncio.run(program()) == b"PONG\n"


def test_signals_stay_those_of_the_program() -> None:
    def handlers() -> list[object]:
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)]

    before = handlers()
    with kvik.Server() as server:
        server.start(0)
        assert handlers() == before
    assert handlers() == before


def test_a_program_that_just_ends_is_not_held_up_and_closes_its_server(folder: Path) -> None:
    script = """
import kvik, socket, sys
server = kvik.Server(sys.argv[1], also=[f"resp://{sys.argv[1]}/socket"])
server.start(0)
client = socket.create_connection(("127.0.0.1", server.port))
server.execute("SET", "a", "1")
"""
    began = time.monotonic()
    done = run_python(script, str(folder))
    assert (done.returncode, done.stderr) == (0, b"")
    assert time.monotonic() - began < 10
    assert not (folder / "socket").exists()
    with kvik.open(folder) as database:
        assert database.execute("GET", "a") == b"1"


def test_a_program_that_ends_by_ctrl_c_closes_its_server(tmp_path: Path) -> None:
    script = """
import kvik, os, signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
with kvik.Server(sys.argv[1]) as server:
    server.start(0)
    server.execute("SET", "a", "1")
    threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
    server.wait(20)
"""
    done = run_python(script, str(tmp_path))
    assert done.returncode == -signal.SIGINT
    assert done.stderr.strip().endswith(b"KeyboardInterrupt")
    with kvik.open(tmp_path) as database:
        assert database.execute("GET", "a") == b"1"


def test_a_forked_process_leaves_the_server_to_the_one_that_started_it(tmp_path: Path) -> None:
    script = """
import kvik, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of fork beside threads.
server = kvik.Server(sys.argv[1])
server.start(0)
server.execute("SET", "a", "1")
child = os.fork()
if child == 0:
    try:
        server.execute("SET", "a", "2")
    except RuntimeError as error:
        assert "runs in the process that started it" in str(error), error
        assert not server.is_running and server.wait()
        server.close()
        sys.exit(7)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
server.execute("APPEND", "a", "0")
server.close()
sys.exit(code)
"""
    done = run_python(script, str(tmp_path))
    assert (done.returncode, done.stderr) == (7, b"")
    with kvik.open(tmp_path) as database:
        assert database.execute("GET", "a") == b"10"


def test_a_program_whose_hashes_are_known_to_everybody_may_not_serve() -> None:
    script = """
import os, sys
if os.environ.get("PYTHONHASHSEED") != "0":
    os.execve(sys.executable, sys.orig_argv, {**os.environ, "PYTHONHASHSEED": "0"})
import kvik
try:
    kvik.Server().start(0)
except ValueError as error:
    sys.exit(7 if "PYTHONHASHSEED" in str(error) else 8)
"""
    assert run_python(script).returncode == 7
