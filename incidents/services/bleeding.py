"""Stop the bleed (S1–S3): one click each, from the declaring to the close, held up by nothing (E3)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.duty import Action, Role
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import StepKind, StepState
from incidents.queries.duty import NotPermitted, require, roles_of
from incidents.services.announcing import open_step
from incidents.services.leading import OPEN
from incidents.services.locking import lock_incident
from incidents.services.recording import record

ONE_PAGE_WITHIN = timedelta(minutes=1)
MOVING = (StepState.READY, StepState.RUNNING, StepState.WATCHING)
STUCK = (StepState.FAILED, StepState.UNKNOWN)
LONGEST_SUMMARY = 200


class NotAnEmergency(Refusal):
    """A page is for a production emergency, and somebody must have said that it is one."""


class NotOfThisService(Refusal):
    """The catalogue names no such flag or target for the service."""


class UnderWay(Refusal):
    """The same thing, or its opposite, has been asked for and has not ended."""


class NothingToUndo(Refusal):
    """Nobody turned it off, or drained it, in this incident."""


@transaction.atomic
def page_on_call(*, incident_id: UUID, actor: User, now: datetime, emergency: bool) -> Step:
    """Wake whoever is on call (S1); for a production service only, once somebody says it is an emergency (E4)."""
    incident = _incident(incident_id, actor, now)
    if not incident.service.production:
        raise NotAnEmergency("E4", f"{incident.service.name} is not in production: nobody is woken for it.")
    if not emergency:
        raise NotAnEmergency("E4", "Is this a production emergency? Say yes, and on-call is woken at once.")
    newest = _newest(incident, StepKind.PAGE_ON_CALL)
    if newest:
        _refuse_second_page(newest, now)
    summary = f"{incident.number} {incident.service.name}: {incident.title}"[:LONGEST_SUMMARY]
    asked = {"emergency": True, "summary": summary, "said": "a production emergency"}
    return open_step(incident, StepKind.PAGE_ON_CALL, asked, now=now, actor=actor)


def _refuse_second_page(newest: Step, now: datetime) -> None:
    _refuse_if_stuck(newest)
    by = newest.asked_by.username if newest.asked_by else "somebody"
    if newest.state in MOVING:
        raise UnderWay("S1", f"{by} asked for a page at {newest.asked_at:%H:%M:%S} UTC; it is being sent.")
    if now - newest.asked_at < ONE_PAGE_WITHIN and newest.state == StepState.DONE:
        raise UnderWay("S1", f"{by} paged at {newest.asked_at:%H:%M:%S} UTC. Give them a minute, then page again.")


@transaction.atomic
def turn_flag_off(*, incident_id: UUID, actor: User, now: datetime, flag: str) -> Step:
    """Disable the failing surface (S2)."""
    incident = _incident(incident_id, actor, now)
    _require_named(flag, incident.service.flags, "S2", "flag")
    _settle_earlier(incident, StepKind.FLAG_OFF, StepKind.FLAG_ON, {"flag": flag}, now, actor)
    return open_step(incident, StepKind.FLAG_OFF, {"flag": flag, "said": flag}, now=now, actor=actor)


@transaction.atomic
def turn_flag_on(*, incident_id: UUID, actor: User, now: datetime, flag: str) -> Step:
    """Take a flag's turning off back: only what this incident turned off."""
    incident = _incident(incident_id, actor, now)
    if not _is_isolated_by(incident, flag):
        _require_done(incident, StepKind.FLAG_OFF, {"flag": flag}, f"{flag} was not turned off in this incident.")
    _settle_earlier(incident, StepKind.FLAG_ON, StepKind.FLAG_OFF, {"flag": flag}, now, actor)
    return open_step(incident, StepKind.FLAG_ON, {"flag": flag, "said": flag}, now=now, actor=actor)


@transaction.atomic
def drain(*, incident_id: UUID, actor: User, now: datetime, target: str, override: str = "") -> Step:
    """Lead traffic away from a target (S3), one at a time. `override`: the on-call engineer's reason to go below the
    service's minimum of healthy servers (E22); the worker refuses without one.
    """
    Service.objects.locked().get(incidents=incident_id)
    incident = _incident(incident_id, actor, now)
    _require_named(target, incident.service.drain_targets, "S3", "target")
    reason = override.strip()
    if reason:
        _require_on_call(incident, actor, now)
    _refuse_second_drain(incident, target)
    _settle_earlier(incident, StepKind.DRAIN, StepKind.UNDRAIN, {"target": target}, now, actor)
    said = f"{target}, below the minimum if need be: {reason}" if reason else target
    asked = {"target": target, "said": said, **({"override": reason} if reason else {})}
    return open_step(incident, StepKind.DRAIN, asked, now=now, actor=actor)


@transaction.atomic
def undrain(*, incident_id: UUID, actor: User, now: datetime, target: str) -> Step:
    """Put a target back in service: only what this incident drained."""
    incident = _incident(incident_id, actor, now)
    _require_done(incident, StepKind.DRAIN, {"target": target}, f"{target} was not drained in this incident.")
    _settle_earlier(incident, StepKind.UNDRAIN, StepKind.DRAIN, {"target": target}, now, actor)
    return open_step(incident, StepKind.UNDRAIN, {"target": target, "said": target}, now=now, actor=actor)


def _incident(incident_id: UUID, actor: User, now: datetime) -> Incident:
    incident = lock_incident(incident_id, state=OPEN)
    require(actor, Action.STOP_THE_BLEED, incident.service, now=now, incident=incident)
    return incident


def _require_named(name: str, named: list[str], rule: str, what: str) -> None:
    if name not in named:
        raise NotOfThisService(rule, f"The catalogue names no {what} “{name[:60]}” for this service.")


def _require_on_call(incident: Incident, actor: User, now: datetime) -> None:
    if Role.ON_CALL not in roles_of(actor, incident.service, now=now, incident=incident):
        raise NotPermitted("E22", "Only the on-call engineer drains below the minimum, with a reason.")


def _refuse_second_drain(incident: Incident, target: str) -> None:
    """Two at once could each count the other as staying; incidents of one service wait for one another by its lock."""
    others = Step.objects.filter(
        incident__service_id=incident.service_id, kind=StepKind.DRAIN, state__in=[StepState.READY, StepState.RUNNING]
    )
    other = others.exclude(incident=incident, parameters__target=target).first()
    if other:
        raise UnderWay("S3", f"{other.parameters['target']} is being drained just now: one at a time.")


def _require_done(incident: Incident, kind: StepKind, names: dict[str, str], words: str) -> None:
    """The newest step is asked for its traces: even a failed one may have taken effect."""
    newest = _newest(incident, kind, **names)
    if newest is None or newest.state == StepState.SKIPPED:
        raise NothingToUndo(newest.rule if newest else "E3", words)


def _is_isolated_by(incident: Incident, flag: str) -> bool:
    """A plan turned it off (M2): that is taken back the same way."""
    done = Step.objects.filter(incident=incident, kind=StepKind.ISOLATE, state=StepState.DONE, parameters__flag=flag)
    return done.exists()


def _settle_earlier(
    incident: Incident, kind: StepKind, opposite: StepKind, names: dict[str, str], now: datetime, actor: User
) -> None:
    """Nothing runs twice or against itself: what moves is waited for, what only watches gives way to its opposite."""
    same, against = _newest(incident, kind, **names), _newest(incident, opposite, **names)
    if same and same.state in MOVING:
        raise UnderWay(same.rule, "It has been asked for already, and is being done.")
    if same and _was_refused_e22(same):
        _give_way(same, now, actor)
    elif same:
        _refuse_if_stuck(same)
    if against and against.state in (StepState.READY, StepState.RUNNING):
        raise UnderWay(against.rule, "The opposite is being done just now: wait for its end.")
    if against and against.state in (StepState.WATCHING, *STUCK):
        _give_way(against, now, actor)


def _was_refused_e22(step: Step) -> bool:
    """Refused before anything was sent, so that asking again repeats nothing."""
    return step.state == StepState.FAILED and step.evidence.get("refused") == "E22"


def _refuse_if_stuck(step: Step) -> None:
    if step.state in STUCK:
        raise UnderWay(step.rule, f"The last try waits for a person: {step.sentence} Retry it, or record it by hand.")


def _give_way(step: Step, now: datetime, actor: User) -> None:
    step.state, step.finished_at, step.due_at, step.lease, step.call_ends_at = (
        StepState.CANCELLED,
        now,
        None,
        None,
        None,
    )
    step.sentence = f"Gave way to a newer order of {actor.username}."
    step.save()
    record(
        step.incident, "step.cancelled", at=now, actor=actor, rule=step.rule, step=step.pk, step_kind=step.kind,
        words=step.sentence,
    )  # fmt: skip


def _newest(incident: Incident, kind: StepKind, **names: str) -> Step | None:
    wanted = {f"parameters__{name}": value for name, value in names.items()}
    found = Step.objects.select_for_update(of=("self",)).select_related("asked_by", "incident")
    return found.filter(incident=incident, plan__isnull=True, kind=kind, **wanted).order_by("-asked_at", "-id").first()
