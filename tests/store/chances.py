"""Whether what is chosen at random is chosen fairly."""

from collections import Counter
from collections.abc import Callable, Sequence

DRAWS_EACH = 20


def check_fair(draw: Callable[[], bytes], members: Sequence[bytes]) -> None:
    """Fail where one of the members is far likelier than another, or something else is drawn."""
    seen = Counter([draw() for _ in range(DRAWS_EACH * len(members))])
    chi_square = sum([(seen[member] - DRAWS_EACH) ** 2 / DRAWS_EACH for member in members])
    # Its mean is the count, its deviation the root of twice that: six of them are a wide bound.
    assert chi_square < len(members) + 6 * (2 * len(members)) ** 0.5 + 20
    assert set(seen) <= set(members)
