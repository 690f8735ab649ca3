"""The processes of a load, when something comes at a bad moment."""

from tests.programs import run_python

BEGINNING = """
import ctypes, functools, os, signal, time
from kvik.client.load.crew import Crew, Driver, Report, Watch

class Load(Driver):
    def prepare(self, board):
        self.board = board

    def run(self, start):
        while is_endless and self.board.is_wanted():
            time.sleep(0.01)
        return Report()
"""


def test_a_load_process_that_ctrl_c_finds_too_early_does_not_go_on_as_its_parent() -> None:
    script = """
is_endless = False
os.register_at_fork(after_in_child=functools.partial(ctypes.CDLL(None)["raise"], signal.SIGINT))
print(len(Crew([Load(), Load()]).run(0, Watch()).reports))
"""
    done = run_python(BEGINNING + script)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"2\n", b"")


def test_a_load_ends_when_nobody_can_watch_it_any_more() -> None:
    script = """
is_endless = True
class Blind(Watch):
    def look(self, sample, boards):
        raise OSError("the terminal is gone")
try:
    Crew([Load(), Load()]).run(0, Blind())
except OSError as error:
    print(error)
"""
    done = run_python(BEGINNING + script)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"the terminal is gone\n", b"")
