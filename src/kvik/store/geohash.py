"""Places on earth as numbers of 52 bits: near places mostly have near numbers. Knows no sorted set and no distance.

Longitude and latitude are halved `step` times each; the bits that say which halves it was, interleaved, name the
cell a place lies in. As Redis: latitudes end where the square map of the world does, and a score is the number
of a cell of 26 steps.
"""

from typing import Final

from mypy_extensions import i64

STEP_MAX: Final = 26
SCORE_BITS: Final = 52
LONGITUDE_MAX: Final = 180.0
LATITUDE_MAX: Final = 85.05112878
LATITUDE_MAX_OF_TEXT: Final = 90.0
ALPHABET: Final = b"0123456789bcdefghjkmnpqrstuvwxyz"
# 52 bits are ten letters and two bits; Redis makes the eleventh letter of none.
LETTERS: Final = 10
BITS_PER_LETTER: Final = 5
TWO_TO_63: Final = 9223372036854775808.0
INTEGER_LOWEST: Final = -(2**63)

# The steps of spreading 32 bits so that there is room for another behind each.
SIXTEENS: Final = 0x0000FFFF0000FFFF
EIGHTS: Final = 0x00FF00FF00FF00FF
FOURS: Final = 0x0F0F0F0F0F0F0F0F
PAIRS: Final = 0x3333333333333333
EVERY_SECOND: Final = 0x5555555555555555
LOW_HALF: Final = 0x00000000FFFFFFFF


class Cell:
    """The rectangle that is the number `longitude` from the west and `latitude` from the south of 2 ** step each."""

    def __init__(self, longitude: i64, latitude: i64, step: i64) -> None:
        self.longitude: Final[i64] = longitude
        self.latitude: Final[i64] = latitude
        self.step: Final[i64] = step

    def neighbour(self, east: i64, north: i64) -> "Cell":
        """Return the cell so many to the east and north, -1 to 1 each; behind an edge comes the opposite one."""
        last: i64 = (1 << self.step) - 1
        longitude = self.longitude if east == 0 else (self.longitude + east) & last
        latitude = self.latitude if north == 0 else (self.latitude + north) & last
        return Cell(longitude, latitude, self.step)

    def equals(self, other: "Cell") -> bool:
        """Return whether it is the same cell as another of as many steps."""
        return self.longitude == other.longitude and self.latitude == other.latitude

    def bits(self) -> i64:
        """Return the number of the cell among those of its size."""
        return spread(self.latitude) | (spread(self.longitude) << 1)

    def scores(self) -> tuple[float, float]:
        """Return the lowest score of a place in the cell, and the lowest one beyond it."""
        bits = self.bits()
        shift = SCORE_BITS - 2 * self.step
        return float(bits << shift), float((bits + 1) << shift)

    def west(self) -> float:
        """Return the longitude where it begins, in degrees."""
        return edge(self.longitude, self.step, LONGITUDE_MAX)

    def east(self) -> float:
        """Return the longitude where it ends."""
        return edge(self.longitude + 1, self.step, LONGITUDE_MAX)

    def south(self) -> float:
        """Return the latitude where it begins."""
        return edge(self.latitude, self.step, LATITUDE_MAX)

    def north(self) -> float:
        """Return the latitude where it ends."""
        return edge(self.latitude + 1, self.step, LATITUDE_MAX)


def edge(number: i64, step: i64, most: float) -> float:
    """Return the degree where the cell of this number begins, of those between -most and most."""
    return -most + (float(number) / float(i64(1) << step)) * (most + most)


def spread(number: i64) -> i64:
    """Return the low 32 bits with a 0 before each of them."""
    number &= LOW_HALF
    number = (number | (number << 16)) & SIXTEENS
    number = (number | (number << 8)) & EIGHTS
    number = (number | (number << 4)) & FOURS
    number = (number | (number << 2)) & PAIRS
    return (number | (number << 1)) & EVERY_SECOND


def gathered(number: i64) -> i64:
    """Return every second bit, from the lowest on: what `spread` has made."""
    number &= EVERY_SECOND
    number = (number | (number >> 1)) & PAIRS
    number = (number | (number >> 2)) & FOURS
    number = (number | (number >> 4)) & EIGHTS
    number = (number | (number >> 8)) & SIXTEENS
    return (number | (number >> 16)) & LOW_HALF


def cell_at(longitude: float, latitude: float, step: i64, latitude_most: float = LATITUDE_MAX) -> Cell:
    """Return the cell of a place, which has to be in range."""
    cells = float(i64(1) << step)
    across = (longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX) * cells
    up = (latitude + latitude_most) / (latitude_most + latitude_most) * cells
    return Cell(i64(int(across)), i64(int(up)), step)


def score_of(longitude: float, latitude: float) -> float:
    """Return the score of a place, which has to be in range."""
    return float(cell_at(longitude, latitude, STEP_MAX).bits())


def place_of(score: float) -> tuple[float, float]:
    """Return longitude and latitude of a score: the middle of its cell. Any number is the score of some place."""
    bits = as_bits(score)
    cell = Cell(gathered(bits >> 1), gathered(bits), STEP_MAX)
    longitude = (cell.west() + cell.east()) / 2
    latitude = (cell.south() + cell.north()) / 2
    return within(longitude, LONGITUDE_MAX), within(latitude, LATITUDE_MAX)


def within(degrees: float, most: float) -> float:
    return max(-most, min(most, degrees))


def text_of(score: float) -> bytes:
    """Return the place of a score as the geohash that others know: of all latitudes, in eleven letters."""
    longitude, latitude = place_of(score)
    bits = cell_at(longitude, latitude, STEP_MAX, LATITUDE_MAX_OF_TEXT).bits()
    letters = bytearray()
    for number in range(1, LETTERS + 1):
        shift: i64 = SCORE_BITS - number * BITS_PER_LETTER
        letters.append(ALPHABET[(bits >> shift) & 31])
    letters.append(ALPHABET[0])
    return bytes(letters)


def as_bits(score: float) -> i64:
    """Return a score as C on x86 makes 64 bits of it: one below 0 wraps round, what is too far is 0 or 2**63."""
    if -TWO_TO_63 <= score < TWO_TO_63:
        return i64(int(score))
    if TWO_TO_63 <= score < 2 * TWO_TO_63:
        return i64(int(score - TWO_TO_63) + INTEGER_LOWEST)
    return i64(0) if score > 0 else i64(INTEGER_LOWEST)


def as_integer(score: float) -> int:
    """Return a score as C on x86 makes a signed integer of it: the lowest one where it does not fit."""
    return int(score) if -TWO_TO_63 <= score < TWO_TO_63 else INTEGER_LOWEST
