"""What a load was put on and what by: the server as it calls itself, and this machine. Knows no load."""

import os
import platform

import msgspec

from kvik.build_info import VERSION, build_name
from kvik.client.address import Address
from kvik.client.connection import Connection
from kvik.replies import Verbatim

# Servers that name themselves in INFO, the most particular first: all of them name a version of Redis, too.
NAMES = {
    "kvik_version": "kvik",
    "valkey_version": "Valkey",
    "dragonfly_version": "Dragonfly",
    "redis_version": "Redis",
}


class Server(msgspec.Struct, frozen=True):
    """A server, or the embedded database; `version` is empty where it does not say."""

    name: str
    version: str
    place: str
    persistence: str = ""

    def title(self) -> str:
        return f"{self.name} {self.version}".strip()


class Machine(msgspec.Struct, frozen=True):
    """Where the load came from."""

    processor: str
    cores: int
    system: str
    python: str
    kvik: str


def ask_server(address: Address) -> Server:
    """Connect once and return who answers. Raises ConnectionFailed, Refused."""
    connection = Connection(address)
    reply = connection.call([b"INFO"])
    connection.close()
    text = reply.text if isinstance(reply, Verbatim) else reply
    facts = facts_of(text.decode("utf-8", "replace")) if isinstance(text, bytes) else {}
    version = ""
    name = "RESP server"
    for fact, known in NAMES.items():
        if fact in facts:
            name, version = known, facts[fact]
            break
    build = facts.get("kvik_build", "")
    return Server(name, f"{version} ({build})" if build else version, str(address), persistence(facts))


def facts_of(info: str) -> dict[str, str]:
    """Return what INFO says, by name."""
    lines = [line.partition(":") for line in info.splitlines() if ":" in line]
    return {name: value.strip() for name, _, value in lines}


def persistence(facts: dict[str, str]) -> str:
    """Return in words whether what is written is kept, empty where the server does not say."""
    return {"0": "journal off", "1": "journal on"}.get(facts.get("aof_enabled", ""), "")


def this_machine() -> Machine:
    return Machine(
        processor(),
        os.cpu_count() or 1,
        f"{platform.system()} {platform.release()} {platform.machine()}",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{VERSION} ({build_name()})",
    )


def processor() -> str:
    """Return the processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if line.startswith(("model name", "Model")):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
