"""Moments on the command line: milliseconds since 1970 as people write them. Knows no clock."""

import re
from datetime import UTC, datetime, timedelta

SECOND = 1_000
UNITS = {
    unit: milliseconds
    for units, milliseconds in (
        ("s sec second", SECOND),
        ("m min minute", 60 * SECOND),
        ("h hour", 3_600 * SECOND),
        ("d day", 86_400 * SECOND),
        ("w week", 7 * 86_400 * SECOND),
    )
    for unit in units.split()
}
AGO = re.compile(rf"([0-9]{{1,9}})\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})s?\s+ago")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_MAX = 253_402_300_799_999
"""The last moment of the year 9999, which is as far as a date goes."""


def shown_moment(milliseconds: int) -> str:
    """Return a moment in UTC as `2023-11-14T22:13:20.000Z`, an empty text for a negative number."""
    if milliseconds < 0:
        return ""
    moment = EPOCH + timedelta(milliseconds=min(milliseconds, MILLISECONDS_MAX))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_moment(text: str, now: int = -1) -> int:
    """Return the moment `text` stands for, in milliseconds since 1970.

    It is ISO 8601, local time where it names no zone; or milliseconds since 1970; or, where `now` is
    given, `now`, `10 minutes ago`, `2h ago`. Raises ValueError.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return int(text[:15])
    if now >= 0:
        ago = 0 if text.lower() == "now" else span_before(text)
        if ago is not None:
            return max(now - ago, 0)
    try:
        return (datetime.fromisoformat(text).astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)
    except OverflowError:
        raise ValueError(f"{text!r} is beyond every calendar") from None


def span_before(text: str) -> int | None:
    """Return the milliseconds of `90 seconds ago`, None for anything else."""
    found = AGO.fullmatch(text.lower())
    return None if found is None else int(found[1]) * UNITS[found[2]]
