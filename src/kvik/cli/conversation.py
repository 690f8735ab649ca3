"""A conversation with an embedded database through the text door's dialect, without a network."""

from collections.abc import Iterator

from librt.strings import BytesWriter

from kvik.client.conversation import Conversation
from kvik.client.hints import Hint, Hints
from kvik.dialects.text import TextDialect
from kvik.embedded import Database
from kvik.errors import ProtocolError, RecoverableProtocolError, ReplyError
from kvik.replies import Reply

NOT_A_COMMAND = "this line is HTTP, not a command"
TEXT_MAX = 1 << 16
"""Answers are handed on when about so many bytes are there."""


class EmbeddedConversation(Conversation):
    """One caller of a database in this process."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._session = database.session
        self._dialect = TextDialect(empty_listing=b"")
        self._dialect.is_trusted = True

    def prompt(self) -> str:
        number = self._session.keys.number
        database = f"[{number}]" if number else ""
        transaction = "(TX)" if self._session.queue is not None else ""
        return f"kvik{database}{transaction}> "

    def hints(self) -> Hints:
        """Return what the database's own declarations say."""
        declarations = self._database.declarations().values()
        return Hints([Hint(about.name, about.syntax, about.summary) for about in declarations])

    def answer(self, data: bytes) -> Iterator[bytes]:
        self._dialect.feed(data)
        return self._answer_requests()

    def end_of_input(self) -> Iterator[bytes]:
        self._dialect.end_of_input()
        return self._answer_requests()

    def close(self) -> None:
        self._database.close()

    def _answer_requests(self) -> Iterator[bytes]:
        out = BytesWriter()
        while not self.is_over:
            try:
                request = self._dialect.next_request()
            except ProtocolError as error:
                self._complain(error, out)
                continue
            if request is None:
                break
            reply = self._database.reply_to(request)
            self.is_over = self._session.is_closing
            self._note_failure(reply)
            self._dialect.encode(request, reply, self._session.protocol, out)
            if len(out) > TEXT_MAX:
                yield out.getvalue()
                out = BytesWriter()
        yield out.getvalue()

    def _complain(self, error: ProtocolError, out: BytesWriter) -> None:
        """Say what is wrong with a line; the next one starts anew where it can be told from this one."""
        self.has_failed = True
        self.is_over = not isinstance(error, RecoverableProtocolError)
        self._dialect.encode_protocol_error(error.message or NOT_A_COMMAND, out)

    def _note_failure(self, reply: Reply) -> None:
        if isinstance(reply, ReplyError):
            self.has_failed = True
        elif isinstance(reply, list) and not self.has_failed:
            self.has_failed = any(isinstance(item, ReplyError) for item in reply)
