"""Both archives of this checkout: everything is in them, and they run from where they were unpacked (S43)."""

import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from benchmarks.servers import free_port

from tests.servers import end_with_the_tests
from tests.setup.checkouts import ROOT, make_program, run
from workshop.archive import pack, present_files, tracked_files, version

SECONDS_MAX = 20.0
NAME = f"kvik-{version()}"
WANTED = {
    "server", "client", "test", "run.sh", "Makefile", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml",
    "setup.py", "Dockerfile", ".dockerignore", "compose.yaml", "docs/docker.md", "docs/commands.md",
    "src/kvik/engine.py", "tests/setup/test_unpacked_archive.py", "tools/run.py",
}  # fmt: skip
WANTED_FOLDERS = ("docs/pictures/", "examples/", "benchmarks/")
RUN_BY_NAME = {"server", "client", "test", "run.sh", ".ci/run"}
# What a build finds without MANIFEST.in.
TAKEN_ANYWAY = {"LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py"}
READY = """
import os, sys
sys.path.insert(0, "tools")
from workshop.checkout import PYTHON_TAG, ROOT, compile_mode, wheel_key
from workshop.environment import Environment
Environment(os.path.join(ROOT, ".venv")).remember(f"{PYTHON_TAG} {wheel_key(ROOT, compile_mode(os.environ)[0])}")
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both archives of what is here; a file that is not tracked yet is in them too."""
    folder = tmp_path_factory.mktemp("archives")
    pack(str(ROOT), str(folder / NAME), NAME, present_files(str(ROOT)))
    return folder


def unpack_tar(archives: Path, target: Path) -> None:
    with tarfile.open(archives / f"{NAME}.tar.gz") as tar:
        tar.extractall(target)


def unpack_zip(archives: Path, target: Path) -> None:
    """Unpack as unzip does; Python's own way forgets who may be executed."""
    with zipfile.ZipFile(archives / f"{NAME}.zip") as zipped:
        for member in zipped.infolist():
            path = zipped.extract(member, target)
            os.chmod(path, member.external_attr >> 16 & 0o777)


UNPACKERS = [pytest.param(unpack_tar, id="tar.gz"), pytest.param(unpack_zip, id="zip")]


@pytest.fixture(params=UNPACKERS)
def unpacked(request: pytest.FixtureRequest, archives: Path, tmp_path: Path) -> Path:
    """A folder that was unpacked, with an environment as its first start makes it, which would take a minute."""
    unpack: Callable[[Path, Path], None] = request.param
    unpack(archives, tmp_path)
    folder = tmp_path / NAME
    (folder / ".venv/bin").mkdir(parents=True)
    done = run(sys.executable, "-c", READY, cwd=folder, variables={"PYTHON": sys.executable})
    assert done.returncode == 0, done.stderr
    make_program(folder, ".venv/bin/python", f'PYTHONPATH="{folder}/src" exec "{sys.executable}" "$@"')
    return folder


def start(unpacked: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHON" and name[:5] != "KVIK_"}
    with (unpacked / "log").open("wb") as log:
        return subprocess.Popen(
            ["./server", *arguments], cwd=unpacked, env=surroundings, stdout=log, stderr=log,
            preexec_fn=end_with_the_tests,
        )  # fmt: skip


def wait_for(server: "subprocess.Popen[bytes]", unpacked: Path) -> None:
    limit = time.monotonic() + SECONDS_MAX
    while "Ready to accept" not in (unpacked / "log").read_text():
        assert server.poll() is None and time.monotonic() < limit, (unpacked / "log").read_text()
        time.sleep(0.02)


def test_an_unpacked_archive_serves_and_keeps_its_data_beside_itself(unpacked: Path) -> None:
    port = free_port()
    server = start(unpacked, "--port", str(port))
    wait_for(server, unpacked)
    node = f"127.0.0.1:{port}"
    stored = run("./client", node, "set", "norway", "oslo", cwd=unpacked)
    assert (stored.returncode, stored.stdout, stored.stderr) == (0, "", "")
    found = run("./client", node, "get", "norway", cwd=unpacked)
    assert (found.returncode, found.stdout, found.stderr) == (0, "oslo\n", "")
    missing = run("./client", node, "get", "sweden", cwd=unpacked)
    assert (missing.returncode, missing.stdout, missing.stderr) == (1, "", "error: not found\n")
    server.send_signal(signal.SIGTERM)
    assert server.wait(SECONDS_MAX) == 0, (unpacked / "log").read_text()
    assert (unpacked / "data").is_dir()


def names_in(archives: Path) -> Iterator[tuple[str, bool]]:
    """Yield each path in either archive with whether it may be executed; the archives must agree."""
    with tarfile.open(archives / f"{NAME}.tar.gz") as tar, zipfile.ZipFile(archives / f"{NAME}.zip") as zipped:
        in_tar = [(member.name, member.mode & 0o111 == 0o111) for member in tar.getmembers()]
        in_zip = [(member.filename, member.external_attr >> 16 & 0o111 == 0o111) for member in zipped.infolist()]
    assert in_tar == in_zip
    for name, is_executable in in_tar:
        yield name.removeprefix(f"{NAME}/"), is_executable


def test_everything_is_in_both_archives_and_what_is_run_by_name_is_executable(archives: Path) -> None:
    names = dict(names_in(archives))
    assert names.keys() >= WANTED, WANTED - names.keys()
    for folder in WANTED_FOLDERS:
        assert any(name.startswith(folder) for name in names), folder
    assert {name for name, is_executable in names.items() if is_executable} >= RUN_BY_NAME & names.keys()
    assert not [name for name in names if name.startswith(("data/", "build/", "dist/", ".venv", ".git/"))]


def test_what_git_tracks_is_what_is_packed_where_there_is_no_git() -> None:
    assert set(tracked_files()) <= set(present_files(str(ROOT)))


def test_a_source_distribution_takes_everything_too() -> None:
    text = (ROOT / "MANIFEST.in").read_text()
    folders = set(re.findall(r"^graft (\S+)$", text, re.MULTILINE))
    files = {name for line in re.findall(r"^include (.+)$", text, re.MULTILINE) for name in line.split()}
    left_out = [
        name for name in WANTED | set(tracked_files()) if name.partition("/")[0] not in folders | files | TAKEN_ANYWAY
    ]
    assert not left_out, f"say in MANIFEST.in what becomes of {left_out}"
