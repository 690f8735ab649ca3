"""INFO: sections and fields."""

from kvik.build_info import VERSION, build_name
from kvik.replies import Verbatim
from kvik.services import House
from tests.engines import Caller


class Still(House):
    """A house whose machine never changes."""

    def listening(self) -> list[str]:
        return ["auto://127.0.0.1:9736", "resp:///run/kvik.sock", "text://[::1]:9737"]

    def process_id(self) -> int:
        return 42

    def resident_bytes(self) -> int:
        return 3 * 1024 * 1024

    def resident_bytes_max(self) -> int:
        return 4 * 1024 * 1024

    def processor_seconds(self) -> tuple[float, float]:
        return 1.5, 0.25


def text(caller: Caller, *sections: str) -> str:
    reply = caller("INFO", *sections)
    assert isinstance(reply, Verbatim)
    return reply.text.decode()


def fields(caller: Caller, *sections: str) -> dict[str, str]:
    return dict(line.split(":", 1) for line in text(caller, *sections).splitlines() if ":" in line)


def titles(caller: Caller, *sections: str) -> list[str]:
    return [line[2:] for line in text(caller, *sections).splitlines() if line.startswith("# ")]


def test_info_says_which_redis_it_speaks_and_which_kvik_it_is() -> None:
    found = fields(Caller(house=Still()), "server")
    assert found["redis_version"] == "7.2.4"
    assert found["kvik_version"] == VERSION
    assert found["kvik_build"] == build_name()
    assert found["process_id"] == "42"
    assert found["tcp_port"] == "9736"
    assert found["listener0"] == "name=auto,bind=127.0.0.1,port=9736"
    assert found["listener1"] == "name=resp,bind=/run/kvik.sock"
    assert found["listener2"] == "name=text,bind=[::1],port=9737"
    assert len(found["run_id"]) == 40


def test_uptime_is_counted_from_the_start(caller: Caller) -> None:
    caller.clock.advance(90_000_000)
    found = fields(caller, "server")
    assert (found["uptime_in_seconds"], found["uptime_in_days"]) == ("90000", "1")


def test_sections_come_in_the_order_of_redis(caller: Caller) -> None:
    usual = ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Errorstats", "Cluster"]
    assert titles(caller) == [*usual, "Keyspace"]
    assert titles(caller, "default") == [*usual, "Keyspace"]
    assert "Commandstats" in titles(caller, "all")
    assert titles(caller, "everything") == titles(caller, "all")


def test_only_what_was_asked_for_is_answered(caller: Caller) -> None:
    assert titles(caller, "KEYSPACE", "server", "nonsense") == ["Server", "Keyspace"]
    assert text(caller, "nonsense") == ""
    assert text(caller, "keyspace") == "# Keyspace\r\n"


def test_memory_is_shown_for_machines_and_for_people() -> None:
    found = fields(Caller(house=Still()), "memory")
    assert (found["used_memory"], found["used_memory_human"]) == ("3145728", "3.00M")
    assert (found["used_memory_peak"], found["used_memory_peak_perc"]) == ("4194304", "75.00%")


def test_processor_time_is_shown() -> None:
    found = fields(Caller(house=Still()), "cpu")
    assert (found["used_cpu_user"], found["used_cpu_sys"]) == ("1.500000", "0.250000")


def test_callers_and_those_who_watch_are_counted(caller: Caller) -> None:
    other = caller.another()
    other("WATCH", "k")
    found = fields(caller, "clients")
    assert (found["connected_clients"], found["watching_clients"], found["maxclients"]) == ("2", "1", "10000")


def test_hits_misses_and_expired_keys_are_counted(caller: Caller) -> None:
    caller("SET", "k", "v", "PX", "10")
    caller("GET", "k")
    caller.clock.advance(11)
    caller("GET", "k")
    found = fields(caller, "stats")
    assert (found["keyspace_hits"], found["keyspace_misses"], found["expired_keys"]) == ("1", "1", "1")
    assert found["total_commands_processed"] == "4"


def test_each_database_with_keys_has_a_line(caller: Caller) -> None:
    caller("SET", "a", "1")
    caller("SELECT", "3")
    caller("SET", "b", "1", "EX", "100")
    caller("SET", "c", "1")
    assert fields(caller, "keyspace") == {
        "db0": "keys=1,expires=0,avg_ttl=0",
        "db3": "keys=2,expires=1,avg_ttl=0",
    }


def test_calls_refusals_and_failures_of_commands_are_counted(caller: Caller) -> None:
    caller("SET", "k", "text")
    caller("INCR", "k")
    caller("GET")
    caller("CLIENT", "ID")
    found = fields(caller, "commandstats")
    assert found["cmdstat_set"] == "calls=1,rejected_calls=0,failed_calls=0"
    assert found["cmdstat_incr"] == "calls=1,rejected_calls=0,failed_calls=1"
    assert found["cmdstat_get"] == "calls=0,rejected_calls=1,failed_calls=0"
    assert found["cmdstat_client|id"] == "calls=1,rejected_calls=0,failed_calls=0"


def test_errors_are_counted_by_their_code(caller: Caller) -> None:
    caller("NONSENSE")
    caller("HELLO", "9")
    assert fields(caller, "errorstats") == {"errorstat_ERR": "count=1", "errorstat_NOPROTO": "count=1"}
