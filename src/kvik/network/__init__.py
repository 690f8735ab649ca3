"""The porch: the only room of the server where asyncio and sockets live."""
