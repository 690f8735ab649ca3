"""Every transcript through every door: what a text file says is what each of them answers."""

from pathlib import Path

import pytest

from tests.servers import KvikServer, RedisServer
from tests.transcripts.doors import (
    ColonDoor,
    ColonStreamDoor,
    Door,
    EngineDoor,
    RespDoor,
    RespStreamDoor,
    TelnetDoor,
    TelnetStreamDoor,
    TextDoor,
    TextStreamDoor,
)
from tests.transcripts.transcript import Case, Step, difference, read

FOLDER = Path(__file__).parent
CASES = [case for path in sorted(FOLDER.glob("*.txt")) for case in read(path)]
RESP_CASES = [case for case in CASES if not case.marks & {"text", "telnet", "colon"}]
TEXT_CASES = [case for case in CASES if not case.marks & {"telnet", "colon"}]
TELNET_CASES = [case for case in CASES if not case.marks & {"text", "colon"}]
COLON_CASES = [case for case in CASES if "colon" in case.marks]
REDIS_CASES = [case for case in RESP_CASES if "kvik" not in case.marks]


def play(case: Case, door: Door) -> None:
    """Send a case through a door, and fail with the line whose answer differs."""
    try:
        for step in case.steps:
            if step.pause_ms:
                door.passes(step.pause_ms)
            else:
                take(case, step, door)
        door.check_end()
    finally:
        door.close()


def take(case: Case, step: Step, door: Door) -> None:
    expected = step.answer.for_door(door.names)
    if step.listens:
        got = door.hear(step.connection, expected.count("\n") + 1)
    else:
        got = door.ask(step.connection, step.request, expected)
    wrong = difference(expected, got)
    if wrong:
        place = f"tests/transcripts/{case.path.name}:{step.line}"
        pytest.fail(f"{place}: {step.request}\n{wrong}\n    case: {case.name}, door: {door.names}", pytrace=False)


@pytest.mark.parametrize("case", RESP_CASES, ids=str)
def test_the_engine_answers_as_written(case: Case) -> None:
    play(case, EngineDoor())


@pytest.mark.parametrize("case", TEXT_CASES, ids=str)
def test_the_text_dialect_answers_as_written(case: Case) -> None:
    play(case, TextDoor())


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("case", RESP_CASES, ids=str)
def test_the_resp_dialect_answers_as_written(case: Case, protocol: int) -> None:
    play(case, RespDoor(protocol))


@pytest.mark.parametrize("case", TELNET_CASES, ids=str)
def test_the_telnet_dialect_answers_as_written(case: Case) -> None:
    play(case, TelnetDoor())


@pytest.mark.parametrize("case", COLON_CASES, ids=str)
def test_the_colon_dialect_answers_as_written(case: Case) -> None:
    play(case, ColonDoor())


@pytest.mark.parametrize("case", TEXT_CASES, ids=str)
def test_a_text_connection_answers_as_written(case: Case, kvik_server: KvikServer) -> None:
    play(case, TextStreamDoor(kvik_server))


@pytest.mark.parametrize("case", TELNET_CASES, ids=str)
def test_a_telnet_connection_answers_as_written(case: Case, kvik_server: KvikServer) -> None:
    play(case, TelnetStreamDoor(kvik_server))


@pytest.mark.parametrize("case", COLON_CASES, ids=str)
def test_a_colon_connection_answers_as_written(case: Case, kvik_server: KvikServer) -> None:
    play(case, ColonStreamDoor(kvik_server))


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("case", RESP_CASES, ids=str)
def test_a_resp_connection_answers_as_written(case: Case, protocol: int, kvik_server: KvikServer) -> None:
    play(case, RespStreamDoor(kvik_server, protocol))


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("case", REDIS_CASES, ids=str)
def test_the_real_redis_answers_as_written(case: Case, protocol: int, redis_server: RedisServer) -> None:
    with redis_server.open() as wire:
        assert wire.call("FLUSHALL") == b"OK"
    play(case, RespStreamDoor(redis_server, protocol))
