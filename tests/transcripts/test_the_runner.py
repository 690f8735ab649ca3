"""The runner of transcripts itself: it reads what is meant, and it can fail."""

from pathlib import Path

import pytest

from tests.transcripts.doors import Door, quoted
from tests.transcripts.test_transcripts import play
from tests.transcripts.transcript import Case, difference, read
from tests.wire import split_line


class Parrot(Door):
    """A door that answers each line with the line itself."""

    names = ("resp2", "resp")

    def ask(self, connection: str, line: str, expected: str) -> str:
        return line


def case_of(folder: Path, text: str) -> Case:
    path = folder / "story.txt"
    path.write_text(f"About this file.\n\n== a case\n{text}")
    return read(path)[0]


def test_requests_answers_connections_and_pauses_are_read(tmp_path: Path) -> None:
    case = case_of(tmp_path, "@kvik\n> GET a\none\ntwo\n\nB> GET b\n# a remark\n(20 ms pass)\n")
    assert case.marks == {"kvik"}
    assert [(step.connection, step.request, step.pause_ms) for step in case.steps] == [
        ("", "GET a", 0),
        ("B", "GET b", 0),
        ("", "", 20),
    ]
    assert case.steps[0].answer.for_door(()) == "one\ntwo"


class Listener(Parrot):
    """A door whose connections have heard their names, as often as is asked for."""

    def hear(self, connection: str, count: int) -> str:
        return "\n".join([f"heard {connection or 'A'}"] * count)


def test_messages_are_read_and_each_has_to_be_heard(tmp_path: Path) -> None:
    case = case_of(tmp_path, "> PUBLISH a b\nPUBLISH a b\nB<\nheard B\nheard B\n<\nheard A\n")
    assert [(step.connection, step.listens) for step in case.steps] == [("", False), ("B", True), ("", True)]
    play(case, Listener())
    wrong = case_of(tmp_path, "B<\nheard B\nheard C\n")
    with pytest.raises(pytest.fail.Exception, match=r"story\.txt:4: B<"):
        play(wrong, Listener())


def test_the_most_particular_answer_counts(tmp_path: Path) -> None:
    answer = case_of(tmp_path, '> EXEC\n[1 v]\nresp: [1 OK]\nresp3: ""\n').steps[0].answer
    assert answer.for_door(("text",)) == "[1 v]"
    assert answer.for_door(("resp2", "resp")) == "[1 OK]"
    assert answer.for_door(("redis", "resp3", "resp")) == ""


def test_a_line_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"story\.txt:4: neither a request"):
        case_of(tmp_path, "an answer to nothing\n")


def test_a_wrong_answer_fails_with_its_place_and_both_answers(tmp_path: Path) -> None:
    case = case_of(tmp_path, "> GET a\nb\n")
    with pytest.raises(pytest.fail.Exception, match=r"story\.txt:4: GET a\nexpected: b\n     got: GET a"):
        play(case, Parrot())


def test_an_array_can_be_compared_without_its_order() -> None:
    assert not difference("sorted: [a b]", "[b a]")
    assert difference("sorted: [a b]", "[b c]")


def test_an_answer_can_be_a_regular_expression() -> None:
    assert not difference("matches: [0-9]+", "17")
    assert difference("matches: [0-9]+", "x17")


@pytest.mark.parametrize("words", [[b"a b", b""], [b"\x00\xff", b"'\"\\"], [b"plain", b"//"], [b"\n\r\t"]])
def test_quoted_words_are_read_back(words: list[bytes]) -> None:
    assert split_line(" ".join([quoted(word) for word in words])) == words


def test_unbalanced_quotes_are_refused() -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        split_line('GET "a')
