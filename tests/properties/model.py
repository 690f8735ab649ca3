"""What kvik should do, in the plainest Python: two dicts, and no thought for speed. Knows nothing of kvik.

Replies have the shape of `tests.engines.plain_reply`: an error is its line, a str. Written from Redis' documentation.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Reply: TypeAlias = "bytes | int | str | None | list[Reply]"
Words: TypeAlias = list[bytes]
INTEGER: Final = re.compile(rb"0|-?[1-9][0-9]*")
LIMIT: Final = 2**63


class Refused(Exception):
    """A command that answers an error and changes nothing."""


NOT_AN_INTEGER: Final = "ERR value is not an integer or out of range"
OVERFLOW: Final = "ERR increment or decrement would overflow"
SYNTAX: Final = "ERR syntax error"


class Model:
    """One database. `now` is moved by the test; what is over is dropped before anything is asked."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.values: dict[bytes, bytes] = {}
        self.deadlines: dict[bytes, int] = {}
        self.versions: Counter[bytes] = Counter()

    def run(self, words: Words) -> Reply:
        """Run one command and return its reply."""
        self.drop_what_is_over()
        try:
            return COMMANDS[words[0]](self, words[1:])
        except Refused as error:
            return str(error)

    def drop_what_is_over(self) -> None:
        for key, deadline in list(self.deadlines.items()):
            if deadline <= self.now:
                self.remove(key)

    # The four ways anything changes

    def put(self, key: bytes, value: bytes, keep_deadline: bool = False) -> None:
        self.values[key] = value
        self.versions[key] += 1
        if not keep_deadline:
            self.deadlines.pop(key, None)

    def remove(self, key: bytes) -> bool:
        self.deadlines.pop(key, None)
        was_there = self.values.pop(key, None) is not None
        self.versions[key] += was_there
        return was_there

    def let_die(self, key: bytes, deadline: int) -> None:
        self.deadlines[key] = deadline
        self.versions[key] += 1
        self.drop_what_is_over()

    def let_live(self, key: bytes) -> bool:
        had_one = self.deadlines.pop(key, None) is not None
        self.versions[key] += had_one
        return had_one

    # Strings

    def get(self, words: Words) -> Reply:
        return self.values.get(words[0])

    def mget(self, words: Words) -> Reply:
        return [self.values.get(key) for key in words]

    def set(self, words: Words) -> Reply:
        key, value, *options = words
        before = self.values.get(key)
        if (b"NX" in options and before is not None) or (b"XX" in options and before is None):
            return before if b"GET" in options else None
        deadline = self.deadline_of(options)
        self.put(key, value, b"KEEPTTL" in options)
        if deadline is not None:
            self.let_die(key, deadline)
        return before if b"GET" in options else b"OK"

    def deadline_of(self, options: Words) -> int | None:
        if b"PX" in options:
            return self.now + int(options[options.index(b"PX") + 1])
        if b"PXAT" in options:
            return int(options[options.index(b"PXAT") + 1])
        return None

    def setnx(self, words: Words) -> Reply:
        return int(self.set([*words, b"NX"]) == b"OK")

    def mset(self, words: Words) -> Reply:
        for key, value in zip(words[::2], words[1::2], strict=True):
            self.put(key, value)
        return b"OK"

    def msetnx(self, words: Words) -> Reply:
        if any(key in self.values for key in words[::2]):
            return 0
        self.mset(words)
        return 1

    def getset(self, words: Words) -> Reply:
        before = self.get(words)
        self.put(words[0], words[1])
        return before

    def getdel(self, words: Words) -> Reply:
        before = self.get(words)
        self.remove(words[0])
        return before

    def getex(self, words: Words) -> Reply:
        key, *options = words
        value = self.get(words)
        deadline = self.deadline_of(options)
        if value is not None and deadline is not None:
            self.let_die(key, deadline)
        if value is not None and b"PERSIST" in options:
            self.let_live(key)
        return value

    def append(self, words: Words) -> Reply:
        value = self.values.get(words[0], b"") + words[1]
        self.put(words[0], value, keep_deadline=True)
        return len(value)

    def strlen(self, words: Words) -> Reply:
        return len(self.values.get(words[0], b""))

    def getrange(self, words: Words) -> Reply:
        value = self.values.get(words[0], b"")
        start, end = int(words[1]), int(words[2])
        if end < start < 0:
            return b""
        # An end before the beginning counts as the beginning, as in Redis.
        first, last = [max(at + len(value), 0) if at < 0 else at for at in (start, end)]
        return value[first : last + 1]

    def setrange(self, words: Words) -> Reply:
        key, offset, patch = words[0], int(words[1]), words[2]
        value = self.values.get(key, b"")
        if patch:
            value = value[:offset].ljust(offset, b"\0") + patch + value[offset + len(patch) :]
            self.put(key, value, keep_deadline=True)
        return len(value)

    # Counters

    def incrby(self, words: Words) -> Reply:
        return self.add(words[0], integer(words[1]))

    def decrby(self, words: Words) -> Reply:
        step = integer(words[1])
        if step == -LIMIT:
            raise Refused("ERR decrement would overflow")
        return self.add(words[0], -step)

    def incr(self, words: Words) -> Reply:
        return self.add(words[0], 1)

    def decr(self, words: Words) -> Reply:
        return self.add(words[0], -1)

    def add(self, key: bytes, step: int) -> int:
        number = integer(self.values.get(key, b"0")) + step
        if not -LIMIT <= number < LIMIT:
            raise Refused(OVERFLOW)
        self.put(key, b"%d" % number, keep_deadline=True)
        return number

    # Keys

    def delete(self, words: Words) -> Reply:
        return sum([self.remove(key) for key in words])

    def exists(self, words: Words) -> Reply:
        return sum([key in self.values for key in words])

    def type(self, words: Words) -> Reply:
        return b"string" if words[0] in self.values else b"none"

    def rename(self, words: Words) -> Reply:
        source, target = words
        if source not in self.values:
            raise Refused("ERR no such key")
        if source != target:
            self.move(source, target)
            self.remove(source)
        return b"OK"

    def renamenx(self, words: Words) -> Reply:
        if words[0] in self.values and words[1] in self.values:
            return 0
        self.rename(words)
        return 1

    def copy(self, words: Words) -> Reply:
        source, target = words[:2]
        if source == target:
            raise Refused("ERR source and destination objects are the same")
        if source not in self.values or (target in self.values and b"REPLACE" not in words[2:]):
            return 0
        self.move(source, target)
        return 1

    def move(self, source: bytes, target: bytes) -> None:
        self.put(target, self.values[source])
        if source in self.deadlines:
            self.let_die(target, self.deadlines[source])

    def keys(self, words: Words) -> Reply:
        return list(self.values)

    def flushdb(self, words: Words) -> Reply:
        for key in list(self.values):
            self.remove(key)
        return b"OK"

    # Time to live

    def expire(self, words: Words) -> Reply:
        return self.die_at(words[0], self.now + integer(words[1]) * 1000, words[2:])

    def pexpire(self, words: Words) -> Reply:
        return self.die_at(words[0], self.now + integer(words[1]), words[2:])

    def pexpireat(self, words: Words) -> Reply:
        return self.die_at(words[0], integer(words[1]), words[2:])

    def die_at(self, key: bytes, deadline: int, options: Words) -> int:
        before = self.deadlines.get(key)
        is_refused = (
            key not in self.values
            or (b"NX" in options and before is not None)
            or (b"XX" in options and before is None)
            or (b"GT" in options and (before is None or deadline <= before))
            or (b"LT" in options and before is not None and deadline >= before)
        )
        if not is_refused:
            self.let_die(key, deadline)
        return int(not is_refused)

    def pttl(self, words: Words) -> Reply:
        moment = self.pexpiretime(words)
        return moment if moment < 0 else moment - self.now

    def ttl(self, words: Words) -> Reply:
        moment = self.pexpiretime(words)
        return moment if moment < 0 else (moment - self.now + 500) // 1000

    def pexpiretime(self, words: Words) -> int:
        if words[0] not in self.values:
            return -2
        return self.deadlines.get(words[0], -1)

    def persist(self, words: Words) -> Reply:
        return int(self.let_live(words[0]))


def integer(text: bytes) -> int:
    if not INTEGER.fullmatch(text) or not -LIMIT <= int(text) < LIMIT:
        raise Refused(NOT_AN_INTEGER)
    return int(text)


COMMANDS: Final[dict[bytes, Callable[[Model, Words], Reply]]] = {
    b"GET": Model.get,
    b"MGET": Model.mget,
    b"SET": Model.set,
    b"SETNX": Model.setnx,
    b"MSET": Model.mset,
    b"MSETNX": Model.msetnx,
    b"GETSET": Model.getset,
    b"GETDEL": Model.getdel,
    b"GETEX": Model.getex,
    b"APPEND": Model.append,
    b"STRLEN": Model.strlen,
    b"GETRANGE": Model.getrange,
    b"SETRANGE": Model.setrange,
    b"INCR": Model.incr,
    b"DECR": Model.decr,
    b"INCRBY": Model.incrby,
    b"DECRBY": Model.decrby,
    b"DEL": Model.delete,
    b"EXISTS": Model.exists,
    b"TYPE": Model.type,
    b"RENAME": Model.rename,
    b"RENAMENX": Model.renamenx,
    b"COPY": Model.copy,
    b"KEYS": Model.keys,
    b"FLUSHDB": Model.flushdb,
    b"EXPIRE": Model.expire,
    b"PEXPIRE": Model.pexpire,
    b"PEXPIREAT": Model.pexpireat,
    b"TTL": Model.ttl,
    b"PTTL": Model.pttl,
    b"PEXPIRETIME": Model.pexpiretime,
    b"PERSIST": Model.persist,
}


@dataclass
class ModelCaller:
    """One caller of a model: its transaction and what it watches."""

    model: Model
    queue: list[Words] | None = None
    watching: dict[bytes, int] = field(default_factory=dict)

    def run(self, words: Words) -> Reply:
        self.model.drop_what_is_over()
        name = words[0]
        if name == b"MULTI":
            return self.multi()
        if name == b"EXEC":
            return self.execute()
        if name == b"DISCARD":
            return self.discard()
        if name == b"WATCH":
            return self.watch(words[1:])
        if self.queue is not None:
            self.queue.append(words)
            return b"QUEUED"
        if name == b"UNWATCH":
            self.watching = {}
            return b"OK"
        return self.model.run(words)

    def multi(self) -> Reply:
        if self.queue is not None:
            return "ERR MULTI calls can not be nested"
        self.queue = []
        return b"OK"

    def execute(self) -> Reply:
        if self.queue is None:
            return "ERR EXEC without MULTI"
        queue, watching = self.queue, self.watching
        self.queue, self.watching = None, {}
        if any(self.model.versions[key] != version for key, version in watching.items()):
            return None
        return [b"OK" if words[0] == b"UNWATCH" else self.model.run(words) for words in queue]

    def discard(self) -> Reply:
        if self.queue is None:
            return "ERR DISCARD without MULTI"
        self.queue, self.watching = None, {}
        return b"OK"

    def watch(self, keys: Words) -> Reply:
        if self.queue is not None:
            return "ERR WATCH inside MULTI is not allowed"
        for key in keys:
            self.watching.setdefault(key, self.model.versions[key])
        return b"OK"
