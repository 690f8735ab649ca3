"""The text door: commands as people type them and answers as they read them. Knows no command."""

import re
from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter

from kvik.dialects.dialect import Dialect
from kvik.dialects.http_guard import looks_like_http
from kvik.dialects.intake import Intake
from kvik.dialects.text_writer import write_human_reply
from kvik.dialects.words import UnbalancedQuotes, split_words
from kvik.errors import ProtocolError, RecoverableProtocolError, ReplyError
from kvik.replies import Reply
from kvik.request import Request

UNTRUSTED_LINE_MAX: Final = 64 * 1024
LINE_MAX: Final = 512 * 1024 * 1024 + UNTRUSTED_LINE_MAX
"""Bytes of a line: the largest value, and some for its command and key."""

# `1 | `: the number of a line that was pasted with its command.
LINE_NUMBER: Final = re.compile(rb"[ \t]*+[0-9]++[ \t]*+\|")


class TextDialect(Dialect):
    """One command a line: quotes as in redis-cli, `//` comments, line numbers and blank lines skipped.

    `empty_listing` is the answer where a list of commands is empty: a line on a connection, so that
    there is an answer at all, nothing on standard output.
    """

    name = "text"
    is_for_people = True

    def __init__(self, empty_listing: bytes = b"\n") -> None:
        super().__init__()
        self._empty_listing: Final = empty_listing
        self._intake: Final = Intake()
        self._has_ended = False

    def feed(self, data: bytes) -> None:
        self._intake.feed(data)

    def end_of_input(self) -> None:
        self._has_ended = True

    def buffered(self) -> int:
        return self._intake.size()

    def next_request(self) -> Request | None:
        """As Dialect.next_request; raises RecoverableProtocolError for a line with unbalanced quotes."""
        while True:
            line = self._next_line()
            if line is None:
                return None
            words = self._split(line)
            if words:
                return Request(words)

    def _next_line(self) -> bytes | None:
        most = LINE_MAX if self.is_trusted else UNTRUSTED_LINE_MAX
        line = self._intake.line(most, "Protocol error: too big inline request")
        if line is None and self._has_ended:
            line = self._intake.last_line()
        if line is not None:
            self._intake.begin()
        return line

    def _split(self, line: bytes) -> list[bytes]:
        if looks_like_http(line):
            raise ProtocolError("")
        try:
            return self._words(line)
        except UnbalancedQuotes as error:
            raise RecoverableProtocolError(f"Protocol error: {error}") from None

    def _words(self, line: bytes) -> list[bytes]:
        number = LINE_NUMBER.match(line)
        if number is not None:
            line = line[number.end() :]
        return split_words(line, has_comments=True)

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        write_human_reply(reply, self._empty_listing, out)

    def encode_protocol_error(self, message: str, out: BytesWriter) -> None:
        if message:
            write_human_reply(ReplyError("ERR", message), b"", out)

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        write_human_reply(list(items), b"", out)

    def farewell(self, seconds: int) -> bytes:
        return b"server closes in %d s\n" % seconds
