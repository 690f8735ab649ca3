"""A program with a server inside: its own threads and clients over the network use the same data.

    python examples/server_in_a_program.py

Everything that `kvik.Server` can do is told in docs/python.md.
"""

import socket
import threading

import kvik


def work(server: kvik.Server) -> None:
    """What a part of the program does: it uses the database directly, from a thread of its own."""
    for _ in range(1_000):
        server.execute("INCR", "jobs:done")


def ask(port: int, line: str) -> str:
    """What another program would do: connect, send a line, read the answer. Any Redis client would do as well."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(line.encode() + b"\n")
        return connection.makefile().readline().rstrip("\n")


def main() -> None:
    # Port 0: any that is free. With a folder's name, kvik.Server("data"), the data would be kept there.
    with kvik.Server() as server:
        server.start(0)
        print(f"listening on {server.addresses[0]}")

        workers = [threading.Thread(target=work, args=[server]) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        # No increment is lost, though four threads did it: one command runs at a time.
        print(f"the program's own threads made it {server.execute('GET', 'jobs:done')!r}")
        print(f"a client is told {ask(server.port, 'GET jobs:done')}")

        with socket.create_connection(("127.0.0.1", server.port)):
            print(f"clients: {server.count_active()} connected, {server.count_dropped()} gone")
    # Here the server is closed: the port is free, no thread is left, and who was connected is not any more.
    print("closed")


if __name__ == "__main__":
    main()
