"""`kvik client NODE` on a terminal: a person's shell of a server (S9)."""

import sys
from pathlib import Path

import pytest

from tests.programs import CLIENT, SOURCE, Terminal
from tests.servers import KvikServer, RedisServer


def open_shell(node: str, folder: Path) -> Terminal:
    return Terminal([*CLIENT, node], {"XDG_STATE_HOME": str(folder)})


def test_the_prompt_names_the_server_its_database_and_a_transaction(kvik_server: KvikServer, folder: Path) -> None:
    node = f"127.0.0.1:{kvik_server.ports['auto']}"
    with open_shell(node, folder) as terminal:
        terminal.wait_for(f"{node}>")
        terminal.type("SELECT 1\r")
        terminal.wait_for(f"{node}[1]>")
        terminal.type("MULTI\r")
        terminal.wait_for(f"{node}[1](TX)>")
        terminal.type("SET a 5\r")
        terminal.wait_for("QUEUED")
        terminal.type("EXEC\r")
        terminal.wait_for("[5]\r\n")
        terminal.type("DISCONNECT\r")
        assert terminal.exit_code() == 0


def test_the_commands_of_the_server_are_completed_and_hinted(redis_server: RedisServer, folder: Path) -> None:
    with open_shell(f"unix:{redis_server.address}", folder) as terminal:
        terminal.wait_for(".sock>")
        terminal.type("zrangeby\t")
        # The menu, which is seen to be there before a key closes it: what is completed then is the line itself.
        terminal.wait_for("by score")
        terminal.type("s\t")
        terminal.wait_for("core")
        terminal.type(" ")
        terminal.wait_for("key min max [WITHSCORES]")


def test_a_kvik_tells_what_is_hinted(kvik_server: KvikServer, folder: Path) -> None:
    with open_shell(f"127.0.0.1:{kvik_server.ports['auto']}", folder) as terminal:
        terminal.wait_for(">")
        terminal.type("HELP EXPIRE\r")
        terminal.wait_for("EXPIRE key seconds [NX | XX | GT | LT]")


def test_who_has_lost_the_connection_just_leaves(redis_server: RedisServer, folder: Path) -> None:
    with open_shell(f"unix:{redis_server.address}", folder) as terminal, redis_server.open() as wire:
        terminal.wait_for(".sock>")
        wire.call("CLIENT", "KILL", "TYPE", "normal")
        terminal.type("PING\r")
        terminal.wait_for("not connected>")
        terminal.type("exit\r")
        assert terminal.exit_code() == 0
        assert b"OK" not in terminal.screen


def test_a_connection_that_is_lost_is_made_anew_in_its_database(redis_server: RedisServer, folder: Path) -> None:
    with open_shell(f"unix:{redis_server.address}", folder) as terminal, redis_server.open() as wire:
        terminal.wait_for(".sock>")
        terminal.type("SELECT 2\r")
        terminal.wait_for("[2]>")
        wire.call("CLIENT", "KILL", "TYPE", "normal")
        terminal.type("ECHO lost\r")
        terminal.wait_for("error: ")
        terminal.wait_for("not connected>")
        terminal.type("CLIENT INFO\r")
        terminal.wait_for(" db=2 ")


def test_ctrl_c_gives_up_a_blocked_command(redis_server: RedisServer, folder: Path) -> None:
    with open_shell(f"unix:{redis_server.address}", folder) as terminal:
        terminal.wait_for(".sock>")
        terminal.type("BLPOP nothing 0\r")
        with pytest.raises(AssertionError, match="did not end"):
            terminal.exit_code(seconds_max=0.3)
        terminal.type("\x03")
        terminal.wait_for("not connected>")
        terminal.type("ECHO back\r")
        terminal.wait_for("back\r\n")


def test_without_a_server_the_shell_does_not_open(folder: Path) -> None:
    with open_shell(f"unix:{folder}/nobody", folder) as terminal:
        terminal.wait_for("error: cannot connect to unix:")
        assert terminal.exit_code() == 3


TALK = """
import sys
sys.path.insert(0, sys.argv[1])
from kvik.client.address import parse_address
from kvik.client.oneshot import talk
sys.exit(talk(parse_address(sys.argv[2])))
"""


def test_a_python_without_line_editing_reads_plain_lines(redis_server: RedisServer) -> None:
    node = f"unix:{redis_server.address}"
    with Terminal([sys.executable, "-I", "-S", "-c", TALK, SOURCE, node], {}) as terminal:
        terminal.wait_for(".sock> ")
        terminal.type("ECHO plain\r")
        terminal.wait_for("plain\r\nplain\r\n")
        terminal.type("quit\r")
        assert terminal.exit_code() == 0
