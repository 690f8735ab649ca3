"""A virtual environment with a stamp that says what is in it. Imports little: every start of the server reads it."""

import os

STAMP = "kvik-stamp"


class Environment:
    """A folder with a Python of its own. Without a valid stamp it is unfinished and will be made anew."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.python = os.path.join(folder, "bin", "python")
        self._stamp_path = os.path.join(folder, STAMP)

    def stamp(self) -> str:
        """Return what the last complete set-up was made of, "" where there was none."""
        try:
            with open(self._stamp_path, encoding="utf-8") as file:
                return file.read()
        except OSError:
            return ""

    def is_ready(self, stamp: str) -> bool:
        return self.stamp() == stamp and os.access(self.python, os.X_OK)

    def can_become(self, stamp: str) -> bool:
        """Return whether this is a complete environment of the same Python (the first word): fit for an update."""
        return self.is_ready(self.stamp()) and self.stamp().split()[:1] == stamp.split()[:1]

    def forget(self) -> None:
        """Remove the stamp, so that a set-up that is interrupted leaves no valid one."""
        if os.path.exists(self._stamp_path):
            os.remove(self._stamp_path)

    def remember(self, stamp: str) -> None:
        """Write the stamp of a complete set-up, whole or not at all."""
        os.makedirs(self.folder, exist_ok=True)
        temporary = self._stamp_path + ".new"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(stamp)
        os.replace(temporary, self._stamp_path)
