"""The procedure's own page: each rule with its words, where it is met, what it leans on and what turns it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """A switch with its value; `since`: what it was turned to after the moment that is shown."""

    rule: str
    name: str
    value: str
    words: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place in the console; `view`: its address by name, empty where it belongs to one incident."""

    words: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """Another document of the organisation; `remedy`: what an administrator does where it has no address yet."""

    title: str
    url: str = ""
    remedy: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of the procedure; `why`, `switch` and what follows it stand only for the console's own."""

    id: str
    text: str
    plain: str
    places: tuple[PlaceRow, ...]
    steps: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    documents: tuple[DocumentRow, ...] = ()
    why: str = ""
    switches: tuple[SwitchRow, ...] = ()
    of_service: str = ""


@dataclass(frozen=True, slots=True)
class ProcedureSection:
    """A lettered section; `short` is its name in the table of contents."""

    letter: str
    title: str
    short: str
    rules: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One line of the document's history."""

    number: str
    date: str
    change: str
    author: str
    approver: str


@dataclass(frozen=True, slots=True)
class ProcedurePage:
    """The procedure in force: part 1 and 2 by section, what it leans on, its history. `words`: what was searched."""

    version: str
    sections: tuple[ProcedureSection, ...]
    documents: tuple[DocumentRow, ...]
    versions: tuple[VersionRow, ...]
    words: str = ""
    found: int = 0
