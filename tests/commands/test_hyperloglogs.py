"""What HyperLogLog commands leave behind, and what a damaged one is answered."""

import pytest

from kvik.store.hyperloglog import EMPTY, REGISTERS, dense_of
from kvik.store.long_string import LongString
from tests.engines import Caller
from tests.reference import ReferenceServer

DAMAGED = "INVALIDOBJ Corrupted HLL object detected"
FOREIGN = "WRONGTYPE Key is not a valid HyperLogLog string value."


def test_one_that_grows_has_the_bytes_redis_has(caller: Caller, reference: ReferenceServer) -> None:
    reference("FLUSHALL")
    encodings = set()
    for start in range(0, 4_000, 80):
        words = ["PFADD", "h", *range(start, start + 80)]
        assert caller(*words) == reference(*words)
        assert caller("GET", "h") == reference("GET", "h")
        assert caller("PFCOUNT", "h") == reference("PFCOUNT", "h")
        assert caller("GET", "h") == reference("GET", "h"), "the estimate is kept with it"
        encodings.add(caller.plain("PFDEBUG", "ENCODING", "h"))
    assert encodings == {b"sparse", b"dense"}


@pytest.mark.parametrize("sizes", [(10, 20), (10, 2_000), (2_000, 3_000), (700, 700, 700)])
def test_those_merged_have_the_bytes_redis_has(
    caller: Caller, reference: ReferenceServer, sizes: tuple[int, ...]
) -> None:
    reference("FLUSHALL")
    for number, size in enumerate(sizes):
        words = ["PFADD", f"h{number}", *range(number * 1_000_000, number * 1_000_000 + size)]
        assert caller(*words) == reference(*words)
    names = [f"h{number}" for number in range(len(sizes))]
    assert caller("PFCOUNT", *names) == reference("PFCOUNT", *names)
    assert caller.plain("PFMERGE", "all", *names) == reference("PFMERGE", "all", *names)
    assert caller("GET", "all") == reference("GET", "all")
    assert caller("PFDEBUG", "GETREG", "all") == reference("PFDEBUG", "GETREG", "all")


def test_a_dense_one_is_changed_in_place_also_after_it_was_set_from_bytes(caller: Caller) -> None:
    caller("PFADD", "h", *range(5_000))
    caller("SET", "twin", caller("GET", "h"))
    for key in ("h", "twin"):
        assert caller("PFADD", key, *range(5_000)) == 0
        assert caller("PFADD", key, *range(5_000, 5_100)) == 1
        assert isinstance(caller.session.keys.find(key.encode()), LongString)
    assert caller("GET", "h") == caller("GET", "twin")
    assert caller.replayed().content() == caller.content()


def test_counting_keeps_the_estimate_and_so_dirties_who_watches(caller: Caller) -> None:
    caller("PFADD", "h", "a")
    caller("WATCH", "h")
    assert caller.another()("PFCOUNT", "h") == 1
    caller("MULTI")
    assert caller.plain("EXEC") is None
    caller("WATCH", "h")
    assert caller.another()("PFCOUNT", "h") == 1
    caller("MULTI")
    assert caller.plain("EXEC") == []


def test_a_damaged_one_is_refused_and_stays_as_it_is(caller: Caller) -> None:
    caller("PFADD", "h", "a", "b")
    damaged = caller("GET", "h")[:-1]
    caller("SET", "h", damaged)
    for words in (["PFCOUNT", "h"], ["PFCOUNT", "h", "x"], ["PFMERGE", "x", "h"], ["PFDEBUG", "TODENSE", "h"]):
        assert caller.error(*words) == DAMAGED
    assert caller("GET", "h") == damaged
    assert caller("EXISTS", "x") == 0


def test_of_several_elements_none_is_added_to_one_that_turns_out_to_be_damaged(caller: Caller) -> None:
    caller("PFADD", "h", *range(600))
    damaged = caller("GET", "h")[:-1] + b"\x00"
    caller("SET", "h", damaged)
    assert caller.error("PFADD", "h", *range(600, 5_000)) == DAMAGED
    assert caller("GET", "h") == damaged


@pytest.mark.parametrize(
    "text", [b"", b"HYLL", b"HYLL\x01".ljust(15), b"HYLL\x02".ljust(20), b"HYLL\x00".ljust(12_303)]
)
def test_another_string_is_no_hyperloglog(caller: Caller, text: bytes) -> None:
    caller("SET", "h", text)
    for words in (["PFADD", "h", "a"], ["PFCOUNT", "h"], ["PFMERGE", "x", "h"], ["PFDEBUG", "ENCODING", "h"]):
        assert caller.error(*words) == FOREIGN


@pytest.mark.parametrize("registers", [b"\x3f", b"\x34", b"\x33", b"\x32", b"\x32" + b"\x3f" * 16_383, b"\x28"])
def test_registers_that_no_element_makes_are_counted_as_redis_counts_them(
    caller: Caller, reference: ReferenceServer, registers: bytes
) -> None:
    reference("FLUSHALL")
    dense = dense_of((registers * REGISTERS)[:REGISTERS], EMPTY)
    dense = dense[:15] + b"\x80" + dense[16:]
    for call in (caller, reference):
        call("SET", "h", dense)
        call("PFMERGE", "merged", "h")
    for words in (["PFCOUNT", "h"], ["GET", "h"], ["PFCOUNT", "h", "none"], ["PFCOUNT", "merged"]):
        assert caller(*words) == reference(*words)


def test_the_self_test_passes(caller: Caller) -> None:
    assert caller.plain("PFSELFTEST") == b"OK"
