"""The doors: bytes to words, replies to bytes. Pure: no socket, no engine, no command."""
