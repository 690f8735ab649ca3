"""What a caller may call itself, for HELLO and CLIENT. Knows no session."""

from typing import Final

from kvik.errors import ReplyError

SPACE: Final = 32
TILDE: Final = 126


def check_name(text: bytes, what: str) -> None:
    """Refuse what would break a line of CLIENT LIST; `what` is how the error names it."""
    for character in text:
        if character <= SPACE or character > TILDE:
            raise ReplyError("ERR", f"{what} cannot contain spaces, newlines or special characters.")
