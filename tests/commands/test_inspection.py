"""OBJECT, and the form of every HELP."""

import pytest

from kvik.replies import Status
from tests.engines import Caller
from tests.reference import ReferenceServer


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        ("12", b"int"),
        ("-12", b"int"),
        (str(2**63 - 1), b"int"),
        (str(2**63), b"embstr"),
        ("012", b"embstr"),
        ("-0", b"embstr"),
        ("", b"embstr"),
        ("1.5", b"embstr"),
        ("x" * 44, b"embstr"),
        ("x" * 45, b"raw"),
    ],
)
def test_the_encoding_is_what_redis_says(
    caller: Caller, reference: ReferenceServer, value: str, encoding: bytes
) -> None:
    for ask in (caller.plain, reference):
        ask("SET", "k", value)
        assert ask("OBJECT", "ENCODING", "k") == encoding


def test_a_counter_is_an_int(caller: Caller) -> None:
    caller("INCR", "n")
    assert caller("OBJECT", "ENCODING", "n") == b"int"


@pytest.mark.parametrize("word", ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"])
def test_nothing_has_no_representation(caller: Caller, word: str) -> None:
    assert caller("OBJECT", word, "nothing") is None


def test_references_and_idle_time_are_the_least(caller: Caller) -> None:
    caller("SET", "k", "v")
    assert (caller("OBJECT", "REFCOUNT", "k"), caller("OBJECT", "IDLETIME", "k")) == (1, 0)


def test_frequency_needs_a_policy_that_counts(caller: Caller, reference: ReferenceServer) -> None:
    reference("SET", "k", "v")
    caller("SET", "k", "v")
    assert caller.error("OBJECT", "FREQ", "k") == reference("OBJECT", "FREQ", "k")


@pytest.mark.parametrize(
    "words", [("OBJECT",), ("OBJECT", "WEIGHT", "k"), ("OBJECT", "ENCODING"), ("OBJECT", "HELP", "x")]
)
def test_refusals_are_those_of_redis(caller: Caller, reference: ReferenceServer, words: tuple[str, ...]) -> None:
    assert caller.error(*words) == reference(*words)


def test_help_shows_every_subcommand_with_its_summary(caller: Caller, reference: ReferenceServer) -> None:
    reply = caller("OBJECT", "HELP")
    real = reference("OBJECT", "HELP")
    assert isinstance(reply, list)
    assert isinstance(real, list)
    lines = [line.text for line in reply if isinstance(line, Status)]
    headings = [line for line in lines if not line.startswith(b"    ")]
    assert len(lines) == len(reply)
    assert headings == [line for line in real if isinstance(line, bytes) and not line.startswith(b"    ")]
    assert lines[-2:] == real[-2:]
    assert max(len(line) for line in lines) <= 80
