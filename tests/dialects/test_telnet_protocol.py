"""Telnet's commands never reach a command line, and nothing kvik says is taken for one (RFC 854, 860, 1143)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.dialects.telnet_protocol import TelnetInput, as_sent
from tests.dialects.feeding import WAYS, Way, cut_at

IAC, DONT, DO, WONT, WILL, SB, IP, AYT, NOP, SE = 255, 254, 253, 252, 251, 250, 244, 246, 241, 240
EIGHT_BITS, ECHO, TIMING_MARK, WINDOW_SIZE = 0, 1, 6, 31

every_way = pytest.mark.parametrize("way", WAYS)

INPUTS: list[tuple[bytes, bytes]] = [
    (b"get k\r\n", b"get k\r\n"),
    (b"get k\r\0get l\n", b"get k\r\nget l\n"),
    (b"a\0b\r\r\0", b"a\0b\r\r\n"),
    (bytes([IAC, WILL, WINDOW_SIZE]) + b"get k\r\n", b"get k\r\n"),
    (b"ge" + bytes([IAC, NOP]) + b"t k" + bytes([IAC, DO, ECHO]) + b"\r\n", b"get k\r\n"),
    (b"a" + bytes([IAC, SB, WINDOW_SIZE, 0, 80, IAC, IAC, 0, 24, IAC, SE]) + b"b", b"ab"),
    (b"set k " + bytes([IAC, IAC, IAC, IAC]) + b"\r\n", b"set k \xff\xff\r\n"),
    (b"k\r" + bytes([IAC, NOP]) + b"\0", b"k\r\n"),
]


@every_way
@pytest.mark.parametrize(("data", "left"), INPUTS)
def test_commands_are_taken_out_wherever_they_are_torn(way: Way, data: bytes, left: bytes) -> None:
    taken = TelnetInput()
    assert b"".join([taken.take(piece) for piece in way(data)]) == left


@every_way
def test_other_options_are_refused_in_its_own_way(way: Way) -> None:
    taken = TelnetInput()
    for piece in way(bytes([IAC, DO, ECHO, IAC, WILL, WINDOW_SIZE])):
        taken.take(piece)
    assert taken.answers() == bytes([IAC, WONT, ECHO, IAC, DONT, WINDOW_SIZE])
    assert not taken.has_something_to_say()


def test_bytes_of_eight_bits_are_agreed_on_once_and_given_up_when_asked() -> None:
    taken = TelnetInput()
    for request, answer in (
        ([WILL, DO], [DO, WILL]),
        ([WILL, DO], []),
        ([WONT, DONT], [DONT, WONT]),
        ([WONT, DONT], []),
    ):
        taken.take(b"".join([bytes([IAC, verb, EIGHT_BITS]) for verb in request]))
        assert taken.answers() == b"".join([bytes([IAC, verb, EIGHT_BITS]) for verb in answer])


def test_a_refusal_is_never_answered() -> None:
    taken = TelnetInput()
    taken.take(bytes([IAC, WONT, ECHO, IAC, DONT, ECHO]))
    assert (taken.has_something_to_say(), taken.answers()) == (False, b"")


def test_each_timing_mark_is_answered_as_each_ctrl_c_asks_for_one() -> None:
    taken = TelnetInput()
    for _ in range(3):
        taken.take(bytes([IAC, IP, IAC, DO, TIMING_MARK]))
        assert taken.is_looked_for
        assert taken.answers() == bytes([IAC, WONT, TIMING_MARK])


def test_a_flood_of_requests_costs_no_more_than_one_answer_for_each_option() -> None:
    taken = TelnetInput()
    for _ in range(100):
        taken.take(b"".join([bytes([IAC, verb, option]) for verb in (DO, WILL) for option in range(1, 256)]))
    assert len(taken.answers()) == 2 * 255 * 3


def test_who_asks_whether_somebody_is_there_is_to_see_something() -> None:
    taken = TelnetInput()
    taken.take(bytes([IAC, NOP]))
    assert not taken.has_something_to_say()
    taken.take(bytes([IAC, AYT]))
    assert taken.has_something_to_say()


@given(st.binary(), st.lists(st.integers(0, 999), max_size=8))
def test_what_is_left_of_random_bytes_does_not_depend_on_the_cuts(data: bytes, cuts: list[int]) -> None:
    whole, torn = TelnetInput(), TelnetInput()
    left = whole.take(data)
    assert b"".join([torn.take(piece) for piece in cut_at(data, cuts)]) == left
    assert (torn.answers(), torn.is_looked_for) == (whole.answers(), whole.is_looked_for)


@given(st.binary())
def test_what_is_sent_is_read_back_by_the_same_rules(text: bytes) -> None:
    sent = as_sent(text)
    assert sent.count(b"\n") == sent.count(b"\r\n")
    assert TelnetInput().take(sent).replace(b"\r\n", b"\n") == text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def test_a_value_gives_a_terminal_no_telnet_commands() -> None:
    assert as_sent(bytes([IAC, DO, ECHO]) + b"\n") == bytes([IAC, IAC, DO, ECHO]) + b"\r\n"
