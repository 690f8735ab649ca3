"""The stamp and the lock: what is set up once, what is set up again, and what two starts at once do."""

import io
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

import pytest

from workshop.environment import Environment
from workshop.setting_up import SetUp, SetUpError, Step, run

STAMP = "cpython-3.11 abc"
TOOLS = str(Path(__file__).resolve().parents[2] / "tools")


def make_python(environment: Environment) -> Step:
    """Stand in for the making of a virtual environment."""

    def action(log: TextIO) -> str:
        python = Path(environment.python)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text("")
        python.chmod(0o755)
        return ""

    return Step("virtual environment", action)


def fail(log: TextIO) -> str:
    print("the reason", file=log)
    raise subprocess.CalledProcessError(7, "pip")


def bring(folder: Path, environment: Environment, stamp: str, *more: Step) -> str:
    screen = io.StringIO()
    SetUp(str(folder / "build"), screen).bring(environment, stamp, [make_python(environment), *more])
    return screen.getvalue()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(str(tmp_path / ".venv"))


def test_a_set_up_shows_its_steps_and_leaves_a_stamp(tmp_path: Path, environment: Environment) -> None:
    shown = bring(tmp_path, environment, STAMP, Step("dependencies", lambda log: "a note"))
    assert "setting up .venv" in shown
    assert "  dependencies  0.0 s\n  a note\n" in shown
    assert environment.is_ready(STAMP)


def test_a_second_set_up_does_nothing(tmp_path: Path, environment: Environment) -> None:
    bring(tmp_path, environment, STAMP)
    assert bring(tmp_path, environment, STAMP, Step("never", fail)) == ""


def test_a_failed_step_shows_its_output_and_leaves_no_stamp(tmp_path: Path, environment: Environment) -> None:
    with pytest.raises(SetUpError, match=r"(?s)the reason.*dependencies failed with code 7; all of it: .*setup\.log"):
        bring(tmp_path, environment, STAMP, Step("dependencies", fail))
    assert environment.stamp() == ""


def test_a_failed_update_leaves_no_stamp_of_before(tmp_path: Path, environment: Environment) -> None:
    bring(tmp_path, environment, STAMP)
    with pytest.raises(SetUpError):
        bring(tmp_path, environment, STAMP + "d", Step("dependencies", fail))
    assert environment.stamp() == ""


def test_an_unfinished_environment_is_made_anew(tmp_path: Path, environment: Environment) -> None:
    left_over = tmp_path / ".venv" / "half"
    left_over.parent.mkdir()
    left_over.write_text("")
    bring(tmp_path, environment, STAMP)
    assert not left_over.exists()


@pytest.mark.parametrize(("stamp", "is_kept"), [("cpython-3.11 edited", True), ("cpython-3.13 abc", False)])
def test_an_edit_updates_the_environment_and_another_python_replaces_it(
    tmp_path: Path, environment: Environment, stamp: str, is_kept: bool
) -> None:
    bring(tmp_path, environment, STAMP)
    installed = tmp_path / ".venv" / "installed"
    installed.write_text("")
    bring(tmp_path, environment, stamp)
    assert installed.exists() == is_kept
    assert environment.is_ready(stamp)


def test_an_environment_whose_python_is_gone_is_not_ready(tmp_path: Path, environment: Environment) -> None:
    bring(tmp_path, environment, STAMP)
    python = Path(environment.python)
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert not environment.is_ready(STAMP)
    assert not environment.can_become(STAMP)


def test_two_set_ups_at_once_run_the_steps_once_and_the_second_says_that_it_waits(
    tmp_path: Path, environment: Environment
) -> None:
    entered, leave = threading.Event(), threading.Event()
    shown: list[str] = []
    runs: list[int] = []

    def hold(log: TextIO) -> str:
        runs.append(1)
        entered.set()
        assert leave.wait(20)
        return ""

    second_screen = io.StringIO()

    def second() -> None:
        SetUp(str(tmp_path / "build"), second_screen).bring(environment, STAMP, [Step("again", hold)])

    first = threading.Thread(target=lambda: shown.append(bring(tmp_path, environment, STAMP, Step("long", hold))))
    first.start()
    assert entered.wait(20)
    other = threading.Thread(target=second)
    other.start()
    limit = time.monotonic() + 20
    while "waiting" not in second_screen.getvalue() and time.monotonic() < limit:
        time.sleep(0.01)
    leave.set()
    first.join(20)
    other.join(20)
    assert second_screen.getvalue() == "kvik: another set-up is under way here; waiting for it\n"
    assert runs == [1]
    assert "ready after" in shown[0]


REMAKER = """
import sys
sys.path.insert(0, {tools!r})
from workshop.environment import Environment
from workshop.setting_up import SetUp
from workshop.wheel import make_environment
environment = Environment({folder!r})
SetUp({build!r}, sys.stderr).bring(environment, "stamp", [make_environment(environment)])
"""


def test_an_unfinished_environment_can_be_made_anew_by_its_own_python(tmp_path: Path, environment: Environment) -> None:
    python = Path(environment.python)
    python.parent.mkdir(parents=True)
    python.symlink_to(Path(sys.executable).resolve())
    program = REMAKER.format(tools=TOOLS, build=str(tmp_path / "build"), folder=environment.folder)
    done = subprocess.run([python, "-E", "-s", "-S", "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, environment.is_ready("stamp")) == (0, True), done.stderr
    assert subprocess.run([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL).returncode == 0


HOLDER = """
import sys
sys.path.insert(0, {tools!r})
from workshop.environment import Environment
from workshop.setting_up import SetUp, Step, exit_on_termination, run
exit_on_termination()
def action(log):
    run([sys.executable, "-c", "import time, os; print(os.getpid(), flush=True); time.sleep(60)"], log)
    return ""
SetUp({build!r}, sys.stderr).bring(Environment({folder!r}), "stamp", [Step("long", action)])
"""


def test_a_set_up_that_is_ended_takes_its_program_with_it_and_frees_the_lock(tmp_path: Path) -> None:
    environment = Environment(str(tmp_path / ".venv"))
    program = HOLDER.format(tools=TOOLS, build=str(tmp_path / "build"), folder=environment.folder)
    holder = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
    log = tmp_path / "build" / "setup.log"
    limit = time.monotonic() + 20
    while not (log.exists() and log.read_text().endswith("\n") and log.read_text().count("\n") > 1):
        assert time.monotonic() < limit
        time.sleep(0.02)
    holder.terminate()
    _, shown = holder.communicate(timeout=20)
    assert (holder.returncode, b"Traceback" in shown) == (143, False)
    # The child inherited the lock: that it is free shows that the child has ended too.
    assert "waiting" not in bring(tmp_path, environment, STAMP)


INTERRUPTED = """
import signal, sys
sys.path.insert(0, {tools!r})
from workshop.setting_up import run
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    run(["sh", "-c", "kill -INT $PPID; sleep 0.01"], sys.stderr)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interruption_may_come_when_the_program_is_about_to_end() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED.format(tools=TOOLS)], capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, b"interrupted\n"), done.stderr


def test_a_program_that_fails_is_reported_with_its_code(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, pytest.raises(subprocess.CalledProcessError) as raised:
        run([sys.executable, "-c", "print('heard'); raise SystemExit(5)"], log)
    assert raised.value.returncode == 5
    assert "heard\n" in (tmp_path / "log").read_text()
