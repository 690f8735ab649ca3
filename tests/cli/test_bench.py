"""`kvik bench`: real servers under small loads, what is measured, and what is told."""

import json
import os
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from benchmarks.servers import free_port

from tests.client.load.recording import RecordingServer
from tests.patience import wait_until
from tests.programs import KVIK, SECONDS_MAX, Terminal, pipe_to, run
from tests.servers import KvikServer, RedisServer

BENCH = [*KVIK, "bench"]


def bench(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return run([*BENCH, *arguments])


def measured(*arguments: str) -> dict[str, Any]:
    """Run a load that must go well, and return what it writes as JSON."""
    done = bench(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def test_a_load_on_kvik_is_measured(kvik_server: KvikServer) -> None:
    outcome = measured(
        f"127.0.0.1:{kvik_server.ports['auto']}", "-n", "2000", "-c", "7", "-P", "3", "--fill", "-r", "99"
    )
    latency = outcome["latency_ms"]
    assert outcome["requests"] == 2000 and outcome["server"]["name"] == "kvik"
    assert (
        0 < latency["min"] <= latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p99.9"] <= latency["max"]
    )
    assert outcome["throughput"] == pytest.approx(2000 / outcome["seconds"], rel=0.01)
    assert sum(times for _, times in outcome["counters"]) == 2000
    assert (outcome["errors"], outcome["lost"], outcome["missing"]) == ({}, {}, 0)
    with kvik_server.open() as wire:
        assert wire.call("DBSIZE") == 99


def test_a_load_on_redis_is_measured(redis_server: RedisServer) -> None:
    done = bench(f"unix:{redis_server.address}", "-n", "1000", "-c", "5", "--", "LPUSH", "bench:__key__", "__value__")
    assert done.returncode == 0, done.stderr
    assert b"Redis 7" in done.stdout and b"1,000 requests" in done.stdout and b"p99.9" in done.stdout
    assert done.stderr == b""


def test_what_several_processes_have_measured_is_added_up() -> None:
    with RecordingServer(answer=b"$-1\r\n") as server:
        outcome = measured(server.node, "-n", "301", "-c", "4", "--processes", "3")
    assert (outcome["requests"], outcome["missing"], outcome["plan"]["processes"]) == (301, 301, 3)
    assert sum(times for _, times in outcome["counters"]) == 301


def test_the_embedded_database_is_measured(tmp_path: Path) -> None:
    options = ["--embedded", "--dir", str(tmp_path / "data"), "-n", "500", "--mix", "0", "-r", "100"]
    assert measured(*options)["requests"] == 500
    left = run([*KVIK, "exec", "--dir", str(tmp_path / "data"), "COUNT"])
    assert 50 < int(left.stdout) <= 100


def test_the_same_seed_sends_the_same_requests_from_any_number_of_processes() -> None:
    sent = []
    for seed, processes in (("5", "1"), ("5", "3"), ("6", "1")):
        with RecordingServer() as server:
            options = ["-n", "100", "-c", "4", "-P", "2", "--seed", seed, "--processes", processes]
            assert bench(server.node, *options).returncode == 0
        sent.append(server.streams())
    assert sent[0] == sent[1]
    assert sent[0] != sent[2]
    assert b"".join(sent[0]).count(b"*") == 100


def test_an_open_loop_shows_the_pause_that_a_closed_loop_hides() -> None:
    latencies = []
    for options in (["--rate", "400", "-P", "1000"], []):
        with RecordingServer(pause_after=100, pause_seconds=0.3) as server:
            latencies.append(measured(server.node, "-n", "400", "-c", "1", *options)["latency_ms"])
    opened, closed = latencies
    assert opened["max"] > 250 and opened["p90"] > 100
    assert closed["max"] > 250 and closed["p99"] < 100


def test_an_open_loop_keeps_its_rate() -> None:
    outcomes = []
    while len(outcomes) < 5 and (500, 0) not in outcomes:
        with RecordingServer() as server:
            outcome = measured(server.node, "--rate", "1000", "-s", "0.5", "-c", "3")
        outcomes.append((outcome["requests"], outcome["unsent"]))
    assert outcomes[-1] == (500, 0), "another program may have had the machine once, not five times"
    assert all(requests + unsent == 500 for requests, unsent in outcomes)


def test_what_was_due_while_the_load_stood_still_itself_is_counted() -> None:
    words = [*BENCH, "--rate", "1000", "-s", "0.5", "-c", "3", "--json", "-"]
    with RecordingServer() as server:
        process = subprocess.Popen([*words, server.node], stdout=subprocess.PIPE, start_new_session=True)
        wait_until(lambda: sum(data.count(b"*") for data in server.streams()) > 50)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(0.6)
        os.killpg(process.pid, signal.SIGCONT)
        outcome = json.loads(process.communicate(timeout=SECONDS_MAX)[0])
    assert outcome["unsent"] > 0
    assert outcome["requests"] + outcome["unsent"] == 500


def test_what_a_warm_up_sends_is_not_counted() -> None:
    with RecordingServer(answer=b"$-1\r\n") as server:
        outcome = measured(server.node, "-n", "50", "-c", "2", "--warmup", "0.2")
    assert (outcome["requests"], outcome["missing"]) == (50, 50)
    assert b"".join(server.streams()).count(b"*") > 50


def test_errors_are_counted_by_code_and_the_exit_code_is_1(kvik_server: KvikServer) -> None:
    node = f"127.0.0.1:{kvik_server.ports['auto']}"
    done = bench(node, "-n", "100", "--json", "-", "--", "NOSUCH", "__key__")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"] == {"ERR": 100}
    assert b"ERR: 100 errors" in done.stderr


def test_a_server_that_goes_away_is_told_and_the_exit_code_is_1() -> None:
    with RecordingServer(answer=b"bye\r\n") as server:
        done = bench(server.node, "-n", "10", "-c", "2")
    assert done.returncode == 1
    assert b"without a reply: no RESP" in done.stdout


def test_no_connection_is_one_line_and_exit_code_3() -> None:
    done = bench(f"127.0.0.1:{free_port()}")
    assert done.returncode == 3
    assert done.stderr.startswith(b"kvik: cannot connect") and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "0"],
        ["-d", "9-1"],
        ["--mix", "120"],
        ["--distribution", "normal"],
        ["one:1", "two:2"],
        ["--dir", "x"],
        ["--embedded", "-P", "3"],
        ["--embedded", "there:1"],
        ["--mix", "50", "--", "PING"],
        ["--"],
        ["--compare"],
        ["host:port"],
        ["--json", "no/such/folder/x.json"],
        ["--html", "."],
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    done = bench(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1


def test_an_embedded_database_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = bench("--embedded", "-n", "10", "--dir", str(tmp_path / "file"))
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert done.stderr.startswith(f"kvik: {tmp_path}/file".encode()) and b"Errno" not in done.stderr


def test_an_interrupted_load_shows_what_it_has_measured() -> None:
    with RecordingServer() as server:
        process = pipe_to([*BENCH, server.node, "-s", "100", "-c", "3", "--json", "-"])
        deadline = time.monotonic() + SECONDS_MAX
        while len(b"".join(server.streams())) < 10_000:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 130
    outcome = json.loads(output)
    assert outcome["is_interrupted"] and outcome["requests"] > 100
    assert b"interrupted" in errors


def test_a_terminal_sees_how_far_it_is() -> None:
    with (
        RecordingServer() as server,
        Terminal([*BENCH, server.node, "-s", "1.6", "-c", "2"], {"COLUMNS": "120"}) as shown,
    ):
        shown.wait_for("p99 ")
        shown.wait_for("requests")
        assert shown.exit_code() == 0


def test_the_password_is_not_shown() -> None:
    outcome = ["--password", "secret", "-n", "5", "-c", "1"]
    with RecordingServer() as server:
        done = bench(server.node, *outcome, "--json", "-")
    assert b"secret" not in done.stdout and b"--password ***" in done.stdout
    assert b"secret" in b"".join(server.received.values())


class Page(HTMLParser):
    """What a page loads from elsewhere, and whether it runs anything."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [tag] if tag in ("script", "link", "img", "iframe", "object") else []
        self.loads += [name for name, _ in attrs if name in ("src", "href", "style") or name.startswith("on")]


def run_with_page(tmp_path: Path, name: str, *options: str) -> Path:
    with RecordingServer() as server:
        page, figures = tmp_path / f"{name}.html", tmp_path / f"{name}.json"
        done = bench(server.node, "-n", "300", "--html", str(page), "--json", str(figures), *options)
    assert done.returncode == 0, done.stderr
    return page


def check_page(page: Path) -> str:
    """Return the text of a page that is complete in itself and well-formed."""
    text = page.read_text()
    reader = Page()
    reader.feed(text)
    assert reader.loads == [] and "http" not in text and "url(" not in text and "@import" not in text
    tree = ElementTree.fromstring(text.partition("\n")[2])
    pictures = [picture for picture in tree.iter("svg") if picture.get("role") == "img"]
    assert len(pictures) == 2
    for picture in pictures:
        assert picture.find("title") is not None and picture.find("desc") is not None
    return text


def test_the_page_is_complete_in_itself_and_well_formed(tmp_path: Path) -> None:
    text = check_page(run_with_page(tmp_path, "one", "--", "SET", "<b>__key__&", "__value__"))
    assert "prefers-color-scheme" in text and "@media print" in text
    assert "&lt;b&gt;__key__&amp;" in text and "<b>__key__" not in text
    assert "kvik bench 127.0.0.1:" in text


def test_runs_are_compared_on_a_terminal_and_on_a_page(tmp_path: Path) -> None:
    run_with_page(tmp_path, "first")
    run_with_page(tmp_path, "second", "--rate", "10k")
    both = tmp_path / "both.html"
    files = [str(tmp_path / f"{name}.json") for name in ("first", "second")]
    done = bench("--compare", *files, "--html", str(both))
    assert done.returncode == 0, done.stderr
    assert b"second / first" in done.stdout
    assert "second / first" in check_page(both)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "kvik bench 1"}', "\x00"])
def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    done = bench("--compare", str(file))
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1 and b"a.json" in done.stderr


def test_help_shows_groups_and_examples() -> None:
    text = bench("--help").stdout
    for part in (b"How much:", b"What:", b"Where:", b"Results:", b"Examples:", b"Exit codes:", b"--distribution"):
        assert part in text
