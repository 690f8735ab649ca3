"""Random requests to kvik and to a real redis-server for long: `make differential`, or python -m tests.differential.

Every family of commands, in both protocols; in every second story the keyspace events are compared as well. Prints
every difference that is not explained, with its seed and the requests that led to it; one ends the run with 1.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final, NamedTuple

from kvik.build_info import VERSION, build_name
from tests.differential.campaign import FAMILIES, STORY, Requests, run, run_with_events
from tests.differential.pair import Difference
from tests.servers import RedisServer

COMMANDS: Final = 1_000_000
PIECE: Final = 20 * STORY
PROTOCOLS: Final = (2, 3)


class Piece(NamedTuple):
    """Stories of one family in one protocol."""

    family: str
    protocol: int
    seed: int
    commands: int


def pieces_of(families: Sequence[str], commands: int, seed: int) -> list[Piece]:
    """Return pieces of whole stories, at least as many commands as are wanted, the same number for each family."""
    share = -(-commands // (len(families) * len(PROTOCOLS) * STORY)) * STORY
    return [
        Piece(family, protocol, seed + start, min(PIECE, share - start))
        for start in range(0, share, PIECE)
        for family in families
        for protocol in PROTOCOLS
    ]


def run_piece(piece: Piece, requests: Requests | None = None) -> list[str]:
    """Run story after story beside a server of its own; return the differences. `requests` stands in for the family."""
    differences = []
    with tempfile.TemporaryDirectory(prefix="kvik-") as folder:
        server = RedisServer(Path(folder))
        try:
            for number, seed in enumerate(range(piece.seed, piece.seed + piece.commands, STORY)):
                tell = run_with_events if number % 2 else run
                try:
                    tell(server, requests or FAMILIES[piece.family], piece.protocol, STORY, seed)
                except Difference as difference:
                    differences.append(f"{piece.family}, RESP{piece.protocol}, {difference}")
        finally:
            server.stop()
    return differences


def run_all(pieces: Sequence[Piece], processes: int) -> list[str]:
    """Run pieces side by side, saying how far it has come; return all differences."""
    began = time.monotonic()
    differences: list[str] = []
    done = 0
    total = sum([piece.commands for piece in pieces])
    with ProcessPoolExecutor(processes) as pool:
        running = {pool.submit(run_piece, piece): piece for piece in pieces}
        for future in as_completed(running):
            piece = running[future]
            found = future.result()
            differences += found
            done += piece.commands
            for difference in found:
                print(difference, flush=True)
            what = f"{piece.family}, RESP{piece.protocol}, seed {piece.seed}"
            seconds = time.monotonic() - began
            print(f"{seconds:6.0f} s  {done:9,} of {total:,}  {what}: {len(found)} differences", flush=True)
    return differences


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make differential", description="Asks kvik and redis-server the same")
    parser.add_argument("--commands", type=int, default=COMMANDS, metavar="N", help=f"of all families [{COMMANDS:,}]")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="one family; may be given several times")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000_000, help="of the first story")
    parser.add_argument("--processes", type=int, default=2, help="pieces at the same time [2]")
    given = parser.parse_args(arguments)
    families = given.family or list(FAMILIES)
    pieces = pieces_of(families, given.commands, given.seed)
    print(f"kvik {VERSION}, {build_name()}, seed {given.seed}: {', '.join(families)}", flush=True)
    differences = run_all(pieces, given.processes)
    commands = sum([piece.commands for piece in pieces])
    print(f"\n{commands:,} commands: {len(differences)} differences that are not explained")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
