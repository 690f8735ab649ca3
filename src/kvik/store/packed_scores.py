"""Members in the order of their scores, packed in one bytes object: the small form of a sorted set.

An entry is a packed item (see packed.py), a member with the eight bytes of its score behind it. A place is where an
entry begins, or the end. Everything steps over the entries before it; a change makes a new bytes object.
"""

from typing import Final

from librt.strings import BytesWriter, read_f64_le, write_f64_le
from mypy_extensions import i64

from kvik.store.packed import after

SCORE_BYTES: Final = 8
ENTRY_BYTES: Final = 1 + SCORE_BYTES
"""What an entry takes beside its member."""


def find_member(items: bytes, member: bytes) -> i64:
    """Return the place of a member, -1 where it is not there."""
    size: i64 = len(items)
    length: i64 = len(member)
    place: i64 = 0
    while place < size:
        here: i64 = items[place]
        begin = place + 1
        end = begin + length
        if here == length + SCORE_BYTES and (
            length == 0 or (items[end - 1] == member[length - 1] and items[begin:end] == member)
        ):
            return place
        place = begin + here
    return -1


def score_at(items: bytes, place: i64) -> float:
    """Return the score of the entry at a place."""
    return read_f64_le(items, after(items, place) - SCORE_BYTES)


def place_for(items: bytes, score: float, member: bytes) -> i64:
    """Return the place of an entry, or where it would be put in."""
    size: i64 = len(items)
    place: i64 = 0
    while place < size:
        end = after(items, place)
        here = read_f64_le(items, end - SCORE_BYTES)
        if here > score or (here == score and items[place + 1 : end - SCORE_BYTES] >= member):
            return place
        place = end
    return size


def with_entry(items: bytes, score: float, member: bytes) -> bytes:
    """Return the items with an entry put in where it belongs."""
    place = place_for(items, score, member)
    writer = BytesWriter()
    writer.write(items[:place])
    write_entry(writer, score, member)
    writer.write(items[place:])
    return writer.getvalue()


def with_score(items: bytes, place: i64, score: float, member: bytes) -> bytes:
    """Return the items with another score for the member at a place, moved to where it belongs then."""
    end = after(items, place)
    to = place_for(items, score, member)
    writer = BytesWriter()
    if to <= place:
        writer.write(items[:to])
        write_entry(writer, score, member)
        writer.write(items[to:place])
        writer.write(items[end:])
    else:
        writer.write(items[:place])
        writer.write(items[end:to])
        write_entry(writer, score, member)
        writer.write(items[to:])
    return writer.getvalue()


def write_entry(writer: BytesWriter, score: float, member: bytes) -> None:
    writer.append(len(member) + SCORE_BYTES)
    writer.write(member)
    write_f64_le(writer, score)


def without_entry(items: bytes, place: i64) -> bytes:
    """Return the items without the entry at a place."""
    return items[:place] + items[after(items, place) :]


def rank_of_place(items: bytes, place: i64) -> i64:
    """Return how many entries stand before a place."""
    rank: i64 = 0
    here: i64 = 0
    while here < place:
        here = after(items, here)
        rank += 1
    return rank


def slice_of(items: bytes, start: i64, stop: i64) -> tuple[list[bytes], list[float]]:
    """Return the members from rank `start` up to and without `stop`, and their scores."""
    members: list[bytes] = []
    scores: list[float] = []
    size: i64 = len(items)
    place: i64 = 0
    rank: i64 = 0
    while place < size and rank < stop:
        end = after(items, place)
        if rank >= start:
            members.append(items[place + 1 : end - SCORE_BYTES])
            scores.append(read_f64_le(items, end - SCORE_BYTES))
        place = end
        rank += 1
    return members, scores


def entries_below(items: bytes, score: float, or_equal: bool) -> i64:
    """Return how many entries have a lower score, or one that is equal where `or_equal`."""
    size: i64 = len(items)
    place: i64 = 0
    count: i64 = 0
    while place < size:
        end = after(items, place)
        here = read_f64_le(items, end - SCORE_BYTES)
        if here > score or (here == score and not or_equal):
            break
        place = end
        count += 1
    return count


def entries_before(items: bytes, member: bytes, or_equal: bool) -> i64:
    """Return how many members are lower as bytes, or equal where `or_equal`; all scores have to be the same."""
    size: i64 = len(items)
    place: i64 = 0
    count: i64 = 0
    while place < size:
        end = after(items, place)
        here = items[place + 1 : end - SCORE_BYTES]
        if here > member or (here == member and not or_equal):
            break
        place = end
        count += 1
    return count
