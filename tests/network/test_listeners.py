"""Unix sockets when others look at a bad moment; each in a program of its own, where it may stand still."""

from pathlib import Path

from tests.programs import run_python
from tests.servers import folder

__all__ = ["folder"]


def test_a_place_where_as_many_wait_as_there_is_room_for_is_taken(folder: Path) -> None:
    script = """
import socket, sys
from kvik.network.addresses import Address
from kvik.network.listeners import open_socket
busy = socket.socket(socket.AF_UNIX)
busy.bind(sys.argv[1])
busy.listen(0)
waiting = []
try:
    while True:
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        waiting[-1].connect(sys.argv[1])
except BlockingIOError:
    pass
try:
    open_socket(Address("resp", "", 0, sys.argv[1]), 8, 0)
except OSError as error:
    print(error)
"""
    done = run_python(script, str(folder / "socket"))
    assert b"is taken by another program" in done.stdout, done.stderr


def test_other_threads_keep_their_umask_while_a_socket_is_made(folder: Path) -> None:
    script = """
import os, sys
from kvik.network.addresses import Address
from kvik.network.listeners import open_socket
def umask():
    with open("/proc/self/status") as status:
        return status.read().split("Umask:")[1].split()[0]
os.umask(0o022)
sys.addaudithook(lambda name, _: name == "socket.bind" and print(umask()))
open_socket(Address("resp", "", 0, sys.argv[1]), 8, 0)
print(oct(os.stat(sys.argv[1]).st_mode & 0o777))
"""
    done = run_python(script, str(folder / "socket"))
    assert (done.stdout.split(), done.stderr) == ([b"0022", b"0o600"], b"")


def test_a_server_that_closes_leaves_no_socket_that_does_not_listen(folder: Path) -> None:
    script = """
import kvik, socket, sys
def look(name, arguments):
    if name == "os.remove" and arguments[0] == sys.argv[1]:
        with socket.socket(socket.AF_UNIX) as client:
            print(client.connect_ex(sys.argv[1]))
with kvik.Server(also=[f"resp://{sys.argv[1]}"]) as server:
    server.start(0)
    sys.addaudithook(look)
"""
    done = run_python(script, str(folder / "socket"))
    assert (done.stdout, done.stderr) == (b"0\n", b"")
