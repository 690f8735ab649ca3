"""A crash of the simulated disk loses all that may be lost, in every legal way, and nothing else."""

import errno
import re
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journal.crashes import (
    LOG,
    PAGES,
    SEEDS,
    crashed,
    disk,
    ends,
    ends_of_names,
    ends_without_none,
    found,
    writing,
    writing_pages,
)
from tests.journal.simulated import Crash, SimulatedFiles

SYNCED: Final = b"synced|"


# What a crash may do to contents.


def test_what_was_synced_is_never_lost() -> None:
    files = disk()
    file = writing(files, SYNCED)
    file.sync()
    assert ends(files) == {SYNCED}
    file.write(PAGES)
    assert all(end is not None and end.startswith(SYNCED) for end in ends(files))
    file.sync()
    assert ends(files) == {SYNCED + PAGES}


def test_what_was_not_synced_is_kept_lost_or_torn() -> None:
    found_ends = ends_without_none(writing_pages())
    assert {b"", PAGES} <= found_ends
    assert any(PAGES.startswith(end) and len(end) % 512 for end in found_ends), "cut anywhere"
    assert any(len(end) == len(PAGES) and not end.strip(b"\0") for end in found_ends), "long, but never written"
    stale = [byte for end in found_ends for byte, written in zip(end, PAGES, strict=False) if byte not in (0, written)]
    assert stale, "what stands where nothing was written need not be zeros"
    holes = [end for end in found_ends if end[:512] == bytes(512) and end[512:1024] == PAGES[512:1024]]
    assert holes, "a sector is missing before one that is there"


def test_sectors_are_whole_wherever_a_write_began() -> None:
    files = disk()
    writing(files, b"!" * 500).sync()
    writing(files, PAGES)
    whole = b"!" * 500 + PAGES
    holes = [end for end in ends_without_none(files) if end[500:512] == bytes(12) and end[512:1024] == whole[512:1024]]
    assert holes
    assert all(end.startswith(b"!" * 500) for end in ends_without_none(files))


def test_a_later_write_may_be_there_without_the_one_before() -> None:
    files = disk()
    writing(files, b"first|", b"second|")
    assert {b"", b"first|", b"first|second|", b"\0" * 6 + b"second|"} <= ends(files)


def test_more_than_one_write_may_be_torn() -> None:
    files = disk()
    writing(files, b"abcdefgh", b"ijklmnop")
    torn_twice = re.compile(rb"[a-h]{1,7}\0+[i-p]{1,7}")
    assert any(torn_twice.fullmatch(end) and end[8:9] == b"i" for end in ends_without_none(files))


def test_files_reach_the_disk_in_any_order() -> None:
    files = disk()
    files.put("/data/other", b"")
    writing(files, b"first")
    files.open_appending("/data/other").write(b"second")
    both = {(found(after), found(after, "/data/other")) for after in [crashed(files, seed) for seed in SEEDS]}
    assert {(b"first", b"second"), (b"first", b""), (b"", b"second"), (b"", b"")} <= both


def test_a_sync_is_for_its_own_file_alone() -> None:
    files = disk()
    files.put("/data/other", b"")
    writing(files, b"first")
    other = files.open_appending("/data/other")
    other.write(b"second")
    other.sync()
    assert ends(files, "/data/other") == {b"second"}
    assert b"" in ends(files)


def test_a_cut_is_undone_half_done_or_done() -> None:
    files = disk()
    file = writing(files, b"whole|torn")
    file.sync()
    file.truncate(6)
    assert ends(files) == {b"whole|torn", b"whole|\0\0\0\0", b"whole|"}
    file.sync()
    assert ends(files) == {b"whole|"}


def test_a_write_behind_a_cut_may_be_there_without_the_cut() -> None:
    files = disk()
    file = writing(files, b"whole|torn and long")
    file.sync()
    file.truncate(6)
    file.write(b"next")
    assert {b"whole|torn and long", b"whole|next and long", b"whole|", b"whole|next"} <= ends(files)


def test_an_emptied_file_may_come_back_with_what_it_held() -> None:
    files = disk()
    files.put(LOG, b"old")
    file = files.create(LOG, replacing=True)
    file.write(b"new")
    assert {b"old", b"new", b""} <= ends(files)
    file.sync()
    assert ends(files) == {b"new"}


def test_what_a_failed_sync_was_to_save_is_lost_although_later_ones_succeed() -> None:
    files = disk()
    file = writing(files, SYNCED)
    file.sync()
    spoiled = PAGES[:600]
    file.write(spoiled)
    files.fail("sync", errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        file.sync()
    file.sync()
    assert files.read(LOG) == SYNCED + spoiled, "a reader notices nothing"
    assert all(end.startswith(SYNCED) and spoiled not in end for end in ends_without_none(files))
    file.write(b"later")
    file.sync()
    final = ends_without_none(files)
    assert all(end.startswith(SYNCED) and spoiled not in end for end in final)
    assert {end[len(SYNCED + spoiled) :] for end in final} == {b"later"}, "later syncs are for what is later"


def test_a_sync_covers_what_was_written_when_it_began() -> None:
    files = disk()
    file = files.create("/data/other")
    files.sync_folder("/data")
    file.write(b"before|")
    begun = file.begin_sync()
    assert b"" in ends(files, "/data/other"), "nothing is sure while it is under way"
    file.write(b"after")
    file.finish_sync(begun)
    final = ends(files, "/data/other")
    assert {b"before|", b"before|after"} <= final
    assert all(end is not None and end.startswith(b"before|") for end in final)


# What a crash may do to names.


def test_a_new_name_is_sure_when_its_folder_was_synced() -> None:
    files = disk()
    file = files.create("/data/new")
    file.write(b"content")
    file.sync()
    assert ends(files, "/data/new") == {None, b"content"}, "the content is durable, the name is not"
    files.sync_folder("/data")
    assert ends(files, "/data/new") == {b"content"}


def test_a_durable_name_says_nothing_of_the_content() -> None:
    files = disk()
    files.create("/data/new").write(b"content")
    files.sync_folder("/data")
    assert {b"", b"content"} <= ends(files, "/data/new")
    assert None not in ends(files, "/data/new")


def test_a_removed_name_may_come_back_until_its_folder_was_synced() -> None:
    files = disk()
    files.put("/data/old", b"content")
    files.remove("/data/old")
    assert ends(files, "/data/old") == {None, b"content"}
    files.sync_folder("/data")
    assert ends(files, "/data/old") == {None}


def test_a_rename_may_be_undone_until_its_folder_was_synced() -> None:
    files = disk()
    files.put("/data/log.part", b"new")
    files.put(LOG, b"old")
    files.rename("/data/log.part", LOG)
    assert ends(files) == {b"old", b"new"}
    assert ends_of_names(files) == {("log",), ("log", "log.part")}, "never neither, never both new"
    files.sync_folder("/data")
    assert ends(files) == {b"new"}
    assert ends_of_names(files) == {("log",)}


def test_names_change_on_the_disk_in_any_order() -> None:
    files = disk()
    files.remove(LOG)
    files.create("/data/new").close()
    assert ends_of_names(files) == {("log",), ("log", "new"), ("new",), ()}


def test_what_moves_between_folders_may_be_found_in_both_but_not_in_neither() -> None:
    files = disk()
    files.put("/torn/end", b"old")
    files.put(LOG, b"cut")
    files.rename(LOG, "/torn/log")
    places = {(found(after), found(after, "/torn/log")) for after in [crashed(files, seed) for seed in SEEDS]}
    assert places == {(b"cut", None), (b"cut", b"cut"), (None, b"cut")}
    half = files.copy()
    half.sync_folder("/torn")
    places = {(found(after), found(after, "/torn/log")) for after in [crashed(half, seed) for seed in SEEDS]}
    assert places == {(b"cut", b"cut"), (None, b"cut")}
    files.sync_folder("/data")
    places = {(found(after), found(after, "/torn/log")) for after in [crashed(files, seed) for seed in SEEDS]}
    assert places == {(None, b"cut")}


def test_a_folder_is_lost_with_all_it_holds_until_the_one_above_was_synced() -> None:
    files = disk()
    files.make_folder("/data/torn")
    file = files.create("/data/torn/end")
    file.write(b"end")
    file.sync()
    files.sync_folder("/data/torn")
    assert ends(files, "/data/torn/end") == {None, b"end"}
    files.sync_folder("/data")
    assert ends(files, "/data/torn/end") == {b"end"}


def test_names_that_a_failed_sync_was_to_save_may_be_lost_although_later_ones_succeed() -> None:
    files = disk()
    files.create("/data/spoiled").close()
    files.fail("sync_folder", errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        files.sync_folder("/data")
    files.create("/data/later").close()
    files.sync_folder("/data")
    assert ends_of_names(files) == {("later", "log"), ("later", "log", "spoiled")}


STEPS_OF_REPLACING: Final = ("write", "sync", "rename", "sync_folder", "remove")


def replace_log(files: SimulatedFiles, without: str) -> None:
    """Put a new log in place of the old one and remove what is not needed any more, leaving one step out."""
    file = files.create("/data/log.part")
    file.write(b"new")
    if without != "sync":
        file.sync()
    file.close()
    files.rename("/data/log.part", LOG)
    if without != "sync_folder":
        files.sync_folder("/data")
    files.remove("/data/needed-by-old")


def states_of_replacing(without: str) -> set[tuple[bytes | None, bool]]:
    """Crash at every operation; return what the log was then, and whether what the old one needs was there."""
    states = set()
    for number in range(1, 9):
        for seed in range(60):
            files = disk()
            files.put(LOG, b"old")
            files.put("/data/needed-by-old", b"")
            files.stop_at(number)
            with pytest.raises(Crash):
                replace_log(files, without)
                files.free_bytes("/data")
                files.free_bytes("/data")
            files.crash(Random(seed))
            states.add((found(files), files.exists("/data/needed-by-old")))
    return states


def test_replacing_a_file_step_by_step_survives_every_crash() -> None:
    assert states_of_replacing("") == {(b"old", True), (b"new", True), (b"new", False)}


@pytest.mark.parametrize(("without", "state"), [("sync", (b"", True)), ("sync_folder", (b"old", False))])
def test_replacing_a_file_without_a_sync_is_found_out(without: str, state: tuple[bytes, bool]) -> None:
    assert state in states_of_replacing(without)


# Any writes, cuts and syncs: what was sure before the crash is there after it.

STEPS: Final = st.lists(
    st.tuples(st.sampled_from(["write", "write", "sync", "failing sync", "cut"]), st.integers(1, 1500)), max_size=15
)


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 1 << 32))
def test_every_crash_keeps_what_every_sync_has_promised(steps: list[tuple[str, int]], seed: int) -> None:
    files, random = disk(), Random(seed)
    file = files.open_appending(LOG)
    content = sure = b""
    is_trusted = True
    for what, size in steps:
        if what == "write":
            part = random.randbytes(size)
            file.write(part)
            content += part
        elif what == "cut":  # back to no less than what is sure
            content = content[: max(len(sure), len(content) - size)]
            file.truncate(len(content))
        elif what == "sync":
            file.sync()
            sure = content if is_trusted else sure
        else:
            files.fail("sync", errno.EIO)
            with pytest.raises(OSError, match="Input/output error"):
                file.sync()
            is_trusted = False
    assert found(files) == content
    files.crash(random)
    end = found(files)
    assert end is not None and end.startswith(sure)
    assert len(end) <= len(sure) + sum([size for what, size in steps if what == "write"])
