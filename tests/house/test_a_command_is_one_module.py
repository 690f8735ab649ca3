"""Adding a command touches one module: this one. Declared here, it works through every door."""

from librt.strings import BytesWriter

from kvik.commands import BUILT_IN
from kvik.commands.args import Args
from kvik.commands.family import CommandTable, Family
from kvik.declaration import FAST, FIRST, WRITE
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.dialects.text import TextDialect
from kvik.errors import wrong_type
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.container import STRING
from kvik.store.value import as_bytes, kind_of
from tests.engines import Caller

family = Family("reversing")


@family.command("REVERSE", args=(1, 1), flags=WRITE | FAST, keys=FIRST, summary="Turns a string round.", since="kvik")
def reverse(session: Session, args: Args) -> Reply:
    key = args.key()
    value = session.keys.read(key)
    if value is None:
        return None
    if kind_of(value) != STRING:
        raise wrong_type()
    turned = as_bytes(value)[::-1]
    session.keys.replace(key, turned)
    return turned


FAMILIES = (*BUILT_IN, family)


def through(dialect: Dialect, data: bytes) -> bytes:
    """Return what a connection with that dialect to a fresh engine answers."""
    connection = Connection(Caller(FAMILIES).engine, dialect, Carrier())
    connection.receive(data)
    return connection.take_output()


def test_the_new_command_works_in_the_engine() -> None:
    call = Caller(FAMILIES)
    call("SET", "k", "abc")
    assert call("REVERSE", "k") == b"cba"
    assert call("GET", "k") == b"cba"


def test_the_new_command_works_through_the_text_door() -> None:
    assert through(TextDialect(), b"SET k abc\nreverse k // backwards\n") == b"OK\ncba\n"


def test_the_new_command_works_through_the_resp_door() -> None:
    assert through(RespDialect(), b"SET k abc\r\nREVERSE k\r\n") == b"+OK\r\n$3\r\ncba\r\n"


def test_the_new_command_is_queued_watched_and_journalled_like_any_other() -> None:
    call = Caller(FAMILIES)
    other = call.another()
    call("SET", "k", "abc")
    other("WATCH", "k")
    call("MULTI")
    assert call.plain("REVERSE", "k") == b"QUEUED"
    assert call.plain("EXEC") == [b"cba"]
    other("MULTI")
    assert other.plain("EXEC") is None
    assert call.journal.words()[-1] == [b"REVERSE", b"k"]
    assert call("COMPACT").commands == [[b"SET", b"k", b"cba"]]


def test_the_new_command_has_arity_keys_and_documentation_from_its_declaration() -> None:
    call = Caller(FAMILIES)
    assert call.error("REVERSE") == "ERR wrong number of arguments for 'reverse' command"
    assert call.plain("COMMAND", "GETKEYS", "REVERSE", "k") == [b"k"]
    assert b"Turns a string round." in str(call.plain("COMMAND", "DOCS", "REVERSE")).encode()


def test_another_engine_does_not_know_the_new_command() -> None:
    assert Caller().error("REVERSE", "k").startswith("ERR unknown command 'REVERSE'")


def test_a_reply_is_encoded_without_the_dialect_knowing_the_command() -> None:
    out = BytesWriter()
    TextDialect().encode(None, reverse(Caller(FAMILIES).session, Args([b"REVERSE", b"none"], 1)), 2, out)
    assert out.getvalue() == b"nil\n"


def test_two_commands_of_one_name_are_refused() -> None:
    twice = Family("twice")
    twice.command("REVERSE", args=(0, 0), flags=FAST, summary="Something else.")(reverse)
    try:
        CommandTable([family, twice])
    except ValueError as error:
        assert "REVERSE is declared twice" in str(error)
    else:
        raise AssertionError("the second REVERSE was taken")
