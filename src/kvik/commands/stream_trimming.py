"""How XADD and XTRIM are told to trim: MAXLEN or MINID, exactly or roughly. Knows no entries."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.stream_arguments import id_of
from kvik.errors import ReplyError
from kvik.store.stream import Trimming
from kvik.store.stream_block import BLOCK_ENTRIES_MAX
from kvik.store.stream_id import StreamId

# As Redis: rough trimming takes no more away at once where nothing else was asked.
ROUGH_LIMIT = 100 * BLOCK_ENTRIES_MAX


class TrimmingArguments:
    """Reads the words that ask for trimming, wherever they stand among others.

    Redis writes rough trimming down as what it did, exactly, and leaves its LIMIT there: a replay does not look at it.
    """

    def __init__(self, is_replay: bool) -> None:
        self._is_replay: Final = is_replay
        self._is_given = False
        self._most = 0
        self._least: StreamId | None = None
        self._is_rough = False
        self._limit = 0
        self._has_limit = False

    def take(self, args: Args) -> bool:
        """Read one option, if there is one next; return whether there was."""
        if args.left() < 2:
            return False
        if args.option(b"MAXLEN"):
            self._begin(args)
            self._most = args.integer()
            if self._most < 0:
                raise ReplyError("ERR", "The MAXLEN argument must be >= 0.")
            return True
        if args.option(b"MINID"):
            self._begin(args)
            self._least = id_of(args.next())
            return True
        if args.option(b"LIMIT"):
            self._limit = args.integer()
            if self._limit < 0:
                raise ReplyError("ERR", "The LIMIT argument must be >= 0.")
            self._has_limit = True
            return True
        return False

    def result(self) -> Trimming | None:
        """Return what was asked for, None where it was no trimming."""
        if not self._is_given:
            if self._limit > 0:
                raise ReplyError("ERR", "syntax error, LIMIT cannot be used without specifying a trimming strategy")
            return None
        if self._has_limit and not self._is_rough and not self._is_replay:
            raise ReplyError("ERR", "syntax error, LIMIT cannot be used without the special ~ option")
        limit = self._limit if self._is_rough else 0
        if self._is_rough and not self._has_limit:
            limit = ROUGH_LIMIT
        return Trimming(self._most, self._least, self._is_rough, limit)

    def _begin(self, args: Args) -> None:
        if self._is_given:
            raise ReplyError("ERR", "syntax error, MAXLEN and MINID options at the same time are not compatible")
        self._is_given = True
        if args.left() > 1:
            self._is_rough = args.option(b"~")
            if not self._is_rough:
                args.option(b"=")
