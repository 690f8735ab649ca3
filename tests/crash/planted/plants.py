"""Bugs that would lose data, each as one change of the source's text, and the tests that have to notice it."""

from typing import Final


class Plant:
    """A bug: in `file`, below src/kvik, `before` becomes `after`; one of `tests`, below tests/, has to turn red."""

    def __init__(self, name: str, file: str, before: str, after: str, *tests: str) -> None:
        self.name: Final = name
        self.file: Final = file
        self.before: Final = before
        self.after: Final = after
        self.tests: Final = tests

    def planted_in(self, text: str) -> str:
        """Return the source with the bug. Raises LookupError where it no longer has the place."""
        if text.count(self.before) != 1:
            raise LookupError(f"{self.file} has changed: the plant '{self.name}' needs care")
        return text.replace(self.before, self.after)


CRASHES_AT_ANY_OPERATION: Final = (
    "journal/test_compaction.py::test_a_crash_at_any_operation_leaves_the_old_or_the_new_generation"
    "[0-always, power cut]"
)
EVERY_BIT_OF_A_LOG: Final = (
    "crash/test_every_byte_of_a_directory.py"
    "::test_every_flipped_bit_of_the_last_log_is_refused_or_sets_the_end_aside_that_may_be_torn[finished]"
)

PLANTS: Final = (
    # When an answer leaves
    Plant(
        "an answer leaves before the sync",
        "journal/writer.py",
        "        if self._policy != ALWAYS:\n            self.released = max(self.released, self.written)\n"
        "        if self._first_unsynced < 0.0:",
        "        self.released = max(self.released, self.written)\n        if self._first_unsynced < 0.0:",
        "journal/test_writer.py::test_with_always_answers_leave_when_their_batch_is_on_disk_and_reads_wait_for_what_they_saw",
    ),
    Plant(
        "an answer leaves before the write",
        "journal/writer.py",
        "        batch = Batch(self.sequence, self._clock.now, body)\n",
        "        batch = Batch(self.sequence, self._clock.now, body)\n"
        "        if self._policy != ALWAYS:\n            self.released = self.sequence\n",
        "journal/test_writer_failing.py::test_on_a_full_disk_writes_are_refused_reads_go_on_and_all_resumes_when_there_is_room",
    ),
    Plant(
        "a sync counts for what was written while it ran",
        "journal/writer.py",
        "        self._syncer.start(self, file, self.written)\n",
        "        self._syncer.start(self, file, self.written + 1)\n",
        "journal/test_writer.py::test_with_always_one_sync_covers_all_turns_that_were_written_while_another_ran",
    ),
    Plant(
        "reads do not wait for what they saw",
        "journal/writer.py",
        "return self.released if self.is_refusing else self.sequence",
        "return self.released",
        "journal/test_writer.py::test_with_always_answers_leave_when_their_batch_is_on_disk_and_reads_wait_for_what_they_saw",
    ),
    # When something fails
    Plant(
        "a sync is tried again after it failed",
        "journal/writer.py",
        "        if file is self._log.file:\n            self._lose(reason_of(error))\n",
        "        if file is self._log.file:\n            self._refuse(reason_of(error))\n",
        "journal/test_writer_failing.py::test_a_file_that_could_not_be_synced_is_never_touched_again",
    ),
    Plant(
        "half a batch stays when a write failed",
        "journal/log_file.py",
        "            self.file.truncate(self.size)\n",
        "            self.file.size()\n",
        "journal/test_writer_failing.py::test_on_a_full_disk_writes_are_refused_reads_go_on_and_all_resumes_when_there_is_room",
    ),
    Plant(
        "a short write is taken for a whole one",
        "journal/log_file.py",
        "    while written < len(data):\n",
        "    while written < 0:\n",
        "journal/test_writer_failing.py::test_a_short_write_is_gone_on_with",
    ),
    Plant(
        "what could not be written is forgotten",
        "journal/writer.py",
        "        self._refuse(reason)\n        for batch in batches:\n            self._hold(batch)\n",
        "        self._refuse(reason)\n",
        "journal/test_writer_failing.py::test_on_a_full_disk_writes_are_refused_reads_go_on_and_all_resumes_when_there_is_room",
    ),
    Plant(
        "a transaction that writes is not refused",
        "engine.py",
        "            if self._find(request.words).flags & WRITE:\n                raise discarded(refusal)\n",
        "            pass\n",
        "journal/test_writer_failing.py::test_a_transaction_that_writes_is_refused_whole_and_one_that_reads_is_not",
    ),
    # What is written
    Plant(
        "checksums are not chained",
        "journal/mark.py",
        "len(commands), durable, time, chain, crc32(commands, chain))",
        "len(commands), durable, time, chain, crc32(commands))",
        "journal/test_mark.py::test_the_checksum_covers_the_commands_and_the_text_and_is_chained",
    ),
    Plant(
        "a transaction is split over two batches",
        "engine.py",
        "            return error\n        return self._run(session, command, request)\n",
        "            return error\n        self.journal.seal()\n        return self._run(session, command, request)\n",
        "journal/test_keeper.py::test_a_transaction_is_one_batch",
    ),
    Plant(
        "a new log does not say its database",
        "journal/collecting.py",
        "        self._database = 0\n",
        "        self._database = self._database\n",
        "journal/test_keeper.py::test_a_new_log_begins_in_the_first_database",
    ),
    Plant(
        "a key that expires leaves no DEL",
        "waiting.py",
        '        self.journal.record_effect(database, [b"DEL", key])\n        self.notes.note(kind',
        "        self.notes.note(kind",
        "journal/test_keeper.py::test_nothing_dies_while_it_loads_and_what_is_over_then_dies_by_a_del",
    ),
    # Files that are replaced
    Plant(
        "a name is not made durable after a rename",
        "journal/manifest.py",
        "    files.rename(part, folder + name)\n    files.sync_folder(folder)\n",
        "    files.rename(part, folder + name)\n",
        "journal/test_manifest.py::test_a_manifest_is_replaced_whole_and_durably",
    ),
    Plant(
        "a manifest gets its name before it is durable",
        "journal/manifest.py",
        "        write_all(file, content)\n        file.sync()\n",
        "        files.rename(part, folder + name)\n        write_all(file, content)\n        file.sync()\n"
        "        part = folder + name\n",
        CRASHES_AT_ANY_OPERATION,
    ),
    Plant(
        "a base gets its name before it is durable",
        "journal/base_file.py",
        "        file = self._append(commands, CLOSING)\n        file.sync()\n",
        "        file = self._append(commands, CLOSING)\n",
        CRASHES_AT_ANY_OPERATION,
    ),
    Plant(
        "an old generation goes before the new manifest is durable",
        "journal/compaction_work.py",
        "        write_manifest(self._files, self._directory, after)\n        self.manifest = after\n",
        "        remove_files(self._files, self._directory, [file.name for file in self.manifest.files[:-1]])\n"
        "        write_manifest(self._files, self._directory, after)\n        self.manifest = after\n",
        "journal/test_keeper.py::test_a_generation_goes_only_when_the_next_manifest_is_there",
    ),
    Plant(
        "the new log grows before the old one is durable",
        "journal/writer.py",
        "        if self._log.is_durable():\n            self._turn_over(file)\n",
        "        self._turn_over(file)\n",
        "journal/test_writer.py::test_after_a_rotation_batches_go_to_the_next_file_once_the_old_one_is_durable",
    ),
    # Reading
    Plant(
        "the cut of a torn end is off by one",
        "journal/recovery.py",
        "        file.truncate(torn.offset)\n",
        "        file.truncate(torn.offset + 1)\n",
        "journal/test_recovery.py::test_a_torn_end_is_cut_off_and_kept_at_every_byte",
    ),
    Plant(
        "damage of what was durable is taken for a torn end",
        "journal/reader.py",
        "        if later is not None:\n",
        "        if later is not None and not sequence:\n",
        EVERY_BIT_OF_A_LOG,
    ),
    Plant(
        "the checksum of a manifest is not looked at",
        "journal/manifest.py",
        "    if int(line[1], 16) != crc32(content[:end]):\n",
        "    if not line[1]:\n",
        "journal/test_manifest.py::test_every_flipped_bit_is_refused_with_the_place",
    ),
    Plant(
        "keys expire while they are loaded",
        "journal/recovery.py",
        "        clock.now = 0\n",
        "        clock.now = now\n",
        "journal/test_recovery.py::test_nothing_expires_and_nothing_is_recorded_while_it_is_loaded",
    ),
    Plant(
        "what was read is not made durable",
        "journal/recovery.py",
        "                if file.kind == INCR:\n                    make_durable(",
        "                if file.kind != INCR:\n                    make_durable(",
        "journal/test_compaction.py::test_what_was_read_from_an_old_log_is_durable_before_the_new_one_grows",
    ),
    Plant(
        "a snapshot forgets a key that changes",
        "store/snapshot.py",
        "        if key not in passed:\n            passed.add(key)\n            value = self.values.get(key)\n",
        "        if key not in passed:\n            passed.add(key)\n            value = None\n",
        "store/test_snapshot.py::test_a_change_is_not_seen",
    ),
    Plant(
        "a second server is let in",
        "journal/recovery.py",
        '        self.lock: Final[Lock] = files.lock(f"{directory}/{LOCK_NAME}")\n',
        '        self.lock: Final[Lock] = files.lock(f"{directory}/{LOCK_NAME}.{id(services)}")\n',
        "journal/test_recovery.py::test_a_directory_that_is_in_use_is_refused",
    ),
)
