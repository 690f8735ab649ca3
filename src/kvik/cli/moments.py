"""Moments on the command line: milliseconds since 1970 as people write them. Knows no clock."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_MAX = 253_402_300_799_999
"""The last moment of the year 9999, which is as far as a date goes."""


def shown_moment(milliseconds: int) -> str:
    """Return a moment in UTC as `2023-11-14T22:13:20.000Z`, an empty text for a negative number."""
    if milliseconds < 0:
        return ""
    moment = EPOCH + timedelta(milliseconds=min(milliseconds, MILLISECONDS_MAX))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_moment(text: str) -> int:
    """Return the moment `text` stands for: ISO 8601, UTC where it names no zone, or milliseconds since 1970.

    Raises ValueError.
    """
    if text.isascii() and text.isdigit():
        return int(text[:15])
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)
