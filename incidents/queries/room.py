"""The incident room as everybody sees it: panels without buttons, the same bytes for a whole audience."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.urls import reverse

from incidents.models.alert import Alert
from incidents.models.change import Change
from incidents.models.decision import Decision, Plan
from incidents.models.incident import Incident, Suspect, Trigger
from incidents.models.ledger import LedgerEntry, stream_of
from incidents.models.retrospective import Retrospective
from incidents.models.step import Step
from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path
from incidents.procedure.overruling import Found
from incidents.procedure.steps import FORMS, LEARNING, PUBLIC_WORDS, IncidentState, Resolution, StepKind, StepState
from incidents.queries.badges import STEPS, drill_badge, incident_badge, severity_badge
from incidents.queries.changes import change_rows, findings_of
from incidents.queries.deadlines import due_in
from incidents.queries.decisions import blockers_of, confirmation_view, decision_view, known_answers
from incidents.queries.duty import last_sign_of, on_call_for
from incidents.queries.escalation import escalation_panel
from incidents.queries.findings import reading_of
from incidents.queries.grants import waiting_for
from incidents.queries.plans import is_isolated
from incidents.queries.public import last_told
from incidents.queries.questions import questions_about
from incidents.queries.series import room_chart
from incidents.queries.shapes import (
    Announcement,
    Badge,
    BleedPanel,
    BleedStep,
    ChangeRow,
    Clock,
    ClosingPanel,
    DecisionPanel,
    EscalationPanel,
    IncidentCard,
    IncidentHead,
    IncidentRoom,
    Link,
    NowSentence,
    OthersPanel,
    PeoplePanel,
    PersonLine,
    PlanPanel,
    SuspectPanel,
)
from incidents.queries.steps import link_words, plan_panel
from incidents.queries.timeline import timeline_of
from incidents.queries.waking import WAKES, to_call_by_hand
from incidents.queries.wording import words_panel

UNDER_WAY = {
    StepKind.PUSH_REVERT: "{What} is being pushed.",
    StepKind.OPEN_PULL_REQUEST: "{What}’s pull request is being opened.",
    StepKind.FIND_FIX: "{What} is being looked up.",
    StepKind.ISOLATE: "The flag is being turned off.",
    StepKind.ROTATE_CREDENTIAL: "A fresh credential is being waited for.",
    StepKind.REVIEW: "{What} waits for its review.",
    StepKind.MERGE: "{What} is being merged.",
    StepKind.DEPLOY: "{What} is on its way to production.",
    StepKind.PROVE_RECOVERY: "{What} is in production; recovery is being proved.",
}
TAKEN = {Path.ROLLBACK: "The revert", Path.ROLL_FORWARD: "The fix", Path.HOTFIX: "The hotfix"}
PROVING = {
    Path.ISOLATE: "The flag is off; recovery is being proved.",
    Path.ROTATE_FORWARD: "The fresh credential is there; recovery is being proved.",
}
FROZEN = Badge("frozen", "danger", "snowflake")
FROZEN_WORDS = "Nothing further of it starts; what was under way is only watched. The Incident Response Plan governs."
ELSEWHERE = {StepKind.ANNOUNCE, *WAKES, *PUBLIC_WORDS, *LEARNING}
"""Steps outside a plan that other panels show."""
TRIGGERS = {Trigger.DEPLOY_FAILED: "a deploy failed", Trigger.REGRESSION: "a regression", Trigger.ALERT: "an alert"}


@dataclass(frozen=True)
class Facts:
    """Everything the panels are made from, read once."""

    incident: Incident
    now: datetime
    suspects: list[Suspect]
    alerts: list[Alert]
    decisions: list[Decision]
    plans: list[Plan]
    steps: list[Step]
    on_call: User | None
    last_sign_at: datetime | None

    @property
    def on_call_name(self) -> str:
        """Empty where nobody is on call."""
        return self.on_call.username if self.on_call else ""

    @cached_property
    def waits(self) -> str:
        """For whom the plan in force waits, in a sentence; empty where it waits for nobody."""
        return waiting_for(self.plan, self.now) if self.plan else ""

    @property
    def plan(self) -> Plan | None:
        return next((plan for plan in self.plans if plan.replaced_at is None), None)

    @property
    def plan_steps(self) -> list[Step]:
        plan = self.plan
        return [step for step in self.steps if plan and step.plan_id == plan.pk]

    @property
    def current_step(self) -> Step | None:
        """The first step of the plan that has not ended."""
        return next((s for s in self.plan_steps if s.state not in ("done", "skipped", "cancelled")), None)

    @property
    def decision(self) -> Decision | None:
        """The decision in force, or the last one taken."""
        return self.decisions[0] if self.decisions else None

    @property
    def isolated(self) -> bool:
        return is_isolated(self.incident, self.decision)

    @property
    def chosen(self) -> Suspect | None:
        return next((suspect for suspect in self.suspects if suspect.chosen), None)

    @property
    def escalation(self) -> EscalationPanel | None:
        return escalation_panel(self.incident, self.decisions, self.steps)

    @property
    def firing(self) -> bool:
        return bool(self.alerts)

    @property
    def known(self) -> dict[str, Found]:
        """What the console answers by itself, the chosen suspect's reading included."""
        change = self.chosen.change if self.chosen else None
        assessment = getattr(change, "assessment", None)
        return known_answers(self.incident, firing=self.firing, assessment=assessment)

    @property
    def answers(self) -> Answers:
        return Answers.from_form({field: found.answer.value for field, found in self.known.items()})


def incident_by_number(number: str) -> Incident:
    """The incident with its people and its service; raises `Incident.DoesNotExist`."""
    return Incident.objects.select_related("service", "lead", "taken_over_by", "declared_by", "merged_into").get(
        number=number
    )


def read_facts(incident: Incident, now: datetime) -> Facts:
    """Read the room in a fixed number of queries, whatever its age."""
    steps = Step.objects.filter(incident=incident).order_by("position", "asked_at", "id")
    plans = Plan.objects.filter(incident=incident).select_related(
        "decision__change", "decision__incident__service", "executed_by", "incident__service"
    )
    on_call = on_call_for(incident.service, now=now, incident=incident)
    found = Facts(
        incident=incident,
        now=now,
        suspects=list(_suspects(incident)),
        alerts=list(incident.alerts.order_by("-started_at")),
        decisions=list(
            incident.decisions.select_related("decided_by", "change", "incident__service").order_by("-number")
        ),
        plans=list(plans.order_by("-number")),
        steps=list(steps.select_related("asked_by")),
        on_call=on_call,
        last_sign_at=last_sign_of(on_call, incident),
    )
    _say_for_whom(found)
    return found


def _say_for_whom(facts: Facts) -> None:
    """A step that waits for people says for whom it waits at this moment: the row is told a moment after the vote."""
    gated = [step for step in facts.plan_steps if step.state == StepState.GATED]
    if gated and facts.waits:
        gated[0].sentence = facts.waits


def _suspects(incident: Incident) -> list[Suspect]:
    changes = Change.objects.select_related("service", "assessment")
    found = Suspect.objects.filter(incident=incident).prefetch_related(Prefetch("change", queryset=changes))
    return list(found.order_by("-chosen", "named_at"))


def room_of(incident: Incident, now: datetime, *, facts: Facts | None = None) -> IncidentRoom:
    """The whole room; what was read for its controls, too, need not be read again."""
    facts = facts or read_facts(incident, now)
    return IncidentRoom(
        head=_head(facts),
        now=now_sentence(facts),
        bleed=_bleed(facts),
        change=_change(facts),
        decision=_decision(facts),
        timeline=timeline_of(incident),
        people=replace(_people(facts), by_hand=to_call_by_hand(incident, facts.steps)),
        words=words_panel(incident, now, facts.steps),
        others=others_of(incident),
        closing=_closing(facts),
        plan=_plan(facts),
        escalation=facts.escalation,
        chart=room_chart(incident, now, moments=_moments(facts)),
        due=due_in(incident, now),
    )


def room_by_id(incident_id: UUID, now: datetime) -> IncidentRoom:
    """The room for a live frame."""
    found = Incident.objects.select_related("service", "lead", "taken_over_by", "declared_by", "merged_into")
    return room_of(found.get(pk=incident_id), now)


def head_seq(incident: Incident) -> int:
    """The cursor of the page's snapshot: everything up to it is on the page."""
    newest = LedgerEntry.objects.filter(stream_id=stream_of(incident)).order_by("-seq").values_list("seq", flat=True)
    return newest.first() or 0


def _head(facts: Facts) -> IncidentHead:
    incident = facts.incident
    alert = facts.alerts[0] if facts.alerts else None
    return IncidentHead(
        number=incident.number,
        title=incident.title,
        service=incident.service.name,
        service_url=reverse("incidents:service", args=[incident.service.slug]),
        environment=incident.service.environment,
        severity=severity_badge(incident.severity),
        state=_state_badge(facts),
        customers=Badge("customers affected", "danger", "users") if incident.customer_impact else None,
        trigger_rule=incident.trigger,
        trigger_words=TRIGGERS[Trigger(incident.trigger)],
        lead=incident.lead.username if incident.lead else "",
        onset_at=incident.onset_at,
        declared_at=incident.declared_at,
        clocks=tuple(_clocks(facts)),
        version=incident.version,
        seq=head_seq(incident),
        alert=Link(alert.name, alert.url) if alert and alert.url else None,
        drill=drill_badge(incident),
    )


def _state_badge(facts: Facts) -> Badge:
    """As in the lists, but for what only the plan knows: another path than the rollback, or isolated."""
    path = facts.plan.decision.path if facts.plan else Path.ROLLBACK
    if facts.isolated:
        return Badge("isolated", "warn", "toggle-left")
    if facts.incident.state == IncidentState.EXECUTING and path != Path.ROLLBACK:
        return Badge("under way", "accent", "loader")
    return incident_badge(facts.incident)


def _clocks(facts: Facts) -> list[Clock]:
    incident, plan = facts.incident, facts.plan
    ended = incident.recovered_at or incident.closed_at
    clocks = [
        Clock("Since onset", since=incident.onset_at)
        if ended is None
        else Clock("Onset to end", seconds=(ended - incident.onset_at).total_seconds(), tone="ok"),
    ]
    if facts.decisions:
        decided = facts.decisions[0].decided_at
        clocks.append(Clock("Declared to decided", seconds=(decided - incident.declared_at).total_seconds()))
    else:
        clocks.append(Clock("Since declared", since=incident.declared_at))
    opened = next((s for s in facts.plan_steps if s.kind == StepKind.OPEN_PULL_REQUEST and s.finished_at), None)
    if plan and plan.executed_at and opened and opened.finished_at:
        clocks.append(
            Clock("Executed to pull request", seconds=(opened.finished_at - plan.executed_at).total_seconds())
        )
    if incident.recovered_at:
        clocks += _retrospective_clock(incident)
    return clocks


def _retrospective_clock(incident: Incident) -> list[Clock]:
    """The term that runs: until it is registered (T1), then until it is complete (E21)."""
    found = Retrospective.objects.filter(incident=incident).first()
    if found is None or found.completed_at:
        return []
    if found.registered_at is None:
        return [Clock("Retrospective to be registered", until=found.due_at)]
    return [Clock("Retrospective due", until=found.complete_by)] if found.complete_by else []


def now_sentence(facts: Facts) -> NowSentence:
    """One sentence: what is happening now, what it waits for, what can be done meanwhile."""
    incident = facts.incident
    match IncidentState(incident.state):
        case IncidentState.DECLARED:
            return _undecided(facts)
        case IncidentState.DECIDED:
            return _undone(facts)
        case IncidentState.EXECUTING:
            return _executing(facts)
        case IncidentState.RECOVERED if facts.isolated:
            words = "Isolated behind a flag. The fix is still to come."
            then = "Decide the hotfix when its pull request is there, or close with what replaced it."
            return NowSentence("warn", words, then, since=incident.recovered_at, rules=("M2",))
        case IncidentState.RECOVERED:
            words = "Close the incident when nothing is left to say."
            return NowSentence("ok", "Recovered.", words, rules=("R5",), links=_learning(incident))
        case IncidentState.ESCALATED:
            return _escalated(facts)
        case IncidentState.CLOSED:
            words = f"Closed: {incident.resolution.replace('_', ' ')}."
            return NowSentence("idle", words, incident.closing_words, links=_learning(incident))


def _learning(incident: Incident) -> tuple[Link, ...]:
    """To the retrospective, where the incident has one: a false alarm teaches nothing (E21)."""
    if incident.resolution in (Resolution.FALSE_ALARM, Resolution.MERGED):
        return ()
    return (Link("The retrospective", reverse("incidents:retrospective", args=[incident.number])),)


def _escalated(facts: Facts) -> NowSentence:
    """Who governs now, and whether somebody has answered."""
    panel = facts.escalation
    has_it = " and ".join(panel.governing) if panel else ""
    words = "Escalated to the CISO and the CTO: the Incident Response Plan governs."
    detail = f"{has_it} {'have' if ' and ' in has_it else 'has'} it." if has_it else "Nobody has answered yet."
    since = panel.at if panel and not has_it else None
    return NowSentence(
        "warn" if has_it else "danger", words, detail, since=since, rules=("X2", "E20"),
        meanwhile="stop the bleed, public words, the record and the retrospective go on here.",
    )  # fmt: skip


def _undecided(facts: Facts) -> NowSentence:
    owner = facts.on_call_name or "Nobody is on call: take over, then"
    if facts.chosen is None:
        words = "Which change broke it? Name the suspect."
        return NowSentence("warn", words, "A rollback takes one change back.", since=facts.incident.declared_at)
    words = f"{owner} decides: roll back {_name(facts.chosen.change)}, or another way."
    if not facts.on_call_name:
        words = "Nobody is on call for this service: an engineer takes over and decides."
    return NowSentence(
        "warn", words, "Waits for the decision.", since=facts.incident.declared_at,
        meanwhile="tell the channel what is seen.", rules=("D6",),
    )  # fmt: skip


def _name(change: Change) -> str:
    return f"#{change.pull_request} {change.title}" if change.pull_request else f"{change.short_sha} {change.title}"


def _undone(facts: Facts) -> NowSentence:
    decision, plan = facts.decisions[0], facts.plan
    since = decision.decided_at
    if plan is None:
        return _without_a_fix(decision)
    blockers = blockers_of(Answers.from_form(decision.answers), Path(decision.path))
    if blockers:
        return NowSentence("danger", blockers[0].words, "Execute stays closed.", since=since, rules=(blockers[0].rule,))
    owner = facts.on_call_name or "the on-call engineer"
    if facts.waits:
        words = f"{facts.waits} {owner} may execute: it starts by itself once it is approved."
        return NowSentence(
            "wait", words, "Nothing has happened yet.", since=since,
            meanwhile="stop the bleed, and tell the channel.", rules=("M3",),
        )  # fmt: skip
    word = confirmation_view(decision)
    if word and not word.given:
        return NowSentence("wait", word.words, "The push waits for it; nothing has happened yet.", rules=("C1",))
    return NowSentence(
        "accent", f"The plan is ready: {owner} executes it.", "Nothing has happened yet.", since=since, rules=("D6",)
    )


def _without_a_fix(decision: Decision) -> NowSentence:
    """The plan waits for its fix: nobody has named it, a worker is reading it, or it cannot be the fix."""
    named, since = decision.particulars, decision.decided_at
    if named.get("refused"):
        return NowSentence("danger", named["refused"], "There is no plan yet.", since=since, rules=("D5",))
    if named.get("fix"):
        words = f"Pull request #{named['fix']} is being read."
        return NowSentence("accent", words, "The plan is made of it.", since=since, rules=("D5",), moving=True)
    words = "The hotfix is still to come: name its pull request as soon as there is one."
    return NowSentence("warn", words, "The plan is made of it.", since=since, rules=("M2",))


def _executing(facts: Facts) -> NowSentence:
    step, plan = facts.current_step, facts.plan
    if plan and plan.stopped_at and (step is None or step.state == StepState.BLOCKED):
        by = plan.stopped_by.username if plan.stopped_by else "somebody"
        return NowSentence(
            "warn", f"Stopped by {by}.", "What has happened stays. Go on, or decide again.", rules=("E17",)
        )
    if step is None:
        return NowSentence("accent", "Every step is done.")
    title, tone = FORMS[StepKind(step.kind)].title, STEPS[step.state][0]
    links = (Link(link_words(step), step.url),) if step.url else ()
    if step.state in (StepState.FAILED, StepState.UNKNOWN):
        return NowSentence(
            tone, f"{title}: {step.sentence}", "A person decides what to do about it.", rules=(step.rule,), links=links
        )
    if step.state == StepState.GATED:
        words, since = f"{title} starts by itself once it is approved.", plan.executed_at if plan else None
        return NowSentence(
            "wait", step.sentence, words, since=since,
            meanwhile="stop the bleed, and tell the channel.", rules=("M3",),
        )  # fmt: skip
    words = _under_way(facts, StepKind(step.kind)) or f"{title}."
    return NowSentence(
        tone, words, step.sentence, since=step.started_at, meanwhile=_meanwhile(step), rules=(step.rule,), links=links,
        moving=True,
    )  # fmt: skip


def _under_way(facts: Facts, kind: StepKind) -> str:
    path = Path(facts.plan.decision.path) if facts.plan else Path.ROLLBACK
    if kind is StepKind.PROVE_RECOVERY and path in PROVING:
        return PROVING[path]
    return UNDER_WAY.get(kind, "").format(What=TAKEN.get(path, "It"))


def _meanwhile(step: Step) -> str:
    if step.kind == StepKind.REVIEW:
        return "the on-call engineer may self-approve where no reviewer is available (E11)."
    return "tell the channel how it goes."


def _bleed(facts: Facts) -> BleedPanel:
    said = [step for step in facts.steps if step.plan_id is None and step.kind == StepKind.ANNOUNCE]
    told = [step for step in facts.steps if step.plan_id is None and step.kind not in ELSEWHERE]
    return BleedPanel(
        channel=facts.incident.service.channel_name or "the channel",
        steps=tuple(_told(step) for step in told),
        announcements=tuple(_announcement(step) for step in reversed(said)),
    )


def _told(step: Step) -> BleedStep:
    tone, words = STEPS[step.state]
    link = Link("open", step.url) if step.url else None
    return BleedStep(
        step.rule, FORMS[StepKind(step.kind)].title, Badge(words, tone), step.sentence, link, step.finished_at
    )


def _announcement(step: Step) -> Announcement:
    tone, words = STEPS[step.state]
    by = step.asked_by.username if step.asked_by else "the console"
    text = str(step.parameters.get("said", ""))
    trouble = step.sentence if step.state in (StepState.FAILED, StepState.UNKNOWN, StepState.READY) else ""
    return Announcement(text, by, step.asked_at, Badge("posted" if words == "done" else words, tone), step.url, trouble)


def _change(facts: Facts) -> SuspectPanel:
    rows = change_rows([suspect.change for suspect in facts.suspects])
    fates = {s.change.sha: Badge("tried, it did not help", "warn", "undo-2") for s in facts.suspects if s.tried_at}
    rows = tuple(_with_fate(row, fates.get(row.sha)) for row in rows)
    chosen = facts.chosen
    suspect = next((row for row in rows if chosen and row.sha == chosen.change.sha), None)
    return SuspectPanel(
        suspect=suspect,
        findings=findings_of(suspect.preview) if suspect else (),
        reading=reading_of(getattr(chosen.change, "assessment", None)) if chosen else None,
        kind_words=chosen.change.get_kind_display() if chosen else "",
        others=tuple(row for row in rows if suspect is None or row.sha != suspect.sha),
        words="Name the change that broke it: from the recent ones, or by its commit.",
        assessing=bool(suspect and suspect.preview.verdict == "pending"),
    )


def _with_fate(row: ChangeRow, fate: Badge | None) -> ChangeRow:
    return replace(row, fate=fate) if fate else row


def _decision(facts: Facts) -> DecisionPanel:
    owner = f"{facts.on_call_name} owns the decision" if facts.on_call_name else "nobody is on call: take over first"
    views = [decision_view(each, informed=_informed(facts, each)) for each in facts.decisions]
    if facts.incident.state == IncidentState.DECLARED:
        return DecisionPanel(owner_words=owner, earlier=tuple(views))
    return DecisionPanel(
        owner_words=owner, decided=views[0] if views else None, public_hint=_public_hint(facts.incident),
        earlier=tuple(views[1:]),
    )  # fmt: skip


def _public_hint(incident: Incident) -> str:
    """P1, where customers feel it and nothing was said to them."""
    silent = incident.customer_impact and last_told(incident) is None
    return "Customers feel it, and have been told nothing yet." if silent else ""


def _informed(facts: Facts, decision: Decision) -> str:
    told = [s for s in facts.steps if s.kind == StepKind.INFORM_CTO and s.asked_at == decision.decided_at]
    if not told:
        return ""
    return "The CTO has been informed." if told[0].state == StepState.DONE else "The CTO is being informed."


def _plan(facts: Facts) -> PlanPanel | None:
    plan = facts.plan
    if plan is None:
        return None
    blockers = blockers_of(Answers.from_form(plan.decision.answers), Path(plan.decision.path))
    earlier = [each for each in facts.plans if each.pk != plan.pk]
    panel = plan_panel(plan, facts.plan_steps, earlier=earlier, blockers=blockers)
    if facts.escalation:
        panel = replace(panel, badge=FROZEN, words=f"{panel.words} {FROZEN_WORDS}")
    return replace(panel, questions=questions_about(plan, facts.now), confirmation=confirmation_view(plan.decision))


def _people(facts: Facts) -> PeoplePanel:
    incident = facts.incident
    seen = incident.on_call_seen_at
    lines = (
        PersonLine(facts.on_call_name, "On call", "here since" if seen else "no sign yet", since=seen),
        PersonLine(incident.lead.username if incident.lead else "", "Lead"),
        PersonLine(
            incident.declared_by.username if incident.declared_by else "the alert",
            "Declared by",
            since=incident.declared_at,
        ),
    )
    if not facts.on_call_name:
        return PeoplePanel(
            lines, "Nobody is on call for this service. Any of its engineers may take over at once.", "danger"
        )
    if seen is None and incident.is_open:
        minutes = settings.TAKE_OVER_AFTER_MINUTES
        return PeoplePanel(
            lines,
            f"No sign of {facts.on_call_name} yet; after {minutes} minutes another engineer may take over.",
            "wait",
        )
    return PeoplePanel(lines)


def others_of(incident: Incident) -> OthersPanel:
    """The other open incidents of the service, for the two to see each other."""
    found = Incident.objects.unresolved().filter(service=incident.service).exclude(pk=incident.pk)
    return OthersPanel(tuple(incident_card(each) for each in found.select_related("service", "lead")[:5]))


def incident_card(incident: Incident) -> IncidentCard:
    """An incident in a list; expects `service` and `lead` to be selected."""
    ended = incident.recovered_at or incident.closed_at
    return IncidentCard(
        number=incident.number,
        url=reverse("incidents:detail", args=[incident.number]),
        title=incident.title,
        service=incident.service.name,
        severity=severity_badge(incident.severity),
        state=incident_badge(incident),
        customers_affected=incident.customer_impact,
        onset_at=incident.onset_at,
        declared_at=incident.declared_at,
        lead=incident.lead.username if incident.lead else "",
        tone=incident_badge(incident).tone,
        is_open=incident.is_open,
        ended_at=ended,
        drill=drill_badge(incident),
        seconds_to_recover=(incident.recovered_at - incident.onset_at).total_seconds()
        if incident.recovered_at
        else None,
    )


def _closing(facts: Facts) -> ClosingPanel:
    incident = facts.incident
    if incident.state != IncidentState.CLOSED:
        return ClosingPanel(shown=False)
    into = incident.merged_into
    link = Link(into.number, reverse("incidents:detail", args=[into.number])) if into else None
    entry = LedgerEntry.objects.filter(incident=incident, kind__in=("incident.closed", "incident.merged")).last()
    return ClosingPanel(
        shown=True,
        words=f"Closed: {incident.resolution.replace('_', ' ')}",
        badge=incident_badge(incident),
        by=entry.who if entry else "",
        at=incident.closed_at,
        reason=incident.closing_words,
        link=link,
    )


def _moments(facts: Facts) -> list[tuple[str, datetime]]:
    """What the chart marks: the onset's deploy, the declaring, the decision, each great step, the recovery."""
    marks = [("declared", facts.incident.declared_at)]
    marks += [("decided", decision.decided_at) for decision in facts.decisions[:1]]
    named = {
        StepKind.PUSH_REVERT: "revert pushed", StepKind.MERGE: "merged", StepKind.DEPLOY: "deployed",
        StepKind.ISOLATE: "isolated", StepKind.ROTATE_CREDENTIAL: "rotated",
    }  # fmt: skip
    marks += [(named[StepKind(s.kind)], s.finished_at) for s in facts.plan_steps if s.kind in named and s.finished_at]
    if facts.incident.recovered_at:
        marks.append(("recovered", facts.incident.recovered_at))
    return marks
