"""A store inside a program, which does so many gets or sets when a line on standard input says so.

It is run as a file, `embedded_loop.py KIND PLACE`, and imports nothing of the harness: only the store is in its
process. A line `get 1000` is answered by a line with the seconds they took.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from random import Random

KEYS = 10_000
VALUE = b"0123456789abcdef"

Get = Callable[[str], object]
Set = Callable[[str, bytes], object]


def open_store(kind: str, place: str) -> tuple[Get, Set]:
    """The two functions of a store, used as its documentation shows it.

    `place` is a folder, nothing for memory alone, or for redis-py the port of a server.
    """
    if kind == "kvik":
        import kvik

        database = kvik.open(place or None)
        return partial(database.execute, "GET"), partial(database.execute, "SET")
    if kind == "diskcache":
        cache = import_module("diskcache").Cache(place)
        return cache.get, cache.set
    import redis

    client = redis.Redis(port=int(place))
    return client.get, client.set


def gets(get: Get, keys: list[str]) -> float:
    """The seconds that reading these keys takes."""
    started = time.perf_counter()
    for key in keys:
        get(key)
    return time.perf_counter() - started


def sets(put: Set, keys: list[str]) -> float:
    """The seconds that writing these keys takes."""
    started = time.perf_counter()
    for key in keys:
        put(key, VALUE)
    return time.perf_counter() - started


def main(kind: str, place: str) -> None:
    get, put = open_store(kind, place)
    keys = [f"key:{number:012d}" for number in range(KEYS)]
    random = Random(1)
    for key in keys:
        put(key, VALUE)
    print("ready", flush=True)
    for line in sys.stdin:
        operation, count = line.split()
        chosen = random.choices(keys, k=int(count))
        seconds = gets(get, chosen) if operation == "get" else sets(put, chosen)
        if get(chosen[-1]) != VALUE:
            sys.exit(f"{kind} does not have the value that was written")
        print(seconds, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
