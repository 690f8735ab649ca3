"""A journal that is stopped at every operation: what is on the disk is a prefix, with all that was acknowledged."""

import errno
from random import Random

import pytest

from tests.journal.checking import read_log
from tests.journal.desks import LOG, NEXT, Desk
from tests.journal.simulated import SHORT, Crash, SimulatedFiles


class Story:
    """Turns, slow syncs, a full disk and a rotation, the same for the same seed; what was acknowledged when."""

    def __init__(self, policy: str, seed: int, files: SimulatedFiles) -> None:
        self.random = Random(seed)
        self.files = files
        self.policy = policy
        self.said: list[str] = []
        # What each answer waits for, and when those that were acknowledged were, in milliseconds.
        self.sequences: list[int] = []
        self.acknowledged: list[int] = []

    def run(self) -> None:
        self.files.make_folder("d")
        self.files.sync_folder(".")
        self.files.create(NEXT)
        self.files.sync_folder("d")
        desk = Desk(self.policy, files=self.files)
        for number in range(60):
            self.step(desk, number)
            for sequence in self.sequences[len(self.acknowledged) :]:
                if sequence <= desk.journal.released:
                    self.acknowledged.append(desk.clock.now)

    def step(self, desk: Desk, number: int) -> None:
        chance = self.random.random()
        if number == 15:
            desk.files.fail("write", SHORT)
            desk.files.fail("write", errno.ENOSPC)
        if chance < 0.2:
            desk.wait(300)
        elif chance < 0.4:
            desk.syncer.wait()
        elif chance < 0.5 and number > 20 and not desk.content(NEXT) and not desk.journal.is_rotating():
            desk.journal.rotate(desk.files.open_appending(NEXT))
        elif not desk.journal.is_refusing:
            self.say(desk, number)

    def say(self, desk: Desk, number: int) -> None:
        line = f"SET k{number} {'x' * self.random.choice((1, 100, 700))}"
        self.said.append(line)
        self.sequences.append(desk.turn(line))

    def found(self) -> list[str]:
        """Return what is on the disk, and check that only the last file that is not empty has a torn end."""
        old = read_log(self.files.read(LOG))
        content = self.files.read(NEXT)
        requests = old.requests()
        if content:
            assert old.rest == b""
            requests += read_log(content, old.sequence, old.chain).requests()
        return [b" ".join(words).decode() for words in requests]


@pytest.mark.parametrize("policy", ["always", "everysec"])
@pytest.mark.parametrize("seed", range(4))
def test_what_a_crash_leaves_is_a_prefix_that_has_all_that_was_acknowledged(policy: str, seed: int) -> None:
    whole = Story(policy, seed, SimulatedFiles())
    whole.run()
    assert len(whole.acknowledged) > 8
    for number in range(7, whole.files.operations + 1):
        story = Story(policy, seed, SimulatedFiles())
        story.files.stop_at(number, share=number % 5 / 4)
        with pytest.raises(Crash):
            story.run()
        killed = story.files.copy()
        killed.kill()
        for end, files in enumerate([killed, story.files, story.files.copy(), story.files.copy()]):
            if end:
                files.crash(Random(number * 10 + end))
            story.files = files
            found = story.found()
            assert found == story.said[: len(found)]
            lost = story.acknowledged[len(found) :]
            if end and policy == "everysec":
                assert not lost or lost[-1] - lost[0] <= 2_000, (number, end)
            else:
                assert lost == [], (number, end)
