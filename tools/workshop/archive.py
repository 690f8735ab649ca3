"""Packs the checkout into dist/ as .tar.gz and .zip: the tracked files, which run from the unpacked folder."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

from workshop.checkout import ROOT

LEFT_OUT = re.compile(
    r"(\.git|\.venv.*|build|dist|data|htmlcov|__pycache__|\..*_cache|\.hypothesis|.*\.egg-info)$|.*\.so$"
)


def main(arguments: list[str]) -> int:
    name = f"kvik-{version()}"
    target = os.path.join(ROOT, "dist", name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    paths = tracked_files() or present_files(ROOT)
    pack(ROOT, target, name, [path for path in paths if os.path.isfile(os.path.join(ROOT, path))])
    print(f"{target}.tar.gz\n{target}.zip")
    return 0


def version() -> str:
    with open(os.path.join(ROOT, "src", "kvik", "build_info.py"), encoding="utf-8") as file:
        found = re.search(r'^VERSION\b.*"(.+)"$', file.read(), re.MULTILINE)
    if found is None:
        sys.exit("kvik: src/kvik/build_info.py names no VERSION")
    return found[1]


def tracked_files() -> list[str]:
    """Return the paths that git tracks, as they are in the checkout; none where this is no git checkout."""
    if not os.path.exists(os.path.join(ROOT, ".git")) or shutil.which("git") is None:
        return []
    listing = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], stdout=subprocess.PIPE, check=True)
    return sorted(filter(None, listing.stdout.decode().split("\0")))


def present_files(root: str) -> list[str]:
    """Return the paths of all files that no tool has made."""
    paths = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not LEFT_OUT.match(name)]
        paths += [os.path.relpath(os.path.join(folder, name), root) for name in names if not LEFT_OUT.match(name)]
    return sorted(paths)


def pack(root: str, target: str, name: str, paths: list[str]) -> None:
    """Write target.tar.gz and target.zip with the files below a folder of that name."""
    with (
        tarfile.open(f"{target}.tar.gz", "w:gz") as tar,
        zipfile.ZipFile(f"{target}.zip", "w", zipfile.ZIP_DEFLATED) as zipped,
    ):
        for path in paths:
            source = os.path.join(root, path)
            tar.add(source, f"{name}/{path}", recursive=False, filter=without_owner)
            zipped.write(source, f"{name}/{path}")


def without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
