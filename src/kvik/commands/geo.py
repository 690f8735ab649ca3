"""Places as members of sorted sets: adding them and asking for them by name. Searches have a file of their own."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.geo_arguments import place_argument, shown_distance, shown_place, unit_argument
from kvik.declaration import ANY, DENYOOM, FIRST, READONLY, WRITE
from kvik.errors import syntax_error
from kvik.events import ZSET
from kvik.replies import NULL_ARRAY, Reply
from kvik.session import Session
from kvik.store.geo_shape import distance_between
from kvik.store.geohash import place_of, score_of, text_of
from kvik.store.sorted_set import SortedSet, sorted_set_at, sorted_set_to_edit

family = Family("geo")

PLACE_WORDS: Final = 3


@family.command(
    "GEOADD",
    args=(4, ANY),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Adds places to a sorted set, or moves them.",
    syntax="key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
    since="3.2.0",
)
def geoadd(session: Session, args: Args) -> Reply:
    key = args.key()
    only_new = only_present = counts_changed = False
    while args.more():
        if args.option(b"NX"):
            only_new = True
        elif args.option(b"XX"):
            only_present = True
        elif args.option(b"CH"):
            counts_changed = True
        else:
            break
    if args.left() == 0 or args.left() % PLACE_WORDS or (only_new and only_present):
        raise syntax_error()
    scores: list[float] = []
    members: list[bytes] = []
    while args.more():
        longitude, latitude = place_argument(args)
        scores.append(score_of(longitude, latitude))
        members.append(args.next())
    added, moved = add_all(session, key, scores, members, only_new, only_present)
    return added + moved if counts_changed else added


def add_all(
    session: Session, key: bytes, scores: list[float], members: list[bytes], only_new: bool, only_present: bool
) -> tuple[int, int]:
    """Give members their scores; return how many were new, and how many had another one."""
    held = sorted_set_to_edit(session.keys, key)
    if held is None:
        if only_present:
            return 0, 0
        held = SortedSet()
    added = moved = 0
    for index in range(len(members)):
        before = held.score(members[index])
        if before is None and not only_present:
            held.put(members[index], scores[index])
            added += 1
        elif before is not None and before != scores[index] and not only_new:
            held.put(members[index], scores[index])
            moved += 1
    if added or moved:
        session.keys.edited(key, held)
        session.event(ZSET, b"zadd", key)
    return added, moved


@family.command(
    "GEOPOS",
    args=(1, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns longitude and latitude of members, null for each that is not there.",
    syntax="key [member [member ...]]",
    since="3.2.0",
)
def geopos(session: Session, args: Args) -> Reply:
    held = sorted_set_at(session.keys, args.key())
    found: list[Reply] = []
    for member in args.rest():
        score = None if held is None else held.score(member)
        found.append(NULL_ARRAY if score is None else shown_place(score))
    return found


@family.command(
    "GEOHASH",
    args=(1, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the places of members as geohashes, null for each that is not there.",
    syntax="key [member [member ...]]",
    since="3.2.0",
)
def geohash(session: Session, args: Args) -> Reply:
    held = sorted_set_at(session.keys, args.key())
    found: list[Reply] = []
    for member in args.rest():
        score = None if held is None else held.score(member)
        found.append(None if score is None else text_of(score))
    return found


@family.command(
    "GEODIST",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the distance between two members.",
    syntax="key member1 member2 [M | KM | FT | MI]",
    since="3.2.0",
)
def geodist(session: Session, args: Args) -> Reply:
    key, one, other = args.key(), args.next(), args.next()
    unit = 1.0
    if args.left() == 1:
        unit = unit_argument(args)
    args.end()
    held = sorted_set_at(session.keys, key)
    if held is None:
        return None
    score, other_score = held.score(one), held.score(other)
    if score is None or other_score is None:
        return None
    longitude, latitude = place_of(score)
    to_longitude, to_latitude = place_of(other_score)
    return shown_distance(distance_between(longitude, latitude, to_longitude, to_latitude), unit)
