"""COMMAND: what can be said, in Redis' shapes, made from the declarations alone."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import (
    ADMIN,
    ADMINISTRATIVE,
    ANY,
    BLOCKING,
    DANGEROUS,
    FAST,
    LOADING,
    PUBSUB,
    READONLY,
    STALE,
    WRITE,
    Declaration,
    KeysBehindWord,
    arguments,
)
from kvik.errors import ReplyError, syntax_error
from kvik.glob import Glob
from kvik.replies import Map, Reply, Set, Status
from kvik.session import Session

family = Family("server")

ANYTIME: Final = LOADING | STALE
GROUP_CATEGORIES: Final = {
    "generic": b"@keyspace",
    "string": b"@string",
    "list": b"@list",
    "hash": b"@hash",
    "set": b"@set",
    "sorted-set": b"@sortedset",
    "stream": b"@stream",
    "bitmap": b"@bitmap",
    "hyperloglog": b"@hyperloglog",
    "geo": b"@geo",
    "pubsub": b"@pubsub",
    "connection": b"@connection",
    "transactions": b"@transaction",
    "scripting": b"@scripting",
}
OTHER_CATEGORIES: Final[dict[str, list[bytes]]] = {
    "CLIENT": [],
    "OBJECT": [],
    "PUBSUB": [],
    "PUBSUB HELP": [],
    "XGROUP": [],
    "XINFO": [],
    "SORT": [b"@set", b"@sortedset", b"@list"],
    "SORT_RO": [b"@set", b"@sortedset", b"@list"],
}
"""What Redis puts elsewhere than the others of their group."""
FLAG_CATEGORIES: Final = (
    (READONLY, b"@read"),
    (WRITE, b"@write"),
    (ADMIN | ADMINISTRATIVE, b"@admin"),
    (PUBSUB, b"@pubsub"),
    (BLOCKING, b"@blocking"),
    (ADMIN | DANGEROUS, b"@dangerous"),
)
HALF_OF_THE_REST: Final = Map([(b"lastkey", -1), (b"keystep", 1), (b"limit", 2)])

Declarations = dict[bytes, Declaration]


@family.command(
    "COMMAND",
    args=(0, ANY),
    flags=ANYTIME,
    summary="Returns detailed information about all commands.",
    since="2.8.13",
)
def command(session: Session, args: Args) -> Reply:
    return all_described(session.services.declarations())


@family.command("COMMAND COUNT", args=(0, 0), flags=ANYTIME, summary="Returns a count of commands.", since="2.8.13")
def count(session: Session, args: Args) -> Reply:
    return len(main_commands(session.services.declarations()))


@family.command(
    "COMMAND INFO",
    args=(0, ANY),
    flags=ANYTIME,
    summary="Returns information about one, multiple or all commands.",
    syntax="[<command-name> ...]",
    since="2.8.13",
)
def info(session: Session, args: Args) -> Reply:
    declarations = session.services.declarations()
    if not args.more():
        return all_described(declarations)
    found = [declarations.get(table_name(word)) for word in args.rest()]
    return [None if one is None else described(one, declarations) for one in found]


@family.command(
    "COMMAND DOCS",
    args=(0, ANY),
    flags=ANYTIME,
    summary="Returns documentary information about one, multiple or all commands.",
    syntax="[<command-name> ...]",
    since="7.0.0",
)
def docs(session: Session, args: Args) -> Reply:
    declarations = session.services.declarations()
    if args.more():
        found = [declarations.get(table_name(word)) for word in args.rest()]
    else:
        found = list(main_commands(declarations))
    return Map([(name_of(one), documented(one, declarations)) for one in found if one is not None])


@family.command(
    "COMMAND LIST",
    args=(0, ANY),
    flags=ANYTIME,
    summary="Returns a list of command names.",
    syntax="[FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
    since="7.0.0",
)
def list_(session: Session, args: Args) -> Reply:
    declarations = session.services.declarations()
    if not args.more():
        return [name_of(one) for one in declarations.values()]
    if args.left() != 3 or not args.option(b"FILTERBY"):
        raise syntax_error()
    if args.option(b"MODULE"):
        return []
    if args.option(b"ACLCAT"):
        category = b"@" + args.next().lower()
        return [name_of(one) for one in declarations.values() if category in categories(one)]
    if args.option(b"PATTERN"):
        glob = Glob(args.next().lower())
        return [name_of(one) for one in declarations.values() if glob.matches(name_of(one))]
    raise syntax_error()


@family.command(
    "COMMAND GETKEYS",
    args=(2, ANY),
    flags=ANYTIME,
    summary="Extracts the key names from an arbitrary command.",
    syntax="<full-command>",
    since="2.8.13",
)
def getkeys(session: Session, args: Args) -> Reply:
    words = args.rest()
    return keys_among(meant_command(session, words), words)


@family.command(
    "COMMAND GETKEYSANDFLAGS",
    args=(2, ANY),
    flags=ANYTIME,
    summary="Extracts the key names and access flags for an arbitrary command.",
    syntax="<full-command>",
    since="7.0.0",
)
def getkeysandflags(session: Session, args: Args) -> Reply:
    words = args.rest()
    declaration = meant_command(session, words)
    access = access_flags(declaration)
    return [[key, access] for key in keys_among(declaration, words)]


@family.command("COMMAND HELP", args=(0, 0), flags=ANYTIME, summary="Prints this help.", since="5.0.0")
def help_(session: Session, args: Args) -> Reply:
    return help_text(session, "COMMAND")


# The keys of a request


def meant_command(session: Session, words: list[bytes]) -> Declaration:
    """Return what `words` would run. Raises Redis' error where they are no whole command with keys."""
    declarations = session.services.declarations()
    declaration = declarations.get(words[0].upper())
    if declaration is not None and len(words) > 1 and subcommands(declaration, declarations):
        declaration = declarations.get(words[0].upper() + b" " + words[1].upper())
    if declaration is None:
        raise ReplyError("ERR", "Invalid command specified")
    if not has_keys(declaration) or declaration.group == "pubsub":
        # The channels of a shard stand where keys do.
        raise ReplyError("ERR", "The command has no key arguments")
    given = len(words) - 1 - declaration.name.count(" ")
    if given < declaration.fewest or (declaration.most != ANY and given > declaration.most):
        raise ReplyError("ERR", "Invalid number of arguments specified for command")
    return declaration


def keys_among(declaration: Declaration, words: list[bytes]) -> list[bytes]:
    keys = declaration.keys.of(words)
    if not keys:
        raise ReplyError("ERR", "Invalid arguments specified for command")
    return keys


def has_keys(declaration: Declaration) -> bool:
    keys = declaration.keys
    return keys.first > 0 or keys.count_at > 0 or isinstance(keys, KeysBehindWord)


# What is said about a command


def table_name(word: bytes) -> bytes:
    """Return the name a declaration is found by: `client|id` is CLIENT ID."""
    return word.upper().replace(b"|", b" ", 1)


def name_of(declaration: Declaration) -> bytes:
    return declaration.full_name().encode()


def main_commands(declarations: Declarations) -> list[Declaration]:
    return [one for one in declarations.values() if " " not in one.name]


def subcommands(parent: Declaration, declarations: Declarations) -> list[Declaration]:
    start = parent.name + " "
    return [one for one in declarations.values() if one.name.startswith(start)]


def all_described(declarations: Declarations) -> Reply:
    return [described(one, declarations) for one in main_commands(declarations)]


def described(declaration: Declaration, declarations: Declarations) -> Reply:
    """Return the ten elements of COMMAND INFO. Tips are not given."""
    keys = declaration.keys
    flags = declaration.flag_names()
    children = [described(child, declarations) for child in subcommands(declaration, declarations)]
    return [
        name_of(declaration),
        declaration.arity(),
        statuses(flags),
        keys.first,
        keys.last,
        keys.step,
        statuses(categories(declaration)),
        Set([]),
        Set([key_specification(declaration)] if has_keys(declaration) else []),
        Set(children),
    ]


def statuses(words: list[bytes]) -> Set:
    return Set([Status(word) for word in words])


def categories(declaration: Declaration) -> list[bytes]:
    """Return the ACL categories, derived as Redis does: from the group and the flags."""
    found: list[bytes] = []
    name = declaration.name
    group = GROUP_CATEGORIES.get(declaration.group)
    if name in OTHER_CATEGORIES:
        found += OTHER_CATEGORIES[name]
    elif name == "COMMAND" or name.startswith("COMMAND "):
        found.append(b"@connection")
    elif group is not None:
        found.append(group)
    elif declaration.flags & (READONLY | WRITE) and not has_keys(declaration):
        found.append(b"@keyspace")
    for flag, category in FLAG_CATEGORIES:
        if declaration.flags & flag and category not in found:
            found.append(category)
    found.append(b"@fast" if declaration.flags & FAST else b"@slow")
    return found


def access_flags(declaration: Declaration) -> Set:
    """Return what may happen to a key. A write counts as every kind of write: more is not declared."""
    if declaration.flags & WRITE:
        return statuses([b"RW", b"access", b"update"])
    if declaration.flags & READONLY:
        return statuses([b"RO", b"access"])
    return statuses([b"RO"])


def key_specification(declaration: Declaration) -> Map:
    """Return where the keys stand, as one of Redis' key specifications."""
    keys = declaration.keys
    if isinstance(keys, KeysBehindWord):
        return key_specification_behind_word(declaration, keys)
    if keys.count_at > 0:
        first = keys.count_at
        kind = b"keynum"
        found: Reply = Map([(b"keynumidx", 0), (b"firstkey", 1), (b"keystep", 1)])
    else:
        first = keys.first
        kind = b"range"
        last = keys.last - keys.first if keys.last > 0 else keys.last
        found = Map([(b"lastkey", last), (b"keystep", keys.step), (b"limit", 0)])
    return Map(
        [
            (b"flags", access_flags(declaration)),
            (b"begin_search", Map([(b"type", b"index"), (b"spec", Map([(b"index", first)]))])),
            (b"find_keys", Map([(b"type", kind), (b"spec", found)])),
        ]
    )


def key_specification_behind_word(declaration: Declaration, keys: KeysBehindWord) -> Map:
    return Map(
        [
            (b"flags", access_flags(declaration)),
            (b"begin_search", Map([(b"type", b"keyword"), (b"spec", keyword_specification(keys))])),
            (b"find_keys", Map([(b"type", b"range"), (b"spec", HALF_OF_THE_REST)])),
        ]
    )


def keyword_specification(keys: KeysBehindWord) -> Map:
    return Map([(b"keyword", keys.word), (b"startfrom", keys.start)])


def documented(declaration: Declaration, declarations: Declarations) -> Map:
    """Return the documentation of a command."""
    pairs: list[tuple[Reply, Reply]] = [
        (b"summary", declaration.summary.encode()),
        (b"since", declaration.since.encode()),
        (b"group", declaration.group.encode()),
    ]
    if declaration.syntax:
        pairs.append((b"arguments", [documented_argument(text) for text in arguments(declaration.syntax)]))
    children = subcommands(declaration, declarations)
    if children:
        documents = Map([(name_of(child), documented(child, declarations)) for child in children])
        pairs.append((b"subcommands", documents))
    return Map(pairs)


def documented_argument(text: str) -> Map:
    """Return one argument as redis-cli shows it; alternatives are its name here, in Redis a tree of their own."""
    is_optional = text.startswith("[")
    name = text[1:-1] if is_optional else text
    pairs: list[tuple[Reply, Reply]] = [(b"name", name.encode()), (b"type", b"string")]
    if is_optional:
        pairs.append((b"flags", Set([Status(b"optional")])))
    return Map(pairs)
