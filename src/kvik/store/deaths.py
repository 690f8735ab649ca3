"""When the keys of one database die, and the members of its values. Knows keys and milliseconds only."""

from typing import Final

from mypy_extensions import i64

from kvik.store.deadlines import Deadlines


class Deaths:
    """Deadlines of keys, and of each key with members that die when the first of them does, or a moment before."""

    def __init__(self) -> None:
        self.keys: Final = Deadlines()
        self.members: Final = Deadlines()
        self.are_possible = False
        """Whether there may be any deadline: only then is one looked for."""

    def are_none(self) -> bool:
        """Return whether there is no deadline; then none is looked for until there is one again."""
        if len(self.keys.at) > 0 or len(self.members.at) > 0:
            return False
        self.are_possible = False
        return True

    def keep_members(self, key: bytes, moment: i64) -> None:
        """The first member of `key` dies at `moment`, none where it is negative."""
        if moment >= 0:
            self.are_possible = True
        if self.are_possible:
            self.members.keep(key, moment)

    def next_due(self) -> int:
        """Return the moment when somebody should look again, -1 where nothing has a deadline."""
        moment = self.keys.next_due()
        of_members = self.members.next_due()
        if moment < 0 or of_members < 0:
            return max(moment, of_members)
        return min(moment, of_members)

    def parts(self) -> list[object]:
        """Return what this is made of, for freeing it part by part."""
        return self.keys.parts() + self.members.parts()
