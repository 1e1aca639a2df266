"""What a path goes by besides the answers, as typed: the fix's pull request, the flag, the credential's name."""

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from incidents.procedure.decision import Path
from incidents.procedure.planning import GOES_BY, NothingToGoBy
from incidents.procedure.refusals import Refusal

_NUMBER: Final = re.compile(r"#?([1-9][0-9]{0,8})")
_ADDRESS: Final = re.compile(r"https?://[^/\s]+/(?:\S*/)?([^/\s]+/[^/\s]+)/pull/([1-9][0-9]{0,8})(?:[/?#]\S*)?")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/@-]{0,199}")

Named = str | int


class UnreadableName(Refusal):
    """What was typed names no pull request, no flag, no credential of this service."""


def read_particulars(
    path: Path, typed: Mapping[str, str], *, repository: str, flags: Collection[str]
) -> dict[str, Named]:
    """What the path goes by, as plain data.

    Raises `UnreadableName`, or `NothingToGoBy` where the path needs it at once: only a hotfix may be named later (E1),
    and the credential that a rollback brings back need not be named at all.
    """
    readers: Mapping[str, Callable[[str], Named]] = {
        "fix": lambda text: fix_number(text, repository),
        "flag": lambda text: _flag(text, flags),
        "credential": _credential,
    }
    field = ASKS[path]
    text = typed.get(field, "").strip() if field else ""
    if text:
        return {field: readers[field](text)}
    if field and path not in NAMED_LATER:
        raise NothingToGoBy(*GOES_BY[path])
    return {}


ASKS: Final[Mapping[Path, str]] = MappingProxyType(
    {
        Path.ROLLBACK: "credential",
        Path.ROLL_FORWARD: "fix",
        Path.HOTFIX: "fix",
        Path.ISOLATE: "flag",
        Path.ROTATE_FORWARD: "credential",
        Path.ESCALATE: "",
    }
)
"""Which one thing each path asks for."""

NAMED_LATER: Final = frozenset({Path.ROLLBACK, Path.HOTFIX})


def fix_number(text: str, repository: str) -> int:
    """The pull request's number, from `12`, `#12` or its address; one of another repository is refused."""
    text = text.strip()
    if number := _NUMBER.fullmatch(text):
        return int(number[1])
    address = _ADDRESS.fullmatch(text)
    if address is None:
        raise UnreadableName("D5", f"“{text[:80]}” is no pull request: its number, or its address.")
    if address[1].lower() != repository.lower():
        raise UnreadableName(
            "D5", f"That pull request is one of {address[1]}; this service is built from {repository}."
        )
    return int(address[2])


def _flag(text: str, flags: Collection[str]) -> str:
    """One that the catalogue names; where it names none, any flag by a flag's name."""
    if flags and text not in flags:
        raise UnreadableName("M2", f"The catalogue names no flag “{text[:60]}” for this service.")
    return _name(text, "M2", "flag")


def _credential(text: str) -> str:
    return _name(text, "C2", "credential")


def _name(text: str, rule: str, what: str) -> str:
    if not _NAME.fullmatch(text):
        raise UnreadableName(rule, f"That is no {what}'s name: letters, digits and . _ : / @ - only. Never its value.")
    return text
