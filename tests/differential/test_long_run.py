"""`make differential`: whole stories of every family in both protocols; a difference is shown and ends it with 1."""

import pytest

from tests.differential.__main__ import Piece, main, pieces_of, run_piece
from tests.differential.campaign import FAMILIES, STORY


def test_pieces_are_whole_stories_shared_among_families_and_protocols() -> None:
    pieces = pieces_of(list(FAMILIES), 1_000_000, 5)
    total = sum([piece.commands for piece in pieces])
    assert 1_000_000 <= total < 1_000_000 + 2 * len(FAMILIES) * STORY
    for family in FAMILIES:
        for protocol in (2, 3):
            seeds = [
                seed
                for piece in pieces
                if (piece.family, piece.protocol) == (family, protocol)
                for seed in range(piece.seed, piece.seed + piece.commands, STORY)
            ]
            assert seeds == list(range(5, 5 + total // (2 * len(FAMILIES)), STORY))


@pytest.mark.needs("redis-server")
def test_a_run_without_a_difference_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--family", "lists", "--commands", "2000", "--seed", "3", "--processes", "1"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert "seed 3: lists" in shown[0]
    assert shown[-1] == "2,000 commands: 0 differences that are not explained"


@pytest.mark.needs("redis-server")
def test_a_difference_is_found_and_shown() -> None:
    (difference,) = run_piece(Piece("lists", 2, 3, STORY), lambda draw: [b"COUNT"])
    assert difference.startswith("lists, RESP2, seed 3: ")
    assert 'redis: b"-ERR unknown command' in difference
