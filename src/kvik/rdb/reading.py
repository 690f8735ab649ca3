"""Makes a value of a payload, whichever Redis has written it. Knows no key.

Nothing in a payload is believed: every length has to fit what is there, and nothing is set aside for what is only
claimed.
"""

import math
from typing import Final

from kvik.errors import PayloadDamaged
from kvik.numbers import parse_float, parse_integer
from kvik.rdb.checksum import crc64
from kvik.rdb.cursor import Cursor
from kvik.rdb.kinds import (
    FOOTER_BYTES,
    HASH,
    HASH_DYING,
    HASH_LISTPACK,
    HASH_LISTPACK_DYING,
    HASH_ZIPLIST,
    HASH_ZIPMAP,
    LIST,
    LIST_OF_LISTPACKS,
    LIST_OF_ZIPLISTS,
    LIST_ZIPLIST,
    PACKED_NODE,
    PLAIN_NODE,
    SET,
    SET_INTSET,
    SET_LISTPACK,
    STREAM,
    STREAM_2,
    STREAM_3,
    STRING,
    VERSION_MAX,
    ZSET,
    ZSET_LISTPACK,
    ZSET_OF_TEXTS,
    ZSET_ZIPLIST,
)
from kvik.rdb.listpack import items_of
from kvik.rdb.old_packs import items_of_intset, items_of_ziplist, items_of_zipmap
from kvik.rdb.stream_form import stream_at
from kvik.store.field_deadlines import MOMENT_MAX
from kvik.store.hash_value import HashValue, hash_of
from kvik.store.list_value import ListValue
from kvik.store.set_value import SetValue
from kvik.store.sorted_set import LISTPACK_BYTES_MAX, LISTPACK_MEMBERS_MAX, SortedSet
from kvik.store.value import Value

# What stands in place of the length of a score's text.
NOT_A_NUMBER: Final = 253
INFINITY: Final = 254
MINUS_INFINITY: Final = 255


def version_of(payload: bytes) -> int:
    """Return the version of RDB that a payload says; it has to be as long as that."""
    end = len(payload)
    return int.from_bytes(payload[end - 10 : end - 8], "little")


def is_genuine(payload: bytes) -> bool:
    """Return whether a payload has a version that can be read, and the right checksum."""
    end = len(payload)
    if end < FOOTER_BYTES or version_of(payload) > VERSION_MAX:
        return False
    return crc64(payload, end - 8).to_bytes(8, "little") == payload[end - 8 :]


def value_in(payload: bytes) -> Value:
    """Return the value of a payload that is genuine. Raises PayloadDamaged where it is none all the same."""
    cursor = Cursor(payload, len(payload) - FOOTER_BYTES)
    value = value_at(cursor)
    if not cursor.is_at_end():
        raise PayloadDamaged("something follows the value")
    return value


def value_at(cursor: Cursor) -> Value:
    form = cursor.byte()
    if form == STRING:
        return cursor.string()
    if form in (LIST, LIST_ZIPLIST, LIST_OF_ZIPLISTS, LIST_OF_LISTPACKS):
        return list_at(cursor, form)
    if form in (SET, SET_INTSET, SET_LISTPACK):
        return set_at(cursor, form)
    if form in (HASH, HASH_ZIPMAP, HASH_ZIPLIST, HASH_LISTPACK):
        return hash_at(cursor, form)
    if form in (HASH_DYING, HASH_LISTPACK_DYING):
        return dying_hash_at(cursor, form)
    if form in (ZSET, ZSET_OF_TEXTS):
        return scores_at(cursor, form)
    if form in (ZSET_ZIPLIST, ZSET_LISTPACK):
        return packed_scores_at(cursor, form)
    if form in (STREAM, STREAM_2, STREAM_3):
        return stream_at(cursor, form)
    raise PayloadDamaged("it is of an unknown kind")


# Lists


def list_at(cursor: Cursor, form: int) -> ListValue:
    made = ListValue()
    if form == LIST_ZIPLIST:
        made.extend(items_of_ziplist(cursor.string()))
    else:
        for _ in range(cursor.count()):
            made.extend(node_at(cursor, form))
    if len(made) == 0:
        raise empty()
    return made


def node_at(cursor: Cursor, form: int) -> list[bytes]:
    """Return the values of the next part of a list."""
    if form == LIST:
        return [cursor.string()]
    if form == LIST_OF_ZIPLISTS:
        return items_of_ziplist(cursor.string())
    container = cursor.length()
    if container == PLAIN_NODE:
        return [cursor.string()]
    if container == PACKED_NODE:
        return items_of(cursor.string())
    raise PayloadDamaged("a list has a node of an unknown kind")


# Sets and hashes


def set_at(cursor: Cursor, form: int) -> SetValue:
    if form == SET:
        members = [cursor.string() for _ in range(cursor.count())]
    elif form == SET_INTSET:
        members = items_of_intset(cursor.string())
    else:
        members = items_of(cursor.string())
    made = SetValue()
    for member in members:
        if not made.add(member):
            raise twice()
    if not members:
        raise empty()
    return made


def hash_at(cursor: Cursor, form: int) -> HashValue:
    if form == HASH:
        items = [cursor.string() for _ in range(2 * cursor.count())]
    elif form == HASH_ZIPMAP:
        items = items_of_zipmap(cursor.string())
    elif form == HASH_ZIPLIST:
        items = items_of_ziplist(cursor.string())
    else:
        items = items_of(cursor.string())
    made = hash_of(pairs_of(items))
    if 2 * len(made) != len(items):
        raise twice()
    return made


def dying_hash_at(cursor: Cursor, form: int) -> HashValue:
    """Return a hash whose fields have deadlines; a listpack has the moments themselves, 0 where there is none."""
    made = HashValue()
    first = cursor.unsigned(8)
    if form == HASH_LISTPACK_DYING:
        items = items_of(cursor.string())
        if len(items) % 3:
            raise PayloadDamaged("something stands without its other half")
        for index in range(0, len(items), 3):
            add_dying(made, items[index], items[index + 1], parse_integer(items[index + 2]))
    else:
        for _ in range(cursor.count()):
            distance = cursor.length()
            field = cursor.string()
            add_dying(made, field, cursor.string(), first + distance - 1 if distance else 0)
    if len(made) == 0:
        raise empty()
    return made


def add_dying(made: HashValue, field: bytes, value: bytes, moment: int | None) -> None:
    if moment is None or not 0 <= moment <= MOMENT_MAX:
        raise PayloadDamaged("a deadline is no moment")
    if not made.set(field, value):
        raise twice()
    if moment > 0:
        made.set_deadline(field, moment)


# Sorted sets


def scores_at(cursor: Cursor, form: int) -> SortedSet:
    members: list[bytes] = []
    scores: list[float] = []
    longest = 0
    for _ in range(cursor.count()):
        member = cursor.string()
        longest = max(longest, len(member))
        members.append(member)
        scores.append(cursor.double() if form == ZSET else text_score_at(cursor))
    if not members:
        raise empty()
    made = SortedSet(len(members) > LISTPACK_MEMBERS_MAX or longest > LISTPACK_BYTES_MAX)
    for index in range(len(members)):
        add(made, members[index], scores[index])
    return made


def packed_scores_at(cursor: Cursor, form: int) -> SortedSet:
    items = pairs_of(items_of(cursor.string()) if form == ZSET_LISTPACK else items_of_ziplist(cursor.string()))
    made = SortedSet()
    for index in range(0, len(items), 2):
        add(made, items[index], score_of(items[index + 1]))
    return made


def text_score_at(cursor: Cursor) -> float:
    length = cursor.byte()
    if length == INFINITY:
        return math.inf
    if length == MINUS_INFINITY:
        return -math.inf
    return math.nan if length == NOT_A_NUMBER else score_of(cursor.take(length))


def score_of(text: bytes) -> float:
    score = parse_float(text)
    if score is None:
        raise PayloadDamaged("a score is no number")
    return score


def add(made: SortedSet, member: bytes, score: float) -> None:
    if math.isnan(score):
        raise PayloadDamaged("a score is no number")
    if not made.put(member, score):
        raise twice()


# What is wrong


def pairs_of(items: list[bytes]) -> list[bytes]:
    """Return the items, which have to be pairs."""
    if not items:
        raise empty()
    if len(items) % 2:
        raise PayloadDamaged("something stands without its other half")
    return items


def empty() -> PayloadDamaged:
    return PayloadDamaged("it is empty")


def twice() -> PayloadDamaged:
    return PayloadDamaged("it has something twice")
