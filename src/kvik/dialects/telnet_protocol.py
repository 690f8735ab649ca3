"""The telnet protocol (RFC 854): commands taken out of what a client sends, text as it goes to one. Knows no words.

One option is agreed on where a client asks for it, bytes of eight bits (RFC 856): without it GNU telnet takes
a part of many letters beyond ASCII for its quit key. All others are refused, each time: a client's Ctrl+C asks
for a timing mark (RFC 860) and shows nothing until that has been answered. What is no request is never
answered, so that two sides cannot answer one another for ever (RFC 1143).
"""

from typing import Final

from mypy_extensions import i64

IAC: Final = b"\xff"
INTERPRET_AS_COMMAND: Final = 255
DONT: Final = 254
DO: Final = 253
WONT: Final = 252
WILL: Final = 251
SUBNEGOTIATION: Final = 250
ARE_YOU_THERE: Final = 246
INTERRUPT_PROCESS: Final = 244
SUBNEGOTIATION_END: Final = 240
EIGHT_BITS: Final = 0

# What the next byte is.
DATA: Final = 0
COMMAND: Final = 1
OPTION: Final = 2
INSIDE: Final = 3
"""Part of a subnegotiation about an option that was never agreed on: passed over."""
COMMAND_INSIDE: Final = 4


class TelnetInput:
    """Takes the commands out of a client's bytes, wherever they are torn, and remembers what they ask for.

    Kept are the answers, each once, and one mark: nothing here grows with what a client sends.
    """

    def __init__(self) -> None:
        self.is_looked_for = False
        """Whether the client wants to see that somebody is there: it has sent Interrupt Process or Are You There."""
        self._expected: i64 = DATA
        self._verb = 0
        self._ends_in_return = False
        self._answers: Final[dict[bytes, None]] = {}
        self._sends_eight_bits = False
        self._gets_eight_bits = False

    def take(self, data: bytes) -> bytes:
        """Return what is left of `data`, with CR NUL, which ends a line too, as CR LF."""
        if self._expected == DATA and IAC not in data:
            return self._with_line_ends(data)
        kept: list[bytes] = []
        position: i64 = 0
        while position < len(data):
            if self._expected != DATA and self._expected != INSIDE:
                self._take_command(data[position], kept)
                position += 1
                continue
            found = data.find(IAC, position)
            end: i64 = len(data) if found < 0 else found
            if self._expected == DATA:
                kept.append(data[position:end])
            if found >= 0:
                self._expected = COMMAND if self._expected == DATA else COMMAND_INSIDE
            position = end + 1
        return self._with_line_ends(b"".join(kept))

    def has_something_to_say(self) -> bool:
        return self.is_looked_for or len(self._answers) > 0

    def answers(self) -> bytes:
        """Return the answers to the client's requests for options, and forget them."""
        if not self._answers:
            return b""
        answers = b"".join(list(self._answers))
        self._answers.clear()
        return answers

    def _take_command(self, byte: int, kept: list[bytes]) -> None:
        """Take one byte behind IAC, or behind IAC and a verb."""
        if self._expected == OPTION:
            self._negotiate(byte)
            self._expected = DATA
        elif self._expected == COMMAND_INSIDE:
            self._expected = DATA if byte == SUBNEGOTIATION_END else INSIDE
        elif byte == SUBNEGOTIATION:
            self._expected = INSIDE
        elif WILL <= byte <= DONT:
            self._verb = byte
            self._expected = OPTION
        else:
            self._expected = DATA
            if byte == INTERPRET_AS_COMMAND:
                kept.append(IAC)
            elif byte in (INTERRUPT_PROCESS, ARE_YOU_THERE):
                self.is_looked_for = True

    def _negotiate(self, option: int) -> None:
        verb = self._verb
        if option == EIGHT_BITS:
            self._agree(verb)
        elif verb == DO:
            self._answer(WONT, option)
        elif verb == WILL:
            self._answer(DONT, option)

    def _agree(self, verb: int) -> None:
        """Follow the client; only what changes something is answered."""
        if verb in (WILL, WONT):
            if self._sends_eight_bits is not (verb == WILL):
                self._sends_eight_bits = verb == WILL
                self._answer(DO if verb == WILL else DONT, EIGHT_BITS)
        elif self._gets_eight_bits is not (verb == DO):
            self._gets_eight_bits = verb == DO
            self._answer(WILL if verb == DO else WONT, EIGHT_BITS)

    def _answer(self, verb: int, option: int) -> None:
        answer = bytes([INTERPRET_AS_COMMAND, verb, option])
        self._answers.pop(answer, None)
        self._answers[answer] = None

    def _with_line_ends(self, data: bytes) -> bytes:
        if not data:
            return data
        if self._ends_in_return and data.startswith(b"\0"):
            data = b"\n" + data[1:]
        self._ends_in_return = data.endswith(b"\r")
        return data.replace(b"\r\0", b"\r\n") if b"\0" in data else data


def as_sent(text: bytes) -> bytes:
    """Return text as it goes to a client: lines end in CR LF, no byte of a value is taken for a command."""
    text = text.replace(b"\r\n", b"\n")
    if b"\r" in text:
        text = text.replace(b"\r", b"\r\0")
    return text.replace(b"\n", b"\r\n").replace(IAC, IAC + IAC)
