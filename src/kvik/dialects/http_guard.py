"""Tells lines a web browser sends from commands: no web page must speak a line protocol. Knows no dialect."""

import re
from typing import Final

# The first two as in Redis, which closes at once on them; the third is HTTP's request line (RFC 9112, 3).
HTTP_LINE: Final = re.compile(
    rb"[ \t]*+(?:POST[ \t]|Host:"
    rb"|(?:GET|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI)[ \t]++[^ \t\r\n]++[ \t]++HTTP/[0-9])",
    re.IGNORECASE,
)


def looks_like_http(line: bytes) -> bool:
    """Return whether `line` belongs to an HTTP request: the connection must be closed, nothing run."""
    return HTTP_LINE.match(line) is not None
