"""Drills: started and broken off by people, followed by a worker, scored at the end; marked wherever they show."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.drill import Drill
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.procedure.drills import PART_WORDS, SCRIPTS, Part, Scenario
from incidents.procedure.refusals import Refusal
from incidents.queries.drills import has_stand_in, may_drill, score_of
from incidents.queries.duty import NotPermitted
from incidents.services.recording import record, record_in

STREAM: Final = "catalogue"
LOOK_AGAIN: Final = timedelta(seconds=2)
GIVEN_UP_AFTER: Final = timedelta(hours=1)


class DrillsUnavailable(Refusal):
    """There is nothing to drill on, or this cannot be drilled."""


class DrillUnderWay(Refusal):
    """One sandbox, one drill; and never beside an incident."""


@transaction.atomic
def start_drill(*, scenario: str, stand_ins: Sequence[str], actor: User, now: datetime) -> Drill:
    """Begin: a worker breaks the sandbox. Raises `DrillsUnavailable`, `DrillUnderWay` or `NotPermitted`."""
    if not may_drill(actor):
        raise NotPermitted("E3", "Engineers of the drilled service and administrators start drills.")
    service = _stage_of(scenario)
    if Drill.objects.filter(state=Drill.State.RUNNING).exists():
        raise DrillUnderWay("E3", "A drill is running: finish it, or break it off.")
    if burning := Incident.objects.unresolved().of(service).first():
        raise DrillUnderWay("E3", f"{burning.number} is open on {service.name}: close it first.")
    drill = Drill.objects.create(
        service=service, scenario=scenario, stand_ins=_played(scenario, stand_ins), started_by=actor, started_at=now,
        next_look_at=now, words="The sandbox is about to be broken.",
    )  # fmt: skip
    record_in(
        STREAM, "drill.started", at=now, actor=actor, drill=drill.pk, scenario=scenario, stand_ins=drill.stand_ins
    )
    return drill


def _stage_of(scenario: str) -> Service:
    if not settings.SANDBOX_URL:
        raise DrillsUnavailable("E3", "No sandbox is set (SANDBOX_URL): there is nothing to drill on.")
    if scenario not in SCRIPTS:
        raise DrillsUnavailable("E3", "The sandbox cannot break in this way yet. Choose another scenario.")
    service = Service.objects.locked().filter(retired=False, slug=settings.DRILL_SERVICE).first()
    if service is None:
        raise DrillsUnavailable("E3", f"The catalogue knows no service {settings.DRILL_SERVICE} (DRILL_SERVICE).")
    return service


def _played(scenario: str, stand_ins: Sequence[str]) -> list[str]:
    """The parts that the console plays, in the script's order; it adopts no branch but the one it made itself."""
    wanted = {*stand_ins, *([Part.ENGINEER] if Part.ON_CALL in stand_ins else [])}
    asked = [part for part in SCRIPTS[Scenario(scenario)].parts if part in wanted]
    nobody = [part for part in asked if not has_stand_in(part)]
    if nobody:
        raise DrillsUnavailable("E3", f"No account stands in for {', '.join(nobody)} (DRILL_STAND_INS).")
    return [str(part) for part in asked]


@transaction.atomic
def break_off_drill(*, drill_id: UUID, actor: User | None, now: datetime, why: str) -> Drill:
    """End it without a score; what the sandbox suffers from stays until somebody reverts it."""
    if actor is not None and not may_drill(actor):
        raise NotPermitted("E3", "Engineers of the drilled service and administrators break drills off.")
    drill = Drill.objects.select_for_update().get(pk=drill_id)
    if drill.state == Drill.State.RUNNING:
        _end(drill, Drill.State.BROKEN_OFF, why, now, actor)
    return drill


def _end(drill: Drill, state: Drill.State, words: str, now: datetime, actor: User | None) -> None:
    drill.state, drill.words, drill.ended_at, drill.next_look_at = state, words, now, None
    drill.save()
    record_in(STREAM, f"drill.{state}", at=now, actor=actor, drill=drill.pk, words=words, score=drill.score)


@transaction.atomic
def claim_drill(*, now: datetime) -> Drill | None:
    """The running drill, if it is time to look at it; its next look is a moment later, whatever becomes of this one."""
    due = Drill.objects.select_for_update(skip_locked=True).filter(state=Drill.State.RUNNING, next_look_at__lte=now)
    drill = due.first()
    if drill is not None:
        drill.next_look_at = now + LOOK_AGAIN
        drill.save(update_fields=["next_look_at"])
    return drill


@transaction.atomic
def note_broken(*, drill_id: UUID, change: str, now: datetime) -> None:
    """The sandbox is broken by this change: the next incident of the service is the drill's."""
    words = "The change is merged. Its deploy breaks the service; an alert opens the incident."
    Drill.objects.filter(pk=drill_id, state=Drill.State.RUNNING).update(change=change, broken_at=now, words=words)


@transaction.atomic
def follow_drill(*, drill_id: UUID, words: str, now: datetime) -> Drill:
    """Find the drill's incident, say what it waits for, and score it once that incident is closed."""
    drill = Drill.objects.select_for_update().get(pk=drill_id)
    if drill.state != Drill.State.RUNNING:
        return drill
    drill.incident = drill.incident or _incident_of(drill)
    drill.words = words or drill.words
    drill.save()
    if drill.incident is not None and not drill.incident.is_open:
        drill.score = score_of(drill.incident)
        _end(drill, Drill.State.DONE, drill.score["words"], now, None)
    elif now - drill.started_at > GIVEN_UP_AFTER:
        _end(drill, Drill.State.BROKEN_OFF, "Nobody finished it within an hour.", now, None)
    return drill


def _incident_of(drill: Drill) -> Incident | None:
    rehearsed = Incident.objects.of(drill.service).filter(drill=True, declared_at__gte=drill.started_at)
    return rehearsed.order_by("declared_at").first()


@transaction.atomic
def note_act(*, incident: Incident, part: Part, act: str, now: datetime, rule: str = "") -> None:
    """A stand-in did this: the record never takes it for a person."""
    record(incident, "drill.acted", at=now, rule=rule, part=PART_WORDS[part], act=act)


@transaction.atomic
def note_refusal(*, number: str, actor: User, refusal: Refusal, now: datetime) -> None:
    """In a drill, what was refused to whom is part of what is learnt."""
    incident = Incident.objects.filter(number=number, drill=True).first()
    if incident is not None:
        record(incident, "drill.refused", at=now, actor=actor, rule=refusal.rule, words=refusal.words)
