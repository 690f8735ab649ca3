"""A conversation with a server: lines become requests, replies become the text the text door would send."""

import re
from collections.abc import Callable, Iterator

from kvik.client.address import Address
from kvik.client.connection import Connection, ConnectionFailed
from kvik.client.conversation import Conversation
from kvik.client.rendering import render
from kvik.dialects.words import UnbalancedQuotes, split_words
from kvik.errors import ReplyError
from kvik.replies import CommandLines, Push, Reply, Status, Stored

# The seeds' samples number their lines: `1 | SET counter 10`.
LINE_NUMBER = re.compile(rb"[ \t]*+[0-9]++[ \t]*+\|")

FAREWELLS = (b"DISCONNECT", b"QUIT", b"EXIT")
LISTENING = (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR")
LEAVING = (b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE")


class Transaction:
    """What a server was told since MULTI, for those who read its replies.

    RESP says OK to a SET inside EXEC; a person is shown the value, as at the text door.
    """

    def __init__(self) -> None:
        self.queue: list[list[bytes]] | None = None

    def explain(self, words: list[bytes], reply: Reply) -> Reply:
        """Take the reply to a request and return what it means to a person."""
        if isinstance(reply, Status) and reply.text == b"QUEUED" and self.queue is not None:
            self.queue.append(words)
            return reply
        name = words[0].upper()
        queue = self.queue
        if name == b"MULTI" and isinstance(reply, Status):
            self.queue = []
        elif name in (b"EXEC", b"DISCARD", b"RESET"):
            self.queue = None
            if name == b"EXEC" and queue is not None and isinstance(reply, list) and len(reply) == len(queue):
                return [meaning(*asked) for asked in zip(queue, reply, strict=True)]
        return meaning(words, reply) if queue is None else reply


def meaning(words: list[bytes], reply: Reply) -> Reply:
    """Return the reply as the server's text door would have had it."""
    name = words[0].upper()
    if name == b"SET" and len(words) > 2 and isinstance(reply, Status):
        return Stored(words[2])
    if name == b"COMPACT" and isinstance(reply, list):
        return CommandLines([split_words(line) for line in reply if isinstance(line, bytes)])
    return reply


def words_of(line: bytes) -> list[bytes]:
    """Return the words of a line as at the text door: without the number in front and a comment behind."""
    numbered = LINE_NUMBER.match(line)
    return split_words(line if numbered is None else line[numbered.end() :], has_comments=True)


class RemoteConversation(Conversation):
    """One server, connected from the start.

    A lost connection raises ConnectionFailed, or, for a person, is told and made anew at the next line.
    """

    def __init__(self, address: Address, is_for_a_person: bool = False) -> None:
        """Connect. Raises ConnectionFailed or Refused."""
        super().__init__()
        self._address = address
        self._is_for_a_person = is_for_a_person
        self._begun = b""
        self._unasked: list[Push] = []
        self._connection: Connection | None = None
        self._connected()

    def prompt(self) -> str:
        if self._connection is None:
            return "not connected> "
        database = f"[{self._address.database}]" if self._address.database else ""
        transaction = "(TX)" if self._transaction.queue is not None else ""
        return f"{self._address}{database}{transaction}> "

    def ask(self, words: list[bytes]) -> Reply:
        """Return the reply to one request, for the program itself."""
        return self._connected().call(words)

    def answer(self, data: bytes) -> Iterator[bytes]:
        lines = (self._begun + data).split(b"\n")
        self._begun = lines.pop()
        return self._answer_lines(lines)

    def end_of_input(self) -> Iterator[bytes]:
        line, self._begun = self._begun, b""
        return self._answer_lines([line])

    def interrupt(self) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer_lines(self, lines: list[bytes]) -> Iterator[bytes]:
        try:
            yield from self._run_lines(lines)
        except ConnectionFailed as error:
            if not self._is_for_a_person:
                raise
            self.close()
            yield f"error: {error}\n".encode("utf-8", "surrogateescape")

    def _run_lines(self, lines: list[bytes]) -> Iterator[bytes]:
        """Send as many requests at once as may go together."""
        batch: list[list[bytes]] = []
        for line in lines:
            try:
                words = words_of(line)
            except UnbalancedQuotes as error:
                yield from self._run(batch)
                batch = []
                yield self._shown([b""], ReplyError("ERR", f"Protocol error: {error}"))
                continue
            if not words:
                continue
            name = words[0].upper()
            if name in FAREWELLS:
                self.is_over = True
                if self._connection is not None:
                    batch.append([b"QUIT"])
                break
            batch.append(words)
            if name in LISTENING or name in LEAVING:
                yield from self._run(batch[:-1])
                batch = []
                yield from self._listen(words)
        yield from self._run(batch)

    def _run(self, batch: list[list[bytes]]) -> Iterator[bytes]:
        if batch:
            replies = self._connected().call_all(batch)
            for words, reply in zip(batch, replies, strict=True):
                yield from self._news()
                yield self._shown(words, self._transaction.explain(words, reply))
            yield from self._news()

    def _listen(self, words: list[bytes]) -> Iterator[bytes]:
        """Yield what a subscription brings, until the person or the server has enough."""
        connection = self._connected()
        connection.request(words)
        left = max(1, len(words) - 1)
        is_leaving = words[0].upper() in LEAVING
        while left > 0 or not is_leaving:
            reply = connection.receive_anything()
            yield self._shown(words, reply)
            if isinstance(reply, (ReplyError, Status)) and words[0].upper() != b"MONITOR":
                break
            left -= 1

    def _news(self) -> Iterator[bytes]:
        """Yield the messages that came unasked."""
        while self._unasked:
            yield render(self._unasked.pop(0)) + b"\n"

    def _shown(self, words: list[bytes], reply: Reply) -> bytes:
        if isinstance(reply, ReplyError):
            self.has_failed = True
        elif isinstance(reply, list):
            self.has_failed = self.has_failed or any(isinstance(item, ReplyError) for item in reply)
        elif isinstance(reply, CommandLines) and not reply.commands:
            return b""
        else:
            self._note_database(words)
        return render(reply) + b"\n"

    def _note_database(self, words: list[bytes]) -> None:
        """Remember the database a successful request has chosen: for the prompt, and for a new connection."""
        name = words[0].upper()
        if name == b"RESET":
            self._address.database = 0
        elif name == b"SELECT" and self._transaction.queue is None:
            self._address.database = int(words[1])

    def _connected(self) -> Connection:
        """Return the connection, made anew if there is none."""
        if self._connection is None:
            take: Callable[[Push], None] = self._unasked.append
            self._connection = Connection(self._address, take)
            self._transaction = Transaction()
        return self._connection
