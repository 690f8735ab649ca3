"""Every setting, in one documented record."""

import msgspec


class Settings(msgspec.Struct):
    """All settings with their defaults."""

    requirepass: str = ""
    databases: int = 16
