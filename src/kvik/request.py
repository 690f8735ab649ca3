"""One request as it came through a door: its words, and the bytes it was made of."""

from typing import Final

from mypy_extensions import mypyc_attr

from kvik.wire import encode_request


@mypyc_attr(acyclic=True, free_list_len=1)
class Request:
    """`words` holds the command's name and its arguments, at least one word.

    Where the request came in as a RESP array, `source[start:end]` are its own bytes, so that a
    journal can keep them without encoding the words again; otherwise `source` is empty.
    """

    def __init__(self, words: list[bytes], source: bytes = b"", start: int = 0, end: int = 0) -> None:
        self.words: Final = words
        self.source: Final = source
        self.start: Final = start
        self.end: Final = end

    def raw(self) -> bytes:
        """Return the request as a RESP array of bulk strings."""
        if self.end > 0:
            return self.source[self.start : self.end]
        return encode_request(self.words)
