"""The auto door tells dialects apart by the first bytes, once, and loses none of them."""

import pytest

from kvik.dialects.auto import CANDIDATES, UNDECIDED_MAX, AutoDialect, Candidate
from kvik.dialects.dialect import Dialect
from kvik.dialects.text import TextDialect
from kvik.errors import ProtocolError
from tests.dialects.feeding import WAYS, Outcome, Way, byte_by_byte, encoded, last_words, requests

every_way = pytest.mark.parametrize("way", WAYS)


def shouting() -> Dialect:
    """Return what stands for a dialect whose first line starts with `HEY:`."""
    dialect = TextDialect()
    dialect.name = "shouting"
    return dialect


def shouts(line: bytes, is_whole: bool) -> bool | None:
    if is_whole or len(line) >= 4:
        return line.startswith(b"HEY:")
    return None if b"HEY:".startswith(line) else False


def settle(dialect: Dialect, pieces: list[bytes], ends: bool = False) -> tuple[str, Outcome]:
    """Return the name of the dialect that was chosen and the requests that came out, as a server asks."""
    outcome: Outcome = []
    for piece in pieces:
        dialect.feed(piece)
        dialect = dialect.settled() or dialect
        outcome += requests(dialect, [b""])
    if ends:
        dialect.end_of_input()
        dialect = dialect.settled() or dialect
        outcome += requests(dialect, [b""])
    return dialect.name, outcome


@every_way
@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"*1\r\n$4\r\nPING\r\n", "resp", [[b"PING"]]),
        (b"\r\n\n*1\r\n$4\r\nPING\r\n", "resp", [[b"PING"]]),
        (b"PING\r\nPING\r\n", "text", [[b"PING"], [b"PING"]]),
        (b"\n \r\n 1 | PING\n*1\n", "text", [[b"PING"], [b"*1"]]),
        (b"HELP\n", "text", [[b"HELP"]]),
        (b"HEY\n", "text", [[b"HEY"]]),
        (b"HEY:you\n", "shouting", [[b"HEY:you"]]),
        (b"\n\nHEY:you\nx\n", "shouting", [[b"HEY:you"], [b"x"]]),
        (b" \n\r\n", "auto", []),
        (b"HEY", "auto", []),
        (b"   ", "auto", []),
    ],
)
def test_the_first_line_decides(way: Way, data: bytes, name: str, expected: Outcome) -> None:
    candidates = [*CANDIDATES, Candidate(shouts, shouting)]
    assert settle(AutoDialect(candidates), way(data)) == (name, expected)


@every_way
def test_a_line_that_ends_with_the_input_decides(way: Way) -> None:
    candidates = [*CANDIDATES, Candidate(shouts, shouting)]
    assert settle(AutoDialect(candidates), way(b"HEY"), ends=True) == ("text", [[b"HEY"]])
    assert settle(AutoDialect(candidates), way(b"HEY:"), ends=True) == ("shouting", [[b"HEY:"]])
    assert settle(AutoDialect(candidates), way(b"\n\n"), ends=True) == ("auto", [])


def test_a_client_can_be_served_without_ever_asking_who_it_is() -> None:
    dialect = AutoDialect()
    assert requests(dialect, byte_by_byte(b"*1\r\n$4\r\nPING\r\n")) == [[b"PING"]]
    assert encoded(dialect, None) == b"$-1\r\n"
    assert dialect.buffered() == 0


def test_the_chosen_dialect_is_trusted_as_much_as_the_door_was() -> None:
    for is_trusted in (False, True):
        dialect = AutoDialect()
        dialect.is_trusted = is_trusted
        dialect.feed(b"PING\n")
        chosen = dialect.settled()
        assert chosen is not None
        assert chosen.is_trusted is is_trusted


@every_way
def test_a_tls_client_is_closed_without_a_word(way: Way) -> None:
    dialect = AutoDialect()
    assert requests(dialect, way(b"\x16\x03\x01\x02\x00\x01\nPING\n")) == [""]
    assert last_words(dialect, "") == b""
    with pytest.raises(ProtocolError):
        dialect.settled()


def test_a_byte_that_may_begin_a_tls_hello_waits_for_the_next() -> None:
    dialect = AutoDialect()
    dialect.feed(b"\x16")
    assert dialect.settled() is None
    dialect.feed(b"x\n")
    assert requests(dialect, [b""]) == [[b"\x16x"]]


@every_way
def test_a_browser_is_closed_without_a_word(way: Way) -> None:
    assert settle(AutoDialect(), way(b"GET / HTTP/1.1\r\nHost: x\r\n"))[1][0] == ""


def test_blank_lines_are_not_kept_and_undecided_input_is_bounded() -> None:
    dialect = AutoDialect()
    for _ in range(1000):
        dialect.feed(b"\r\n" * 100)
        assert dialect.settled() is None
    assert dialect.buffered() == 0
    dialect.feed(b" " * (UNDECIDED_MAX + 1))
    chosen = dialect.settled()
    assert chosen is not None
    assert chosen.name == "text"


def test_nothing_is_said_to_a_client_that_is_not_known_yet() -> None:
    assert AutoDialect().greeting() == b""
    assert AutoDialect().farewell(5) == b""
    decided = AutoDialect()
    decided.feed(b"PING\n")
    decided.settled()
    assert decided.farewell(5) == b"server closes in 5 s\n"
