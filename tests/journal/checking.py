"""A small reader of batches, of its own so that the writer is not checked by what it shares code with."""

import re
from dataclasses import dataclass
from zlib import crc32

MARK = re.compile(
    rb"\*2\r\n\$4\r\nPING\r\n\$72\r\n"
    rb"(kvik1 ([obe]) ([0-9a-f]{12}) ([0-9a-f]{8}) ([0-9a-f]{12}) ([0-9a-f]{11}) ([0-9a-f]{8})) ([0-9a-f]{8})\r\n"
)


@dataclass
class Found:
    """One batch: its number, what its mark calls durable, its time, its requests."""

    sequence: int
    durable: int
    time: int
    requests: list[list[bytes]]


@dataclass
class Log:
    """The batches of a file from its beginning, as far as they count; `rest` is what stands behind them."""

    batches: list[Found]
    sequence: int
    chain: int
    rest: bytes

    def requests(self) -> list[list[bytes]]:
        return [words for batch in self.batches for words in batch.requests]


def read_log(data: bytes, sequence: int = 0, chain: int | None = None) -> Log:
    """Read a file whose opening mark should carry `sequence` and `chain` (None: any)."""
    log = Log([], sequence, chain or 0, data)
    start = 0
    is_open = False
    for mark in MARK.finditer(data):
        kind, number = mark[2], int(mark[3], 16)
        length, durable, time, chained, checksum = [int(mark[index], 16) for index in range(4, 8)] + [int(mark[8], 16)]
        body = data[start : mark.start()]
        if not is_open and chain is None:
            log.chain = chained
        counts = kind == (b"b" if is_open else b"o") and number == log.sequence + is_open and length == len(body)
        if not counts or chained != log.chain or crc32(mark[1], crc32(body, chained)) != checksum:
            break
        if is_open:
            log.batches.append(Found(number, durable, time, requests_in(body)))
        log.sequence, log.chain, is_open = number, checksum, True
        start = mark.end()
        log.rest = data[start:]
    return log


def requests_in(body: bytes) -> list[list[bytes]]:
    requests = []
    index = 0
    while index < len(body):
        count, index = number_at(body, index, b"*")
        words = []
        for _ in range(count):
            length, index = number_at(body, index, b"$")
            words.append(body[index : index + length])
            assert body[index + length : index + length + 2] == b"\r\n"
            index += length + 2
        requests.append(words)
    return requests


def number_at(body: bytes, index: int, kind: bytes) -> tuple[int, int]:
    assert body[index : index + 1] == kind, (index, body)
    end = body.index(b"\r\n", index)
    return int(body[index + 1 : end]), end + 2
