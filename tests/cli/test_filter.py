"""`kvik` in a pipe and `kvik exec`: answers and nothing else (S1-S9)."""

from pathlib import Path

import pytest

import kvik
from tests.programs import KVIK, pipe_to, run
from tests.servers import surroundings

SAMPLE = b"""\
1 | SET counter 10 // the first value
2 | INCR counter

3 | GET counter
4 | GET http://nowhere
"""


def test_a_pipe_gets_one_answer_for_each_command_and_nothing_else() -> None:
    done = run(KVIK, SAMPLE)
    assert (done.stdout, done.stderr, done.returncode) == (b"OK\n11\n11\nnil\n", b"", 0)


def test_a_set_inside_exec_shows_the_value_it_stored() -> None:
    done = run(KVIK, b"MULTI\nSET a 1\nINCR a\nEXEC\n")
    assert done.stdout == b"OK\nQUEUED\nQUEUED\n[1 2]\n"


def test_compact_prints_the_commands_and_nothing_for_an_empty_database() -> None:
    assert run(KVIK, b"COMPACT\n").stdout == b""
    assert run(KVIK, b"SET a 'b c'\nCOMPACT\n").stdout == b'OK\nSET a "b c"\n'


def test_an_error_shows_in_the_exit_code_and_the_rest_goes_on() -> None:
    done = run(KVIK, b"SET a x\nINCR a\nGET a\n")
    assert done.stdout == b"OK\n(error) ERR value is not an integer or out of range\nx\n"
    assert done.returncode == 1


def test_an_error_inside_exec_shows_in_the_exit_code() -> None:
    assert run(KVIK, b"SET a x\nMULTI\nINCR a\nEXEC\n").returncode == 1


def test_unbalanced_quotes_are_an_error_of_that_line_alone() -> None:
    done = run(KVIK, b'SET a "b\nGET a\n')
    assert done.stdout == b"(error) ERR Protocol error: unbalanced quotes in request\nnil\n"
    assert done.returncode == 1


def test_a_last_line_without_its_end_is_answered() -> None:
    assert run(KVIK, b"ECHO hello").stdout == b"hello\n"


def test_values_leave_as_the_bytes_they_are() -> None:
    assert run(KVIK, b'SET a "\\x00\\xff\\n"\nGET a\n').stdout == b"OK\n\x00\xff\n\n"


def test_disconnect_ends_the_filter() -> None:
    done = run(KVIK, b"DISCONNECT\nGET a\n")
    assert (done.stdout, done.returncode) == (b"OK\n", 0)


def test_answers_come_as_the_lines_come_in() -> None:
    with pipe_to(KVIK) as program:
        assert program.stdin is not None and program.stdout is not None
        for number in range(3):
            program.stdin.write(b"ECHO %d\n" % number)
            program.stdin.flush()
            assert program.stdout.readline() == b"%d\n" % number


def test_a_reader_that_leaves_ends_the_filter_quietly() -> None:
    with pipe_to(KVIK) as program:
        assert program.stdin is not None and program.stdout is not None and program.stderr is not None
        program.stdin.write(b"ECHO one\n")
        program.stdin.flush()
        program.stdout.readline()
        program.stdout.close()
        program.stdin.write(b"ECHO two\n")
        program.stdin.close()
        assert program.wait(20) == 0
        assert program.stderr.read() == b""


def test_exec_runs_its_arguments_and_exits() -> None:
    done = run([*KVIK, "exec", "SET a 1", "GET a"])
    assert (done.stdout, done.returncode) == (b"OK\n1\n", 0)
    assert run([*KVIK, "exec", "NOPE", "ECHO on"]).returncode == 1


def test_exec_takes_any_bytes() -> None:
    assert run([*[word.encode() for word in KVIK], b"exec", b"ECHO \xff"]).stdout == b"\xff\n"


# With a directory


def test_a_filter_finds_again_what_an_earlier_one_kept(folder: Path) -> None:
    directory = str(folder / "data")
    assert run([*KVIK, directory], b"SET a 1\nINCR a\n").stdout == b"OK\n2\n"
    assert run([*KVIK, directory], b"INCR a\n").stdout == b"3\n"
    assert run([*KVIK, "exec", "--dir", directory, "GET a"]).stdout == b"3\n"
    assert run([*KVIK, "exec", "GET a"]).stdout == b"nil\n"


def test_a_directory_that_cannot_be_opened_is_one_line_and_exit_code_1(folder: Path) -> None:
    (folder / "file").write_text("")
    (folder / "broken/appendonlydir").mkdir(parents=True)
    (folder / "broken/appendonlydir/appendonly.aof.manifest").write_text("nonsense")
    with kvik.open(folder / "used"):
        for name, words in (("file", b"file"), ("broken", b"kvik check"), ("used", b"is locked by process")):
            for program in ([*KVIK, str(folder / name)], [*KVIK, "exec", "--dir", str(folder / name), "PING"]):
                done = run(program, b"PING\n")
                assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1), done
                assert done.stderr.startswith(b"kvik: ") and words in done.stderr


@pytest.mark.parametrize(
    ("words", "remedy"),
    [("srve", "did you mean serve?"), ("help", "did you mean --help?"), ("set a 1", "kvik exec 'COMMAND'")],
)
def test_what_is_no_verb_makes_no_directory(words: str, remedy: str, folder: Path) -> None:
    done = run(["/bin/sh", "-c", f"cd {folder} && {KVIK[0]} -m kvik {words}"], environment=surroundings())
    assert done.returncode == 2
    assert remedy in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert list(folder.iterdir()) == []
