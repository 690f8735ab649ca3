"""What tests of the clients may ask for."""

from tests.servers import folder, kvik_process, kvik_server, redis_server

__all__ = ["folder", "kvik_process", "kvik_server", "redis_server"]
