"""Two positions as Redis' ranges have them: both included, negative ones from the end. Knows no kind of value."""


def index_range(start: int, stop: int, length: int) -> tuple[int, int]:
    """Return where a range begins, and where it has ended, which is `length` at most; it may end before it begins."""
    if start < 0:
        start = max(start + length, 0)
    if stop < 0:
        stop += length
    return start, min(stop + 1, length)
