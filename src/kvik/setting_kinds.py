"""The kinds of value a setting can have: how each is read, written and explained. Knows no setting.

`parse` reads the form Redis' CONFIG SET reads and raises ValueError with Redis' words; a TOML value
is brought into that form first, so that there is one reader per kind.
"""

import re
from typing import Final, NamedTuple, TypeAlias

from kvik.events import parse_events, show_events

Value: TypeAlias = "str | int | list[str] | dict[str, OutputLimit]"

UNITS: Final = {
    "": 1,
    "b": 1,
    "k": 1000,
    "kb": 1024,
    "m": 1000**2,
    "mb": 1024**2,
    "g": 1000**3,
    "gb": 1024**3,
}
SIZE: Final = re.compile(r"([0-9]{1,19})([a-zA-Z]*)", re.ASCII)
INTEGER: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)

ADDRESS: Final = re.compile(r"[a-z]+://.+", re.ASCII)


class OutputLimit(NamedTuple):
    """How much may wait for a caller that does not read; 0 means no limit."""

    hard: int
    """Bytes that end the connection at once."""
    soft: int
    """Bytes that end it when they have waited for `seconds`."""
    seconds: int


class Kind:
    """How values of one kind are read and written."""

    def expected(self) -> str:
        """Return what the setting takes, for people: `a whole number from 1 to 10`."""
        raise NotImplementedError

    def parse(self, text: str, current: Value) -> Value:
        """Return the value `text` stands for; `current` is what was set before."""
        raise NotImplementedError

    def show(self, value: Value) -> str:
        """Return a value in the form `parse` reads."""
        return str(value)

    def from_toml(self, value: object) -> str:
        """Return a value from a TOML file or a flag in the form `parse` reads."""
        if isinstance(value, str):
            return value
        raise ValueError("it is not a text")


class Text(Kind):
    def expected(self) -> str:
        return "a text"

    def parse(self, text: str, current: Value) -> Value:
        return text


class YesNo(Kind):
    def expected(self) -> str:
        return "yes or no"

    def parse(self, text: str, current: Value) -> Value:
        word = text.lower()
        if word not in ("yes", "no"):
            raise ValueError("argument must be 'yes' or 'no'")
        return word == "yes"

    def show(self, value: Value) -> str:
        return "yes" if value else "no"

    def from_toml(self, value: object) -> str:
        return self.show(value) if isinstance(value, bool) else super().from_toml(value)


class Number(Kind):
    def __init__(self, least: int, most: int) -> None:
        self.least: Final = least
        self.most: Final = most

    def expected(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def parse(self, text: str, current: Value) -> Value:
        if not INTEGER.fullmatch(text):
            raise ValueError("argument couldn't be parsed into an integer")
        return within(int(text), self.least, self.most)

    def from_toml(self, value: object) -> str:
        return str(value) if is_integer(value) else super().from_toml(value)


class Size(Kind):
    def __init__(self, least: int, most: int) -> None:
        self.least: Final = least
        self.most: Final = most

    def expected(self) -> str:
        return "a size in bytes, such as 65536, 64kb, 64mb or 1gb"

    def parse(self, text: str, current: Value) -> Value:
        return within(parse_size(text), self.least, self.most)

    def from_toml(self, value: object) -> str:
        return str(value) if is_integer(value) else super().from_toml(value)


class Events(Kind):
    def expected(self) -> str:
        return "letters that name classes of events, such as KEA"

    def parse(self, text: str, current: Value) -> Value:
        return parse_events(text)

    def show(self, value: Value) -> str:
        return show_events(value) if isinstance(value, int) else super().show(value)


class Octal(Kind):
    def expected(self) -> str:
        return "permissions in octal, such as 700"

    def parse(self, text: str, current: Value) -> Value:
        if not re.fullmatch(r"[0-7]{1,4}", text, re.ASCII) or int(text, 8) > 0o777:
            raise ValueError("argument couldn't be parsed into an integer")
        return int(text, 8)

    def show(self, value: Value) -> str:
        return f"{value:o}" if isinstance(value, int) else str(value)

    def from_toml(self, value: object) -> str:
        """A TOML number is taken by its digits, as Redis does: 700 means 0o700."""
        return str(value) if is_integer(value) else super().from_toml(value)


class Choice(Kind):
    def __init__(self, words: tuple[str, ...]) -> None:
        self.words: Final = words

    def expected(self) -> str:
        return "one of " + ", ".join(self.words)

    def parse(self, text: str, current: Value) -> Value:
        if text.lower() not in self.words:
            raise ValueError("argument(s) must be one of the following: " + ", ".join(self.words))
        return text.lower()

    def from_toml(self, value: object) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        return super().from_toml(value)


class Addresses(Kind):
    def expected(self) -> str:
        return "addresses such as auto://127.0.0.1:9736 or resp:///run/kvik.sock"

    def parse(self, text: str, current: Value) -> Value:
        words = text.split()
        if not words:
            raise ValueError("there is no address")
        for word in words:
            if not ADDRESS.fullmatch(word):
                raise ValueError(f"{word} is not SCHEME://HOST:PORT")
        return words

    def show(self, value: Value) -> str:
        return " ".join(value) if isinstance(value, list) else str(value)

    def from_toml(self, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value):
            return " ".join(value)
        raise ValueError("it is not a list of texts")


class OutputLimits(Kind):
    def expected(self) -> str:
        return "CLASS HARD SOFT SECONDS, several in a row, where CLASS is normal, replica or pubsub"

    def parse(self, text: str, current: Value) -> Value:
        words = text.split()
        if not words or len(words) % 4 != 0:
            raise ValueError("Wrong number of arguments in buffer limit configuration.")
        limits = dict(current) if isinstance(current, dict) else {}
        for start in range(0, len(words), 4):
            name = words[start].lower().replace("replica", "slave")
            if name not in limits:
                raise ValueError("Invalid client class specified in buffer limit configuration.")
            limits[name] = parse_limit(words[start + 1 : start + 4])
        return limits

    def show(self, value: Value) -> str:
        if not isinstance(value, dict):
            return str(value)
        return " ".join(f"{name} {limit.hard} {limit.soft} {limit.seconds}" for name, limit in value.items())


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def within(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(f"argument must be between {least} and {most} inclusive")
    return number


def parse_size(text: str) -> int:
    """Return how many bytes a size is; `kb` is 1024 and `k` 1000 bytes, as in Redis."""
    match = SIZE.fullmatch(text)
    unit = UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError("argument must be a memory value")
    return int(match[1]) * unit


def parse_limit(words: list[str]) -> OutputLimit:
    try:
        return OutputLimit(parse_size(words[0]), parse_size(words[1]), int(words[2]))
    except ValueError:
        raise ValueError("Error in hard, soft or soft_seconds setting in buffer limit configuration.") from None
