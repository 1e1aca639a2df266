"""The retrospective's page: its terms, its texts for this reader, and what the record knows beside them (T1, T2)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.urls import reverse

from incidents.models.incident import Incident
from incidents.models.retrospective import (
    FollowUp,
    Retrospective,
    RetrospectiveSection,
    SectionDraft,
    SectionRevision,
)
from incidents.models.step import Step
from incidents.procedure.duty import RIGHTS, Action, may
from incidents.procedure.merging_texts import difference
from incidents.procedure.retrospective import SECTIONS, Section, late_by, still_missing
from incidents.procedure.steps import StepKind
from incidents.queries.changes import change_rows
from incidents.queries.decisions import decision_view
from incidents.queries.duty import responders_of, roles_of
from incidents.queries.follow_ups import KINDS, follow_up_views
from incidents.queries.markdown import rendered
from incidents.queries.prefilled import WRITERS, blast_facts, gap_words
from incidents.queries.recollection import Recollection
from incidents.queries.series import kept_chart, room_chart
from incidents.queries.shapes import Badge, Choice, Link, StepRow
from incidents.queries.shapes.parts import Tone
from incidents.queries.shapes.retrospective import (
    ConflictView,
    RecordedFacts,
    RetrospectivePage,
    RevisionView,
    SectionView,
    TermLine,
)
from incidents.queries.steps import step_row

WRITING_NOW: Final = timedelta(minutes=2)
MOST_REVISIONS: Final = 50
TO_COME: Final = Badge("opens when the rollback is done", "idle", "clock")
COMPLETE: Final = Badge("complete", "ok", "check")
OPEN: Final = Badge("open", "accent", "pencil")
MOMENTS: Final = {
    StepKind.PUSH_REVERT: "revert pushed",
    StepKind.MERGE: "merged",
    StepKind.DEPLOY: "deployed",
    StepKind.ISOLATE: "isolated",
}


def retrospective_page(incident: Incident, reader: User, now: datetime, *, sitting: str) -> RetrospectivePage:
    """The page for one reader; `sitting` marks this rendering, by which its own saves are known."""
    found = _retrospective(incident)
    if found is None:
        return RetrospectivePage(
            incident.number, incident.title, incident.service.name, _room(incident), TO_COME, opened=False
        )
    roles = roles_of(reader, incident.service, now=now, incident=incident)
    writes = may(roles, Action.WRITE_RETROSPECTIVE)
    recalled = Recollection(incident, found.opened_at)
    sections = tuple(section_views(found, recalled, reader, now, writable=writes, sitting=sitting))
    follow_ups = follow_up_views(found.follow_ups.all(), incident, now)
    texts = {Section(each.name): each.text for each in sections}
    undropped = sum(each.badge.words != "given up" for each in follow_ups)
    return RetrospectivePage(
        number=incident.number,
        title=incident.title,
        service=incident.service.name,
        room_url=_room(incident),
        state=COMPLETE if found.completed_at else OPEN,
        opened=True,
        version=found.version,
        terms=tuple(_terms(found)),
        sections=sections,
        facts=_facts(found, recalled, now),
        follow_ups=follow_ups,
        kinds=KINDS,
        owners=tuple(Choice(str(each.pk), each.username) for each in responders_of(incident.service)),
        none_because=found.none_because,
        missing=still_missing(texts, follow_ups=undropped, none_because=found.none_because),
        completed=found.completed_at is not None,
        can_write=writes,
        can_complete=may(roles, Action.COMPLETE_RETROSPECTIVE),
        why_not="" if writes else RIGHTS[Action.WRITE_RETROSPECTIVE].otherwise,
        may_register=writes and found.registered_at is None,
        intake=settings.DOCUMENT_RETRO_INTAKE,
        stuck=_stuck_registration(found),
    )


def _retrospective(incident: Incident) -> Retrospective | None:
    written = RetrospectiveSection.objects.select_related("written_by")
    follow_ups = FollowUp.objects.select_related("owner").order_by("done_at", "cancelled_at", "due_on", "id")
    found = Retrospective.objects.filter(incident=incident).select_related("completed_by", "registered_by")
    return found.prefetch_related(Prefetch("sections", written), Prefetch("follow_ups", follow_ups)).first()


def _room(incident: Incident) -> str:
    return reverse("incidents:detail", args=[incident.number])


def _terms(found: Retrospective) -> Iterator[TermLine]:
    address = found.reference.startswith(("http://", "https://"))
    link, said = (Link(found.reference, found.reference), "") if address else (None, found.reference)
    yield _term("Registered with the intake", "T1", found.due_at, found.registered_at, said, link)
    by = f"by {found.completed_by.username}" if found.completed_by else ""
    yield _term("Complete", "E21", found.complete_by, found.completed_at, by, None)


def _term(
    label: str, rule: str, due_at: datetime | None, done_at: datetime | None, said: str, link: Link | None
) -> TermLine:
    return TermLine(label, rule, due_at, done_at, _kept(due_at, done_at, said), _tone(due_at, done_at), link)


def _kept(due_at: datetime | None, done_at: datetime | None, words: str) -> str:
    if done_at is None:
        return ""
    late = late_by(due_at, done_at)
    hours, rest = divmod(int(late.total_seconds()), 3600) if late else (0, 0)
    missed = f"late by {hours} h {rest // 60:02} min" if late else "in time"
    return f"{missed}, {words}" if words else missed


def _tone(due_at: datetime | None, done_at: datetime | None) -> Tone:
    if done_at is None:
        return "wait"
    return "warn" if late_by(due_at, done_at) else "ok"


def _stuck_registration(found: Retrospective) -> StepRow | None:
    step = Step.objects.filter(incident_id=found.incident_id, kind=StepKind.REGISTER_RETRO).last()
    return step_row(step, None) if step and found.registered_at is None else None


def section_views(
    found: Retrospective, recalled: Recollection, reader: User, now: datetime, *, writable: bool, sitting: str
) -> Iterator[SectionView]:
    """Each text as it stands; what nobody has written is said by the record."""
    written = {each.name: each for each in found.sections.all()}
    drafts = {
        draft.section_id: draft for draft in SectionDraft.objects.filter(section__retrospective=found, person=reader)
    }
    for name, form in SECTIONS.items():
        row = written.get(name.value) or RetrospectiveSection(retrospective=found, name=name.value)
        text = row.text if row.version else WRITERS[name](recalled)
        yield SectionView(
            name=name.value, title=form.title, asks=form.asks, text=text, html=rendered(text), version=row.version,
            sitting=sitting, by=row.written_by.username if row.written_by else "", at=row.written_at,
            prefilled=row.version == 0, writable=writable, writing=_writing(row, reader, now),
            conflict=_conflict(row, text, drafts.get(row.pk)),
        )  # fmt: skip


def section_view(incident: Incident, section: Section, reader: User, now: datetime, *, sitting: str) -> SectionView:
    """One of them, after an act of its writer."""
    found = _retrospective(incident)
    if found is None:
        raise Retrospective.DoesNotExist
    recalled = Recollection(incident, found.opened_at)
    views = section_views(found, recalled, reader, now, writable=True, sitting=sitting)
    return next(each for each in views if each.name == section.value)


def _writing(row: RetrospectiveSection, reader: User, now: datetime) -> str:
    """Who else has written here a moment ago."""
    by = row.written_by
    fresh = row.written_at is not None and now - row.written_at < WRITING_NOW
    return by.username if by and fresh and by.pk != reader.pk else ""


def _conflict(row: RetrospectiveSection, theirs: str, draft: SectionDraft | None) -> ConflictView | None:
    if draft is None:
        return None
    by = row.written_by.username if row.written_by else "the console"
    return ConflictView(row.version, by, row.written_at, theirs, draft.text, difference(theirs, draft.text))


def history_of(incident: Incident, section: Section) -> tuple[RevisionView, ...]:
    """What the section said, newest first: who, when, and what changed from the one before."""
    found = SectionRevision.objects.filter(section__retrospective__incident=incident, section__name=section.value)
    rows = list(found.select_related("written_by").order_by("-written_at", "-version")[:MOST_REVISIONS])
    texts = {row.version: row.text for row in rows if not row.set_aside}
    return tuple(_revision(row, texts) for row in rows)


def _revision(row: SectionRevision, texts: dict[int, str]) -> RevisionView:
    """A revision differs from the newest older one; what was set aside, from the version it lost to."""
    base = row.version if row.set_aside else max((each for each in texts if each < row.version), default=-1)
    lines = difference(texts.get(base, ""), row.text)
    by = row.written_by.username if row.written_by else "the record"
    changed = sum(line.side != "same" for line in lines)
    return RevisionView(row.version, by, row.written_at, row.begun_at, row.set_aside, lines, changed)


def _facts(found: Retrospective, recalled: Recollection, now: datetime) -> RecordedFacts:
    moments = list(_moments(recalled))
    chart = (
        room_chart(recalled.incident, now, moments=moments)
        if found.series is None
        else kept_chart(recalled.incident, found.series, moments=moments)
    )
    return RecordedFacts(
        timeline=tuple(recalled.timeline),
        gaps=tuple((gap.since, gap_words(gap)) for gap in recalled.silences),
        chart=chart,
        impact=blast_facts(recalled),
        told=tuple((each.posted_at, each.phase, each.message) for each in recalled.told),
        suspects=change_rows([each.change for each in recalled.suspects]),
        decisions=tuple(decision_view(each) for each in recalled.decisions),
        steps=tuple(step_row(each, None) for each in [*recalled.bleed, *recalled.steps]),
        to_review=tuple(recalled.to_review),
    )


def _moments(recalled: Recollection) -> Iterator[tuple[str, datetime]]:
    """What the chart marks."""
    yield "declared", recalled.incident.declared_at
    for step in recalled.steps:
        if step.kind in MOMENTS and step.finished_at:
            yield MOMENTS[StepKind(step.kind)], step.finished_at
    if recalled.incident.recovered_at:
        yield "recovered", recalled.incident.recovered_at
