"""Draws docs/pictures/telnet.svg: what a real telnet shows of a real server, on a terminal of tmux."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from html import escape

from workshop.checkout import ROOT
from workshop.environments import tools_environment
from workshop.setting_up import SetUpError, exit_on_termination

PICTURE = os.path.join(ROOT, "docs", "pictures", "telnet.svg")
PORT = 8080
COLUMNS, ROWS = 86, 48
SECONDS_MAX = 20.0
PROMPT = "->"
TYPED = (
    "set city Oslo",
    "get city",
    'set+ttl session "Ada Lovelace" 60',
    "get session",
    "ttl session",
    "incr visits",
    "find *",
    "gett city",
    "delete city",
    "get city",
    "memstats",
    "clean",
    "count",
)
WARNED = "server closes in 5 s"

# Of one character and one line of the picture, in its units.
WIDTH, HEIGHT, MARGIN, TITLE = 8.4, 19, 16, 34


def main(arguments: list[str]) -> int:
    """Write the picture anew; returns 1 where that fails."""
    exit_on_termination()
    try:
        lines = record(tools_environment().python)
    except (SetUpError, RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    os.makedirs(os.path.dirname(PICTURE), exist_ok=True)
    with open(PICTURE, "w", encoding="utf-8") as file:
        file.write(drawn(lines, f"telnet 127.0.0.1 {PORT}"))
    return 0


def record(python: str) -> list[str]:
    """Return the lines a person sees who talks to a server of that Python. Raises RuntimeError."""
    for program in ("tmux", "telnet"):
        if shutil.which(program) is None:
            raise RuntimeError(f"the picture needs {program}: apt-get install {program}")
    address = f"telnet://127.0.0.1:{PORT}"
    command = [python, "-m", "kvik", "serve", "--memory", "--listen", address]
    variables = {**os.environ, "PYTHONPATH": os.path.join(ROOT, "src")}
    server = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
    try:
        wait_until_it_listens(server)
        return Terminal().session(server)
    finally:
        server.kill()
        server.wait()


def wait_until_it_listens(server: "subprocess.Popen[bytes]") -> None:
    limit = time.monotonic() + SECONDS_MAX
    while time.monotonic() < limit and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", PORT)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server does not listen on port {PORT}: is it taken?")


class Terminal:
    """A terminal of tmux with a server of tmux to itself."""

    def __init__(self) -> None:
        self._name = f"kvik-picture-{os.getpid()}"

    def session(self, server: "subprocess.Popen[bytes]") -> list[str]:
        """Type everything, let the server close, and return what is on the screen then."""
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        client = f"telnet 127.0.0.1 {PORT}; sleep {SECONDS_MAX}"
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, client, ";", "set", "status", "off")
        try:
            for line in TYPED:
                self._wait_for_prompt()
                self._type(line)
            self._wait_for_prompt()
            server.terminate()
            self._wait(lambda lines: WARNED in lines)
            self._wait_for_prompt()
            self._type("exit")
            self._wait(lambda lines: lines[-1].startswith("Connection closed"))
            return self._lines()
        finally:
            self._tmux("kill-server")

    def _type(self, line: str) -> None:
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")
        self._wait(lambda lines: any(f"{PROMPT} {line}" in shown for shown in lines))

    def _wait_for_prompt(self) -> None:
        self._wait(lambda lines: lines[-1] == PROMPT)

    def _wait(self, is_there: Callable[[list[str]], bool]) -> None:
        limit = time.monotonic() + SECONDS_MAX
        while not is_there(self._lines()):
            if time.monotonic() > limit:
                raise RuntimeError("\n".join(["the session does not go on:", *self._lines()]))
            time.sleep(0.05)

    def _lines(self) -> list[str]:
        """Return the screen without its empty end."""
        text = self._tmux("capture-pane", "-p").rstrip("\n")
        return [line.rstrip() for line in text.split("\n")]

    def _tmux(self, *words: str) -> str:
        return subprocess.run(["tmux", "-L", self._name, *words], stdout=subprocess.PIPE, text=True, check=True).stdout


def drawn(lines: list[str], title: str) -> str:
    """Return a terminal's lines as an SVG that needs nothing from elsewhere; what was typed is brighter."""
    width = round(COLUMNS * WIDTH + 2 * MARGIN)
    height = TITLE + len(lines) * HEIGHT + MARGIN
    text = [drawn_line(line, TITLE + number * HEIGHT + 14) for number, line in enumerate(lines) if line]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
            'font-size="14" xml:space="preserve">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#1d2129"/>',
            *[f'<circle cx="{18 + 16 * place}" cy="16" r="5" fill="#4b5262"/>' for place in range(3)],
            f'<text x="{width / 2:g}" y="21" fill="#8b93a5" text-anchor="middle">{escape(title)}</text>',
            *text,
            "</svg>\n",
        ]
    )


def drawn_line(line: str, y: int) -> str:
    """Return one line; its length is given, so that another font does not move what stands under one another."""
    colour = "#ffffff" if line.startswith(PROMPT) else "#f0c674" if line == WARNED else "#b4bccb"
    length = f'textLength="{len(line) * WIDTH:g}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{MARGIN}" y="{y}" fill="{colour}" {length}>{escape(line)}</text>'
