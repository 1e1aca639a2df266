"""Changes, and what reverting them would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from incidents.queries.shapes.parts import Badge, Link, Tone


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file the revert touches, with its lines added and removed by the revert."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class DependentRow:
    """A later commit on the same files; `overlaps`: it changed the very lines."""

    short_sha: str
    title: str
    author: str
    at: datetime
    paths: tuple[str, ...]
    overlaps: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class SurvivorLine:
    """A line of the bad change that would still stand after the revert."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What reverting a change would do, computed before anybody clicks."""

    verdict: Literal["clean", "conflict", "already_undone", "not_an_ancestor", "error", "pending"]
    badge: Badge
    words: str
    base: str = ""
    tree: str = ""
    added: int = 0
    removed: int = 0
    files: tuple[FileLine, ...] = ()
    conflicts: tuple[str, ...] = ()
    dependents: tuple[DependentRow, ...] = ()
    survivors: tuple[SurvivorLine, ...] = ()
    broken: tuple[str, ...] = ()
    computed_at: datetime | None = None

    @property
    def clean(self) -> bool:
        return self.verdict == "clean"


@dataclass(frozen=True, slots=True)
class FindingView:
    """What the console read in the change, with its rule, its place and the text it saw."""

    title: str
    tone: Tone
    rules: tuple[str, ...]
    words: str = ""
    where: str = ""
    where_url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ReadingView:
    """What the change did, in a word and in findings; `more`: how many are not shown."""

    word: str
    tone: Tone
    words: str
    findings: tuple[FindingView, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change in a list: who merged what, when it reached production, and whether it reverts."""

    sha: str
    short_sha: str
    title: str
    author: str
    service: str
    url: str
    page_url: str
    preview: PreviewView
    number: int | None = None
    merged_at: datetime | None = None
    deployed_at: datetime | None = None
    deployment: Badge | None = None
    roll_back_url: str = ""
    incident: Link | None = None
    fate: Badge | None = None
    schema: Badge | None = None

    @property
    def name(self) -> str:
        """What people call it: the pull request's number, else the short id."""
        return f"#{self.number}" if self.number else self.short_sha
