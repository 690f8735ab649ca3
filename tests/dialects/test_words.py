"""Lines become words as in redis-cli, and words become lines that read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.dialects.words import UnbalancedQuotes, quote_word, quote_words, split_words

TRICKY_BYTES = st.sampled_from([bytes([byte]) for byte in b" \t\r\n\v\f\"'\\/|19ax\x00\x7f\xc3\xbc\xff"])
TRICKY = st.lists(TRICKY_BYTES, max_size=12).map(b"".join)
ANY_WORD = st.binary() | TRICKY | st.text().map(str.encode)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", []),
        (b" \t \r", []),
        (b"GET key", [b"GET", b"key"]),
        (b"  GET\t key  ", [b"GET", b"key"]),
        (b'SET "a b" c', [b"SET", b"a b", b"c"]),
        (rb'"\x00\xfF\n\r\t\b\a\\\""', [b'\x00\xff\n\r\t\b\a\\"']),
        (rb'"\x4g\q"', [b"x4gq"]),
        (rb"'a\'b\n\\x'", [rb"a'b\n\\x"]),
        (b'""', [b""]),
        (b"''", [b""]),
        (b'a"b c"', [b"ab c"]),
        (b"a'b c'", [b"ab c"]),
        (rb"a\nb", [rb"a\nb"]),
        (b"a\vb\f", [b"a\vb\f"]),
        (b"\v\fa", [b"a"]),
        (b'"a"\vb', [b"a", b"b"]),
        (b"http://x // y", [b"http://x", b"//", b"y"]),
    ],
)
def test_a_line_splits_as_redis_splits_it(line: bytes, words: list[bytes]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize(
    "line", [b'"', b"'", b'"a', b"'a", b'"a"b', b"'a'b", b'a"', b'"a""b"', rb'"a\"', rb"'a\'", b'"\\']
)
def test_quotes_that_do_not_match_are_refused(line: bytes) -> None:
    with pytest.raises(UnbalancedQuotes, match="unbalanced quotes in request"):
        split_words(line)


def test_an_unclosed_quote_is_refused_in_a_moment_however_long_the_line() -> None:
    with pytest.raises(UnbalancedQuotes):
        split_words(b'"' + rb"ab\"" * 300_000)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"GET key // returns it", [b"GET", b"key"]),
        (b'GET key // an "unbalanced quote', [b"GET", b"key"]),
        (b"// all of it", []),
        (b"//", []),
        (b"GET http://x", [b"GET", b"http://x"]),
        (b"GET //x", [b"GET", b"//x"]),
        (b"GET \"//\" '//'", [b"GET", b"//", b"//"]),
        (b"GET x//", [b"GET", b"x//"]),
    ],
)
def test_a_free_standing_unquoted_double_slash_starts_a_comment(line: bytes, words: list[bytes]) -> None:
    assert split_words(line, has_comments=True) == words


@pytest.mark.parametrize("word", [b"a", b"http://x", b"a\\b", b"{}", b"12", b"a|b", "Zürich".encode(), b"//x"])
def test_a_word_the_text_door_understands_stays_bare(word: bytes) -> None:
    assert quote_word(word) == word


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        (b"", b'""'),
        (b"a b", b'"a b"'),
        (b'a"b', rb'"a\"b"'),
        (b"it's", b'"it\'s"'),
        (b"a \\", b'"a \\\\"'),
        (b"//", b'"//"'),
        (b"1|", b'"1|"'),
        (b"|x", b'"|x"'),
        (b"|\\", b'"|\\\\"'),
        (b"\n\x00\xff", rb'"\n\x00\xff"'),
        ("Zürich West".encode(), '"Zürich West"'.encode()),
        ("no\u00a0break".encode(), rb'"no\xc2\xa0break"'),
    ],
)
def test_a_word_is_quoted_where_the_text_door_needs_it(word: bytes, quoted: bytes) -> None:
    assert quote_word(word) == quoted


@given(st.lists(ANY_WORD))
def test_quoted_words_read_back_as_they_were(words: list[bytes]) -> None:
    line = quote_words(words)
    assert split_words(line) == words
    assert split_words(line, has_comments=True) == words
    assert b"\n" not in line
    assert b"\r" not in line


@given(ANY_WORD)
def test_any_line_has_words_or_unbalanced_quotes(line: bytes) -> None:
    try:
        words = split_words(line, has_comments=True)
    except UnbalancedQuotes:
        assert b'"' in line or b"'" in line
    else:
        assert sum(map(len, words)) <= len(line)
