"""What tests of the programs may ask for."""

from tests.servers import folder

__all__ = ["folder"]
