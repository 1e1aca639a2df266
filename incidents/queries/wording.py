"""Public words in the room: the panel that everybody sees, and the form of whoever drafts them (P1, P2, E6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.urls import reverse

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer, State, why_not_granted
from approvals.services.settling import votes_by_request, weigh_votes
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.models.words import StatusUpdate
from incidents.procedure.duty import Action, Role, may, why_not
from incidents.procedure.public_words import (
    AUDIENCE_WORDS,
    Component,
    ComponentState,
    Known,
    Phase,
    PublicWords,
    following,
    message_for,
    state_for,
    title_for,
)
from incidents.procedure.speculation import speculation_in
from incidents.procedure.steps import FORMS, IncidentState, StepKind, StepState
from incidents.queries.badges import STEPS
from incidents.queries.duty import responders_of
from incidents.queries.public import PHASES, as_public, audiences, last_told, title_of
from incidents.queries.shapes import Badge, Choice, Link, TextSegment
from incidents.queries.shapes.public import PublicReport, PublicUpdate
from incidents.queries.shapes.words import (
    ComponentField,
    PostView,
    StandingWords,
    StuckPost,
    WordsForm,
    WordsPanel,
    WordsRow,
)
from incidents.queries.words import posts_among, posts_of, question_about, questions_about_words

STATES: Final[Mapping[str, Badge]] = {
    "draft": Badge("draft", "idle", "pencil-line"),
    "asked": Badge("waits for approval", "wait", "hourglass"),
    "refused": Badge("refused", "danger", "x"),
    "approved": Badge("approved, being posted", "accent", "loader"),
    "posted": Badge("posted", "ok", "check"),
}
STUCK: Final = (StepState.FAILED, StepState.UNKNOWN)
NOT_SAID: Final = Choice("", "not part of it")


def words_panel(incident: Incident, now: datetime, steps: Sequence[Step]) -> WordsPanel:
    """What customers were told, the newest first, what is in work, and what is left standing."""
    found = incident.status_updates.exclude(state="withdrawn").select_related("drafted_by", "corrects")
    updates, posts = list(found.order_by("posted_at", "drafted_at")), posts_among(steps)
    questions = questions_about_words(updates)
    votes = votes_by_request(list(questions.values()))
    rows = {each: _row(each, posts, questions.get(each.pk), votes, now) for each in updates}
    told = [row for each, row in rows.items() if each.state == "posted"]
    drafter = incident.drafter or incident.lead
    return WordsPanel(
        drafter=drafter.username if drafter else "",
        standing=standing_words(incident, next((each for each in reversed(updates) if each.posted_at), None)),
        in_work=next((row for each, row in rows.items() if each.state != "posted"), None),
        told=tuple(reversed(told)),
        page_url=reverse("incidents:status"),
    )


def standing_words(incident: Incident, newest: StatusUpdate | None) -> StandingWords | None:
    """The reminder that stands until the public page says *resolved*; louder once the service has recovered."""
    if newest is None:
        silent = incident.is_open and incident.customer_impact
        words = "Customers feel this, and nothing has been said in public yet."
        return StandingWords(words, "wait") if silent else None
    phase = Phase(newest.phase)
    if phase is Phase.RESOLVED:
        return None
    over = incident.state in (IncidentState.RECOVERED, IncidentState.CLOSED)
    lead_in = f"The service has {'recovered' if incident.recovered_at else 'no open incident any more'}, and the"
    words = f"{lead_in if over else 'The'} public page still says “{phase}”."
    return StandingWords(words, "danger" if over else "warn", since=newest.posted_at)


def _row(
    update: StatusUpdate,
    posts: Sequence[Step],
    question: ApprovalRequest | None,
    votes: Mapping[UUID, Sequence[Vote]],
    now: datetime,
) -> WordsRow:
    words, cast = update.as_words(), votes[question.pk] if question else []
    weighing = weigh_votes(question, cast, now) if question and update.state in ("asked", "refused") else None
    live = [vote for vote in cast if not (vote.withdrawn_at or vote.superseded_at)]
    approvers = [vote for vote in live if vote.answer == Answer.APPROVE]
    refusals = [vote for vote in live if vote.answer == Answer.REFUSE]
    waits = why_not_granted(question.rule, weighing) if question and weighing else ""
    return WordsRow(
        title=update.title,
        update=as_public(words, key=str(update.pk), at=update.posted_at),
        state=STATES[update.state],
        by=update.drafted_by.username,
        notify=update.notify,
        waits=waits if update.state == "asked" else "",
        asked_at=question.asked_at if question else None,
        question=Link("the question", reverse("approvals:detail", args=[question.pk])) if question else None,
        refused=" ".join(f"{vote.person.username} refused it: {vote.reason}" for vote in refusals)
        if update.state == "refused"
        else "",
        approved_by=" and ".join(vote.person.username for vote in approvers) if update.state != "draft" else "",
        posts=tuple(_post(step) for step in posts if step.parameters["update"] == str(update.pk)),
    )


def _post(step: Step) -> PostView:
    tone, words = STEPS[step.state]
    hand = str(step.evidence.get("by_hand", ""))
    url = step.url or (hand if hand.startswith(("https://", "http://")) else "")
    said = step.sentence if step.state != StepState.DONE or step.by_hand else ""
    link = Link("open", url) if url else None
    return PostView(FORMS[StepKind(step.kind)].title, Badge("posted" if words == "done" else words, tone), said, link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the form: as it was typed, as it is in the row, or as a template fills it."""

    phase: str
    title: str
    message: str
    components: Mapping[str, str] = field(default_factory=dict)
    notify: bool = False
    corrects: str = ""


def words_form(
    incident: Incident, person: User, roles: frozenset[Role], *, typed: Typed | None = None, error: str = ""
) -> WordsForm | None:
    """The form for this reader; None where there is nothing to write any more, and never was."""
    if not incident.is_open and last_told(incident) is None:
        return None
    if not may(roles, Action.DRAFT_STATUS):
        return WordsForm(allowed=False, why_not=why_not(roles, Action.DRAFT_STATUS))
    in_work = incident.status_updates.in_work().first()
    standing = typed or (_as_typed(in_work) if in_work else fresh(incident))
    return replace(
        _form(incident, in_work, standing),
        error=error,
        seen=standing_text(standing) if error else "",
        open=bool(error) or bool(in_work and in_work.state in ("draft", "refused")),
        may_post=_granted(in_work),
        stuck=tuple(_stuck(step) for step in posts_of(incident) if step.state in STUCK),
        hand_to=_hand_to(incident, person),
    )


def _form(incident: Incident, in_work: StatusUpdate | None, typed: Typed) -> WordsForm:
    standing_title = title_of(incident)
    return WordsForm(
        allowed=True,
        update_id=str(in_work.pk) if in_work else "",
        version=in_work.version if in_work else 0,
        state=in_work.state if in_work else "",
        editable=in_work is None or in_work.state != "approved",
        may_withdraw=in_work is not None,
        phases=tuple(Choice(phase, phase, selected=phase == typed.phase) for phase in Phase),
        title=standing_title or typed.title,
        title_stays=bool(standing_title),
        message=typed.message,
        components=tuple(_component(name, typed) for name in incident.service.status_components),
        notify=typed.notify,
        pages=" and ".join(AUDIENCE_WORDS[audience] for audience in audiences()),
        corrects=_correctable(incident, typed),
        preview=preview_of(incident, typed),
        segments=segments_of(typed.message, incident),
    )


def fresh(incident: Incident, phase: Phase | None = None) -> Typed:
    """What a template puts into an empty form: what is most likely said next."""
    newest = last_told(incident)
    told = Phase(newest.phase) if newest else None
    chosen = phase or following(told, recovered=incident.state in (IncidentState.RECOVERED, IncidentState.CLOSED))
    names = [each.name for each in newest.as_words().components] if newest else incident.service.status_components
    known = known_of(incident, names)
    return Typed(
        phase=chosen,
        title=title_of(incident) or title_for(known),
        message=message_for(chosen, known),
        components=dict.fromkeys(names, str(state_for(chosen))),
        notify=bool(newest and newest.notify),
    )


def refilled(incident: Incident, typed: Typed) -> Typed:
    """The form after another phase was chosen: a template gives way to the next one, words of one's own stay."""
    names = [name for name in incident.service.status_components if typed.components.get(name)]
    known = known_of(incident, names)
    templates = {" ".join(message_for(phase, known).split()) for phase in Phase}
    if typed.phase not in list(Phase) or " ".join(typed.message.split()) not in templates | {""}:
        return typed
    phase = Phase(typed.phase)
    states = {name: str(state_for(phase)) if state else "" for name, state in typed.components.items()}
    return Typed(
        phase=phase, title=typed.title, message=message_for(phase, known), components=states, notify=typed.notify,
        corrects=typed.corrects,
    )  # fmt: skip


def known_of(incident: Incident, names: Sequence[str]) -> Known:
    """What the templates may be filled with."""
    return Known(service=incident.service.name, components=names, since=incident.onset_at, until=incident.recovered_at)


def _as_typed(update: StatusUpdate) -> Typed:
    states = {each["name"]: each["state"] for each in update.components}
    return Typed(
        phase=update.phase, title=update.title, message=update.message, components=states, notify=update.notify,
        corrects=str(update.corrects_id or ""),
    )  # fmt: skip


def standing_text(typed: Typed) -> str:
    """Title and message on one line: what was seen marked, whatever its line ends."""
    return " ".join(f"{typed.title} {typed.message}".split())


def _component(name: str, typed: Typed) -> ComponentField:
    chosen = typed.components.get(name, "")
    states = (Choice(state, state, selected=state == chosen) for state in ComponentState)
    return ComponentField(name, (*states, Choice(NOT_SAID.value, NOT_SAID.words, selected=not chosen)))


def _correctable(incident: Incident, typed: Typed) -> tuple[Choice, ...]:
    told = incident.status_updates.posted().reverse()
    return tuple(
        Choice(str(each.pk), f"{each.phase}: {each.message[:60]}", selected=str(each.pk) == typed.corrects)
        for each in told
    )


def preview_of(incident: Incident, typed: Typed) -> PublicReport:
    """The report exactly as the public will read it, with the message that stands in the form now."""
    phase = Phase(typed.phase) if typed.phase in list(Phase) else Phase.INVESTIGATING
    title = title_of(incident) or typed.title
    return PublicReport("preview", title, incident.service.name, PHASES[phase], None, None, (_message(phase, typed),))


def _message(phase: Phase, typed: Typed) -> PublicUpdate:
    return as_public(
        PublicWords(
            phase=phase,
            title=typed.title,
            message=typed.message.strip(),
            components=tuple(
                Component(name, ComponentState(state))
                for name, state in typed.components.items()
                if state in list(ComponentState)
            ),
            notify=typed.notify,
            corrects=typed.corrects,
        )
    )


def segments_of(text: str, incident: Incident) -> tuple[TextSegment, ...]:
    """The text cut at what reads like a cause, a guess, a promise or a name (S4)."""
    segments, at = [], 0
    for mark in speculation_in(text, people=names_of(incident)):
        segments += [TextSegment(text[at : mark.start]), TextSegment(mark.text, marked=True, why=mark.reason)]
        at = mark.end
    return tuple(segment for segment in [*segments, TextSegment(text[at:])] if segment.text)


def names_of(incident: Incident) -> list[str]:
    """Names that the public is spared: of whoever may respond."""
    return [name for person in responders_of(incident.service) if (name := person.get_full_name())]


def _granted(update: StatusUpdate | None) -> bool:
    """Approved, and yet not on its way: the answer was not heard, so that a person may post it."""
    question = question_about(update) if update and update.state == "asked" else None
    return question is not None and question.state == State.GRANTED


def _stuck(step: Step) -> StuckPost:
    in_doubt, outside = step.state == StepState.UNKNOWN, step.kind == StepKind.POST_STATUS
    return StuckPost(str(step.pk), step.state, step.sentence, in_doubt, outside)


def _hand_to(incident: Incident, person: User) -> tuple[Choice, ...]:
    """To whom the lead may hand the drafting; taking it back is handing it to oneself."""
    if incident.lead_id != person.pk:
        return ()
    drafts = incident.drafter_id or incident.lead_id
    return tuple(
        Choice(str(each.pk), "back to me" if each.pk == person.pk else each.username)
        for each in responders_of(incident.service)
        if each.pk != drafts
    )
