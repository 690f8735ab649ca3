"""What is declared about commands on keys is what a real redis-server says about them."""

import pytest

from kvik.commands import databases, expiry, inspection, keys, search
from kvik.declaration import Declaration
from tests.reference import ReferenceServer

FAMILIES = (keys.family, search.family, expiry.family, inspection.family, databases.family, databases.selection)
DECLARATIONS = [declaration for family in FAMILIES for declaration, _ in family.commands]
SHARED = [declaration for declaration in DECLARATIONS if declaration.since != "kvik"]
OWN = [declaration for declaration in DECLARATIONS if declaration.since == "kvik"]


@pytest.mark.parametrize("declaration", SHARED, ids=lambda declaration: declaration.full_name())
def test_a_command_is_declared_as_in_redis(declaration: Declaration, reference: ReferenceServer) -> None:
    reply = reference("COMMAND", "INFO", declaration.full_name())
    assert isinstance(reply, list)
    assert isinstance(reply[0], list)
    name, arity, flags, first, last, step, *_ = reply[0]
    spots = declaration.keys
    assert (declaration.full_name().encode(), declaration.arity()) == (name, arity)
    assert sorted(declaration.flag_names()) == sorted(flags)
    assert (spots.first, spots.last, spots.step if spots.first else 0) == (first, last, step)


@pytest.mark.parametrize("declaration", SHARED, ids=lambda declaration: declaration.full_name())
def test_a_command_came_with_the_version_redis_names(declaration: Declaration, reference: ReferenceServer) -> None:
    container = declaration.full_name().split("|")[0]
    reply = reference("COMMAND", "DOCS", container)
    assert isinstance(reply, list)
    documents = {container.encode(): reply[1]}
    named = dict(zip(reply[1][::2], reply[1][1::2], strict=True))
    children = named.get(b"subcommands", [])
    documents |= dict(zip(children[::2], children[1::2], strict=True))
    document = documents[declaration.full_name().encode()]
    facts = dict(zip(document[::2], document[1::2], strict=True))
    assert (declaration.since.encode(), declaration.group.encode()) == (facts[b"since"], facts[b"group"])


@pytest.mark.parametrize("declaration", OWN, ids=lambda declaration: declaration.full_name())
def test_a_word_of_our_own_is_unknown_to_redis(declaration: Declaration, reference: ReferenceServer) -> None:
    assert reference("COMMAND", "INFO", declaration.full_name()) == [None]
