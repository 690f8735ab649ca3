"""What commands on deadlines share: when one may take the place of another, and the words that set it."""

from typing import Final

from kvik.numbers import decimal

NX: Final = 1
XX: Final = 2
GT: Final = 4
LT: Final = 8
CONDITIONS: Final = ((b"NX", NX), (b"XX", XX), (b"GT", GT), (b"LT", LT))

SECOND: Final = 1000
MILLISECOND: Final = 1

NO_DEADLINE: Final = -1


def is_allowed(conditions: int, deadline: int | None, moment: int) -> bool:
    """Return whether the conditions let `moment` take the place of `deadline`; none is the far future."""
    if deadline is None:
        return not conditions & (XX | GT)
    if conditions & NX or (conditions & GT and moment <= deadline):
        return False
    return not (conditions & LT and moment >= deadline)


def key_dying(key: bytes, moment: int) -> list[bytes]:
    """Return the command that lets a key die at `moment`, in milliseconds since 1970."""
    return [b"PEXPIREAT", key, decimal(moment)]


def fields_dying(key: bytes, moment: int, names: list[bytes]) -> list[bytes]:
    """Return the command that lets fields of a hash die at `moment`, in milliseconds since 1970."""
    return [b"HPEXPIREAT", key, b"%d" % moment, b"FIELDS", b"%d" % len(names), *names]
