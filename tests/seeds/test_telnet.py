"""The telnet session kvik was asked for, typed into a real telnet client on a terminal, to the warning at its end."""

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import Terminal
from tests.servers import KvikServer, require

GRACE_SECONDS = 20


@pytest.fixture
def server(folder: Path) -> Iterator[KvikServer]:
    flags = ["--shutdown-timeout", str(GRACE_SECONDS)]
    server = KvikServer(folder, doors=("telnet", "text", "resp"), flags=flags)
    yield server
    server.process.kill()
    server.process.wait()


class Telnet(Terminal):
    """A person at `telnet localhost PORT`."""

    def __init__(self, server: KvikServer, is_eager: bool = False) -> None:
        """With `is_eager` the client offers and asks for all it can at once, as it does on telnet's own port."""
        minus = "-" if is_eager else ""
        super().__init__([require("telnet"), "-8", "--", "127.0.0.1", f"{minus}{server.ports['telnet']}"], {})
        self.wait_for("Welcome to kvik")
        self.wait_for("-> ")

    def line(self, text: str) -> str:
        """Type a line; return what is shown between it and the next prompt."""
        self.type(text + "\n")
        self.wait_for(text)
        self.wait_for("\n")
        return self.wait_for("-> ").decode().removesuffix("\r\n")


def test_the_session_that_was_asked_for(server: KvikServer) -> None:
    with Telnet(server) as telnet:
        assert telnet.line("set key val") == "OK"
        assert telnet.line("get key") == "val"
        assert telnet.line("delete key") == "OK"
        assert telnet.line("get key") == "key key not found"
        assert telnet.line("set ключ значение") == "OK"
        assert telnet.line("get ключ") == "значение"
        assert telnet.line("count") == "1"
        assert telnet.line("clean") == "OK"
        assert telnet.line("count") == "0"
        assert json.loads(telnet.line("memstats"))["NumTasks"] == 1
        assert telnet.line("help me").startswith("set KEY VALUE")
        assert telnet.line("gett key").startswith("unknown command: gett\r\ncommands: set ")
        telnet.type("\n")
        assert telnet.wait_for("-> ") == b"\r\n"
        telnet.type("exit\n")
        assert telnet.wait_for("Connection closed by foreign host.").endswith(b"OK\r\n")
        telnet.exit_code()


def test_a_client_that_negotiates_gets_every_letter_through(server: KvikServer) -> None:
    with Telnet(server, is_eager=True) as telnet:
        # A client that has not agreed on eight bits takes a part of this capital letter for its quit key.
        assert telnet.line("set город Москва") == "OK"
        assert telnet.line("get город") == "Москва"
        telnet.type("\x03")
        telnet.wait_for("-> ")
        assert telnet.line("count") == "1"


def test_ctrl_c_in_the_client_gives_a_new_prompt_each_time(server: KvikServer) -> None:
    with Telnet(server) as telnet:
        for _ in range(2):
            telnet.type("half a line\x03")
            telnet.wait_for("-> ")
            assert telnet.line("count") == "0"


def test_interrupts_sent_as_urgent_data_do_not_get_into_the_next_line(server: KvikServer) -> None:
    with Telnet(server) as telnet:
        telnet.type("\x1d")
        telnet.wait_for("telnet> ")
        telnet.type("toggle autosynch\n")
        telnet.wait_for("urgent mode.")
        telnet.type("\x03")
        telnet.wait_for("-> ")
        assert telnet.line("count") == "0"


def test_a_client_that_sends_each_letter_by_itself_is_understood(server: KvikServer) -> None:
    with Telnet(server) as telnet:
        telnet.type("\x1d")
        telnet.wait_for("telnet> ")
        telnet.type("mode character\n")
        telnet.type("count\r")
        telnet.wait_for("0\r\n-> ")
        telnet.type("get k\r")
        telnet.wait_for("key k not found\r\n-> ")
        assert "unknown" not in telnet.screen.decode()


def test_people_are_warned_and_the_server_ends_as_soon_as_they_have_left(server: KvikServer) -> None:
    with Telnet(server) as telnet, server.open("text") as text:
        telnet.line("set key val")
        telnet.type("get ")
        server.process.send_signal(signal.SIGTERM)
        warning = f"server closes in {GRACE_SECONDS} s"
        telnet.wait_for(f"\r\n{warning}\r\n-> ")
        assert text.read_line() == f"{warning}\n".encode()
        # Nobody new comes in, who is there can go on.
        with pytest.raises(ConnectionRefusedError):
            server.open("telnet")
        telnet.type("key\n")
        assert telnet.wait_for("-> ").endswith(b"val\r\n")
        started = time.monotonic()
        telnet.type("exit\n")
        text.close()
        assert server.process.wait(GRACE_SECONDS) == 0
        assert time.monotonic() - started < GRACE_SECONDS / 2


def test_a_second_ctrl_c_closes_at_once(server: KvikServer) -> None:
    with Telnet(server) as telnet:
        server.process.send_signal(signal.SIGINT)
        telnet.wait_for("server closes in")
        server.process.send_signal(signal.SIGINT)
        telnet.wait_for("Connection closed by foreign host.")
        assert server.process.wait(GRACE_SECONDS / 2) == 0
    assert "Waiting at most 20 s for 1 to leave; a second signal closes at once" in server.output()


def test_people_who_stay_are_closed_when_their_time_is_over(folder: Path) -> None:
    server = KvikServer(folder, doors=("telnet",), flags=["--shutdown-timeout", "1"])
    with Telnet(server) as telnet:
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        telnet.wait_for("server closes in 1 s")
        telnet.wait_for("Connection closed by foreign host.")
        assert server.process.wait(GRACE_SECONDS) == 0
        assert 0.9 < time.monotonic() - started < 5


def test_programs_are_not_waited_for_and_only_resp3_is_told(server: KvikServer) -> None:
    with server.open() as old, server.open() as new:
        assert old.call("PING") == b"PONG"
        new.call("HELLO", "3")
        server.process.send_signal(signal.SIGTERM)
        assert new.read_to_the_end() == b">2\r\n$7\r\nclosing\r\n:%d\r\n" % GRACE_SECONDS
        assert old.read_to_the_end() == b""
        assert server.process.wait(GRACE_SECONDS / 2) == 0


def test_what_was_set_is_there_after_a_restart(folder: Path) -> None:
    data = str(folder / "data")
    for line, answer in (("set key val", "OK"), ("get key", "val")):
        server = KvikServer(folder, doors=("telnet",), flags=[data, "--shutdown-timeout", "3"])
        with Telnet(server) as telnet:
            assert telnet.line(line) == answer
            server.process.send_signal(signal.SIGTERM)
            telnet.wait_for("server closes in 3 s")
            telnet.type("exit\n")
            assert server.process.wait(GRACE_SECONDS) == 0


def test_the_log_says_who_comes_and_goes_without_being_asked(server: KvikServer) -> None:
    with server.open("resp") as program, Telnet(server) as telnet:
        assert program.call("PING") == b"PONG"
        number = telnet.line("client id")
        assert f"id={number} " in telnet.line("client list")
        telnet.type("exit\n")
        telnet.wait_for("Connection closed")
    assert server.stop() == 0
    lines = re.findall(r"\* (Client \d+ (?:joined|left).*)", server.output())
    address = r"127\.0\.0\.1:\d+"
    # Others only looked whether the door was open.
    assert [line for line in lines if line.startswith(f"Client {number} ")] == lines[-2:]
    assert re.fullmatch(rf"Client {number} joined from {address} on telnet://{address}", lines[-2])
    assert re.fullmatch(rf"Client {number} left, {address}", lines[-1])


def test_a_crowd_at_the_door_does_not_fill_the_log(server: KvikServer) -> None:
    for _ in range(100):
        server.open("telnet").close()
    assert server.stop() == 0
    assert server.output().count("joined") <= 40
