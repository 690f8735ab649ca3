"""What requests leave in memory when they are over and their data is gone: nothing, however often they come."""

import gc
import sys

import pytest

from kvik.assembly import build_engine
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.dialects.text import TextDialect
from kvik.network.caller import Caller, Carrier
from kvik.settings import Settings
from tests.engines import Caller as Asker
from tests.wire import encode_words

ROUNDS = 1_000
LARGEST = "9223372036854775807"
LARGEST_ID = "18446744073709551615-18446744073709551615"

# Compiled, what reads, sums or writes an integer beyond 2**62 has an object in hand.
LARGE_NUMBERS: list[list[list[str]]] = [
    [["SET", "n", "9223372036854775000"], ["INCR", "n"], ["APPEND", "n", "x"]],
    [["DECRBY", "n", LARGEST], ["GET", "n"], ["TYPE", "n"]],
    [["INCRBYFLOAT", "n", "-1e30"], ["INCRBYFLOAT", "n", "0.5"]],
    [["HINCRBY", "h", "f", LARGEST], ["HINCRBYFLOAT", "h", "f", "1e4000"]],
    [
        ["BITFIELD", "b", "SET", "u63", "0", LARGEST, "GET", "i64", "#1152921504606846976"],
        ["BITFIELD", "b", "GET", "i63", "1"],
    ],
    [["SET", "s", "v", "PXAT", LARGEST], ["PEXPIRETIME", "s"], ["PEXPIREAT", "s", "9223372036854775000"]],
    [["XADD", "x", LARGEST_ID, "f", "v"], ["XRANGE", "x", "-", "+"], ["XINFO", "STREAM", "x"]],
    [["XADD", "x", "1-1", "f", "v"], ["XADD", "x", LARGEST_ID, "f", "v"], ["DUMP", "x"]],
]


def left_by(dialect: Dialect, request: bytes) -> int:
    """Return how many blocks of memory ROUNDS times a request have left."""
    caller = Caller(build_engine(Settings()), dialect, Carrier())

    def blocks_after(rounds: int) -> int:
        for _ in range(rounds):
            caller.receive(request)
            caller.take_output()
        gc.collect()
        return sys.getallocatedblocks()

    before = blocks_after(100)
    return blocks_after(ROUNDS) - before


@pytest.mark.parametrize("requests", LARGE_NUMBERS, ids=lambda requests: requests[-1][0])
def test_large_numbers_are_let_go_of(requests: list[list[str]]) -> None:
    words = [*requests, ["FLUSHALL", "SYNC"]]
    assert left_by(RespDialect(), b"".join([encode_words(each) for each in words])) < ROUNDS // 2
    assert left_by(TextDialect(), b"".join([" ".join(each).encode() + b"\n" for each in words])) < ROUNDS // 2


def test_large_numbers_in_a_payload_are_let_go_of() -> None:
    ask = Asker()
    ask("RPUSH", "l", *[LARGEST] * 3)
    payload = ask("DUMP", "l")
    assert isinstance(payload, bytes)
    words = encode_words(["RESTORE", "l", LARGEST, payload, "ABSTTL", "REPLACE"]) + encode_words(["FLUSHALL", "SYNC"])
    assert left_by(RespDialect(), words) < ROUNDS // 2
