"""What every test of backups may ask for."""

from tests.engines import caller

__all__ = ["caller"]
