"""What this reader may do in the room now, or the sentence why not; fetched for one person, never part of a frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from incidents.models.change import Change
from incidents.models.decision import Plan
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.answers import Answer, Answers, UnreadableAnswers
from incidents.procedure.decision import Path
from incidents.procedure.duty import Action as Doing
from incidents.procedure.duty import Role, grounds_to_take_over, may, why_not
from incidents.procedure.overruling import Found
from incidents.procedure.refusals import Refusal
from incidents.procedure.speculation import speculation_in
from incidents.procedure.steps import FORMS, IncidentState, StepKind, StepState
from incidents.queries.bleeding import bleed_controls
from incidents.queries.decisions import Form, advice_view, blockers_of, question_groups
from incidents.queries.duty import responders_of, roles_of
from incidents.queries.escalation import answers_to_escalation, may_govern
from incidents.queries.grants import approvals_needed, may_ask_anew
from incidents.queries.plans import asks_for_credential, confirmation_of, goes_by_a_fix, plan_facts
from incidents.queries.public import left_standing
from incidents.queries.room import Facts, others_of, read_facts
from incidents.queries.shapes import (
    Action,
    AnnounceForm,
    Choice,
    ClosingControls,
    ConfirmForm,
    DecisionForm,
    ExecuteAsk,
    FiredRule,
    FixForm,
    Link,
    NowControls,
    PeopleControls,
    PlanControls,
    RoomControls,
    StepControls,
    SuspectControls,
    TextSegment,
)
from incidents.queries.steps import commands_of, plan_title, series_answers, title_of
from incidents.queries.wording import words_form

_BY_MERGE = (
    "Nothing is force-pushed and nothing is deleted. Until the merge, closing the pull request takes all of it back."
)
UNDO_WORDS: Mapping[Path, str] = {
    Path.ROLLBACK: _BY_MERGE,
    Path.ROLL_FORWARD: "Until the merge, stopping takes all of it back. After it, the fix is another change to revert.",
    Path.HOTFIX: "Until the merge, stopping takes all of it back. After it, the fix is another change to revert.",
    Path.ISOLATE: "Turning the flag on again takes it back, at any time.",
    Path.ROTATE_FORWARD: "The console changes nothing by itself here: people rotate, and it proves the recovery.",
}
PARTICULARS = ("fix", "flag", "credential")


@dataclass(frozen=True)
class Reader:
    """One person in front of the room, with the roles they hold in it."""

    person: User
    roles: frozenset[Role]
    facts: Facts

    def may(self, doing: Doing) -> bool:
        return may(self.roles, doing)

    def why_not(self, doing: Doing) -> str:
        return why_not(self.roles, doing)


def controls_of(incident: Incident, person: User, now: datetime, *, facts: Facts | None = None) -> RoomControls:
    """Every personal control of the room."""
    reader = reader_of(incident, person, now, facts=facts)
    is_open, form = incident.is_open, words_form(incident, person, reader.roles)
    return RoomControls(
        number=incident.number,
        version=incident.version,
        now=_now(reader),
        bleed=announce_form(reader) if is_open else None,
        bleed_acts=bleed_controls(incident, reader.roles, reader.facts.steps) if is_open else None,
        words=form,
        change=_suspects(reader) if incident.state == IncidentState.DECLARED else None,
        decision=decision_form(reader) if incident.state == IncidentState.DECLARED else None,
        plan=_plan(reader) if reader.facts.plan else None,
        fix=_fix(reader),
        confirm=_confirm(reader),
        people=_people(reader) if is_open else None,
        merge_into=_merge_into(reader),
        closing=_closing(reader) if is_open else None,
        read_only=not is_open and form is None,
    )


def reader_of(incident: Incident, person: User, now: datetime, *, facts: Facts | None = None) -> Reader:
    """The person as a reader of the room."""
    roles = roles_of(person, incident.service, now=now, incident=incident)
    return Reader(person, roles, facts or read_facts(incident, now))


def _now(reader: Reader) -> NowControls:
    facts = reader.facts
    match IncidentState(facts.incident.state):
        case IncidentState.DECLARED if reader.may(Doing.DECIDE):
            return NowControls((Action("Decide", "primary", "jump", target="decision", icon="gavel"),))
        case IncidentState.DECIDED if reader.may(Doing.EXECUTE) and _executable(facts):
            return NowControls((Action("Execute the plan", "primary", "dialog", target="execute", icon="play"),))
        case IncidentState.EXECUTING if reader.may(Doing.EXECUTE):
            return NowControls((Action("See the plan", "plain", "jump", target="plan", icon="list-checks"),))
        case IncidentState.RECOVERED if reader.may(Doing.DECIDE):
            return _recovered(facts)
        case IncidentState.ESCALATED:
            return _answering(reader)
        case IncidentState.CLOSED:
            return NowControls()
    return NowControls(why_not=reader.why_not(Doing.DECIDE))


def _answering(reader: Reader) -> NowControls:
    """“I have it”, for whom it was escalated to and who has not said so."""
    incident = reader.facts.incident
    if not may_govern(reader.person, incident) or reader.person.pk in answers_to_escalation(incident).acknowledged:
        return NowControls()
    url = reverse("incidents:have-it", args=[incident.number])
    return NowControls((Action("I have it", "primary", "post", url=url, icon="hand", shortcut="h"),))


def _recovered(facts: Facts) -> NowControls:
    """Close it; what is merely isolated goes on to its fix first (M2)."""
    if not facts.isolated:
        return NowControls((Action("Close the incident", "primary", "dialog", target="close", icon="archive"),))
    url = reverse("incidents:decide-again", args=[facts.incident.number])
    on = Action("The hotfix is prepared: decide", "primary", "post", url=url, icon="gavel")
    return NowControls((on, Action("Close the incident", "plain", "dialog", target="close", icon="archive")))


def _fix(reader: Reader) -> FixForm | None:
    """Where the decided path follows a fix that is not executed yet, it may be named, or another one."""
    facts = reader.facts
    decision = facts.decision
    undone = facts.incident.state == IncidentState.DECIDED and reader.may(Doing.DECIDE)
    if decision is None or not undone or not goes_by_a_fix(decision):
        return None
    named = decision.particulars
    words = "Name another pull request" if named.get("fix") else "Name the hotfix’s pull request"
    return FixForm(
        words,
        value=str(named["fix"]) if named.get("refused") else "",
        folded="fix" in named and not named.get("refused"),
    )


def _confirm(reader: Reader) -> ConfirmForm | None:
    """C1's question, where the plan waits for it and nobody has answered."""
    facts = reader.facts
    decision = facts.decision
    stands = facts.incident.state in (IncidentState.DECIDED, IncidentState.EXECUTING)
    if decision is None or not stands or not reader.may(Doing.CONFIRM_CREDENTIAL):
        return None
    if not asks_for_credential(decision) or confirmation_of(decision, "C1"):
        return None
    named, url = decision.particulars, plan_facts(decision).secrets_url
    document = Link("Secrets Management", url) if url else None
    return ConfirmForm(named.get("credential", ""), named.get("machine", ""), document)


def _executable(facts: Facts) -> bool:
    plan = facts.plan
    return plan is not None and not blockers_of(Answers.from_form(plan.decision.answers), Path(plan.decision.path))


def announce_form(reader: Reader, *, text: str = "", error: str = "") -> AnnounceForm:
    """The words for the channel (S4), kept as they were typed."""
    incident = reader.facts.incident
    return AnnounceForm(
        allowed=reader.may(Doing.STOP_THE_BLEED),
        channel=incident.service.channel_name or "the channel",
        text=text,
        segments=segments_of(text),
        suggestions=() if text else _suggestions(reader.facts),
        error=error,
        why_not=reader.why_not(Doing.STOP_THE_BLEED),
    )


def segments_of(text: str) -> tuple[TextSegment, ...]:
    """The text cut at what reads like speculation (S4)."""
    segments, at = [], 0
    for mark in speculation_in(text):
        segments += [TextSegment(text[at : mark.start]), TextSegment(mark.text, marked=True, why=mark.reason)]
        at = mark.end
    return tuple(segment for segment in [*segments, TextSegment(text[at:])] if segment.text)


DOING: Mapping[Path, str] = {
    Path.ROLLBACK: "The last change is being rolled back.",
    Path.ROLL_FORWARD: "A fix is on its way to production.",
    Path.HOTFIX: "A hotfix is on its way to production.",
    Path.ISOLATE: "What fails is being turned off.",
    Path.ROTATE_FORWARD: "A credential is being rotated.",
}


def _suggestions(facts: Facts) -> tuple[str, ...]:
    incident = facts.incident
    if incident.state == IncidentState.RECOVERED:
        return (f"{incident.service.name} has recovered. The alert is inactive.",)
    if incident.state == IncidentState.EXECUTING:
        return (f"{incident.title}. {DOING[Path(facts.plan.decision.path)]}",) if facts.plan else ()
    return (f"{incident.title}. We are looking at it.",)


def _suspects(reader: Reader) -> SuspectControls:
    service = reader.facts.incident.service
    recent = Change.objects.filter(service=service).order_by("-merged_at").values_list("sha", "title")[:20]
    return SuspectControls(
        allowed=reader.may(Doing.DECLARE),
        choices=tuple(Choice(sha, f"{sha[:8]} {title}") for sha, title in recent),
        why_not=reader.why_not(Doing.DECLARE),
    )


def decision_form(
    reader: Reader,
    *,
    given: Mapping[str, str] | None = None,
    chosen: str = "",
    reason: str = "",
    errors: tuple[str, ...] = (),
    typed: Mapping[str, str] | None = None,
) -> DecisionForm:
    """The decision as a form (D6): what the console knows is filled in; what was typed is kept."""
    if not reader.may(Doing.DECIDE):
        return DecisionForm(allowed=False, why_not=reader.why_not(Doing.DECIDE))
    facts = reader.facts
    known = facts.known
    form, problems = _read(_starting_from(facts, known) if given is None else given)
    suspect = facts.chosen
    advice = advice_view(
        form, change=_short_name(suspect.change) if suspect else "", flags=facts.incident.service.flags,
        typed=_typed_before(facts) if typed is None else typed, known=known,
    )  # fmt: skip
    return DecisionForm(
        allowed=True,
        groups=question_groups(form, known),
        advice=advice,
        change=suspect.change.title if suspect else "",
        change_sha=suspect.change.sha if suspect else "",
        chosen=chosen,
        reason=reason,
        errors=errors + problems,
    )


def _starting_from(facts: Facts, known: Mapping[str, Found]) -> dict[str, str]:
    """What the console knows; where the decision is taken again, the answers as they were, some of them set anew."""
    decision = facts.decision
    again = decision.particulars.get("again") if decision else None
    if decision is None or again is None:
        return {field: found.answer.value for field, found in known.items() if found.answer is not Answer.UNKNOWN}
    given = {field: word for field, word in decision.answers.items() if word != Answer.UNKNOWN}
    return {**given, **again}


def _typed_before(facts: Facts) -> dict[str, str]:
    decision = facts.decision
    if decision is None or "again" not in decision.particulars:
        return {}
    return {name: str(decision.particulars.get(name, "")) for name in PARTICULARS}


def _short_name(change: Change) -> str:
    return f"#{change.pull_request}" if change.pull_request else change.short_sha


def _read(given: Mapping[str, str]) -> tuple[Form, tuple[str, ...]]:
    try:
        return Form.of(given), ()
    except UnreadableAnswers as unreadable:
        readable = {field: word for field, word in given.items() if field not in unreadable.problems}
        return Form.of(readable), tuple(unreadable.problems.values())


def _plan(reader: Reader) -> PlanControls:
    facts = reader.facts
    plan, state = facts.plan, IncidentState(facts.incident.state)
    if plan is None or not reader.may(Doing.EXECUTE):
        return PlanControls(why_not=reader.why_not(Doing.EXECUTE))
    executing = state is IncidentState.EXECUTING
    waits = executing or state is IncidentState.DECIDED
    ready = state is IncidentState.DECIDED and _executable(facts)
    return PlanControls(
        digest=plan.instance_digest,
        execute=_ask(facts) if ready else None,
        may_stop=executing and plan.stopped_at is None,
        may_resume=executing and plan.stopped_at is not None,
        may_ask_anew=waits and any(may_ask_anew(plan, need.rule, facts.now) for need in approvals_needed(plan)),
        may_break_glass=waits and bool(settings.BREAK_GLASS_MINUTES and facts.waits),
        may_adopt=executing and any(_adoptable(step) for step in facts.plan_steps),
        steps=tuple(found for step in facts.plan_steps if executing and (found := _step(step, facts))),
    )


def _ask(facts: Facts) -> ExecuteAsk:
    happens = tuple(FiredRule(step.rule, title_of(step)) for step in facts.plan_steps)
    plan = facts.plan
    path = Path(plan.decision.path) if plan else Path.ROLLBACK
    title = plan_title(plan.decision) if plan else ""
    change = plan.decision.change if plan else None
    words = f"{facts.waits} The first step starts by itself once it is approved." if facts.waits else ""
    asked = f"Roll back “{change.title}” now?" if change and path is Path.ROLLBACK else f"{title.capitalize()} now?"
    return ExecuteAsk(asked, happens, UNDO_WORDS[path], words)


def _adoptable(step: Step) -> bool:
    return step.kind == StepKind.PUSH_REVERT and step.state in (StepState.FAILED, StepState.UNKNOWN, StepState.READY)


def _step(step: Step, facts: Facts) -> StepControls | None:
    """The controls of a step that waits for a person; None for one that needs nobody."""
    kind, stuck = StepKind(step.kind), step.state in (StepState.FAILED, StepState.UNKNOWN)
    review = (
        kind is StepKind.REVIEW and step.state == StepState.WATCHING and not step.parameters.get("self_approved_by")
    )
    attest = kind is StepKind.PROVE_RECOVERY and (stuck or step.state == StepState.WATCHING)
    attest = attest and not series_answers(step, facts.now)
    by_people = kind is StepKind.ROTATE_CREDENTIAL and step.state == StepState.WATCHING
    if not (stuck or review or attest or by_people):
        return None
    plan = facts.plan
    command = commands_of(plan).get(kind) if plan else None
    return StepControls(
        id=str(step.pk),
        title=FORMS[kind].title,
        rule=step.rule,
        words=step.sentence,
        state=step.state,
        may_retry=stuck,
        may_skip=stuck and kind not in NEVER_SKIPPED,
        may_record=(stuck or by_people) and kind is not StepKind.PROVE_RECOVERY,
        reference=REFERENCES.get(kind, ""),
        record_title="It is rotated" if kind is StepKind.ROTATE_CREDENTIAL else "I did it by hand",
        record_label="Who rotated it, and what shows it"
        if kind is StepKind.ROTATE_CREDENTIAL
        else "A link, or what the terminal said",
        renew=_pushed_to(step, plan),
        self_approve_words="No other reviewer is available. I approve this; it is recorded and flagged."
        if review
        else "",
        adopt_words=_found_outside(step),
        attest_words="The service has recovered, and I can show it" if attest else "",
        command=command.command if command else "",
    )


REFERENCES: Mapping[StepKind, str] = {
    StepKind.PUSH_REVERT: "The branch",
    StepKind.OPEN_PULL_REQUEST: "The pull request’s number",
    StepKind.FIND_FIX: "The pull request’s number",
    StepKind.REVIEW: "The pull request’s number",
    StepKind.MERGE: "The merge’s full sha",
    StepKind.ROTATE_CREDENTIAL: "The new version",
}
"""What the steps after it build on; the others name nothing."""

NEVER_SKIPPED = (
    StepKind.PROVE_RECOVERY, StepKind.REVIEW, StepKind.FIND_FIX, StepKind.ISOLATE, StepKind.ROTATE_CREDENTIAL,
)  # fmt: skip


def _pushed_to(step: Step, plan: Plan | None) -> int:
    """The fix's number, where somebody pushed to it after it was executed (E13)."""
    if plan is None or not step.evidence.get("new_push") or not goes_by_a_fix(plan.decision):
        return 0
    return int(plan.decision.particulars["fix"])


def _found_outside(step: Step) -> str:
    """What was found under the branch's name, and differs (E18)."""
    if step.kind != StepKind.PUSH_REVERT or not step.evidence.get("found_patch"):
        return ""
    return f"{step.evidence['found_branch']} holds another patch than the preview. I have compared it and want it."


def _people(reader: Reader) -> PeopleControls:
    facts = reader.facts
    take, words = _take_over(reader)
    lead = facts.incident.lead_id
    others = [each for each in responders_of(facts.incident.service) if each.pk != lead]
    leads = reader.may(Doing.HAND_OVER)
    return PeopleControls(
        may_take_over=take,
        take_over_words=words if take else "",
        hand_over_to=tuple(Choice(str(each.pk), each.username) for each in others) if leads else (),
        why_not="" if take else words,
    )


def _take_over(reader: Reader) -> tuple[bool, str]:
    """Whether this person may take over now (E5), and the sentence either way."""
    facts = reader.facts
    if not reader.may(Doing.TAKE_OVER):
        return False, reader.why_not(Doing.TAKE_OVER)
    try:
        grounds = grounds_to_take_over(
            reader.person.username, facts.on_call_name or None, last_sign_at=facts.last_sign_at,
            declared_at=facts.incident.declared_at, now=facts.now,
            after=timedelta(minutes=settings.TAKE_OVER_AFTER_MINUTES),
        )  # fmt: skip
    except Refusal as refusal:
        return False, "" if Role.ON_CALL in reader.roles else refusal.words
    return True, grounds


def _merge_into(reader: Reader) -> tuple[Choice, ...]:
    incident = reader.facts.incident
    if incident.state != IncidentState.DECLARED or not reader.may(Doing.DECIDE):
        return ()
    return tuple(Choice(each.number, f"{each.number} {each.title}") for each in others_of(incident).incidents)


def _closing(reader: Reader) -> ClosingControls:
    state = IncidentState(reader.facts.incident.state)
    if not reader.may(Doing.DECIDE):
        return ClosingControls(why_not="")
    following = next((s.change.title for s in reader.facts.suspects if not s.chosen and not s.tried_at), "")
    by_hand = state is IncidentState.DECIDED and reader.facts.plan is None
    return ClosingControls(
        public_stands=left_standing(reader.facts.incident) or "",
        may_say_no_help=state in (IncidentState.DECIDED, IncidentState.EXECUTING, IncidentState.RECOVERED),
        next_suspect=following,
        may_call_false_alarm=state in (IncidentState.DECLARED, IncidentState.DECIDED),
        may_close=state in (IncidentState.RECOVERED, IncidentState.ESCALATED) or by_hand,
        may_escalate=state is not IncidentState.ESCALATED,
    )
