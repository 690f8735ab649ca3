"""The image without an engine: the Dockerfile's own commands, run in a folder that stands for the container's root."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.servers import free_port

from tests.servers import connect, end_with_the_tests
from tests.setup.checkouts import ROOT
from tests.setup.container_files import Instruction, Stage

PORT = "9736"
FOLDERS = ("/opt/kvik", "/wheels", "/data")
SECONDS_MAX = 60.0
# Docker waits so long after SIGTERM before it kills.
GRACE_SECONDS = 10.0


class Container:
    """Runs instructions with the container's folders below `root` and its port at one that is free."""

    def __init__(self, root: Path, final: Stage) -> None:
        self.root = root
        self.port = free_port()
        self._final = final
        self._tools = [os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"]
        for folder in FOLDERS:
            self.place(folder).mkdir(parents=True)

    def place(self, path: str) -> Path:
        """Return where a path of the container is here."""
        return self.root / path.lstrip("/")

    def here(self, text: str) -> str:
        """Return a command with the container's paths and port as they are here."""
        for folder in FOLDERS:
            text = text.replace(folder, str(self.place(folder)))
        return text.replace(f":{PORT}", f":{self.port}")

    def copy(self, stage: Stage) -> Path:
        """Copy what the COPY instructions of a stage name; return the folder of the sources."""
        source = self.root / "source"
        source.mkdir()
        for instruction in stage.all("COPY"):
            *names, target = instruction.words()
            for name in names:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, source / target, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
                else:
                    shutil.copy(ROOT / name, source / target)
        return source

    def build(self, instruction: Instruction, folder: Path, **variables: str) -> None:
        """Run a RUN instruction; raises CalledProcessError with what it said."""
        environment = {"PATH": os.pathsep.join(self._tools), "HOME": str(self.root), "LANG": "C.UTF-8", **variables}
        command = self.here(instruction.rest)
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        """Return what the ENV instructions set, and what `docker run --env` would."""
        environment = {"PATH": os.pathsep.join(self._tools[1:]), "HOME": "/"}
        for instruction in self._final.all("ENV"):
            name, _, value = instruction.rest.partition("=")
            environment[name] = self.here(value).replace(f"${name}", environment.get(name, ""))
        return {**environment, **variables}

    def start(self, **variables: str) -> "subprocess.Popen[bytes]":
        """Run ENTRYPOINT with CMD; return the process when it answers."""
        words = self._final.only("ENTRYPOINT").words() + self._final.only("CMD").words()
        program = [self.here(word) for word in words]
        environment = self.environment(variables)
        program[0] = shutil.which(program[0], path=environment["PATH"]) or program[0]
        with (self.root / "log").open("ab") as log:
            process = subprocess.Popen(
                program,
                cwd=self.here(self._final.only("WORKDIR").rest),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_the_tests,
            )
        self._wait_for_an_answer(process)
        return process

    def _wait_for_an_answer(self, process: "subprocess.Popen[bytes]") -> None:
        limit = time.monotonic() + SECONDS_MAX
        while time.monotonic() < limit:
            assert process.poll() is None, f"it ended with {process.returncode}:\n{self.log()}"
            try:
                connect(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"nothing answers:\n{self.log()}")

    def log(self) -> str:
        return (self.root / "log").read_text(errors="replace")

    def health(self, **variables: str) -> int:
        """Return what HEALTHCHECK ends with."""
        return self.shell(self._final.only("HEALTHCHECK").rest.removeprefix("CMD "), **variables)

    def shell(self, command: str, **variables: str) -> int:
        program = ["/bin/sh", "-c", self.here(command)]
        done = subprocess.run(
            program, env=self.environment(variables), cwd=self.root, capture_output=True, timeout=SECONDS_MAX
        )
        return done.returncode
