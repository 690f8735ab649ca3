"""What every test of commands may ask for."""

from tests.engines import caller
from tests.reference import reference

__all__ = ["caller", "reference"]
