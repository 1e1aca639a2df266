"""What commits say of the commits that they revert, as git itself and people word it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from incidents.assessment.git import Git

_SHA = r"[0-9a-f]{7,64}"
_SAYS = re.compile(
    rf"^(?!\s*>).*?\bthis reverts commits?:?\s+[`'\"(<]*(?:https?://\S*/)?(?P<first>{_SHA})\b"
    rf"(?P<more>(?:[`'\">)]*\s*(?:,\s*and|,|and|&)\s+[`'\"(<]*{_SHA}\b)*)",
    re.IGNORECASE | re.MULTILINE,
)
_REVERSING = re.compile(rf"[`'\")]*,?\s*reversing\s+changes\s+made\s+to\s+[`'\"(]*({_SHA})\b", re.IGNORECASE)
_LONG = 12
_FORMAT = "%H%x00%P%x00%T%x00%B%x00"
_FIELDS = 4
_PLAIN = ("--no-patch", "--no-color", "--no-mailmap", "--no-show-signature", "--encoding=UTF-8", "--no-decorate")


@dataclass(frozen=True, slots=True)
class Target:
    """A commit that was reverted, as it is named; `mainline` is the parent that a merge went back to, where said."""

    sha: str
    mainline: str = ""


@dataclass(frozen=True, slots=True)
class Reverting:
    """A commit that says what it reverts."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    targets: tuple[Target, ...]


def reverting_commits(git: Git, *, limit: int | None = None) -> Iterator[Reverting]:
    """Those of HEAD's history, newest first; of all branches' where HEAD names nothing."""
    start = "HEAD" if git.run("rev-parse", "--quiet", "--verify", "HEAD", codes=(0, 1)).code == 0 else "--all"
    most = () if limit is None else (f"-n{limit}",)
    out = git.run(
        "log", *most, "--regexp-ignore-case", "--fixed-strings", "--grep=this reverts commit", f"--format={_FORMAT}",
        *_PLAIN, start, "--",
    ).out  # fmt: skip
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    for at in range(0, len(fields) - _FIELDS, _FIELDS):
        sha, parents, tree, message = fields[at : at + _FIELDS]
        targets = targets_of(message)
        if targets:
            yield Reverting(sha.strip(), tuple(parents.split()), tree, targets)


def targets_of(message: str) -> tuple[Target, ...]:
    """Every commit that a message says it reverts, each once, in the order of the message; quoted lines left out."""
    found: dict[str, Target] = {}
    for said in _SAYS.finditer(message):
        names = [said["first"], *re.findall(rf"\b{_SHA}\b", said["more"], re.IGNORECASE)]
        reversing = _REVERSING.match(message, said.end())
        for name in filter(_is_sha, map(str.lower, names)):
            found.setdefault(name, Target(name, reversing[1].lower() if reversing else ""))
    return tuple(found.values())


def _is_sha(name: str) -> bool:
    """A short one with no digit in it is more likely a word."""
    return len(name) >= _LONG or any(letter.isdigit() for letter in name)
