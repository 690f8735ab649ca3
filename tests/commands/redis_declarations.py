"""Compares what is declared about a command with what a real redis-server says about it."""

from tests.engines import Caller
from tests.reference import ReferenceServer


def declared_as_in_redis(caller: Caller, reference: ReferenceServer, name: str) -> None:
    """Assert that arity, flags, positions of keys, group and version are the same."""
    declaration = caller.engine.declarations()[name.encode()]
    keys = declaration.keys
    own = [declaration.full_name().encode(), declaration.arity(), declaration.flag_names(), keys.first, keys.last]
    answer = reference("COMMAND", "INFO", name)
    assert isinstance(answer, list) and isinstance(answer[0], list)
    assert [*own, keys.step] == answer[0][:6]
    documents = reference("COMMAND", "DOCS", name)
    assert isinstance(documents, list)
    documented = dict(zip(documents[1][::2], documents[1][1::2], strict=True))
    assert declaration.group.encode() == documented[b"group"]
    assert declaration.since.encode() == documented[b"since"]


def keys_as_in_redis(caller: Caller, reference: ReferenceServer, line: str) -> None:
    """Assert that COMMAND GETKEYS answers the same."""
    assert caller.plain("COMMAND", "GETKEYS", *line.split()) == reference("COMMAND", "GETKEYS", *line.split())
