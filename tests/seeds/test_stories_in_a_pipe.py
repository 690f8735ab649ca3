"""The samples kvik was asked for, pasted into each of its programs: each prints what the sample says."""

import pytest

from tests.programs import KVIK, run
from tests.seeds.samples import SAMPLES, Sample
from tests.servers import KvikServer


def named(sample: Sample) -> str:
    return sample.name


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_a_sample_piped_into_kvik_prints_its_answers(sample: Sample) -> None:
    done = run(KVIK, sample.given.encode())
    assert done.stdout.decode().splitlines() == sample.answers
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_a_sample_as_arguments_prints_its_answers(sample: Sample) -> None:
    done = run([*KVIK, "exec", *sample.given.splitlines()])
    assert done.stdout.decode().splitlines() == sample.answers
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_a_sample_piped_into_the_client_program_prints_its_answers(sample: Sample, kvik_server: KvikServer) -> None:
    node = f"127.0.0.1:{kvik_server.ports['auto']}"
    done = run([*KVIK, "client", node], sample.given.encode())
    assert done.stdout.decode().splitlines() == sample.answers
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
@pytest.mark.parametrize("door", ["text", "auto"])
def test_a_sample_over_a_plain_socket_gets_its_answers(sample: Sample, door: str, kvik_server: KvikServer) -> None:
    with kvik_server.open(door) as wire:
        wire.send(sample.given.encode() + b"DISCONNECT\n")
        lines = wire.read_to_the_end().decode().splitlines()
    # On a connection every request has an answer: an empty database compacts to an empty line (S8).
    assert [line for line in lines if line] == [*sample.answers, "OK"]


def test_a_pipe_with_an_error_ends_with_1() -> None:
    done = run(KVIK, b"SET a 1\nNOSUCH\nGET a\n")
    assert done.stdout.splitlines()[::2] == [b"OK", b"1"]
    assert done.stdout.splitlines()[1].startswith(b"(error) ERR unknown command 'NOSUCH'")
    assert done.returncode == 1


def test_arguments_with_an_error_end_with_1() -> None:
    done = run([*KVIK, "exec", "SET a x", "INCR a"])
    assert done.stdout == b"OK\n(error) ERR value is not an integer or out of range\n"
    assert done.returncode == 1


def test_the_last_line_of_a_pipe_needs_no_line_end() -> None:
    assert run(KVIK, b"SET a 1\nGET a").stdout == b"OK\n1\n"


def test_what_compact_prints_can_be_piped_in_again() -> None:
    given = b'SET "a key" "\\x00\\xff"\nSET b "//"\nSET c 1 PXAT 4102444800000\nCOMPACT\n'
    compacted = run(KVIK, given).stdout.removeprefix(b"OK\nOK\nOK\n")
    again = run(KVIK, compacted + b"COMPACT\n").stdout.removeprefix(b"OK\nOK\nOK\n")
    assert compacted == again == given.removesuffix(b"COMPACT\n")
