"""The optional compiled build; all other metadata stands in pyproject.toml.

KVIK_COMPILE=auto (default) compiles, and installs interpreted where anything of that fails; 1 compiles or fails;
0 does not compile. It is all or nothing: half a compiled package dies on import.
"""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from setuptools import Command, setup
from setuptools.command.build_ext import build_ext

SOURCE = Path("src")
GROUP_NAME = "kvik_compiled"

# Every module that stays interpreted (patterns below src/), and why. All others are compiled.
INTERPRETED = {
    "kvik/**/__init__.py": "a list of names: nothing to gain, and plugins and tools inspect packages",
    "kvik/__main__.py": "runs once, by its name",
    "kvik/assembly.py": "runs once, at the start",
    "kvik/build_info.py": "read by the build itself, and asked which build runs",
    "kvik/errors.py": "a weak reference to a compiled exception crashes CPython 3.11 (mypyc 2.4.1)",
    "kvik/embedded.py": "programs inspect and subclass Database, and other threads wait in it",
    "kvik/serving.py": "programs inspect and subclass Server, and their threads wait in it",
    "kvik/journal/files.py": "calls of the system, which cost what they cost; its twins in the tests are interpreted",
    "kvik/settings.py": "a msgspec record, which is made by inspecting annotations",
    "kvik/cli/*.py": "click inspects functions, and a program starts once",
    "kvik/client/*.py": "the one-shot client must run from the sources alone; the shell waits for a person",
    "kvik/client/load/crew.py": "forks and watches ten times a second; the loops that it runs are compiled",
    "kvik/client/load/plan.py": "a msgspec record",
    "kvik/client/load/worker.py": "makes the connections and the loop, once",
    "kvik/client/report/*.py": "msgspec records and a page, written once at the end of a run",
    "kvik/network/lifecycle.py": "signals and coroutines: runs once a second, and asyncio inspects it",
    "kvik/network/listeners.py": "coroutines that run once per connection",
}

COMMANDS_THAT_COMPILE = {"bdist_wheel", "build", "build_ext", "install"}  # an editable install runs the sources


def compiled_modules() -> list[str]:
    """Return the paths of the modules to compile: all that INTERPRETED does not name."""
    interpreted = {path for pattern in INTERPRETED for path in SOURCE.glob(pattern)}
    return sorted(str(path) for path in SOURCE.glob("kvik/**/*.py") if path not in interpreted)


def compiled_extensions(folder: str) -> list[Any]:
    """Return the extensions, their C sources written below `folder`; exits where mypyc finds an error."""
    from mypyc.build import mypycify

    # multi_file: half the time and a third of the memory of one large C file, and it compiles on every core.
    extensions = mypycify(
        [f"--cache-dir={folder}", *compiled_modules()],
        opt_level="3",
        debug_level="0",
        multi_file=True,
        target_dir=folder,
        group_name=GROUP_NAME,
    )
    flags = optimisation_flags(sysconfig.get_config_var("CC") or "cc")
    for extension in extensions:
        extension.extra_compile_args = [*extension.extra_compile_args, *flags]
        extension.extra_link_args = [*extension.extra_link_args, *flags]
    return extensions


def optimisation_flags(compiler: str) -> list[str]:
    """Return what lets the compiler inline across the modules: a fifth less time per command, measured.

    Without it every call inside the one shared library goes through its table of exported names. Only GCC
    optimises at link time with nothing else installed.
    """
    command = [*shlex.split(os.environ.get("CC", compiler)), "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    flags = ["-fvisibility=hidden", "-fno-semantic-interposition", "-fno-plt"]
    return [*flags, "-flto=auto", "-O3"] if "Free Software Foundation" in answer else flags


class CompileOnEveryCore(build_ext):
    """Compiles the C files of an extension side by side; setuptools' own `parallel` only does whole extensions."""

    def build_extensions(self) -> None:
        one_by_one = self.compiler.compile

        def side_by_side(sources: list[str], *arguments: object, **options: object) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                objects = pool.map(lambda source: one_by_one([source], *arguments, **options), sources)
                return [path for paths in objects for path in paths]

        self.compiler.compile = side_by_side
        self.parallel = True  # and the many small extensions beside it
        super().build_extensions()


class CheckCompiled(Command):
    """Finds everything that mypyc refuses, without a C compiler: python setup.py check_compiled."""

    description = "check that the modules compile"
    user_options: ClassVar[list[tuple[str, str, str]]] = []

    def initialize_options(self) -> None:
        """There are no options."""

    def finalize_options(self) -> None:
        """There are no options."""

    def run(self) -> None:
        with tempfile.TemporaryDirectory(prefix="kvik-check-") as folder:
            compiled_extensions(folder)


def build(folder: str, extensions: list[Any]) -> None:
    """Run the commands that were asked for, with everything that they write on the way below `folder`."""
    options = {"build": {"build_base": folder}, "egg_info": {"egg_base": folder}}
    commands = {"build_ext": CompileOnEveryCore, "check_compiled": CheckCompiled}
    setup(ext_modules=extensions, cmdclass=commands, options=options)


def build_compiled() -> None:
    with tempfile.TemporaryDirectory(prefix="kvik-build-") as folder:
        build(folder, compiled_extensions(folder))


def build_interpreted() -> None:
    with tempfile.TemporaryDirectory(prefix="kvik-build-") as folder:
        build(folder, [])


def main() -> None:
    mode = os.environ.get("KVIK_COMPILE", "auto")
    if mode not in ("auto", "0", "1"):
        sys.exit(f"KVIK_COMPILE is {mode!r}; it may be auto, 1 or 0")
    if mode == "0" or not COMMANDS_THAT_COMPILE.intersection(sys.argv):
        return build_interpreted()
    if mode == "1":
        return build_compiled()
    try:
        build_compiled()
    except (Exception, SystemExit) as error:
        print(f"kvik: not compiled, installed interpreted: {reason(error)}", file=sys.stderr, flush=True)
        build_interpreted()


def reason(error: BaseException) -> str:
    """Return in one line why the compiled build failed."""
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return "mypyc refused the sources (its errors stand above)"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"\['([^']*)'.*\]", r"\1 ...", lines[-1])  # a whole compiler command is no reason


if __name__ == "__main__":
    main()
