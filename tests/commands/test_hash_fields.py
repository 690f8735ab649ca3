"""Fields that die, as Redis 7.4 and 8.0 document them: replies, errors and their order, the journal, events."""

import pytest

from kvik.clock import ManualClock
from tests.engines import Caller

NOW = 1_700_000_000_000
SECONDS = NOW // 1000
MOMENT_MAX = (1 << 46) - 1
NOT_FIELDS = "ERR Mandatory argument FIELDS is missing or not at the right position"
NOT_THAT_MANY = "ERR The `numfields` parameter must match the number of arguments"
NOT_A_COUNT = "ERR Number of fields must be a positive integer"
NOT_A_COUNT_OF_HEXPIRE = "ERR Parameter `numFields` should be greater than 0"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NEGATIVE = "ERR invalid expire time, must be >= 0"
ONE_TIME = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
ONE_CONDITION = "ERR Only one of FXX or FNX arguments can be specified"
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
EXPIRING = ["HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"]
ASKING = ["HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME"]


@pytest.fixture
def caller() -> Caller:
    """A caller with a hash of three fields."""
    made = Caller(clock=ManualClock(NOW))
    made("HSET", "h", "a", "1", "b", "2", "c", "3")
    return made


def ask(caller: Caller, line: str) -> object:
    return caller.plain(*line.split())


# Giving deadlines


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("HEXPIRE h 10 FIELDS 1 a", NOW + 10_000),
        ("HPEXPIRE h 10 FIELDS 1 a", NOW + 10),
        (f"HEXPIREAT h {SECONDS + 7} FIELDS 1 a", NOW + 7_000),
        (f"HPEXPIREAT h {NOW + 7} FIELDS 1 a", NOW + 7),
        ("hexpire h 10 fields 1 a", NOW + 10_000),
        (f"HPEXPIREAT h {MOMENT_MAX} FIELDS 1 a", MOMENT_MAX),
        (f"HPEXPIRE h {MOMENT_MAX - NOW} FIELDS 1 a", MOMENT_MAX),
    ],
)
def test_a_field_gets_a_deadline(caller: Caller, line: str, moment: int) -> None:
    assert ask(caller, line) == [1]
    assert ask(caller, "HPEXPIRETIME h FIELDS 3 a b x") == [moment, -1, -2]
    assert caller.journal.words()[-1] == f"HPEXPIREAT h {moment} FIELDS 1 a".encode().split()
    assert ask(caller, "OBJECT ENCODING h") == b"listpackex"


@pytest.mark.parametrize("name", EXPIRING)
def test_without_a_key_no_field_is_there(caller: Caller, name: str) -> None:
    assert ask(caller, f"{name} none 10 FIELDS 2 a b") == [-2, -2]
    assert ask(caller, f"{name} none 10 NX FIELDS 1 a") == [-2]
    assert ask(caller, "EXISTS none") == 0 and len(caller.journal.entries) == 1


@pytest.mark.parametrize(
    ("condition", "now", "later", "never"),
    [("NX", 0, 0, 1), ("XX", 1, 1, 0), ("GT", 0, 1, 0), ("LT", 1, 0, 1), ("gt", 0, 1, 0)],
)
def test_conditions_compare_with_the_deadline_that_is_there(
    caller: Caller, condition: str, now: int, later: int, never: int
) -> None:
    ask(caller, "HEXPIRE h 100 FIELDS 2 a b")
    assert ask(caller, f"HEXPIRE h 50 {condition} FIELDS 3 a c x") == [now, never, -2]
    assert ask(caller, f"HEXPIRE h 200 {condition} FIELDS 1 b") == [later]
    ask(caller, "HEXPIRE h 100 FIELDS 1 b")
    assert ask(caller, f"HEXPIRE h 100 {condition} FIELDS 1 b") == [1 if condition == "XX" else 0]


@pytest.mark.parametrize(
    "line",
    [
        "HEXPIRE h 0 FIELDS 3 a x a",
        "HPEXPIRE h 0 FIELDS 3 a x a",
        f"HEXPIREAT h {SECONDS} FIELDS 3 a x a",
        f"HPEXPIREAT h {NOW} FIELDS 3 a x a",
        "HPEXPIREAT h 1 FIELDS 3 a x a",
    ],
)
def test_a_moment_that_has_passed_deletes_the_field(caller: Caller, line: str) -> None:
    assert ask(caller, line) == [2, -2, -2]
    assert ask(caller, "HKEYS h") == [b"b", b"c"]
    assert caller.journal.words()[-1] == [b"HDEL", b"h", b"a"]
    ask(caller, "HEXPIRE h 100 FIELDS 1 b")
    assert ask(caller, "HPEXPIREAT h 1 NX FIELDS 2 b c") == [0, 2], "conditions come first"
    assert ask(caller, "HPEXPIREAT h 1 FIELDS 1 b") == [2]
    assert ask(caller, "EXISTS h") == 0


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ("x FIELDS 1 a", NOT_AN_INTEGER),
        ("1.5 FIELDS 1 a", NOT_AN_INTEGER),
        ("9223372036854775808 FIELDS 1 a", NOT_AN_INTEGER),
        ("-1 FIELDS 1 a", NEGATIVE),
        ("-9223372036854775808 FIELDS 1 a", NEGATIVE),
        ("10 FIELDS 0 a", NOT_A_COUNT_OF_HEXPIRE),
        ("10 FIELDS -1 a", NOT_A_COUNT_OF_HEXPIRE),
        ("10 FIELDS x a", NOT_A_COUNT_OF_HEXPIRE),
        ("10 FIELDS 2 a", NOT_THAT_MANY),
        ("10 FIELDS 1 a b", NOT_THAT_MANY),
        ("10 NX FIELDS 1", NOT_THAT_MANY),
        ("10 FIELD 1 a", NOT_FIELDS),
        ("10 1 a b", NOT_FIELDS),
        ("10 NX XX FIELDS 1 a", NOT_FIELDS),
        ("10 NX NX FIELDS 1 a", NOT_FIELDS),
        ("-1 FIELD 1 a", NEGATIVE),
    ],
)
@pytest.mark.parametrize("name", EXPIRING)
def test_what_is_wrong_with_hexpire_is_told_in_this_order(caller: Caller, name: str, rest: str, error: str) -> None:
    assert caller.error(name, "h", *rest.split()) == error
    caller("SET", "s", "1")
    assert caller.error(name, "s", *rest.split()) == WRONG_TYPE
    assert ask(caller, "HTTL h FIELDS 1 a") == [-1]


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("HEXPIRE", MOMENT_MAX // 1000),
        ("HPEXPIRE", MOMENT_MAX - NOW + 1),
        ("HEXPIREAT", MOMENT_MAX // 1000 + 1),
        ("HPEXPIREAT", MOMENT_MAX + 1),
        ("HEXPIRE", (1 << 63) - 1),
        ("HPEXPIREAT", (1 << 63) - 1),
    ],
)
def test_a_moment_beyond_46_bits_is_invalid(caller: Caller, name: str, amount: int) -> None:
    error = f"ERR invalid expire time in '{name.lower()}' command"
    assert caller.error(name, "h", amount, "FIELDS", "1", "a") == error


@pytest.mark.parametrize("name", [*EXPIRING, *ASKING, "HPERSIST", "HGETDEL", "HGETEX", "HSETEX"])
def test_too_few_words_are_refused(caller: Caller, name: str) -> None:
    error = f"ERR wrong number of arguments for '{name.lower()}' command"
    assert caller.error(name, "h") == caller.error(name, "h", "FIELDS") == error
    assert caller.error(name, "h", "FIELDS", "1") == error


# Living on


def test_persist_takes_the_deadline_away(caller: Caller) -> None:
    assert ask(caller, "HPERSIST none FIELDS 2 a b") == [-2, -2]
    ask(caller, "HEXPIRE h 10 FIELDS 2 a b")
    assert ask(caller, "HPERSIST h FIELDS 4 a c x a") == [1, -1, -2, -1]
    assert caller.journal.words()[-1] == b"HPERSIST h FIELDS 1 a".split()
    assert caller.recorded("HPERSIST", "h", "FIELDS", "1", "a") == []
    assert ask(caller, "HTTL h FIELDS 2 a b") == [-1, 10]
    ask(caller, "HPERSIST h FIELDS 1 b")
    assert ask(caller, "OBJECT ENCODING h") == b"listpack"


@pytest.mark.parametrize("name", ["HPERSIST", "HGETDEL", *ASKING])
@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ("FIELDS 0 a", NOT_A_COUNT),
        ("FIELDS -1 a", NOT_A_COUNT),
        ("FIELDS x a", NOT_A_COUNT),
        ("FIELDS 1 a b", NOT_THAT_MANY),
        ("FIELDS 3 a b", NOT_THAT_MANY),
        ("FIELD 1 a", NOT_FIELDS),
        ("1 FIELDS a b", NOT_FIELDS),
    ],
)
def test_what_is_wrong_with_a_list_of_fields_is_told(caller: Caller, name: str, rest: str, error: str) -> None:
    assert caller.error(name, "h", *rest.split()) == caller.error(name, "none", *rest.split()) == error
    caller("SET", "s", "1")
    assert caller.error(name, "s", *rest.split()) == WRONG_TYPE


def test_what_is_left_of_a_life_is_told_in_whole_units_begun(caller: Caller) -> None:
    ask(caller, "HPEXPIRE h 1500 FIELDS 1 a")
    assert ask(caller, "HTTL h FIELDS 3 a b x") == [2, -1, -2]
    assert ask(caller, "HPTTL h FIELDS 1 a") == [1500]
    assert ask(caller, "HEXPIRETIME h FIELDS 1 a") == [SECONDS + 2]
    assert ask(caller, "HPEXPIRETIME h FIELDS 1 a") == [NOW + 1500]
    caller.clock.advance(1499)
    assert ask(caller, "HTTL h FIELDS 1 a") == [1] and ask(caller, "HPTTL h FIELDS 1 a") == [1]
    for name in ASKING:
        assert ask(caller, f"{name} none FIELDS 2 a b") == [-2, -2]


# Dying

LOOKS = {
    "HGET h a": None,
    "HMGET h a b": [None, b"2"],
    "HGETALL h": [b"b", b"2", b"c", b"3"],
    "HKEYS h": [b"b", b"c"],
    "HVALS h": [b"2", b"3"],
    "HLEN h": 2,
    "HSTRLEN h a": 0,
    "HEXISTS h a": 0,
    "HSCAN h 0": [b"0", [b"b", b"2", b"c", b"3"]],
    "HRANDFIELD h 5": [b"b", b"c"],
    "HDEL h a": 0,
    "HSET h a 5": 1,
    "HSETNX h a 5": 1,
    "HINCRBY h a 5": 5,
    "HINCRBYFLOAT h a 5": b"5",
    "HTTL h FIELDS 1 a": [-2],
    "HEXPIRE h 10 FIELDS 1 a": [-2],
    "HPERSIST h FIELDS 1 a": [-2],
    "HGETDEL h FIELDS 1 a": [None],
    "HGETEX h EX 10 FIELDS 1 a": [None],
    "HSETEX h FXX FIELDS 1 a 1": 0,
    "HSETEX h FNX FIELDS 1 a 1": 1,
}


@pytest.mark.parametrize("line", LOOKS)
def test_no_command_sees_a_dead_field(caller: Caller, line: str) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 1 a")
    caller.clock.advance(10)
    assert ask(caller, line) == LOOKS[line]
    assert caller.journal.words()[2] == [b"HDEL", b"h", b"a"], "the journal hears of it before anything else"
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    "line", ["EXISTS h", "DEL h", "TYPE h", "RENAME h g", "COPY h g", "DBSIZE", "OBJECT ENCODING h"]
)
def test_a_hash_of_dead_fields_is_not_there(caller: Caller, line: str) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 3 a b c")
    caller.clock.advance(10)
    expected = {"TYPE h": b"none", "RENAME h g": "ERR no such key", "OBJECT ENCODING h": None, "DBSIZE": 1}
    assert ask(caller, line) == expected.get(line, 0)
    caller.engine.databases.expire_due(10)
    caller.clock.advance(100)
    caller.engine.databases.expire_due(10)
    assert ask(caller, "DBSIZE") == 0
    assert caller.replayed().content() == caller.content()


def test_fields_die_without_being_asked_for_and_info_counts_them(caller: Caller) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 2 a b")
    caller.clock.advance(100)
    assert caller.engine.databases.expire_due(100) == 2
    assert caller.journal.words()[-1][:2] == [b"HDEL", b"h"] and set(caller.journal.words()[-1][2:]) == {b"a", b"b"}
    info = caller("INFO", "stats")
    assert b"expired_subkeys:2\n" in info.text.replace(b"\r", b"")  # type: ignore[union-attr]


def test_a_field_that_is_set_lives_on_and_one_that_is_counted_up_does_not(caller: Caller) -> None:
    for field in "abc":
        ask(caller, f"HEXPIRE h 10 FIELDS 1 {field}")
    ask(caller, "HSET h a 1")
    ask(caller, "HINCRBY h b 1")
    ask(caller, "HINCRBYFLOAT h c 0.5")
    assert ask(caller, "HTTL h FIELDS 3 a b c") == [-1, 10, 10]
    ask(caller, "HMSET h b 1 c 1")
    assert ask(caller, "HTTL h FIELDS 3 a b c") == [-1, -1, -1]
    ask(caller, "HEXPIRE h 10 FIELDS 1 a")
    ask(caller, "HDEL h a")
    ask(caller, "HSET h a 1")
    assert ask(caller, "HTTL h FIELDS 1 a") == [-1]
    assert caller.replayed().content() == caller.content()


def test_a_hash_keeps_its_own_deadline_beside_those_of_its_fields(caller: Caller) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 1 a")
    ask(caller, "PEXPIRE h 20")
    caller.clock.advance(10)
    assert ask(caller, "HKEYS h") == [b"b", b"c"] and ask(caller, "PTTL h") == 10
    caller.clock.advance(10)
    assert ask(caller, "HLEN h") == 0


@pytest.mark.parametrize("line", ["RENAME h g", "COPY h g", "MOVE h 1", "SWAPDB 0 1"])
def test_deadlines_of_fields_move_with_the_hash(caller: Caller, line: str) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 1 a")
    ask(caller, line)
    if "1" in line:
        ask(caller, "SELECT 1")
    key = "g" if "g" in line else "h"
    assert ask(caller, f"HPTTL {key} FIELDS 2 a b") == [10, -1]
    caller.clock.advance(10)
    assert ask(caller, f"HKEYS {key}") == [b"b", b"c"]
    assert caller.replayed().content() == caller.content()


def test_a_watched_hash_that_loses_a_field_is_dirty(caller: Caller) -> None:
    ask(caller, "HPEXPIRE h 10 FIELDS 1 a")
    ask(caller, "WATCH h")
    caller.clock.advance(100)
    caller.engine.databases.expire_due(100)
    ask(caller, "MULTI")
    assert ask(caller, "EXEC") is None


# Reading and setting together with deadlines


def test_hgetdel_returns_values_and_deletes_the_fields(caller: Caller) -> None:
    assert ask(caller, "HGETDEL none FIELDS 2 a b") == [None, None]
    assert ask(caller, "HGETDEL h FIELDS 3 a x a") == [b"1", None, None]
    assert caller.journal.words()[-1] == [b"HDEL", b"h", b"a"]
    assert caller.recorded("HGETDEL", "h", "FIELDS", "1", "x") == []
    assert ask(caller, "hgetdel h fields 2 b c") == [b"2", b"3"]
    assert ask(caller, "EXISTS h") == 0


@pytest.mark.parametrize(
    ("option", "moment"),
    [
        ("EX 10", NOW + 10_000),
        ("PX 10", NOW + 10),
        (f"EXAT {SECONDS + 7}", NOW + 7_000),
        (f"PXAT {NOW + 7}", NOW + 7),
        ("px 10", NOW + 10),
    ],
)
def test_hgetex_and_hsetex_give_deadlines(caller: Caller, option: str, moment: int) -> None:
    assert ask(caller, f"HGETEX h {option} FIELDS 3 a x b") == [b"1", None, b"2"]
    assert ask(caller, "HPEXPIRETIME h FIELDS 3 a b c") == [moment, moment, -1]
    assert caller.journal.words()[-1] == f"HPEXPIREAT h {moment} FIELDS 2 a b".encode().split()
    assert ask(caller, f"HSETEX h {option} FIELDS 2 c 7 d 8") == 1
    assert ask(caller, "HPEXPIRETIME h FIELDS 2 c d") == [moment, moment]
    assert caller.journal.words()[-2:] == [
        b"HSET h c 7 d 8".split(),
        f"HPEXPIREAT h {moment} FIELDS 2 c d".encode().split(),
    ]
    assert caller.replayed().content() == caller.content()


def test_hgetex_without_an_option_only_reads(caller: Caller) -> None:
    assert caller.recorded("HGETEX", "h", "FIELDS", "2", "a", "x") == []
    assert ask(caller, "HGETEX none FIELDS 2 a b") == [None, None]
    ask(caller, "HEXPIRE h 10 FIELDS 2 a b")
    assert ask(caller, "HGETEX h FIELDS 1 a") == [b"1"] and ask(caller, "HTTL h FIELDS 1 a") == [10]
    assert ask(caller, "HGETEX h PERSIST FIELDS 3 a c x") == [b"1", b"3", None]
    assert ask(caller, "HTTL h FIELDS 2 a b") == [-1, 10]
    assert caller.journal.words()[-1] == b"HPERSIST h FIELDS 1 a".split()


@pytest.mark.parametrize("option", ["EX 0", "PX 0", f"EXAT {SECONDS}", f"PXAT {NOW}", "PXAT 0"])
def test_a_moment_that_has_passed_deletes_what_was_read_or_set(caller: Caller, option: str) -> None:
    assert ask(caller, f"HGETEX h {option} FIELDS 2 a x") == [b"1", None]
    assert ask(caller, "HKEYS h") == [b"b", b"c"]
    assert ask(caller, f"HSETEX h {option} FIELDS 2 b 9 new 9") == 1
    assert ask(caller, "HKEYS h") == [b"c"]
    assert ask(caller, f"HSETEX none {option} FIELDS 1 a 1") == 1
    assert ask(caller, "EXISTS none") == 0
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ("EX x FIELDS 1 a", NOT_AN_INTEGER),
        ("EX FIELDS 1 a", NOT_AN_INTEGER),
        ("EX -1 FIELDS 1 a", NEGATIVE),
        (f"EX {1 << 48} FIELDS 1 a", "ERR invalid expire time in 'hgetex' command"),
        (f"PXAT {MOMENT_MAX + 1} FIELDS 1 a", "ERR invalid expire time in 'hgetex' command"),
        ("FIELDS 0 a", NOT_A_COUNT),
        ("FIELDS 2 a", NOT_THAT_MANY),
        ("FIELDS 1 a b", NOT_THAT_MANY),
        ("XFIELDX 1 a", NOT_FIELDS),
        ("PXAT 1 1", NOT_FIELDS),
        ("PERSIST 1 FIELDS 1 a", NOT_FIELDS),
        ("EX 10 PX 10 FIELDS 1 a", NOT_FIELDS),
        ("EX 10 PERSIST FIELDS 1 a", NOT_FIELDS),
        ("KEEPTTL FIELDS 1 a", NOT_FIELDS),
    ],
)
def test_what_is_wrong_with_hgetex_is_told(caller: Caller, rest: str, error: str) -> None:
    assert caller.error("HGETEX", "h", *rest.split()) == error
    caller("SET", "s", "1")
    assert caller.error("HGETEX", "s", *rest.split()) == WRONG_TYPE


def test_hsetex_sets_fields_and_drops_the_deadlines_they_had(caller: Caller) -> None:
    ask(caller, "HEXPIRE h 10 FIELDS 3 a b c")
    assert ask(caller, "HSETEX h FIELDS 2 a 7 d 8") == 1
    assert ask(caller, "HTTL h FIELDS 4 a b c d") == [-1, 10, 10, -1]
    assert ask(caller, "HSETEX h KEEPTTL FIELDS 3 b 7 d 9 e 1") == 1
    assert ask(caller, "HTTL h FIELDS 4 b c d e") == [10, 10, -1, -1]
    assert ask(caller, "HMGET h a b d e") == [b"7", b"7", b"9", b"1"]
    assert ask(caller, "hsetex new ex 5 fields 1 f v") == 1 and ask(caller, "HTTL new FIELDS 1 f") == [5]
    assert caller.replayed().content() == caller.content()


def test_hsetex_sets_all_fields_or_none(caller: Caller) -> None:
    assert ask(caller, "HSETEX h FNX FIELDS 2 x 1 a 1") == ask(caller, "HSETEX h FXX FIELDS 2 a 9 x 1") == 0
    assert ask(caller, "HSETEX none FXX FIELDS 1 a 1") == 0 and ask(caller, "EXISTS none") == 0
    assert len(caller.journal.entries) == 1
    assert ask(caller, "HSETEX h FNX FIELDS 2 x 1 y 1") == ask(caller, "HSETEX h EX 5 FXX FIELDS 2 a 9 x 9") == 1
    assert ask(caller, "HMGET h a x y") == [b"9", b"9", b"1"] and ask(caller, "HTTL h FIELDS 3 a x y") == [5, 5, -1]


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ("FNX FXX FIELDS 1 a b", ONE_CONDITION),
        ("FNX FNX FIELDS 1 a b", ONE_CONDITION),
        ("EX 1 PX 1 FIELDS 1 a b", ONE_TIME),
        ("EX 1 EX 1 FIELDS 1 a b", ONE_TIME),
        ("EX 1 KEEPTTL FIELDS 1 a b", ONE_TIME),
        ("KEEPTTL EXAT 1 FIELDS 1 a b", ONE_TIME),
        ("KEEPTTL KEEPTTL FIELDS 1 a b", ONE_TIME),
        ("NX FIELDS 1 a b", "ERR unknown argument: NX"),
        ("PERSIST FIELDS 1 a b", "ERR unknown argument: PERSIST"),
        ("FNX EX 1 NOTFIELDS 1 a b", "ERR unknown argument: NOTFIELDS"),
        ("EX FIELDS 1 a b", NOT_AN_INTEGER),
        ("EXAT 9223372036854775808 1 a b", NOT_AN_INTEGER),
        ("PX -1 FIELDS 1 a b", NEGATIVE),
        (f"PXAT {1 << 48} 1 a b", "ERR invalid expire time in 'hsetex' command"),
        ("FIELDS x a b", "ERR invalid number of fields"),
        ("FIELDS 0 a b", "ERR invalid number of fields"),
        ("FIELDS -1 a b c d", "ERR invalid number of fields"),
        ("FIELDS 2147483648 a b", "ERR invalid number of fields"),
        ("FNX EX 1 FIELDS 0 a", "ERR wrong number of arguments for 'hsetex' command"),
        ("FIELDS 2 a b", "ERR wrong number of arguments for 'hsetex' command"),
        ("FIELDS 1 a b c", "ERR wrong number of arguments for 'hsetex' command"),
        ("FIELDS 1 a b c d", "ERR wrong number of arguments for 'hsetex' command"),
        ("FNX KEEPTTL FIELDS 1 a", "ERR wrong number of arguments for 'hsetex' command"),
    ],
)
def test_what_is_wrong_with_hsetex_is_told(caller: Caller, rest: str, error: str) -> None:
    assert caller.error("HSETEX", "h", *rest.split()) == error
    caller("SET", "s", "1")
    assert caller.error("HSETEX", "s", *rest.split()) == error, "the words are read before the key is looked at"
    assert caller.error("HSETEX", "s", "FIELDS", "1", "a", "b") == WRONG_TYPE
