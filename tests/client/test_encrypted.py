"""The clients and the load generator speak TLS with a real server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import free_port

from tests.programs import KVIK, run
from tests.servers import Process, require

# A ticket of the session is there before the first request: readable, and no reply.
PING_A_LITTLE_LATER = """
import sys, time
from kvik.client.address import parse_address
from kvik.client.connection import Connection
connection = Connection(parse_address(sys.argv[1]))
time.sleep(0.2)
print(connection.call([b"ECHO", b"x" * 200_000]) == b"x" * 200_000)
"""


@pytest.fixture
def encrypted_port(folder: Path) -> Iterator[int]:
    """The port of a redis-server that speaks TLS; its certificate is in the folder."""
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem -subj /CN=localhost"
    certify = [require("openssl"), *words.split(), "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(certify, cwd=folder, check=True, capture_output=True)
    port = free_port()
    tls = f"--port 0 --tls-port {port} --tls-cert-file cert.pem --tls-key-file key.pem --tls-ca-cert-file cert.pem"
    server = Process([require("redis-server"), *tls.split(), "--tls-auth-clients", "no", "--save", ""], folder)
    server.wait_for(("127.0.0.1", port))
    yield port
    server.stop()


def test_what_is_no_reply_does_not_jam_an_encrypted_connection(encrypted_port: int, folder: Path) -> None:
    environment = {"SSL_CERT_FILE": str(folder / "cert.pem")}
    done = run([KVIK[0], "-c", PING_A_LITTLE_LATER, f"rediss://localhost:{encrypted_port}"], b"", environment)
    assert done.stdout == b"True\n", done.stderr


def test_a_load_may_be_encrypted(encrypted_port: int, folder: Path) -> None:
    environment = {"SSL_CERT_FILE": str(folder / "cert.pem")}
    options = ["-n", "1000", "-c", "5", "-P", "4", "-d", "10-40000", "-r", "50", "--fill"]
    done = run([*KVIK, "bench", f"rediss://localhost:{encrypted_port}", *options], b"", environment)
    assert done.returncode == 0, done.stderr
    assert b"1,000 requests" in done.stdout
