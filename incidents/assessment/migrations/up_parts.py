"""What of a migration's file runs forward: its "up" part, with placeholders filled; lines keep their numbers."""

import re
from collections.abc import Iterator
from typing import Final

_MARKERS: Final = {
    "dbmate": re.compile(r"^\s*--\s*migrate:(?P<way>up|down)\b", re.IGNORECASE),
    "goose": re.compile(r"^\s*--\s*\+goose\s+(?P<way>up|down)\b", re.IGNORECASE),
    "sql-migrate": re.compile(r"^\s*--\s*\+migrate\s+(?P<way>up|down)\b", re.IGNORECASE),
}


def up_part(framework: str, text: str) -> str:
    """Everything that only runs backward is blank. A file without marks runs forward as a whole."""
    marker = _MARKERS.get(framework)
    lines = text.split("\n")
    if marker is None or not any(map(marker.match, lines)):
        return text
    return "\n".join(_forward(marker, lines))


def marked_framework(text: str) -> str:
    """Whose marks stand in it; empty where none do."""
    lines = text.split("\n")
    return next((name for name, marker in _MARKERS.items() if any(map(marker.match, lines))), "")


def _forward(marker: re.Pattern[str], lines: list[str]) -> Iterator[str]:
    forward = False
    for line in lines:
        if found := marker.match(line):
            forward = found["way"].lower() == "up"
        yield line if forward and not found else ""


_TEMPLATE: Final = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>'(?:[^']|'')*(?:'|\Z))"
    r"|\{\{-?(?P<braces>.{0,200}?)-?\}\}|\$\{(?P<dollar>[^}\n]{0,100})\}|%%(?P<percent>\w{1,60})%%"
    r"|(?P<tag><%.{0,200}?%>|\{%.{0,200}?%\})",
    re.DOTALL,
)
_CONTROL: Final = re.compile(r"\s*(?:if|else|end|range|with|define|template|block|#|/|\^|>)(?:\b|\s|$)")


def fill_placeholders(text: str) -> tuple[str, list[int]]:
    """The text with a plain word for each placeholder, and the lines on which a template decides what runs."""
    decided: list[int] = []

    def put(found: re.Match[str]) -> str:
        if found["comment"] is not None or found["string"] is not None:
            return found.group()
        inside = next((found[name] for name in ("braces", "dollar", "percent") if found[name] is not None), None)
        if inside is None or (found["braces"] is not None and _CONTROL.match(inside)):
            decided.append(text.count("\n", 0, found.start()) + 1)
            return " " + "\n" * found.group().count("\n")
        names: list[str] = re.findall(r"\w+", inside.partition(":-")[0])
        return names[-1] if names else "placeholder"

    return _TEMPLATE.sub(put, text), decided
