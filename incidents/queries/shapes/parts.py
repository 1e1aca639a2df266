"""Small parts that every page shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

Tone: TypeAlias = Literal["danger", "warn", "ok", "wait", "idle", "accent"]
StepState: TypeAlias = Literal[
    "blocked", "gated", "ready", "running", "watching", "done", "failed", "unknown", "skipped", "cancelled"
]


@dataclass(frozen=True, slots=True)
class Badge:
    """State as shape, word and colour: `icon` is a lucide name, shown before the word."""

    words: str
    tone: Tone = "idle"
    icon: str = ""
    solid: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A way to the real thing: an address outside, or a page of the console."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact a sentence rests on; `code` is shown as it is, monospaced."""

    words: str
    url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select or of radio cards; `help` says what choosing it means."""

    value: str
    words: str
    help: str = ""
    rules: tuple[str, ...] = ()
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """A figure with a name: ticking from `since`, counting down to `until`, a fixed span in seconds, or plain words."""

    label: str
    since: datetime | None = None
    until: datetime | None = None
    seconds: float | None = None
    value: str = ""
    tone: Tone | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button of this reader.

    `means`: "post" (send at once to `url`, with `fields` hidden), "dialog" (open the dialog `target`), "jump" (go to
    the element `target`), "link" (open `url`).
    """

    words: str
    kind: Literal["primary", "danger", "plain", "quiet"] = "plain"
    means: Literal["post", "dialog", "jump", "link"] = "post"
    url: str = ""
    target: str = ""
    icon: str = ""
    shortcut: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextSegment:
    """A piece of a text; a marked one reads like speculation, and `why` says so."""

    text: str
    marked: bool = False
    why: str = ""
