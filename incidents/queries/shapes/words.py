"""Public words in the room (P1, P2): what was told, what is in work and for whom it waits, and the form to write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.queries.shapes.parts import Badge, Choice, Link, TextSegment, Tone
from incidents.queries.shapes.public import PublicReport, PublicUpdate


@dataclass(frozen=True, slots=True)
class PostView:
    """One posting of an update on one page, with what came of it."""

    title: str
    badge: Badge
    words: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class WordsRow:
    """One update as the responders see it. `waits`: for whom its question waits; `refused`: who refused, and why."""

    title: str
    update: PublicUpdate
    state: Badge
    by: str
    notify: bool
    waits: str = ""
    asked_at: datetime | None = None
    question: Link | None = None
    refused: str = ""
    approved_by: str = ""
    posts: tuple[PostView, ...] = ()


@dataclass(frozen=True, slots=True)
class StandingWords:
    """What is left standing in public: nothing stays at *investigating* unseen."""

    words: str
    tone: Tone
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class WordsPanel:
    """What customers are told. `standing` is None once nothing is left to say."""

    drafter: str
    standing: StandingWords | None = None
    in_work: WordsRow | None = None
    told: tuple[WordsRow, ...] = ()
    page_url: str = ""


@dataclass(frozen=True, slots=True)
class ComponentField:
    """A component with the states to choose from; empty means that the update does not speak of it."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class StuckPost:
    """A posting that waits for a person: in doubt, somebody looks at the page and says."""

    id: str
    state: str
    words: str
    in_doubt: bool
    by_hand: bool


@dataclass(frozen=True, slots=True)
class WordsForm:
    """The form of public words for the lead or the drafter; for everybody else `why_not`.

    `seen` goes back knowingly when what reads like a guess is kept; `state` is that of the update in work, if any.
    """

    allowed: bool
    why_not: str = ""
    update_id: str = ""
    version: int = 0
    state: str = ""
    phases: tuple[Choice, ...] = ()
    title: str = ""
    title_stays: bool = False
    message: str = ""
    components: tuple[ComponentField, ...] = ()
    notify: bool = False
    pages: str = ""
    corrects: tuple[Choice, ...] = ()
    preview: PublicReport | None = None
    segments: tuple[TextSegment, ...] = ()
    error: str = ""
    seen: str = ""
    open: bool = False
    editable: bool = True
    may_withdraw: bool = False
    may_post: bool = False
    stuck: tuple[StuckPost, ...] = ()
    hand_to: tuple[Choice, ...] = ()

    @property
    def marked(self) -> bool:
        return any(segment.marked for segment in self.segments)
