"""What `make dist` packs."""

import os
import tarfile
import zipfile
from pathlib import Path

from tests.setup.checkouts import make_checkout, write
from workshop.archive import pack, present_files


def test_without_git_what_tools_have_made_is_left_out(tmp_path: Path) -> None:
    make_checkout(tmp_path)
    expected = present_files(str(tmp_path))
    for name in (
        ".venv/bin/python",
        ".venv-test-3.11/x",
        "build/x",
        "src/kvik/__pycache__/x.pyc",
        "src/kvik/engine.so",
    ):
        write(tmp_path / name, "")
    assert present_files(str(tmp_path)) == expected
    assert {"server", "src/kvik/engine.py", "tools/run.py"} <= set(expected)


def test_both_archives_hold_the_files_below_one_folder_and_the_launchers_stay_executable(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    root.mkdir()
    make_checkout(root)
    pack(str(root), str(tmp_path / "kvik-0"), "kvik-0", ["server", "src/kvik/engine.py"])
    with tarfile.open(tmp_path / "kvik-0.tar.gz") as tar, zipfile.ZipFile(tmp_path / "kvik-0.zip") as zipped:
        assert tar.getnames() == zipped.namelist() == ["kvik-0/server", "kvik-0/src/kvik/engine.py"]
        assert tar.getmember("kvik-0/server").mode & 0o111
        assert (zipped.getinfo("kvik-0/server").external_attr >> 16) & 0o111
        assert zipped.read("kvik-0/server") == (root / "server").read_bytes()
    assert os.access(root / "server", os.X_OK)
