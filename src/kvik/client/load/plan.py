"""What is asked of a load, in one record, and how its options are written. Opens nothing."""

import os
import re

import msgspec

NUMBER_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
BYTE_UNITS = {"": 1, "b": 1, "k": 1_024, "kb": 1_024, "m": 1 << 20, "mb": 1 << 20}
NO_LIMIT = 1 << 60
ZIPF_EXPONENT = 0.99
"""The exponent YCSB has made usual."""
READ = ["GET", "key:__key__"]
WRITE = ["SET", "key:__key__", "__value__"]


class PlanError(ValueError):
    """An option that cannot be followed; the message says what is wrong with it."""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A load. Exponent 0 is the uniform distribution, rate 0 a closed loop, seconds 0 no limit of time."""

    clients: int = 50
    requests: int = 0
    """How many are measured, 0 for as many as there is time for."""
    seconds: float = 0.0
    warm_up_seconds: float = 0.0
    pipeline: int = 1
    keyspace: int = 100_000
    exponent: float = 0.0
    value_bytes_min: int = 64
    value_bytes_max: int = 64
    read_percent: float = 80.0
    command: list[str] = []
    """One command instead of reads and writes; bytes that are no UTF-8 stand as surrogates."""
    seed: int = 1
    processes: int = 1
    rate: float = 0.0
    """Requests a second that become due, of all clients together."""
    is_embedded: bool = False

    def reads(self) -> list[bytes]:
        return as_words(self.command or READ)

    def writes(self) -> list[bytes]:
        return as_words(self.command or WRITE)

    def read_share(self) -> float:
        """Return which share of the requests is reads, from 0 to 1."""
        return 0.0 if self.command else self.read_percent / 100

    def share_of(self, client: int) -> int:
        """Return how many requests a client sends at the most."""
        if not self.requests:
            return NO_LIMIT
        return self.requests // self.clients + (1 if client < self.requests % self.clients else 0)

    def clients_of(self, process: int) -> list[int]:
        """Return the numbers of the clients that a process drives."""
        return list(range(process, self.clients, self.processes))

    def distribution(self) -> str:
        """Return the distribution of the keys in words."""
        return f"zipf {self.exponent:g}" if self.exponent else "uniform"

    def value_size(self) -> str:
        """Return the size of the values in words."""
        low, high = self.value_bytes_min, self.value_bytes_max
        return f"{low:,} B" if low == high else f"{low:,}-{high:,} B"

    def workload(self) -> str:
        """Return what is sent, in words."""
        if self.command:
            return " ".join(self.command)
        return f"{self.read_percent:g} % GET, {100 - self.read_percent:g} % SET"

    def loop(self) -> str:
        """Return how requests are timed, in words."""
        if self.rate:
            return f"open loop: {self.rate:,.0f} requests become due a second, latency counts from then"
        return "closed loop: a client sends when it has its replies"


def as_words(words: list[str]) -> list[bytes]:
    return [os.fsencode(word) for word in words]


def parse_number(text: str) -> int:
    """Return a number above 0, such as 100000, 100k or 2m. Raises PlanError."""
    found = re.fullmatch(r"(\d{1,12})([km]?)", text.lower().replace(",", "").replace("_", ""))
    if not found or not int(found[1]):
        raise PlanError(f"{text!r} is no number above 0, such as 100000, 100k or 2m")
    return int(found[1]) * NUMBER_UNITS[found[2]]


def parse_sizes(text: str) -> tuple[int, int]:
    """Return the shortest and the longest value in bytes: 64, 1k or 10-1000. Raises PlanError."""
    low, dash, high = text.partition("-")
    sizes = parse_size(text, low), parse_size(text, high if dash else low)
    if sizes[0] > sizes[1]:
        raise PlanError(f"{text!r}: the smaller size stands first")
    return sizes


def parse_size(text: str, part: str) -> int:
    found = re.fullmatch(r"(\d{1,9})([a-z]*)", part.strip().lower())
    if not found or found[2] not in BYTE_UNITS or int(found[1]) * BYTE_UNITS[found[2]] > 512 << 20:
        raise PlanError(f"{text!r} is no size up to 512mb, such as 64, 1kb or 10-1000")
    return int(found[1]) * BYTE_UNITS[found[2]]


def parse_distribution(text: str) -> float:
    """Return the exponent: 0 for `uniform`, that of `zipf` or `zipf:1.2`. Raises PlanError."""
    name, colon, exponent = text.lower().partition(":")
    if text.lower() == "uniform":
        return 0.0
    if name == "zipf":
        if not colon:
            return ZIPF_EXPONENT
        if re.fullmatch(r"\d*\.?\d+", exponent) and 0.0 < float(exponent) <= 10.0:
            return float(exponent)
    raise PlanError(f"{text!r} is no distribution; known are uniform, zipf and zipf:EXPONENT (above 0, at most 10)")


def usual_processes(clients: int) -> int:
    """Return how many load processes suit this machine: half of its cores, the other half is the server's."""
    return max(1, min((os.cpu_count() or 1) // 2, clients, 8))


def parse_seconds(text: str) -> float:
    """Return a time above 0 in seconds: 30, 0.5 or 2m. Raises PlanError."""
    found = re.fullmatch(r"(\d{0,7}\.?\d{1,6})(s|m|h)?", text.lower())
    seconds = float(found[1]) * {"m": 60, "h": 3600}.get(found[2] or "s", 1) if found else 0.0
    if not seconds:
        raise PlanError(f"{text!r} is no time above 0, such as 30, 0.5 or 2m")
    return seconds


def parse_percent(text: str) -> float:
    """Return a number from 0 to 100. Raises PlanError."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?", text) or float(text) > 100:
        raise PlanError(f"{text!r} is no percentage from 0 to 100")
    return float(text)
