"""The limit of data: who is refused, who goes, and what is told about it."""

import pytest

from kvik.errors import SettingsError
from kvik.replies import NULL_ARRAY, OK, QUEUED
from kvik.settings import Settings, load_settings
from tests.engines import Caller

OOM = "OOM command not allowed when used memory > 'maxmemory'."
ABORT = "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'."


def full(policy: str = "noeviction", **settings: int) -> Caller:
    """Return a caller on data that already take more than the limit of bytes that is set then."""
    caller = Caller(settings=Settings(maxmemory_policy=policy, **settings))
    for number in range(100):
        caller("SET", f"k{number}", "x" * 100)
    return caller


def limited(keys: int, policy: str) -> Caller:
    return Caller(settings=Settings(maxkeys=keys, maxmemory_policy=policy))


def keys_of(caller: Caller) -> set[bytes]:
    return set(caller.session.keys.keys())


# Refusing


def test_without_a_limit_nothing_is_counted() -> None:
    caller = full()
    assert caller.engine.databases.evictor is None
    assert caller.session.keys.weight == 0


def test_a_command_that_adds_data_is_refused_while_there_are_more_bytes_than_may_be() -> None:
    caller = full()
    assert caller("CONFIG", "SET", "maxmemory", "10000") == OK
    assert caller.error("SET", "new", "1") == OOM
    assert caller.error("SET", "k1", "1") == OOM, "as in Redis, also where it would grow nothing"
    assert caller.error("INCR", "n") == OOM
    assert caller("GET", "k1") == b"x" * 100
    assert caller("EXPIRE", "k1", "100") == 1
    for number in range(60):
        caller("DEL", f"k{number}")
    assert caller("SET", "new", "1") == OK


def test_a_refused_command_is_counted_as_an_error_and_as_rejected() -> None:
    caller = full()
    caller("CONFIG", "SET", "maxmemory", "1")
    caller("SET", "new", "1")
    assert caller.engine.statistics.errors_by_code["OOM"] == 1
    usage = next(usage for usage in caller.engine.usage() if usage.declaration.name == "SET")
    assert usage.rejected == 1


def test_a_new_key_beyond_the_limit_of_keys_is_refused_and_an_old_one_may_be_overwritten() -> None:
    caller = limited(2, "noeviction")
    assert caller("MSET", "a", "1", "b", "2") == OK
    assert caller.error("SET", "c", "3") == OOM
    assert caller("SET", "a", "more than before") == OK
    assert caller("APPEND", "b", "x") == 2
    assert caller.error("MSET", "a", "1", "c", "3") == OOM
    assert caller("DEL", "a") == 1
    assert caller("SET", "c", "3") == OK


def test_keys_of_all_databases_count_together() -> None:
    caller = limited(2, "noeviction")
    caller("SET", "a", "1")
    caller("SELECT", "1")
    caller("SET", "a", "1")
    assert caller.error("SET", "b", "1") == OOM


def test_a_key_that_has_expired_makes_room() -> None:
    caller = limited(1, "noeviction")
    caller("SET", "a", "1", "PX", "10")
    caller.clock.advance(100)
    caller.engine.databases.expire_due(100)
    assert caller("SET", "b", "1") == OK


def test_while_there_is_too_much_nothing_is_queued_and_exec_is_refused() -> None:
    caller = full()
    caller("MULTI")
    assert caller("SET", "new", "1") == QUEUED
    other = caller.another()
    other("CONFIG", "SET", "maxmemory", "1")
    assert caller.error("GET", "k1") == OOM, "as in Redis: what is queued takes memory too"
    assert caller.error("EXEC") == "EXECABORT Transaction discarded because of previous errors."


def test_a_transaction_that_was_queued_before_is_refused_whole_where_it_adds_data() -> None:
    caller = full()
    other = caller.another()
    for words in (["SET", "new", "1"], ["GET", "k1"]):
        other("CONFIG", "SET", "maxmemory", "0")
        caller("MULTI")
        assert caller(*words) == QUEUED
        other("CONFIG", "SET", "maxmemory", "1")
        if words[0] == "SET":
            assert caller.error("EXEC") == ABORT
        else:
            assert caller("EXEC") == [b"x" * 100]


def test_a_transaction_that_adds_more_keys_than_fit_is_refused_whole() -> None:
    caller = limited(2, "noeviction")
    caller("MULTI")
    for key in ("a", "b", "c"):
        assert caller("SET", key, "1") == QUEUED
    assert caller.error("EXEC") == ABORT
    assert keys_of(caller) == set()


def test_nothing_is_refused_or_evicted_while_a_journal_is_replayed() -> None:
    caller = limited(2, "allkeys-lru")
    caller.session.is_replay = True
    for number in range(5):
        assert caller("SET", f"k{number}", "1") == OK
    caller.session.is_replay = False
    assert len(keys_of(caller)) == 5
    assert caller("SET", "k5", "1") == OK
    assert len(keys_of(caller)) == 2


# Evicting


def test_the_key_goes_whose_last_use_is_longest_ago() -> None:
    caller = limited(3, "allkeys-lru")
    for key in ("a", "b", "c"):
        caller("SET", key, "1")
    caller("GET", "a")
    caller("SET", "d", "1")
    assert keys_of(caller) == {b"a", b"c", b"d"}


def test_asking_about_a_key_is_no_use_of_it_and_touch_is() -> None:
    caller = limited(3, "allkeys-lru")
    for key in ("a", "b", "c"):
        caller("SET", key, "1")
    for question in ("TYPE", "TTL", "EXISTS"):
        caller(question, "a")
    for question in ("ENCODING", "IDLETIME", "REFCOUNT"):
        caller("OBJECT", question, "a")
    caller("TOUCH", "b")
    caller("SET", "d", "1")
    assert keys_of(caller) == {b"b", b"c", b"d"}


def test_the_key_goes_that_was_used_most_seldom() -> None:
    caller = limited(3, "allkeys-lfu")
    for key, uses in (("often", 20), ("seldom", 2), ("more", 8)):
        caller("SET", key, "1")
        for _ in range(uses):
            caller("GET", key)
    caller("SET", "new", "1")
    assert keys_of(caller) == {b"often", b"more", b"new"}


def test_the_nearest_deadline_goes_first() -> None:
    caller = limited(4, "volatile-ttl")
    for key, seconds in (("far", 1000), ("near", 10), ("farther", 2000)):
        caller("SET", key, "1", "EX", seconds)
    caller("SET", "forever", "1")
    caller("SET", "new", "1")
    assert keys_of(caller) == {b"far", b"farther", b"forever", b"new"}


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"])
def test_a_volatile_policy_takes_no_key_without_a_deadline(policy: str) -> None:
    caller = limited(3, policy)
    caller("SET", "a", "1")
    caller("SET", "b", "1", "EX", "100")
    caller("SET", "c", "1")
    assert caller("SET", "d", "1") == OK
    assert keys_of(caller) == {b"a", b"c", b"d"}
    assert caller.error("SET", "e", "1") == OOM, "there is none left that may go"


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_keys_of_other_databases_go_too(policy: str) -> None:
    caller = limited(3, policy)
    for key in ("a", "b", "c"):
        caller("SET", key, "1")
    caller("SELECT", "5")
    for key in ("d", "e", "f", "g", "h", "i", "j", "k"):
        assert caller("SET", key, "1") == OK
    assert sum(len(space) for space in caller.engine.databases.spaces) == 3


def test_chance_takes_old_and_new_keys_alike() -> None:
    caller = limited(100, "allkeys-random")
    for number in range(100):
        caller("SET", f"old{number}", "1")
    for number in range(100):
        caller("SET", f"new{number}", "1")
    old = sum(key.startswith(b"old") for key in keys_of(caller))
    assert 20 < old < 60, "a hundred times one of a hundred: 37 are expected to stay"


def test_bytes_are_brought_below_the_limit_before_a_command_runs() -> None:
    caller = Caller(settings=Settings(maxmemory=20_000, maxmemory_policy="allkeys-lru"))
    for number in range(500):
        assert caller("SET", f"k{number}", "x" * 100) == OK
        evictor = caller.engine.databases.evictor
        assert evictor is not None
        assert evictor.limit.bytes <= 20_000 + 300
    assert b"k499" in keys_of(caller)
    assert b"k0" not in keys_of(caller)


def test_one_command_evicts_a_bounded_number_and_the_rounds_do_the_rest() -> None:
    caller = Caller(settings=Settings(maxmemory_policy="allkeys-lru"))
    for number in range(2000):
        caller("SET", f"k{number}", "1")
    caller("CONFIG", "SET", "maxkeys", "10")
    assert caller("SET", "new", "1") == OK
    left = len(keys_of(caller))
    assert 1000 < left < 2000
    rounds = 0
    while caller.engine.make_room():
        rounds += 1
        assert len(keys_of(caller)) >= left - 256 * rounds
    assert len(keys_of(caller)) == 10
    assert rounds >= 4


def test_a_limit_without_eviction_gives_the_rounds_nothing_to_do() -> None:
    caller = full()
    caller("CONFIG", "SET", "maxmemory", "1")
    assert not caller.engine.make_room()


def test_an_evicted_key_is_written_down_as_deleted_before_what_made_it_go() -> None:
    caller = limited(1, "allkeys-lru")
    caller("SET", "a", "1")
    assert caller.recorded("SET", "b", "1") == [[b"DEL", b"a"], [b"SET", b"b", b"1"]]


def test_who_watches_an_evicted_key_is_told() -> None:
    caller = limited(1, "allkeys-lru")
    caller("SET", "a", "1")
    caller("WATCH", "a")
    caller.another()("SET", "b", "1")
    caller("MULTI")
    caller("PING")
    assert caller("EXEC") is NULL_ARRAY


def test_a_transaction_for_which_a_watched_key_is_evicted_is_not_run() -> None:
    caller = limited(1, "allkeys-lru")
    caller("SET", "a", "1")
    caller("WATCH", "a")
    caller("MULTI")
    caller("SET", "b", "1")
    assert caller("EXEC") is NULL_ARRAY


def test_a_snapshot_still_has_what_is_evicted() -> None:
    caller = limited(1, "allkeys-lru")
    caller("SET", "a", "1")
    snapshot = caller.engine.begin_snapshot()
    caller("SET", "b", "1")
    assert snapshot.values_held() > 0
    caller.engine.end_snapshot(snapshot)


# What is told


def info(caller: Caller, field: str) -> str:
    text = caller("INFO", "everything").text.decode()
    return next(line.partition(":")[2] for line in text.split("\r\n") if line.startswith(field + ":"))


def test_info_shows_the_bytes_that_the_limit_is_held_against() -> None:
    caller = full(maxmemory=1_000_000)
    evictor = caller.engine.databases.evictor
    assert evictor is not None
    counted = str(int(evictor.limit.bytes))
    assert info(caller, "used_memory") == info(caller, "used_memory_dataset") == counted
    assert info(caller, "maxmemory") == "1000000"
    assert info(caller, "maxmemory_human") == "976.56K"
    assert info(caller, "maxmemory_policy") == "noeviction"


def test_info_counts_evicted_keys_until_the_statistics_are_reset() -> None:
    caller = limited(2, "allkeys-random")
    for number in range(7):
        caller("SET", f"k{number}", "1")
    assert info(caller, "evicted_keys") == "5"
    caller("CONFIG", "RESETSTAT")
    assert info(caller, "evicted_keys") == "0"


def test_info_says_for_how_long_there_has_been_too_much() -> None:
    caller = full()
    caller("CONFIG", "SET", "maxmemory", "1")
    caller("SET", "a", "1")
    caller.clock.advance(500)
    assert info(caller, "current_eviction_exceeded_time") == "500"
    caller("CONFIG", "SET", "maxmemory", "1gb")
    caller("SET", "a", "1")
    caller.clock.advance(500)
    assert info(caller, "total_eviction_exceeded_time") == "500"
    assert info(caller, "current_eviction_exceeded_time") == "0"


def test_as_many_keys_as_may_be_are_not_too_much() -> None:
    caller = limited(1, "noeviction")
    caller("SET", "a", "1")
    caller.error("SET", "b", "1")
    caller.clock.advance(500)
    assert info(caller, "total_eviction_exceeded_time") == "0"


def test_the_idle_time_is_in_seconds_since_the_last_use() -> None:
    caller = limited(10, "allkeys-lru")
    caller("SET", "a", "1")
    caller.clock.advance(7_500)
    assert caller("OBJECT", "IDLETIME", "a") == 7
    caller("GET", "a")
    assert caller("OBJECT", "IDLETIME", "a") == 0
    assert caller("OBJECT", "IDLETIME", "missing") is None
    assert caller.error("OBJECT", "FREQ", "a").startswith("ERR An LFU maxmemory policy is not selected")


def test_the_frequency_grows_with_uses_and_not_in_proportion() -> None:
    caller = limited(10, "allkeys-lfu")
    caller("SET", "a", "1")
    assert caller("OBJECT", "FREQ", "a") == 5
    for _ in range(100):
        caller("GET", "a")
    assert 8 <= int(str(caller("OBJECT", "FREQ", "a"))) <= 10
    assert caller("OBJECT", "FREQ", "missing") is None
    assert caller.error("OBJECT", "IDLETIME", "a").startswith("ERR An LFU maxmemory policy is selected, idle time")


def test_a_policy_that_knows_uses_knows_them_also_without_a_limit() -> None:
    caller = Caller(settings=Settings(maxmemory_policy="allkeys-lfu"))
    caller("SET", "a", "1")
    assert caller("OBJECT", "FREQ", "a") == 5


def test_the_policy_is_one_of_redis() -> None:
    caller = Caller()
    error = caller.error("CONFIG", "SET", "maxmemory-policy", "fifo")
    assert "must be one of the following: volatile-lru, allkeys-lru, volatile-lfu, allkeys-lfu, vol" in error
    assert caller.error("CONFIG", "SET", "maxmemory", "x").endswith("argument must be a memory value")


def test_switching_a_limit_on_off_and_on_counts_what_is_there() -> None:
    caller = full()
    caller("RPUSH", "list", "1", "2", "3")
    caller("CONFIG", "SET", "maxmemory", "1gb")
    weight = caller.session.keys.weight
    caller("CONFIG", "SET", "maxmemory", "0")
    assert caller.session.keys.weight == 0
    caller("SET", "another", "1")
    caller("RPUSH", "list", "4")
    caller("CONFIG", "SET", "maxkeys", "1000")
    assert caller.session.keys.weight > weight


# One text for both limits


@pytest.mark.parametrize(
    ("text", "memory", "keys"),
    [
        ("64mb", 64 << 20, 0),
        ("1000keys", 0, 1000),
        ("1000 Keys", 0, 1000),
        ("1key", 0, 1),
        ("5000", 5000, 0),
        ("0", 0, 0),
        ("", 0, 0),
    ],
)
def test_the_volume_is_bytes_or_keys(text: str, memory: int, keys: int) -> None:
    settings = load_settings(environment={"KVIK_MAX_VOLUME": text})
    assert (settings.maxmemory, settings.maxkeys) == (memory, keys)


@pytest.mark.parametrize("text", ["many", "-1", "keys", "1.5mb", "mb", "12monkeys"])
def test_a_volume_that_is_neither_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(SettingsError, match="--max-volume: expected a size such as 64mb or a number of keys"):
        load_settings(flags={"max-volume": text})
