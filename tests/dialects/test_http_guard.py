"""Browsers are told from people."""

import pytest

from kvik.dialects.http_guard import looks_like_http


@pytest.mark.parametrize(
    "line",
    [
        b"POST / HTTP/1.1\r",
        b"POST /",
        b"post / x",
        b"Host: 127.0.0.1:9736\r",
        b"host:x",
        b"GET / HTTP/1.1\r",
        b"  GET /a?b HTTP/1.0",
        b"DELETE /key HTTP/1.1",
        b"PUT http://x/ HTTP/1.1",
        b"CONNECT x:443 HTTP/1.1",
        b"PRI * HTTP/2.0",
    ],
)
def test_a_line_of_http_is_known(line: bytes) -> None:
    assert looks_like_http(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET key",
        b"SET key HTTP/1.1",
        b"GET HTTP/1.1",
        b"POSTS 1",
        b"HOST",
        b"PUT:a:b",
        b"SET Host: x",
        b"DELETE a b",
    ],
)
def test_a_command_is_not_taken_for_http(line: bytes) -> None:
    assert not looks_like_http(line)
