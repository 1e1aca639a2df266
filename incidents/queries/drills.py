"""A drill as the rows tell it: where it stands, who is awaited, how it is scored, and the pages that show it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from incidents.models.change import Change
from incidents.models.decision import Plan
from incidents.models.drill import Drill
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry
from incidents.models.step import Step
from incidents.procedure.drills import (
    PART_WORDS,
    PHASES,
    SCRIPTS,
    Course,
    Part,
    Phase,
    Scenario,
    Situation,
    judged,
    next_acts,
)
from incidents.procedure.public_words import Phase as Told
from incidents.procedure.steps import IncidentState, StepKind, StepState
from incidents.queries.duty import on_call_for, services_for
from incidents.queries.shapes.drills import (
    DrillPage,
    DrillRow,
    DrillsPage,
    KeptRow,
    PartChoice,
    PhaseRow,
    RefusalRow,
    ScenarioCard,
)
from incidents.queries.shapes.parts import Badge, Link

SHOWN: Final = 20
BADGES: Final[Mapping[str, Badge]] = {
    Drill.State.RUNNING: Badge("running", "accent", "loader"),
    Drill.State.DONE: Badge("done", "ok", "check"),
    Drill.State.BROKEN_OFF: Badge("broken off", "warn", "circle-slash"),
}
UNAVAILABLE: Final = "No sandbox is set (SANDBOX_URL), so there is nothing to break on purpose here."
UNDER_WAY: Final = "A drill is running: finish it, or break it off."


def may_drill(person: User) -> bool:
    """Engineers of the drilled service, and administrators."""
    administers = person.is_active and person.groups.filter(name="administrator").exists()
    return administers or services_for(person, "respond_service").filter(slug=settings.DRILL_SERVICE).exists()


def stand_in_for(part: str) -> User:
    """The account that the console may act as in a drill, and nowhere else; raises `User.DoesNotExist`."""
    return User.objects.get(username=_accounts().get(part, ""), is_active=True)


def has_stand_in(part: str) -> bool:
    """Whether an account is set for this part, and active."""
    return User.objects.filter(username=_accounts().get(part, ""), is_active=True).exists()


def _accounts() -> dict[str, str]:
    named: dict[str, str] = settings.DRILL_STAND_INS
    return named


def is_rehearsed(service_id: UUID) -> bool:
    """Whether the next incident of this service is a drill's own: its sandbox was broken on purpose."""
    running = Drill.objects.filter(service=service_id, state=Drill.State.RUNNING, broken_at__isnull=False)
    return running.filter(incident__isnull=True).exists()


def situation_of(drill: Drill, incident: Incident) -> Situation:
    """Where its incident stands, as far as the next acts depend on it."""
    plan = Plan.objects.filter(incident=incident, replaced_at__isnull=True).first()
    steps = {step.kind: step for step in plan.steps.all()} if plan else {}
    push, review = steps.get(StepKind.PUSH_REVERT), steps.get(StepKind.REVIEW)
    words = incident.status_updates.in_work().first()
    newest = incident.status_updates.posted().last()
    change = Change.objects.filter(service=drill.service, sha=drill.change, assessment__isnull=False)
    return Situation(
        state=IncidentState(incident.state),
        announced=_did(incident, "announce"),
        known=change.exists(),
        suspected=incident.suspects.filter(chosen=True, change__sha=drill.change).exists() and change.exists(),
        planned=plan is not None,
        push_failed=bool(push and push.state == StepState.FAILED),
        resolved=LedgerEntry.objects.filter(incident=incident, kind="drill.acted", rule="E18").exists(),
        found_outside=bool(push and push.evidence.get("found_patch")),
        review_waits=bool(review and review.state == StepState.WATCHING and review.evidence.get("number")),
        told=newest is not None,
        told_the_end=bool(newest and newest.phase == Told.RESOLVED),
        words_asked=bool(words and words.state == "asked"),
        words_in_work=words is not None,
    )


def _did(incident: Incident, kind: str) -> bool:
    return Step.objects.filter(incident=incident, kind=kind, asked_by__isnull=False).exists()


def score_of(incident: Incident) -> dict[str, Any]:
    """Times by phase, rules kept and missed, refusals met; plain data, kept beside the drill."""
    moments = _moments(incident)
    phases = [_phase(each, moments) for each in PHASES]
    kept = judged(_course(incident))
    refused = [
        {"at": each.at.isoformat(), "who": each.who, "rule": each.rule, "words": each.data["words"]}
        for each in LedgerEntry.objects.filter(incident=incident, kind="drill.refused").order_by("seq")
    ]
    in_time = sum(each["seconds"] is not None and each["seconds"] <= each["within"] for each in phases)
    held = sum(each.kept for each in kept)
    words = f"{held} of {len(kept)} rules kept, {in_time} of {len(phases)} phases in time."
    return {
        "words": words, "phases": phases, "refused": refused,
        "kept": [{"rule": each.rule, "words": each.words, "kept": each.kept} for each in kept],
    }  # fmt: skip


def _phase(phase: Phase, moments: Mapping[str, datetime | None]) -> dict[str, Any]:
    begins, ends = moments.get(phase.begins), moments.get(phase.ends)
    seconds = max(0.0, (ends - begins).total_seconds()) if begins and ends else None
    return {"words": phase.words, "rule": phase.rule, "seconds": seconds, "within": phase.within}


def _moments(incident: Incident) -> dict[str, datetime | None]:
    plan = incident.plans.filter(executed_at__isnull=False).order_by("-number").first()
    ended = dict(plan.steps.values_list("kind", "finished_at")) if plan else {}
    first = incident.decisions.order_by("number").values_list("decided_at", flat=True).first()
    said = Step.objects.filter(incident=incident, kind=StepKind.ANNOUNCE).order_by("asked_at")
    told = incident.status_updates.posted().values_list("posted_at", flat=True).first()
    return {
        "onset": incident.onset_at, "declared": incident.declared_at, "decided": first, "told": told,
        "announced": said.values_list("asked_at", flat=True).first(),
        "executed": plan.executed_at if plan else None, "pushed": ended.get(StepKind.PUSH_REVERT),
        "proposed": ended.get(StepKind.OPEN_PULL_REQUEST), "reviewed": ended.get(StepKind.REVIEW),
        "deployed": ended.get(StepKind.DEPLOY), "recovered": ended.get(StepKind.PROVE_RECOVERY),
    }  # fmt: skip


def _course(incident: Incident) -> Course:
    steps = list(Step.objects.filter(incident=incident))
    done = {step.kind for step in steps if step.state == StepState.DONE}
    proving = [step for step in steps if step.kind == StepKind.PROVE_RECOVERY and step.state == StepState.DONE]
    review = [step for step in steps if step.kind == StepKind.REVIEW and step.state == StepState.DONE]
    posted = list(incident.status_updates.posted())
    decision = incident.decisions.order_by("-number").first()
    kinds = set(LedgerEntry.objects.filter(incident=incident).values_list("kind", flat=True))
    on_call = on_call_for(incident.service, now=decision.decided_at, incident=incident) if decision else None
    return Course(
        on_call_seen=incident.on_call_seen_at is not None,
        announced=_did(incident, StepKind.ANNOUNCE),
        decided_by_on_call=bool(decision and decision.decided_by == on_call),
        cto_informed=StepKind.INFORM_CTO in done,
        commands_posted=StepKind.POST_COMMANDS in done,
        reviewed_by_another=bool(review) and not any(step.parameters.get("self_approved_by") for step in review),
        recovery_proved=bool(proving) and not any(step.by_hand for step in proving),
        told_the_public=bool(posted),
        told_the_end=bool(posted) and posted[-1].phase == Told.RESOLVED,
        broken_glass="approval.glass_broken" in kinds,
        steps_by_hand=sum(step.by_hand for step in steps if step.kind != StepKind.PROVE_RECOVERY),
        closed=not incident.is_open,
    )


def drills_page(person: User) -> DrillsPage:
    """Everything that can be drilled and was; readable by whoever may read anything."""
    rows = list(Drill.objects.select_related("started_by", "incident").order_by("-started_at")[:SHOWN])
    running = next((each for each in rows if each.state == Drill.State.RUNNING), None)
    why = UNAVAILABLE if not settings.SANDBOX_URL else UNDER_WAY if running else ""
    if not why and not may_drill(person):
        why = "Engineers of the drilled service and administrators start drills."
    return DrillsPage(
        scenarios=tuple(_card(scenario) for scenario in SCRIPTS),
        earlier=tuple(_row(each) for each in rows if each is not running),
        running=_row(running) if running else None,
        why_not=why,
    )


def _card(scenario: Scenario) -> ScenarioCard:
    script = SCRIPTS[scenario]
    parts = tuple(PartChoice(part, PART_WORDS[part], _accounts().get(part, "")) for part in script.parts)
    return ScenarioCard(scenario, script.title, script.words, script.rules, parts)


def _row(drill: Drill) -> DrillRow:
    return DrillRow(
        url=reverse("incidents:drill", args=[drill.pk]),
        title=SCRIPTS[Scenario(drill.scenario)].title,
        badge=BADGES[drill.state],
        started_at=drill.started_at,
        by=drill.started_by.username,
        words=drill.words,
        number=drill.incident.number if drill.incident else "",
    )


def drill_page(drill: Drill, person: User) -> DrillPage:
    """One drill; expects `started_by`, `incident` and `service` to be selected."""
    running = drill.state == Drill.State.RUNNING
    incident = drill.incident
    room = Link(incident.number, reverse("incidents:detail", args=[incident.number])) if incident else None
    return DrillPage(
        row=_row(drill),
        running=running,
        room=room,
        played=tuple(PART_WORDS[Part(part)] for part in drill.stand_ins),
        awaited=tuple(awaited(drill, incident)) if running and incident else (),
        phases=tuple(_phase_row(each) for each in drill.score.get("phases", ())),
        kept=tuple(KeptRow(each["rule"], each["words"], each["kept"]) for each in drill.score.get("kept", ())),
        refused=tuple(_refusal_row(each) for each in drill.score.get("refused", ())),
        may_break_off=running and may_drill(person),
    )


def awaited(drill: Drill, incident: Incident) -> Iterable[str]:
    """Which people are to do what."""
    for part, act in next_acts(situation_of(drill, incident)).items():
        if part not in drill.stand_ins:
            yield f"{PART_WORDS[part]}: {act}"


def _phase_row(told: Mapping[str, Any]) -> PhaseRow:
    seconds, within = told["seconds"], told["within"]
    if seconds is None:
        return PhaseRow(told["words"], told["rule"], None, within, "idle", "did not come to it")
    kept = seconds <= within
    return PhaseRow(
        told["words"], told["rule"], seconds, within, "ok" if kept else "warn", "in time" if kept else "slow"
    )


def _refusal_row(told: Mapping[str, Any]) -> RefusalRow:
    return RefusalRow(datetime.fromisoformat(told["at"]), told["who"], told["rule"], told["words"])
