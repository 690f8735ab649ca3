"""The arguments of SCAN, HSCAN, SSCAN and ZSCAN. Knows nothing of what is scanned."""

from typing import Final

from kvik.commands.args import Args
from kvik.errors import ReplyError, syntax_error
from kvik.glob import Glob

SCAN_COUNT: Final = 10
CURSOR_MAX: Final = 2**64 - 1
CURSOR_LENGTH_MAX: Final = 64
EVERYTHING: Final = b"*"


class ScanOptions:
    """MATCH and COUNT, and what some of the commands have besides."""

    def __init__(self) -> None:
        self.count = SCAN_COUNT
        self.kind: bytes | None = None
        self.has_values = True
        self._glob: Glob | None = None

    def read(self, args: Args, takes_type: bool = False, takes_novalues: bool = False) -> None:
        """Read all options. Raises Redis' syntax error for unknown ones."""
        while args.more():
            if args.option(b"MATCH"):
                pattern = args.next()
                self._glob = None if pattern == EVERYTHING else Glob(pattern)
            elif args.option(b"COUNT"):
                self.count = positive_count(args)
            elif takes_type and args.option(b"TYPE"):
                self.kind = args.next().lower()
            elif takes_novalues and args.option(b"NOVALUES"):
                self.has_values = False
            else:
                raise syntax_error()

    def matching(self, names: list[bytes]) -> list[bytes]:
        """Return the names that MATCH lets through."""
        glob = self._glob
        return names if glob is None else [name for name in names if glob.matches(name)]


def positive_count(args: Args) -> int:
    """Return the next word, the COUNT of a scan. Raises a syntax error for less than one."""
    count = args.integer()
    if count < 1:
        raise syntax_error()
    return count


def cursor_argument(args: Args) -> int:
    """Return the next word, a cursor: what C's strtoul reads to the end, as in Redis. Raises `invalid cursor`."""
    text = args.next().partition(b"\0")[0]
    digits = text[1:] if text[:1] in (b"+", b"-") else text
    if text == b"":
        return 0
    if not digits.isdigit() or len(digits) > CURSOR_LENGTH_MAX:
        raise ReplyError("ERR", "invalid cursor")
    cursor = int(digits)
    if cursor > CURSOR_MAX:
        raise ReplyError("ERR", "invalid cursor")
    return -cursor & CURSOR_MAX if text[:1] == b"-" else cursor
