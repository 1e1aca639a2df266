"""Who wrote which line."""

import re

from incidents.assessment.git import Git, is_ancestor

_RANGE = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+) (\d+)$", re.MULTILINE)


def lines_from(git: Git, path: str, *, at: str, own: frozenset[str], before: str | None) -> set[int]:
    """The lines of `path` at commit `at`, counted from 1, that were written by one of `own`.

    History before `before` is not walked: nothing of `own` can be there.
    """
    if before and is_ancestor(git, at, before):
        return set()
    without = (f"^{before}",) if before else ()
    out = git.run("--literal-pathspecs", "blame", "--incremental", "--no-textconv", at, *without, "--", path).out
    return {
        number
        for sha, start, count in _RANGE.findall(out)
        if sha.decode() in own
        for number in range(int(start), int(start) + int(count))
    }
