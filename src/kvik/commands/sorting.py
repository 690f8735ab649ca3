"""SORT and SORT_RO: the elements of a list, set or sorted set in another order, or what other keys say of them."""

import math
from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.partial_order import ordered
from kvik.commands.results import store_result
from kvik.commands.sort_pattern import Pattern
from kvik.declaration import ANY, DANGEROUS, DENYOOM, FIRST, MOVABLE_KEYS, READONLY, WRITE, OptionalKeys
from kvik.errors import ReplyError, syntax_error, wrong_type
from kvik.events import LIST
from kvik.numbers import parse_float, parse_integer
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.keyspace import Keyspace
from kvik.store.list_value import ListValue
from kvik.store.set_value import SetValue
from kvik.store.sorted_set import SortedSet
from kvik.store.value import Value

family = Family("generic")

SYNTAX: Final = "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]"
# What C's strtod passes over before a number, and the smallest number that it gives without complaint.
BLANK: Final = b" \t\n\v\f\r"
NORMAL_MIN: Final = 2.2250738585072014e-308
NO_LIMIT: Final = -1


class Sorting:
    """What is asked: how to sort, what of it to take, and what to say of each element."""

    def __init__(self) -> None:
        self.destination: bytes | None = None
        self._is_descending = False
        self._is_alphabetic = False
        self._is_unsorted = False
        self._by: Pattern | None = None
        self._gets: list[Pattern] = []
        self._offset = 0
        self._limit = NO_LIMIT

    def read(self, args: Args, may_store: bool) -> None:
        """Read the options; they may come in any order, the last one counts."""
        while args.more():
            if args.option(b"ASC"):
                self._is_descending = False
            elif args.option(b"DESC"):
                self._is_descending = True
            elif args.option(b"ALPHA"):
                self._is_alphabetic = True
            elif args.left() > 2 and args.option(b"LIMIT"):
                self._offset, self._limit = args.integer(), args.integer()
            elif may_store and args.left() > 1 and args.option(b"STORE"):
                self.destination = args.key()
            elif args.left() > 1 and args.option(b"BY"):
                self._by = Pattern(args.next())
                # As Redis: one that is the same for all elements turns sorting off, whatever comes behind it.
                self._is_unsorted = self._is_unsorted or not self._by.has_star
            elif args.left() > 1 and args.option(b"GET"):
                self._gets.append(Pattern(args.next()))
            else:
                raise syntax_error()

    def run(self, space: Keyspace, held: Value | None) -> list[bytes | None]:
        """Return what is asked of each element, in order. Raises Redis' errors."""
        elements = self._elements(space, held)
        if not self._gets:
            return list(elements)
        return [pattern.value(space, element) for element in elements for pattern in self._gets]

    # Which elements, in which order

    def _elements(self, space: Keyspace, held: Value | None) -> list[bytes]:
        if held is None:
            return []
        if isinstance(held, ListValue):
            first, end = self._range(len(held))
            if not self._is_unsorted:
                return self._sorted(space, held.slice(0, len(held)), first, end)
            return self._as_they_are(held, first, end)
        if isinstance(held, SortedSet):
            first, end = self._range(len(held))
            if not self._is_unsorted:
                members, _ = held.slice(0, len(held))
                return self._sorted(space, members, first, end)
            return self._by_rank(held, first, end)
        if isinstance(held, SetValue):
            return self._of_set(space, held)
        raise wrong_type()

    def _of_set(self, space: Keyspace, held: SetValue) -> list[bytes]:
        """A set that is stored unsorted is sorted all the same, by its bytes: what is stored is always the same."""
        first, end = self._range(len(held))
        members = held.members()
        if self.destination is not None:
            members = sorted(members)
        if self._is_unsorted and self.destination is None:
            return members[first:end]
        if self._is_unsorted:
            self._is_alphabetic, self._is_unsorted, self._by = True, False, None
        return self._sorted(space, members, first, end)

    def _range(self, size: int) -> tuple[int, int]:
        """Return the place of the first element that LIMIT leaves, and the one behind the last."""
        first = min(max(self._offset, 0), size)
        return first, size if self._limit < 0 else min(first + self._limit, size)

    def _as_they_are(self, held: ListValue, first: int, end: int) -> list[bytes]:
        if first >= end:
            return []
        if not self._is_descending:
            return held.slice(first, end)
        values = held.slice(len(held) - end, len(held) - first)
        values.reverse()
        return values

    def _by_rank(self, held: SortedSet, first: int, end: int) -> list[bytes]:
        if not self._is_descending:
            return held.slice(first, end)[0]
        members, _ = held.slice(len(held) - end, len(held) - first)
        members.reverse()
        return members

    def _sorted(self, space: Keyspace, elements: list[bytes], first: int, end: int) -> list[bytes]:
        by = self._by
        if not self._is_alphabetic:
            weighed = [(weight_of(element, space, by), element) for element in elements]
            if any(weight != weight for weight, _ in weighed):
                raise ReplyError("ERR", "One or more scores can't be converted into double")
            weighed.sort(reverse=self._is_descending)
            return [element for _, element in weighed[first:end]]
        if by is not None:
            return self._sorted_by_texts(elements, [by.value(space, element) for element in elements], first, end)
        if self.destination is None:
            elements.sort(key=until_zero, reverse=self._is_descending)
        else:
            elements.sort(reverse=self._is_descending)
        return elements[first:end]

    def _sorted_by_texts(self, elements: list[bytes], texts: list[bytes | None], first: int, end: int) -> list[bytes]:
        """Sort elements by a text for each; those that have none come first."""
        keys = [text if text is None or self.destination is not None else until_zero(text) for text in texts]
        rank = {key: float(number) for number, key in enumerate(sorted({key for key in keys if key is not None}))}
        ranks = [-1.0 if key is None else rank[key] for key in keys]
        return [elements[place] for place in ordered(ranks, self._is_descending, first, end - 1)]


def weight_of(element: bytes, space: Keyspace, by: Pattern | None) -> float:
    """Return the number to sort an element by; 0 where there is none."""
    text = element if by is None else by.value(space, element)
    return 0.0 if text is None else number_of(text)


def number_of(text: bytes) -> float:
    """Return what C's strtod reads, up to a zero byte; nothing at all is 0. Where it is not all a number, NaN."""
    integer = parse_integer(text)
    if integer is not None:
        return float(integer)
    end = text.find(b"\0")
    if end >= 0:
        text = text[:end]
    if not text:
        return 0.0
    number = parse_float(text.lstrip(BLANK))
    if number is None or (0.0 < abs(number) < NORMAL_MIN and b"x" not in text.lower()):
        return math.nan
    return number


def until_zero(text: bytes) -> bytes:
    """Return what C compares of a text."""
    return text.partition(b"\0")[0]


@family.command(
    "SORT",
    args=(1, ANY),
    flags=WRITE | DENYOOM | MOVABLE_KEYS | DANGEROUS,
    keys=OptionalKeys((b"STORE",), 2, {b"LIMIT": 2, b"GET": 1, b"BY": 1}),
    summary="Sorts the elements of a list, a set or a sorted set; returns or stores them.",
    syntax=SYNTAX + " [STORE destination]",
)
def sort(session: Session, args: Args) -> Reply:
    key = args.key()
    sorting = Sorting()
    sorting.read(args, True)
    found = sorting.run(session.keys, session.keys.read(key))
    if sorting.destination is None:
        return found
    return store(session, sorting.destination, [b"" if value is None else value for value in found])


@family.command(
    "SORT_RO",
    args=(1, ANY),
    flags=READONLY | MOVABLE_KEYS | DANGEROUS,
    keys=FIRST,
    summary="Returns the sorted elements of a list, a set or a sorted set.",
    syntax=SYNTAX,
    since="7.0.0",
)
def sort_ro(session: Session, args: Args) -> Reply:
    key = args.key()
    sorting = Sorting()
    sorting.read(args, False)
    return sorting.run(session.keys, session.keys.read(key))


def store(session: Session, destination: bytes, values: list[bytes]) -> Reply:
    """Put values at the destination as a list; return how many."""
    made = ListValue()
    made.extend(values)
    if store_result(session, destination, made) > 0:
        session.event(LIST, b"sortstore", destination)
    return len(values)
