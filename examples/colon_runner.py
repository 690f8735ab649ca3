"""Serves the colon door until Ctrl+C, and says who comes and goes.

    python examples/colon_runner.py [PORT] [DIRECTORY]

The port is 9999 unless another is given. Without a directory nothing is kept. Then, from another terminal:

    echo "PUT:fruit:apple" | nc -q0 localhost 9999
    python examples/colon_client.py localhost:9999 GET:fruit
"""

import signal
import sys

import kvik


def main(port: int, directory: str | None = None) -> int:
    server = kvik.Server(directory, door="colon")
    try:
        server.start(port)
    except (OSError, kvik.DirectoryInUse, kvik.JournalDamaged) as error:
        # A taken port, a folder another program has open: one line says what, and what to do.
        print(f"colon_runner: {error}", file=sys.stderr)
        return 1
    # The server leaves signals to the program it is part of: `kill` is to end this one as Ctrl+C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with server:
        print(f"listening on port {server.port}; Ctrl+C ends it", flush=True)
        try:
            report(server)
        except KeyboardInterrupt:
            print(f"closing: {clients(server)}", flush=True)
    return 0


def report(server: kvik.Server) -> None:
    """Print how many clients there are whenever that has changed, until the server ends."""
    said = ""
    while not server.wait(0.2):
        now = clients(server)
        if now != said:
            print(now, flush=True)
            said = now


def clients(server: kvik.Server) -> str:
    return f"{server.count_active()} connected, {server.count_dropped()} gone"


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) > 2 or not all(word.isdigit() for word in arguments[:1]):
        sys.exit(__doc__)
    sys.exit(main(int(arguments[0]) if arguments else 9999, *arguments[1:]))
