"""Requests as bytes: the one form that every client, journal and server reads. Standard library only."""


def encode_request(words: list[bytes]) -> bytes:
    """Return `words` as a RESP array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts.append(b"$%d\r\n%b\r\n" % (len(word), word))
    return b"".join(parts)
