"""The level of a journal: the version of Redis whose commands it needs. Knows no command and no file.

Every journal needs Redis 7.0. What kvik writes down is said in the oldest words there are for it, so that few commands
raise the level: in Redis' words those of Redis 7.4 for fields of hashes that die.
"""

from typing import Final

MINORS: Final = 10_000
LOWEST: Final = 7 * MINORS
KVIK: Final = MINORS * MINORS
"""The level of commands that only kvik knows."""
KVIK_NAME: Final = "kvik"


def level_of(version: str) -> int:
    """Return the level of a command that came with a version of Redis, as `7.4.0`, or with kvik."""
    if version == KVIK_NAME:
        return KVIK
    major, minor = version.split(".")[:2]
    return max(int(major) * MINORS + int(minor), LOWEST)


def shown_level(level: int) -> str:
    """Return a level as a manifest says it: `7.4`, or `kvik`."""
    return KVIK_NAME if level >= KVIK else f"{level // MINORS}.{level % MINORS}"
