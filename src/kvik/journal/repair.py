"""Makes a damaged journal one that can be read, and keeps everything it takes away. Does only what was planned.

Every plan keeps the longest part from the beginning on; nothing behind damage is ever put together with it.
"""

from typing import Final

from kvik.journal.files import Files
from kvik.journal.inspection import (
    CUT_OFF,
    GIVEN_UP,
    MISSING,
    SOUND,
    Inspection,
    inspect,
    is_readable,
    rebuilt_manifest,
    size_of,
)
from kvik.journal.manifest import BASE, INCR, NAME, JournalFile, Manifest, path_in, write_manifest
from kvik.journal.reader import TornEnd
from kvik.journal.recovery import TORN_FOLDER, cut, free_name, keep_end

FINE: Final = (SOUND, CUT_OFF, GIVEN_UP)


class Plan:
    """What a repair will do, in this order. `lines` says it in words; without any there is nothing to do.

    `is_possible` is False where nothing can be done: then `lines` says why.
    """

    def __init__(self) -> None:
        self.lines: Final[list[str]] = []
        self.is_possible = True
        self.manifest: Manifest | None = None
        self.cut: TornEnd | None = None
        self.created: JournalFile | None = None
        self.moved: Final[list[str]] = []


def plan_repair(files: Files, directory: str, found: Inspection) -> Plan:
    """Return what would make the journal sound again. Raises OSError."""
    plan = Plan()
    if found.manifest is None:
        plan_manifest(files, directory, found, plan)
    elif found.torn is not None:
        plan_cut(found.torn, plan)
    elif found.damaged is not None:
        plan_damage(files, directory, found, found.manifest, found.damaged, plan)
    manifest = plan.manifest or found.manifest
    if plan.is_possible and manifest is not None:
        plan_kept(found, manifest, plan)
    return plan


def repair(files: Files, directory: str, plan: Plan) -> list[str]:
    """Do what was planned; return the paths of what was kept. The directory must be locked. Raises OSError."""
    kept: list[str] = []
    if plan.created is not None:
        files.create(path_in(directory, plan.created.name)).close()
    if plan.manifest is not None:
        if files.exists(path_in(directory, NAME)):
            kept.append(keep_end(files, directory, NAME, 0))
        write_manifest(files, directory, plan.manifest)
    if plan.cut is not None:
        kept.append(cut(files, directory, plan.cut))
    kept.extend([move_aside(files, directory, name) for name in plan.moved])
    return kept


def move_aside(files: Files, directory: str, name: str) -> str:
    """Move a file to where cut off ends are kept, durably; return its path there."""
    folder = f"{directory}/{TORN_FOLDER}"
    files.make_folder(folder)
    files.sync_folder(directory)
    path = free_name(files, f"{folder}/{name}.0")
    files.rename(path_in(directory, name), path)
    files.sync_folder(folder)
    files.sync_folder(path_in(directory, ""))
    return path


def plan_cut(torn: TornEnd, plan: Plan) -> None:
    plan.cut = torn
    bytes_cut = torn.size - torn.offset
    plan.lines.append(
        f"cut {bytes_cut} bytes off {torn.file.name} at offset {torn.offset}, keep them in {TORN_FOLDER}/"
    )


def plan_move(file: JournalFile, plan: Plan) -> None:
    plan.moved.append(file.name)
    plan.lines.append(f"move {file.name} to {TORN_FOLDER}/")


def plan_manifest(files: Files, directory: str, found: Inspection, plan: Plan) -> None:
    manifest = rebuilt_manifest(files, directory)
    if manifest is None:
        plan.is_possible = False
        plan.lines.append("nothing: without its manifest no generation here can be read to its end")
        return
    plan.manifest = manifest
    names = ", ".join([file.name for file in manifest.files])
    plan.lines.append(f"write a new manifest that names {names}, keep the old one in {TORN_FOLDER}/")


def plan_damage(
    files: Files, directory: str, found: Inspection, manifest: Manifest, damaged: JournalFile, plan: Plan
) -> None:
    if damaged.kind == BASE:
        plan_other_base(files, directory, manifest, damaged, plan)
        return
    report = next(report for report in found.reports if report.file is damaged)
    number = manifest.files.index(damaged)
    if report.state == MISSING:
        plan.created = damaged
        plan.lines.append(f"create {damaged.name}, empty")
    elif report.size > report.offset:
        plan_cut(TornEnd(damaged, report.offset, report.size, report.why), plan)
    if number + 1 < len(manifest.files):
        plan.manifest = Manifest(manifest.files[: number + 1], manifest.kept, manifest.level)
        plan.lines.append(f"write a manifest that ends with {damaged.name}")
        for file in manifest.files[number + 1 :]:
            if size_of(files, directory, file) >= 0:
                plan_move(file, plan)


def plan_other_base(files: Files, directory: str, manifest: Manifest, damaged: JournalFile, plan: Plan) -> None:
    """The data of a base is also in the generation before it, where that is kept."""
    logs = [file for file in manifest.files if file.kind == INCR]
    if manifest.kept and is_readable(files, directory, [*manifest.kept[-1], *logs]):
        before = manifest.kept[-1]
        plan.manifest = Manifest([*before, *logs], manifest.kept[:-1], manifest.level)
        plan.lines.append(
            f"write a manifest that begins with the kept generation {before[0].generation}; nothing is lost"
        )
        if size_of(files, directory, damaged) >= 0:
            plan_move(damaged, plan)
        return
    plan.is_possible = False
    plan.lines.append(f"nothing: without {damaged.name} what follows has nothing to stand on. Restore a backup")


def plan_kept(found: Inspection, manifest: Manifest, plan: Plan) -> None:
    """Part with kept generations up to the last that cannot be read: going back goes through all behind it."""
    bad = {report.file.name for report in found.reports if report.is_kept and report.state not in FINE}
    used = {file.name for file in manifest.files}
    count = 0
    for number, generation in enumerate(manifest.kept):
        if any(file.name in bad for file in generation):
            count = number + 1
    if count == 0:
        return
    plan.manifest = Manifest(manifest.files, manifest.kept[count:], manifest.level)
    plan.lines.append("write a manifest without the kept generations that cannot be read")
    missing = {report.file.name for report in found.reports if report.state == MISSING}
    for generation in manifest.kept[:count]:
        for file in generation:
            if file.name not in used and file.name not in missing:
                plan_move(file, plan)


def repaired(files: Files, directory: str) -> bool:
    """Return whether the journal is sound now."""
    return inspect(files, directory).is_sound()
