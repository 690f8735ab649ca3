"""What a program on a terminal or in a pipe talks to: lines in, text out. Knows neither end of it."""

import os
import sys
from collections.abc import Iterable, Iterator

CHUNK = 1 << 16


class Conversation:
    """Someone who answers lines: an embedded database, or a server.

    `has_failed` says whether any answer was an error, `is_over` that no more will come.
    """

    def __init__(self) -> None:
        self.has_failed = False
        self.is_over = False

    def prompt(self) -> str:
        """Return what stands before a line on a terminal."""
        return "> "

    def answer(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes of input and yield the text of the answers that are complete now."""
        raise NotImplementedError

    def end_of_input(self) -> Iterator[bytes]:
        """Yield the answer to a last line without its line end."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Give up the answer that is awaited: the next line starts anew."""

    def close(self) -> None:
        """Leave."""


def converse(conversation: Conversation, chunks: Iterable[bytes]) -> int:
    """Be a filter: answer the input on standard output as it comes; return the exit code."""
    output = sys.stdout.buffer
    try:
        for data in chunks:
            for text in conversation.answer(data) if data else conversation.end_of_input():
                output.write(text)
            output.flush()
            if conversation.is_over:
                break
    except BrokenPipeError:
        return end_quietly()
    finally:
        conversation.close()
    return 1 if conversation.has_failed else 0


def standard_input() -> Iterator[bytes]:
    """Yield what comes as soon as it is there, and nothing (b"") at the end."""
    while data := os.read(sys.stdin.fileno(), CHUNK):
        yield data
    yield b""


def end_quietly() -> int:
    """Forget what is still to be written, because nobody reads it; return the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
