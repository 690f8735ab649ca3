"""Takes apart what Redis has compressed: LZF, runs of bytes and copies of earlier ones. Knows nothing of what it is."""

from typing import Final

from mypy_extensions import i64

from kvik.errors import PayloadDamaged

LITERALS_MAX: Final = 32
LONG_COPY: Final = 7
# A copy of fewer bytes would not be worth its place.
COPY_MIN: Final = 2


def expanded(packed: bytes, size: int) -> bytes:
    """Return the `size` bytes that were compressed. Raises PayloadDamaged where it is another number of them.

    Nothing is set aside for a size that is only claimed: each packed byte gives at most a hundred.
    """
    out = bytearray()
    place: i64 = 0
    end: i64 = len(packed)
    while place < end:
        control: i64 = packed[place]
        place += 1
        if control < LITERALS_MAX:
            out += packed[place : place + control + 1]
            place += control + 1
        else:
            length = control >> 5
            if place + (1 if length < LONG_COPY else 2) > end:
                raise PayloadDamaged("a compressed string ends too early")
            if length == LONG_COPY:
                more: i64 = packed[place]
                length += more
                place += 1
            low: i64 = packed[place]
            place += 1
            append_copy(out, (((control & 31) << 8) | low) + 1, length + COPY_MIN)
        if place > end or len(out) > size:
            raise PayloadDamaged("a compressed string has another length than it says")
    if len(out) != size:
        raise PayloadDamaged("a compressed string has another length than it says")
    return bytes(out)


def append_copy(out: bytearray, distance: int, length: int) -> None:
    """Append what stands `distance` bytes before the end; what is longer than that repeats itself."""
    start = len(out) - distance
    if start < 0:
        raise PayloadDamaged("a compressed string copies what is not there")
    if distance >= length:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // distance + 1))[:length]
