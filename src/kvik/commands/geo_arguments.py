"""Places and lengths as the geo commands read and write them. Knows no command."""

from typing import Final

from kvik.commands.args import Args
from kvik.errors import ReplyError
from kvik.numbers import parse_float
from kvik.replies import Digits, Reply
from kvik.store.geohash import LATITUDE_MAX, LONGITUDE_MAX, place_of

METRES: Final = {b"M": 1.0, b"KM": 1000.0, b"FT": 0.3048, b"MI": 1609.34}


def place_argument(args: Args) -> tuple[float, float]:
    """Read longitude and latitude. Raises Redis' errors for what is no number, or no place."""
    longitude, latitude = args.number(), args.number()
    if abs(longitude) > LONGITUDE_MAX or abs(latitude) > LATITUDE_MAX:
        raise ReplyError("ERR", f"invalid longitude,latitude pair {longitude:f},{latitude:f}")
    return longitude, latitude


def unit_argument(args: Args) -> float:
    """Read a unit of length; return it in metres."""
    metres = METRES.get(args.next().upper())
    if metres is None:
        raise ReplyError("ERR", "unsupported unit provided. please use M, KM, FT, MI")
    return metres


def length_argument(args: Args, name: str) -> float:
    """Read a length; `name` is what it is, for the error where it is no number."""
    length = parse_float(args.next())
    if length is None:
        raise ReplyError("ERR", f"need numeric {name}")
    return length


def shown_distance(metres: float, unit: float) -> bytes:
    """Return a distance with four decimals, as Redis prints it."""
    return b"%.4f" % (metres / unit)


def shown_place(score: float) -> Reply:
    """Return the longitude and latitude of a score."""
    longitude, latitude = place_of(score)
    return [Digits(digits(longitude)), Digits(digits(latitude))]


def digits(degrees: float) -> bytes:
    """Return a number with 17 decimals but without zeros at the end."""
    return (b"%.17f" % degrees).rstrip(b"0").rstrip(b".")
