"""The telnet door: the text door with a welcome, a prompt and words of its own. Knows no engine."""

import textwrap
from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter

from kvik.build_info import VERSION
from kvik.dialects.telnet_protocol import TelnetInput, as_sent
from kvik.dialects.text import TextDialect
from kvik.dialects.text_writer import write_human_reply
from kvik.dialects.words import quote_word, split_words
from kvik.errors import ProtocolError, RecoverableProtocolError, ReplyError, UnknownCommand
from kvik.replies import OK, Reply, Status
from kvik.request import Request

PROMPT: Final = b"-> "
LINE_END: Final = b"\r\n"
WELCOME: Final = b"Welcome to kvik %s: help shows the commands, exit leaves" % VERSION.encode()
TEXT_WIDTH: Final = 76
NO_WORD: Final = b""


class Alias:
    """A word of this door, the command it stands for, and whether its last two arguments change places."""

    def __init__(self, word: str, command: str, swaps_last_two: bool = False) -> None:
        self.word: Final = word
        self.command: Final = command
        self.swaps_last_two: Final = swaps_last_two

    def translated(self, arguments: list[bytes]) -> list[bytes]:
        if self.swaps_last_two and len(arguments) > 1:
            arguments = [*arguments[:-2], arguments[-1], arguments[-2]]
        return [self.command.encode(), *arguments]


GET: Final = b"GET"
DELETE: Final = b"DELETE"
SET_FOR_A_TIME: Final = b"SET+TTL"
HELP: Final = b"HELP"
ALIASES: Final = {
    DELETE: Alias("delete", "DEL"),
    SET_FOR_A_TIME: Alias("set+ttl", "SETEX", swaps_last_two=True),
}
LIST_OF_COMMANDS: Final = (b"COMMAND", b"LIST")
LEAVING: Final = (b"EXIT", b"QUIT", b"DISCONNECT")

EXPLAINED: Final = (
    ("set KEY VALUE", "store a value"),
    ("set+ttl KEY VALUE SECONDS", "store a value that goes by itself"),
    ("get KEY", "show a value"),
    ("delete KEY [KEY ...]", "remove keys"),
    ("find PATTERN", "list keys: * is any text, ? any character"),
    ("count", "how many keys there are"),
    ("clean", "remove all keys"),
    ("backup [NAME]", "write everything to a JSON file"),
    ("memstats", "figures about memory, as JSON"),
    ("exit", "leave"),
    ("help", "show this"),
)
"""The words of this door, and what each does."""

SHORT_LIST: Final = "commands: " + " ".join([syntax.partition(" ")[0] for syntax, _ in EXPLAINED])


class TelnetDialect(TextDialect):
    """One command a line, as on the text door without its comments and line numbers; a prompt follows each answer.

    What the door has to say without a request (a prompt behind an empty line, the answers of the
    protocol) goes where a bad line is answered, as a RecoverableProtocolError without a text.
    """

    name = "telnet"

    def __init__(self) -> None:
        super().__init__()
        self._input: Final = TelnetInput()
        self._asked = NO_WORD
        """The word of this door that the last request began with, upper case."""
        self._is_at_prompt = False
        self._is_broken = False

    # From the client

    def feed(self, data: bytes) -> None:
        super().feed(self._input.take(data))

    def next_request(self) -> Request | None:
        """As TextDialect.next_request; raises RecoverableProtocolError with an empty text, see above."""
        if self._input.has_something_to_say():
            raise RecoverableProtocolError("")
        try:
            line = self._next_line()
        except ProtocolError:
            self._is_broken = True
            raise
        if line is None:
            return None
        self._is_at_prompt = False
        words = self._split(line)
        if not words:
            raise RecoverableProtocolError("")
        return Request(self._translated(words))

    def _words(self, line: bytes) -> list[bytes]:
        return split_words(line)

    def _translated(self, words: list[bytes]) -> list[bytes]:
        """Return a request's words as the engine knows them, and remember what was asked."""
        self._asked = words[0].upper()
        if self._asked == HELP:
            return list(LIST_OF_COMMANDS)
        alias = ALIASES.get(self._asked)
        return words if alias is None else alias.translated(words[1:])

    # To the client

    def greeting(self) -> bytes:
        self._is_at_prompt = True
        return WELCOME + LINE_END + PROMPT

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        text = BytesWriter()
        self._write_answer(request, reply, text)
        self._say(text.getvalue(), out)
        if self._asked not in LEAVING or not isinstance(reply, Status):
            self._write_prompt(out)

    def encode_protocol_error(self, message: str, out: BytesWriter) -> None:
        text = BytesWriter()
        super().encode_protocol_error(message, text)
        self._say(text.getvalue(), out)
        if not self._is_at_prompt and not self._is_broken:
            self._write_prompt(out)

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        text = BytesWriter()
        super().push(items, protocol, text)
        self._interrupt(text.getvalue(), out)

    def farewell(self, seconds: int) -> bytes:
        out = BytesWriter()
        self._interrupt(super().farewell(seconds), out)
        return out.getvalue()

    def _say(self, text: bytes, out: BytesWriter) -> None:
        """Write text where an answer belongs, behind what the protocol has to answer."""
        out.write(self._input.answers())
        if self._input.is_looked_for:
            self._input.is_looked_for = False
            self._leave_the_prompt(out)
        out.write(as_sent(text))

    def _interrupt(self, text: bytes, out: BytesWriter) -> None:
        """Write text nobody waits for: on a line of its own, with a new prompt where one stood."""
        was_at_prompt = self._is_at_prompt
        self._leave_the_prompt(out)
        self._say(text, out)
        if was_at_prompt:
            self._write_prompt(out)

    def _leave_the_prompt(self, out: BytesWriter) -> None:
        if self._is_at_prompt:
            self._is_at_prompt = False
            out.write(LINE_END)

    def _write_prompt(self, out: BytesWriter) -> None:
        self._is_at_prompt = True
        out.write(PROMPT)

    def _write_answer(self, request: Request | None, reply: Reply, text: BytesWriter) -> None:
        """Write an answer in the words of this door where it has any."""
        asked = self._asked
        if isinstance(reply, UnknownCommand):
            text.write(b"unknown command: %s\n%s\n" % (quote_word(reply.word), SHORT_LIST.encode()))
        elif isinstance(reply, ReplyError):
            write_human_reply(in_words_asked(reply, asked), b"", text)
        elif asked == GET and reply is None and request is not None:
            text.write(b"key %s not found\n" % quote_word(request.words[1]))
        elif asked == HELP and isinstance(reply, list):
            text.write(help_text(reply))
        elif asked == DELETE and isinstance(reply, int):
            write_human_reply(OK, b"", text)
        else:
            super().encode(None, reply, 2, text)


def in_words_asked(error: ReplyError, asked: bytes) -> ReplyError:
    """Return an error that names the command as the caller did."""
    alias = ALIASES.get(asked)
    if alias is None:
        return error
    return ReplyError(error.code, error.message.replace(f"'{alias.command.lower()}'", f"'{alias.word}'"))


def help_text(names: Sequence[Reply]) -> bytes:
    """Return what can be said on this door: its own words, and the names of all commands."""
    width = max([len(syntax) for syntax, _ in EXPLAINED]) + 2
    lines = [f"{syntax:<{width}}{meaning}" for syntax, meaning in EXPLAINED]
    commands = sorted([name.decode() for name in names if isinstance(name, bytes)])
    lines.append("Words are read in any case. These work here too (COMMAND DOCS NAME tells more):")
    lines += textwrap.wrap(" ".join(commands), TEXT_WIDTH)
    return "\n".join(lines).encode() + b"\n"
