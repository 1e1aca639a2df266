"""What a preview says to the on-call engineer: one true sentence."""

from collections.abc import Sequence

from incidents.assessment.dependents import MOST, Dependent
from incidents.assessment.diffs import TouchedFile
from incidents.assessment.survivors import MOST as MOST_SURVIVORS
from incidents.assessment.survivors import Survivor

_NAMED = 3


def clean(
    files: Sequence[TouchedFile],
    dependents: Sequence[Dependent],
    survivors: Sequence[Survivor],
    broken: Sequence[str],
    kept: Sequence[str] = (),
) -> str:
    added, removed = sum(file.added for file in files), sum(file.removed for file in files)
    start = f"The revert applies cleanly to {_count(len(files), 'file')} (+{added} −{removed})"
    warnings = [*_left(survivors), *_broken(broken), *_dependents(dependents)]
    said = f"{start}, but {'; '.join(warnings)}." if warnings else f"{start}."
    return f"{said} {_kept(kept)}" if kept else said


def conflict(paths: Sequence[str]) -> str:
    return f"The revert conflicts in {_count(len(paths), 'file')}: {_names(paths)}."


def already_undone(survivors: Sequence[Survivor], *, changed_nothing: bool) -> str:
    if changed_nothing:
        return "The change altered no file, so there is nothing to revert."
    if survivors:
        return f"A revert would change nothing, yet {_left(survivors)[0]}: remove it by hand."
    return "The change is already undone: a revert would alter no file."


def not_an_ancestor(tip: str) -> str:
    return f"{tip[:12]} is not in this branch's history: it was never deployed from here."


def _kept(kept: Sequence[str]) -> str:
    stay = "stays as it is" if len(kept) == 1 else "stay as they are"
    return f"{_count(len(kept), 'file')} would conflict and {stay} on the branch: {', '.join(kept)}."


def _left(survivors: Sequence[Survivor]) -> list[str]:
    if not survivors:
        return []
    where = [f"{found.path}:{found.line}" if found.line else found.path for found in survivors]
    least = "at least " if len(survivors) == MOST_SURVIVORS else ""
    lines = _count(len(survivors), "piece")
    return [f"{least}{lines} of the bad change would stay ({_names(where)})"]


def _broken(broken: Sequence[str]) -> list[str]:
    if not broken:
        return []
    return [f"{_count(len(broken), 'Python file')} would no longer compile or import ({_names(broken)})"]


def _dependents(dependents: Sequence[Dependent]) -> list[str]:
    overlapping = sum(found.strength == "overlaps" for found in dependents)
    if not overlapping:
        return []
    least = "at least " if len(dependents) == MOST else ""
    return [f"{least}{_count(overlapping, 'later commit')} built on the lines it takes back"]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
