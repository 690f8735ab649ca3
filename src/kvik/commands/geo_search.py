"""Searches for the members of a sorted set that lie within a circle or a box."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.geo_arguments import length_argument, place_argument, shown_distance, shown_place, unit_argument
from kvik.commands.partial_order import ordered
from kvik.commands.results import store_result
from kvik.declaration import ANY, DENYOOM, FIRST, FIRST_TWO, MOVABLE_KEYS, READONLY, WRITE, OptionalKeys
from kvik.errors import ReplyError, syntax_error
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.geo_shape import Box, Circle, Shape
from kvik.store.geohash import Cell, as_integer, place_of
from kvik.store.sorted_set import SortedSet, sorted_set_at

family = Family("geo")

STORING: Final = WRITE | DENYOOM
STORE: Final = (b"STORE", b"STOREDIST")
UNSORTED: Final = 0
NEAREST_FIRST: Final = 1
FARTHEST_FIRST: Final = 2
# So many members of a cell are looked at in the first step, and at most in one: some searches soon have enough.
LOOKED_AT_FIRST: Final = 32
LOOKED_AT_MAX: Final = 512
SEARCH_SYNTAX: Final = (
    "<FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI>"
    " | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]]"
)
WITH_SYNTAX: Final = " [WITHCOORD] [WITHDIST] [WITHHASH]"
RADIUS_SYNTAX: Final = "radius <M | KM | FT | MI>"
RADIUS_OPTIONS: Final = " [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]"
STORE_SYNTAX: Final = " [STORE key | STOREDIST key]"


class Found:
    """Members that lie inside, with their scores and their distances from the middle in metres."""

    def __init__(self) -> None:
        self.members: list[bytes] = []
        self.scores: list[float] = []
        self.distances: list[float] = []

    def look_at(self, held: SortedSet, cell: Cell, shape: Shape, most: int) -> None:
        """Add what lies in a cell and inside the shape, in the order of the scores; up to `most`, 0: all."""
        low, high = cell.scores()
        rank, end = held.count_below(low, False), held.count_below(high, False)
        count = LOOKED_AT_FIRST
        while rank < end:
            members, scores = held.slice(rank, min(rank + count, end))
            for index in range(len(members)):
                longitude, latitude = place_of(scores[index])
                distance = shape.distance_to(longitude, latitude)
                if distance >= 0.0 or distance != distance:
                    self.members.append(members[index])
                    self.scores.append(scores[index])
                    self.distances.append(distance)
                    if len(self.members) == most:
                        return
            rank += count
            count = min(2 * count, LOOKED_AT_MAX)

    def sort(self, direction: int, count: int) -> None:
        """Bring them in order and keep the first `count`, as Redis does."""
        places = ordered(self.distances, direction == FARTHEST_FIRST, 0, count - 1)
        self.members = [self.members[place] for place in places]
        self.scores = [self.scores[place] for place in places]
        self.distances = [self.distances[place] for place in places]


class Search:
    """What is asked of a sorted set, which may be missing. Errors come in Redis' order: that of the words."""

    def __init__(self, held: SortedSet | None, destination: bytes | None = None) -> None:
        self.destination = destination
        """Where what is found is stored, None where it is the answer."""
        self.stores_distances = False
        self._held: Final = held
        self._has_distance = False
        self._has_hash = False
        self._has_place = False
        self._is_any = False
        self._count = 0
        self._direction = UNSORTED
        self._from_member = False
        self._from_place = False
        self._longitude = 0.0
        self._latitude = 0.0
        self._is_circle = False
        self._is_box = False
        self._width = 0.0
        self._height = 0.0
        self._unit = 1.0

    # What is asked

    def read_place(self, args: Args) -> None:
        self._longitude, self._latitude = place_argument(args)
        self._from_place = True

    def read_member(self, args: Args) -> None:
        """Search around a member; in a set that is missing any will do."""
        member = args.next()
        self._from_member = True
        if self._held is None:
            return
        score = self._held.score(member)
        if score is None:
            raise ReplyError("ERR", "could not decode requested zset member")
        self._longitude, self._latitude = place_of(score)

    def read_radius(self, args: Args) -> None:
        radius = length_argument(args, "radius")
        if radius < 0:
            raise ReplyError("ERR", "radius cannot be negative")
        self._width = radius
        self._unit = unit_argument(args)
        self._is_circle = True

    def read_box(self, args: Args) -> None:
        width = length_argument(args, "width")
        height = length_argument(args, "height")
        if width < 0 or height < 0:
            raise ReplyError("ERR", "height or width cannot be negative")
        self._width, self._height = width, height
        self._unit = unit_argument(args)
        self._is_box = True

    def read_common_option(self, args: Args) -> bool:
        """Read an option that every search has; return whether it is one."""
        if args.option(b"WITHDIST"):
            self._has_distance = True
        elif args.option(b"WITHHASH"):
            self._has_hash = True
        elif args.option(b"WITHCOORD"):
            self._has_place = True
        elif args.option(b"ANY"):
            self._is_any = True
        elif args.option(b"ASC"):
            self._direction = NEAREST_FIRST
        elif args.option(b"DESC"):
            self._direction = FARTHEST_FIRST
        elif args.left() > 1 and args.option(b"COUNT"):
            self._count = args.integer()
            if self._count <= 0:
                raise ReplyError("ERR", "COUNT must be > 0")
        else:
            return False
        return True

    def read_geosearch(self, args: Args) -> None:
        """Read the options of GEOSEARCH and, where there is a destination, of GEOSEARCHSTORE."""
        while args.more():
            if self.read_common_option(args):
                continue
            if self.destination is not None and args.option(b"STOREDIST"):
                self.stores_distances = True
            elif args.left() > 1 and not self._from_place and args.option(b"FROMMEMBER"):
                self.read_member(args)
            elif args.left() > 2 and not self._from_member and args.option(b"FROMLONLAT"):
                self.read_place(args)
            elif args.left() > 2 and not self._is_box and args.option(b"BYRADIUS"):
                self.read_radius(args)
            elif args.left() > 3 and not self._is_circle and args.option(b"BYBOX"):
                self.read_box(args)
            else:
                raise syntax_error()

    def read_georadius(self, args: Args, may_store: bool) -> None:
        """Read the options of GEORADIUS and its like."""
        while args.more():
            if self.read_common_option(args):
                continue
            may_be_store = may_store and args.left() > 1
            if may_be_store and args.option(b"STORE"):
                self.destination, self.stores_distances = args.key(), False
            elif may_be_store and args.option(b"STOREDIST"):
                self.destination, self.stores_distances = args.key(), True
            else:
                raise syntax_error()

    def check(self, storing: str, name: str) -> None:
        """Raise for options that are missing or exclude each other, in Redis' order.

        `storing` is who stores, `name` who has to be told from where and how far; empty where it is given.
        """
        if self.destination is not None and (self._has_distance or self._has_hash or self._has_place):
            raise ReplyError("ERR", f"{storing} is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
        if name and not (self._from_member or self._from_place):
            raise ReplyError("ERR", f"exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}")
        if name and not (self._is_circle or self._is_box):
            raise ReplyError("ERR", f"exactly one of BYRADIUS and BYBOX can be specified for {name}")
        if self._is_any and self._count == 0:
            raise ReplyError("ERR", "the ANY argument requires COUNT argument")

    # What is found

    def run(self) -> Found:
        """Return what is found, in order."""
        found = Found()
        held = self._held
        if held is None:
            return found
        shape = self._shape()
        most = self._count if self._is_any else 0
        for cell in shape.cells():
            found.look_at(held, cell, shape, most)
            if most and len(found.members) >= most:
                break
        count = min(self._count or len(found.members), len(found.members))
        if self._direction == UNSORTED and self._count and not self._is_any:
            self._direction = NEAREST_FIRST
        if self._direction != UNSORTED:
            found.sort(self._direction, count)
        return found

    def answer(self, found: Found) -> Reply:
        """Return the members, each with what is asked for besides."""
        if not (self._has_distance or self._has_hash or self._has_place):
            return found.members
        answers: list[Reply] = []
        for index in range(len(found.members)):
            score = found.scores[index]
            one: list[Reply] = [found.members[index]]
            if self._has_distance:
                one.append(shown_distance(found.distances[index], self._unit))
            if self._has_hash:
                one.append(as_integer(score))
            if self._has_place:
                one.append(shown_place(score))
            answers.append(one)
        return answers

    def stored(self, found: Found) -> SortedSet:
        """Return what is found as a sorted set: by its scores, or by the distances in the unit asked for."""
        made = SortedSet()
        for index in range(len(found.members)):
            score = found.distances[index] / self._unit if self.stores_distances else found.scores[index]
            made.put(found.members[index], score)
        return made

    def _shape(self) -> Shape:
        if self._is_box:
            return Box(self._longitude, self._latitude, self._width, self._height, self._unit)
        return Circle(self._longitude, self._latitude, self._width, self._unit)


def answer(session: Session, search: Search) -> Reply:
    """Return what is found, or store it and return how much it is."""
    found = search.run()
    destination = search.destination
    if destination is None:
        return search.answer(found)
    store_result(session, destination, search.stored(found))
    return len(found.members)


# GEOSEARCH


@family.command(
    "GEOSEARCH",
    args=(6, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the members of a sorted set that lie within a circle or a box.",
    syntax="key " + SEARCH_SYNTAX + WITH_SYNTAX,
    since="6.2.0",
)
def geosearch(session: Session, args: Args) -> Reply:
    search = Search(sorted_set_at(session.keys, args.key()))
    search.read_geosearch(args)
    search.check("", typed_name(args))
    return answer(session, search)


@family.command(
    "GEOSEARCHSTORE",
    args=(7, ANY),
    flags=STORING,
    keys=FIRST_TWO,
    summary="Stores the members of a sorted set that lie within a circle or a box.",
    syntax="destination source " + SEARCH_SYNTAX + " [STOREDIST]",
    since="6.2.0",
)
def geosearchstore(session: Session, args: Args) -> Reply:
    destination = args.key()
    search = Search(sorted_set_at(session.keys, args.key()), destination)
    search.read_geosearch(args)
    search.check("GEOSEARCHSTORE", typed_name(args))
    return answer(session, search)


def typed_name(args: Args) -> str:
    """Return the name of the command as the client wrote it: Redis repeats it so in its errors."""
    return args.words[0].decode("utf-8", "surrogateescape")


# GEORADIUS


@family.command(
    "GEORADIUS",
    args=(5, ANY),
    flags=STORING | MOVABLE_KEYS,
    keys=OptionalKeys(STORE, 6),
    summary="Returns or stores the members of a sorted set that lie within a circle.",
    syntax="key longitude latitude " + RADIUS_SYNTAX + RADIUS_OPTIONS + STORE_SYNTAX,
    since="3.2.0",
    event="georadiusstore",
)
def georadius(session: Session, args: Args) -> Reply:
    return around_place(session, args, True)


@family.command(
    "GEORADIUS_RO",
    args=(5, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the members of a sorted set that lie within a circle.",
    syntax="key longitude latitude " + RADIUS_SYNTAX + RADIUS_OPTIONS,
    since="3.2.10",
)
def georadius_ro(session: Session, args: Args) -> Reply:
    return around_place(session, args, False)


@family.command(
    "GEORADIUSBYMEMBER",
    args=(4, ANY),
    flags=STORING | MOVABLE_KEYS,
    keys=OptionalKeys(STORE, 5),
    summary="Returns or stores the members of a sorted set that lie within a circle around one of them.",
    syntax="key member " + RADIUS_SYNTAX + RADIUS_OPTIONS + STORE_SYNTAX,
    since="3.2.0",
    event="georadiusstore",
)
def georadiusbymember(session: Session, args: Args) -> Reply:
    return around_member(session, args, True)


@family.command(
    "GEORADIUSBYMEMBER_RO",
    args=(4, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the members of a sorted set that lie within a circle around one of them.",
    syntax="key member " + RADIUS_SYNTAX + RADIUS_OPTIONS,
    since="3.2.10",
)
def georadiusbymember_ro(session: Session, args: Args) -> Reply:
    return around_member(session, args, False)


def around_place(session: Session, args: Args, may_store: bool) -> Reply:
    search = Search(sorted_set_at(session.keys, args.key()))
    search.read_place(args)
    search.read_radius(args)
    return radius_answer(session, args, search, may_store)


def around_member(session: Session, args: Args, may_store: bool) -> Reply:
    """As Redis: without the sorted set nobody looks at member, radius and unit."""
    held = sorted_set_at(session.keys, args.key())
    search = Search(held)
    if held is None:
        args.keys(3)
    else:
        search.read_member(args)
        search.read_radius(args)
    return radius_answer(session, args, search, may_store)


def radius_answer(session: Session, args: Args, search: Search, may_store: bool) -> Reply:
    search.read_georadius(args, may_store)
    search.check("STORE option in GEORADIUS", "")
    return answer(session, search)
