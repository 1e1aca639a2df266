"""Writing a retrospective together: each save compares versions, each text lost to another is kept (T2).

A sitting of one person leaves one revision, whose text is the last of it; the record holds the digest of every save.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import Incident
from incidents.models.retrospective import Retrospective, RetrospectiveSection, SectionDraft, SectionRevision
from incidents.procedure.duty import Action
from incidents.procedure.merging_texts import both_in_one
from incidents.procedure.refusals import Refusal
from incidents.procedure.retrospective import LONGEST_SECTION, SECTIONS, Section
from incidents.queries.duty import require
from incidents.queries.prefilled import prefilled_text
from incidents.services.recording import record

SITTING = timedelta(minutes=5)


class SectionTooLong(Refusal):
    """A text longer than a section holds; nothing of it was stored."""


class WrittenMeanwhile(Refusal):
    """Another version stands by now; what was typed is kept beside it until its author chooses."""


class Choice(StrEnum):
    """What to do with one's own text where another version stands by now."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Who saves which section, on the version that the page showed; `sitting` is that page's own mark."""

    incident_id: UUID
    section: Section
    actor: User
    now: datetime
    version: int
    sitting: str = ""


def save_section(saving: Saving, *, text: str) -> RetrospectiveSection:
    """Save where nobody was faster; else keep what was typed as a draft and raise `WrittenMeanwhile`."""
    words = _storable(text)
    with transaction.atomic():
        section = _take(saving)
        if _is_newest(section, saving):
            return _save(section, words, saving)
        _keep_draft(section, words, saving)
    raise _too_late(section)


def settle_draft(saving: Saving, *, choice: Choice, text: str) -> RetrospectiveSection:
    """Choose between what one typed and what stands by now, or keep both; raises `WrittenMeanwhile` once more."""
    words = _storable(text)
    with transaction.atomic():
        section = _take(saving)
        if section.version == saving.version:
            return _settle(section, words, saving, choice)
        _keep_draft(section, words, saving)
    raise _too_late(section)


def _settle(section: RetrospectiveSection, words: str, saving: Saving, choice: Choice) -> RetrospectiveSection:
    if choice is Choice.THEIRS:
        return _set_aside(section, words, saving)
    return _save(section, words if choice is Choice.MINE else _storable(both_in_one(section.text, words)), saving)


def _storable(text: str) -> str:
    """As a database holds it, with the line ends of Unix."""
    if len(text) > LONGEST_SECTION:
        length, most = f"{len(text):,}", f"{LONGEST_SECTION:,}"
        raise SectionTooLong(
            "T2", f"That is {length} characters; a section holds {most}. Nothing was saved: shorten it, or link to it."
        )
    return text.replace("\0", "").replace("\r\n", "\n")


def _take(saving: Saving) -> RetrospectiveSection:
    """The section under its row lock; the incident's is not needed, since nothing else of it moves."""
    incident = Incident.objects.select_related("service").get(pk=saving.incident_id)
    require(saving.actor, Action.WRITE_RETROSPECTIVE, incident.service, now=saving.now, incident=incident)
    retrospective = Retrospective.objects.get(incident=incident)
    section, _ = RetrospectiveSection.objects.get_or_create(retrospective=retrospective, name=saving.section.value)
    taken = RetrospectiveSection.objects.select_for_update(of=("self",))
    return taken.select_related("retrospective__incident", "written_by").get(pk=section.pk)


def _is_newest(section: RetrospectiveSection, saving: Saving) -> bool:
    """Also where only this very page has written since: the answer to its last save was lost."""
    return section.version == saving.version or bool(saving.sitting and section.written_in == saving.sitting)


def _save(section: RetrospectiveSection, words: str, saving: Saving) -> RetrospectiveSection:
    section.drafts.filter(person=saving.actor).delete()
    if section.version and section.text == words:
        return section
    if section.version == 0:
        keep_as_first(section, saving.now)
    write_down(section, words, saving.actor, saving.now, sitting=saving.sitting)
    record(
        section.retrospective.incident, "retrospective.edited", at=saving.now, actor=saving.actor, rule="T2",
        section=section.name, version=section.version, digest=_digest(words), length=len(words),
        after_completion=section.retrospective.completed_at is not None,
    )  # fmt: skip
    return section


def keep_as_first(section: RetrospectiveSection, now: datetime) -> None:
    """What the record itself said before anybody wrote, so that the first difference has a beginning."""
    words = prefilled_text(section.retrospective.incident, Section(section.name))
    section.revisions.create(version=0, text=words, begun_at=now, written_at=now)


def write_down(section: RetrospectiveSection, words: str, by: User | None, now: datetime, *, sitting: str = "") -> None:
    """The next version, as a revision of its own or as the end of the sitting that is going on."""
    going_on = section.revisions.filter(
        version=section.version, written_by=by, set_aside=False, begun_at__gt=now - SITTING, written_by__isnull=False
    ).first()
    section.text, section.version, section.written_in = words, section.version + 1, sitting
    section.written_by, section.written_at = by, now
    section.save()
    revision = going_on or SectionRevision(section=section, written_by=by, begun_at=now)
    revision.text, revision.version, revision.written_at = words, section.version, now
    revision.save()


def _keep_draft(section: RetrospectiveSection, words: str, saving: Saving) -> None:
    kept = {"text": words, "based_on": saving.version, "saved_at": saving.now}
    SectionDraft.objects.update_or_create(section=section, person=saving.actor, defaults=kept)


def _set_aside(section: RetrospectiveSection, words: str, saving: Saving) -> RetrospectiveSection:
    section.drafts.filter(person=saving.actor).delete()
    section.revisions.create(
        version=section.version, text=words, written_by=saving.actor, begun_at=saving.now, written_at=saving.now,
        set_aside=True,
    )  # fmt: skip
    record(
        section.retrospective.incident, "retrospective.set_aside", at=saving.now, actor=saving.actor, rule="T2",
        section=section.name, version=section.version, digest=_digest(words), length=len(words),
    )  # fmt: skip
    return section


def _too_late(section: RetrospectiveSection) -> WrittenMeanwhile:
    by = section.written_by.username if section.written_by else "the console"
    title = SECTIONS[Section(section.name)].title
    return WrittenMeanwhile(
        "T2", f"{by} has written “{title}” meanwhile. What you typed is kept: choose, or keep both."
    )


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
