"""Patterns, alone and against the KEYS of a real redis-server."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kvik.glob import Glob
from tests.reference import ReferenceServer, reference

__all__ = ["reference"]

NAMES = st.lists(st.sampled_from(list(b"aabbc-]^[\\*?")), min_size=1, max_size=8).map(bytes)
PATTERNS = st.lists(st.sampled_from(list(b"aabc--]]^[[\\**??")), max_size=10).map(bytes)


@pytest.mark.parametrize(
    ("pattern", "name", "is_match"),
    [
        (b"", b"", True),
        (b"", b"a", False),
        (b"**", b"", False),
        (b"a", b"a", True),
        (b"a", b"A", False),
        (b"h?llo", b"hello", True),
        (b"h?llo", b"hllo", False),
        (b"h*llo", b"heeeello", True),
        (b"h*llo", b"hllo", True),
        (b"*", b"anything", True),
        (b"user:*", b"user:1", True),
        (b"user:*", b"user", False),
        (b"user:*:name", b"user:1:name", True),
        (b"h[ae]llo", b"hallo", True),
        (b"h[ae]llo", b"hillo", False),
        (b"h[^e]llo", b"hallo", True),
        (b"h[^e]llo", b"hello", False),
        (b"h[a-b]llo", b"hbllo", True),
        (b"h[b-a]llo", b"hallo", True),
        (b"[a-]", b"]", True),
        (b"[abc", b"c", True),
        (b"[]", b"a", False),
        (b"[^]", b"a", True),
        (b"[\\]]", b"]", True),
        (b"\\*", b"*", True),
        (b"\\*", b"a", False),
        (b"a\\", b"a\\", True),
        (b"a**b", b"ab", True),
        (b"a\x00*", b"a\x00\xff", True),
        (b"[\x80-\xff]", b"\x90", True),
        (b"[\x80-\xff]", b"a", False),
    ],
)
def test_a_pattern_matches_what_it_says(pattern: bytes, name: bytes, is_match: bool) -> None:
    assert Glob(pattern).matches(name) == is_match


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=1, max_size=30), patterns=st.lists(PATTERNS, min_size=1, max_size=30))
def test_patterns_match_what_redis_matches(
    reference: ReferenceServer, names: list[bytes], patterns: list[bytes]
) -> None:
    reference("FLUSHALL")
    names = sorted({*names, b""})
    reference.many([[b"SET", name, b"1"] for name in names])
    answers = reference.many([[b"KEYS", pattern] for pattern in patterns])
    for pattern, answer in zip(patterns, answers, strict=True):
        if pattern == b"*":
            continue
        glob = Glob(pattern)
        own = [name for name in names if glob.matches(name)]
        assert isinstance(answer, list)
        assert (pattern, own) == (pattern, sorted(answer))


@pytest.mark.parametrize(
    "pattern", [b"a*" * 30 + b"b", b"*a" * 30 + b"b", b"*" * 1000 + b"b", b"[a-z]*" * 30 + b"\\b?"]
)
def test_no_pattern_takes_exponential_time(pattern: bytes) -> None:
    started = time.process_time()
    assert not Glob(pattern).matches(b"a" * 5_000)
    assert time.process_time() - started < 1.0
