"""Unions, intersections and differences of sorted sets; a plain set among them has the score 1 for each member."""

import math
from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.results import store_result
from kvik.declaration import ANY, COUNTED, DENYOOM, MOVABLE_KEYS, READONLY, WRITE, Keys
from kvik.errors import ReplyError, syntax_error, wrong_type
from kvik.numbers import parse_float
from kvik.replies import Pairs, Reply
from kvik.session import Session
from kvik.store.keyspace import Keyspace
from kvik.store.set_value import SetValue
from kvik.store.sorted_set import SortedSet, sorted_set_of

family = Family("sorted-set")

COMBINING: Final = READONLY | MOVABLE_KEYS
STORING: Final = WRITE | DENYOOM | MOVABLE_KEYS
STORED_KEYS: Final = Keys(1, 1, 1, 2)
OPTIONS: Final = "[WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]"

UNION: Final = 0
INTERSECTION: Final = 1
DIFFERENCE: Final = 2

SUM: Final = 0
MINIMUM: Final = 1
MAXIMUM: Final = 2
AGGREGATES: Final = {b"SUM": SUM, b"MIN": MINIMUM, b"MAX": MAXIMUM}

Scores = dict[bytes, float]


class Operand:
    """A set or a sorted set, or nothing, with the weight of its scores."""

    def __init__(self, held: SortedSet | SetValue | None) -> None:
        self.held: Final = held
        self.weight = 1.0

    def __len__(self) -> int:
        return 0 if self.held is None else len(self.held)

    def scores(self) -> Scores:
        """Return every member with its weighted score."""
        held = self.held
        if held is None:
            return {}
        if isinstance(held, SetValue):
            return dict.fromkeys(held.members(), self.weight)
        members, scores = held.slice(0, len(held))
        return {members[index]: weighted(scores[index], self.weight) for index in range(len(members))}

    def score(self, member: bytes) -> float | None:
        """Return the weighted score of a member, None where it is not there. As in Redis it can be NaN here."""
        held = self.held
        if held is None:
            return None
        if isinstance(held, SetValue):
            return self.weight if held.contains(member) else None
        score = held.score(member)
        return None if score is None else score * self.weight


def weighted(score: float, weight: float) -> float:
    product = score * weight
    return 0.0 if math.isnan(product) else product


class Combination:
    """What the commands of this file are asked for."""

    def __init__(self, operation: int) -> None:
        self.operation: Final = operation
        self.operands: list[Operand] = []
        self.aggregate = SUM
        self.has_scores = False

    def read_operands(self, space: Keyspace, args: Args, command: str) -> None:
        """Read how many keys there are, and the keys. Raises for one that holds another kind."""
        count = args.integer()
        if count < 1:
            raise ReplyError("ERR", f"at least 1 input key is needed for '{command}' command")
        if count > args.left():
            raise syntax_error()
        self.operands = [operand_at(space, args.key()) for _ in range(count)]

    def read_options(self, args: Args, takes_scores: bool) -> None:
        takes_weights = self.operation != DIFFERENCE
        while args.more():
            if takes_weights and args.left() > len(self.operands) and args.option(b"WEIGHTS"):
                for operand in self.operands:
                    operand.weight = weight_argument(args)
            elif takes_weights and args.left() >= 2 and args.option(b"AGGREGATE"):
                self.aggregate = aggregate_argument(args)
            elif takes_scores and args.option(b"WITHSCORES"):
                self.has_scores = True
            else:
                raise syntax_error()

    def scores(self) -> Scores:
        if self.operation == UNION:
            return self._union()
        if self.operation == INTERSECTION:
            return self.intersection(0)
        return self._difference()

    def _union(self) -> Scores:
        found: Scores = {}
        for operand in sorted(self.operands, key=len):
            for member, score in operand.scores().items():
                before = found.get(member)
                found[member] = score if before is None else self._together(before, score)
        return found

    def intersection(self, limit: int) -> Scores:
        """Return what is in all, at most `limit` (0: all): a look into each other per member of the smallest."""
        operands = sorted(self.operands, key=len)
        found: Scores = {}
        for member, score in operands[0].scores().items():
            total = self._total(member, score, operands)
            if total is not None:
                found[member] = total
                if len(found) == limit:
                    break
        return found

    def _total(self, member: bytes, score: float, operands: list[Operand]) -> float | None:
        for index in range(1, len(operands)):
            other = operands[index].score(member)
            if other is None:
                return None
            score = self._together(score, other)
        return score

    def _difference(self) -> Scores:
        found = self.operands[0].scores()
        for operand in self.operands[1:]:
            if len(operand) <= len(found):
                for member in operand.scores():
                    found.pop(member, None)
            else:
                for member in list(found):
                    if operand.score(member) is not None:
                        del found[member]
        return found

    def _together(self, one: float, other: float) -> float:
        if self.aggregate == MINIMUM:
            return other if other < one else one
        if self.aggregate == MAXIMUM:
            return other if other > one else one
        total = one + other
        return 0.0 if math.isnan(total) else total


def operand_at(space: Keyspace, key: bytes) -> Operand:
    value = space.read(key)
    if value is None or isinstance(value, SortedSet | SetValue):
        return Operand(value)
    raise wrong_type()


def weight_argument(args: Args) -> float:
    weight = parse_float(args.next())
    if weight is None:
        raise ReplyError("ERR", "weight value is not a float")
    return weight


def aggregate_argument(args: Args) -> int:
    aggregate = AGGREGATES.get(args.next().upper())
    if aggregate is None:
        raise syntax_error()
    return aggregate


def answer(session: Session, args: Args, operation: int, command: str) -> Reply:
    combination = Combination(operation)
    combination.read_operands(session.keys, args, command)
    combination.read_options(args, takes_scores=True)
    ordered = sorted([(score, member) for member, score in combination.scores().items()])
    if not combination.has_scores:
        return [member for _, member in ordered]
    return Pairs([(member, score) for score, member in ordered])


def store(session: Session, args: Args, operation: int, command: str) -> Reply:
    """Put the combination at the destination; return how many members it has."""
    destination = args.key()
    combination = Combination(operation)
    combination.read_operands(session.keys, args, command)
    combination.read_options(args, takes_scores=False)
    return store_result(session, destination, sorted_set_of(combination.scores()))


# Unions


@family.command(
    "ZUNION",
    args=(2, ANY),
    flags=COMBINING,
    keys=COUNTED,
    summary="Returns the union of sorted sets.",
    syntax=f"numkeys key [key ...] {OPTIONS} [WITHSCORES]",
    since="6.2.0",
)
def zunion(session: Session, args: Args) -> Reply:
    return answer(session, args, UNION, "zunion")


@family.command(
    "ZUNIONSTORE",
    args=(3, ANY),
    flags=STORING,
    keys=STORED_KEYS,
    summary="Stores the union of sorted sets in a key.",
    syntax=f"destination numkeys key [key ...] {OPTIONS}",
    since="2.0.0",
)
def zunionstore(session: Session, args: Args) -> Reply:
    return store(session, args, UNION, "zunionstore")


# Intersections


@family.command(
    "ZINTER",
    args=(2, ANY),
    flags=COMBINING,
    keys=COUNTED,
    summary="Returns the intersection of sorted sets.",
    syntax=f"numkeys key [key ...] {OPTIONS} [WITHSCORES]",
    since="6.2.0",
)
def zinter(session: Session, args: Args) -> Reply:
    return answer(session, args, INTERSECTION, "zinter")


@family.command(
    "ZINTERSTORE",
    args=(3, ANY),
    flags=STORING,
    keys=STORED_KEYS,
    summary="Stores the intersection of sorted sets in a key.",
    syntax=f"destination numkeys key [key ...] {OPTIONS}",
    since="2.0.0",
)
def zinterstore(session: Session, args: Args) -> Reply:
    return store(session, args, INTERSECTION, "zinterstore")


@family.command(
    "ZINTERCARD",
    args=(2, ANY),
    flags=COMBINING,
    keys=COUNTED,
    summary="Returns the number of members of the intersection of sorted sets.",
    syntax="numkeys key [key ...] [LIMIT limit]",
    since="7.0.0",
)
def zintercard(session: Session, args: Args) -> Reply:
    combination = Combination(INTERSECTION)
    combination.read_operands(session.keys, args, "zintercard")
    limit = 0
    while args.more():
        if args.left() < 2 or not args.option(b"LIMIT"):
            raise syntax_error()
        limit = args.at_least(0, "LIMIT can't be negative")
    return len(combination.intersection(limit))


# Differences


@family.command(
    "ZDIFF",
    args=(2, ANY),
    flags=COMBINING,
    keys=COUNTED,
    summary="Returns the difference of the first sorted set and the others.",
    syntax="numkeys key [key ...] [WITHSCORES]",
    since="6.2.0",
)
def zdiff(session: Session, args: Args) -> Reply:
    return answer(session, args, DIFFERENCE, "zdiff")


@family.command(
    "ZDIFFSTORE",
    args=(3, ANY),
    flags=STORING,
    keys=STORED_KEYS,
    summary="Stores the difference of the first sorted set and the others in a key.",
    syntax="destination numkeys key [key ...]",
    since="6.2.0",
)
def zdiffstore(session: Session, args: Args) -> Reply:
    return store(session, args, DIFFERENCE, "zdiffstore")
