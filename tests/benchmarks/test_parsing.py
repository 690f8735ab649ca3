"""What the kernel and redis-benchmark print, as figures."""

import os
import threading
import time

import click
import pytest
from benchmarks.__main__ import parse_cases
from benchmarks.cases.loading import log_commands
from benchmarks.cases.stalls import parse_base
from benchmarks.counting import CYCLES, INSTRUCTIONS, parse_counts
from benchmarks.load import Load, LoadError, command, parse_csv
from benchmarks.machine import parse_memory_kib, parse_processor
from benchmarks.processes import (
    TICKS_PER_SECOND,
    choose_cores,
    parse_autogroup_nice,
    parse_processor_seconds,
    parse_resident_bytes,
    processor_seconds,
)
from benchmarks.servers import Program
from benchmarks.wire import WireError, encode, info_number, is_known, key, set_commands

CSV = (
    '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"\n'
    '"SET","1724138.00","0.553","0.112","0.503","1.063","1.151","1.615"\n'
    '"LRANGE mylist 0 99","241545.89","2.514","0.280","2.775","3.167","3.327","3.655"\n'
    '"MSET (10 keys)","205338.81","2.923","0.408","3.015","3.199","3.903","6.711"\n'
)


def test_user_and_system_time_are_read_behind_a_name_with_parentheses() -> None:
    stat = f"4711 (a) b (c)) S 1 4711 4711 0 -1 4194560 900 0 0 0 {3 * TICKS_PER_SECOND} {TICKS_PER_SECOND} 0 0 20 0 1"
    assert parse_processor_seconds(stat) == 4.0


def test_the_clock_of_a_process_counts_the_work_of_all_its_threads() -> None:
    began, before = time.process_time(), processor_seconds(os.getpid())
    thread = threading.Thread(target=lambda: sum(range(1_000_000)))
    thread.start()
    thread.join()
    used = processor_seconds(os.getpid()) - before
    spent = time.process_time() - began
    assert spent / 2 < used <= spent


def test_instructions_and_cycles_are_found_by_the_names_of_their_events() -> None:
    text = f"1234,,{INSTRUCTIONS},5678,100.00,,\n99,,{CYCLES},5678,100.00,,\n"
    counts = parse_counts(text)
    assert (counts.instructions, counts.cycles) == (1234.0, 99.0)


@pytest.mark.parametrize("figure", ["<not counted>", "<not supported>"])
def test_what_perf_cannot_count_is_none(figure: str) -> None:
    counts = parse_counts(f"{figure},,{INSTRUCTIONS},0,100.00,,\nError: something, else\n")
    assert (counts.instructions, counts.cycles) == (None, None)


def test_a_number_of_info_is_found_by_its_whole_name() -> None:
    text = b"$50\r\n# Stats\r\nexpired_keys_more:7\r\nexpired_keys:42\r\n\r\n"
    assert info_number(text, "expired_keys") == 42
    with pytest.raises(WireError, match="evicted_keys"):
        info_number(text, "evicted_keys")


def test_the_base_of_a_log_is_the_file_of_type_b_in_the_manifest() -> None:
    manifest = "file a.1.base.rdb seq 1 type h\nfile a.2.base.aof seq 2 type b\nfile a.2.incr.aof seq 2 type i\n# b\n"
    assert parse_base(manifest) == "a.2.base.aof"
    assert parse_base("file a.1.incr.aof seq 1 type i\n") == ""


def test_a_log_writes_each_of_its_keys_twice_with_values_that_differ() -> None:
    commands = list(log_commands(6))
    assert len(set(commands)) == 6
    assert [command.count(key(1)) for command in commands] == [0, 1, 0, 0, 1, 0]


def test_a_server_that_keeps_a_journal_is_told_when_to_sync_and_never_to_compact() -> None:
    plain = Program("a", "1", "C", lambda port: ["a", str(port)], lambda fsync: ["--sync", fsync])
    assert plain.command(7) == ["a", "7"]
    assert plain.kept("always").command(7) == ["a", "7", "--sync", "always", "--auto-aof-rewrite-percentage", "0"]


def test_resident_memory_is_read_in_bytes() -> None:
    assert parse_resident_bytes("Name:\tpython\nVmHWM:\t  900 kB\nVmRSS:\t  512 kB\n") == 512 * 1024


def test_a_process_that_has_ended_has_no_memory_to_read() -> None:
    with pytest.raises(ValueError, match="ended"):
        parse_resident_bytes("Name:\tpython\nState:\tZ (zombie)\n")


@pytest.mark.parametrize(("test", "rate", "p99"), [("set", 1724138.0, 1.151), ("mset", 205338.81, 3.903)])
def test_the_line_of_a_test_is_found_by_the_first_word_of_its_title(test: str, rate: float, p99: float) -> None:
    line = parse_csv(CSV, test)
    assert (line.requests_per_second, line.p99_ms) == (rate, p99)


def test_a_command_of_our_own_is_found_by_its_name() -> None:
    assert parse_csv(CSV, "lrange").p50_ms == 2.775


def test_a_test_without_a_line_is_an_error_that_names_it() -> None:
    with pytest.raises(LoadError, match="zadd"):
        parse_csv(CSV, "zadd")


def test_redis_benchmark_is_told_clients_pipeline_and_random_keys() -> None:
    words = command(7000, Load("set", 50, 16, 1000), 8000)
    assert words[-2:] == ["-t", "set"]
    pairs = dict(zip(words, words[1:], strict=False))
    assert (pairs["-c"], pairs["-P"], pairs["-r"], pairs["-n"]) == ("50", "16", "1000", "8000")


def test_a_command_of_our_own_takes_the_place_of_a_test() -> None:
    words = command(7000, Load("lrange", 10, 100, 1000, words=("LRANGE", "mylist", "0", "99")), 1000)
    assert words[-4:] == ["LRANGE", "mylist", "0", "99"]
    assert "-t" not in words


@pytest.mark.parametrize("answer", [b"*1\r\n*-1\r\n", b"*1\r\n$-1\r\n", b"*1\r\n_\r\n", b"-ERR unknown command\r\n"])
def test_a_command_without_information_is_not_there(answer: bytes) -> None:
    assert not is_known(answer)


def test_a_command_with_information_is_there() -> None:
    assert is_known(b"*1\r\n*10\r\n$3\r\nget\r\n:2\r\n")


def test_keys_are_those_that_redis_benchmark_asks_for() -> None:
    assert key(42) == b"key:000000000042"
    assert len(key(999_999)) == 16


def test_values_differ_and_have_the_size_that_was_asked_for() -> None:
    first, second = set_commands(range(2), 20)
    assert first != second
    assert first == encode(b"SET", b"key:000000000000", b"0000000000000000xxxx")


def test_server_and_load_have_a_core_each_where_there_are_two() -> None:
    cores = choose_cores({5, 2, 7})
    assert (cores.server, cores.load) == (2, 5)


def test_the_priority_of_a_session_is_read_with_its_sign() -> None:
    assert parse_autogroup_nice("/autogroup-405 nice -20\n") == -20


def test_one_core_is_shared() -> None:
    cores = choose_cores({3})
    assert (cores.server, cores.load) == (3, 3)


def test_the_machine_is_described_from_the_texts_of_proc() -> None:
    assert parse_processor("processor\t: 0\nmodel name\t: AMD EPYC\n") == "AMD EPYC"
    assert parse_memory_kib("MemTotal:       16384 kB\n") == 16384


def test_cases_are_numbers_with_commas_between() -> None:
    assert parse_cases("1, 8") == [1, 8]


@pytest.mark.parametrize("text", ["14", "one", "1,,2", "-1"])
def test_a_case_that_does_not_exist_is_refused_by_name(text: str) -> None:
    with pytest.raises(click.BadParameter, match="there is no case"):
        parse_cases(text)
