"""What a reader may press to stop the bleed now (S1, S2, S3), from the steps of the incident alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.duty import Action, Role, may, why_not
from incidents.procedure.steps import IncidentState, StepKind, StepState
from incidents.queries.badges import STEPS
from incidents.queries.shapes.bleeding import BleedAction, BleedControls, StuckStep
from incidents.queries.shapes.parts import Badge, Link

KINDS = (StepKind.PAGE_ON_CALL, StepKind.FLAG_OFF, StepKind.FLAG_ON, StepKind.DRAIN, StepKind.UNDRAIN)
UNDER_WAY = (StepState.READY, StepState.RUNNING)
STUCK = (StepState.FAILED, StepState.UNKNOWN)
QUIET = Badge("not yet", "idle")


@dataclass(frozen=True, slots=True)
class Turn:
    """An act and its opposite: the words of both buttons, and of where things stand."""

    what: str
    act: StepKind
    back: StepKind
    rule: str
    do: str
    undo: str
    untouched: str


FLAG = Turn("flag", StepKind.FLAG_OFF, StepKind.FLAG_ON, "S2", "Turn it off", "Turn it on again", "As it was.")
DRAIN = Turn("drain", StepKind.DRAIN, StepKind.UNDRAIN, "S3", "Drain it", "Put it back", "Takes customers.")


def bleed_controls(incident: Incident, roles: frozenset[Role], steps: Iterable[Step]) -> BleedControls:
    """Every act for a reader with these roles; open from the declaring to every engineer of the service (E3)."""
    service = incident.service
    if not may(roles, Action.STOP_THE_BLEED):
        return BleedControls(allowed=False, why_not=why_not(roles, Action.STOP_THE_BLEED))
    own = [step for step in steps if (step.plan_id is None and step.kind in KINDS) or _isolates(step)]
    own.sort(key=lambda step: (step.started_at or step.asked_at, step.pk))
    recovered = incident.state == IncidentState.RECOVERED
    return BleedControls(
        allowed=True,
        page=_page(own) if service.production else None,
        form=Link("the form", settings.PAGE_FORM_URL) if service.production and settings.PAGE_FORM_URL else None,
        flags=tuple(_turned(FLAG, name, own, recovered=recovered) for name in _flags(service, own)),
        drains=tuple(
            _needing_a_reason(_turned(DRAIN, name, own, recovered=recovered), own, roles)
            for name in service.drain_targets
        ),
    )


def _isolates(step: Step) -> bool:
    """A plan turned a flag off (M2): its way back stands beside the others."""
    return step.kind == StepKind.ISOLATE and step.state == StepState.DONE


def _flags(service: Service, own: Iterable[Step]) -> list[str]:
    isolated = [str(step.parameters["flag"]) for step in own if _isolates(step)]
    return list(dict.fromkeys([*service.flags, *isolated]))


def _page(own: Sequence[Step]) -> BleedAction:
    newest = _newest(own, (StepKind.PAGE_ON_CALL,), {})
    shown = BleedAction("page", "", "S1", "Page on-call", QUIET, "For a production emergency only.", act="Page on-call")
    if newest is None:
        return shown
    waits = newest.state in UNDER_WAY or newest.state in STUCK
    return replace(_with_state(shown, newest), act="" if waits else "Page again")


def _turned(turn: Turn, name: str, own: Sequence[Step], *, recovered: bool) -> BleedAction:
    """What is newest says where it stands: acted, taken back, under way, or stuck."""
    newest = _newest(own, (turn.act, turn.back, StepKind.ISOLATE), {_field(turn): name})
    shown = BleedAction(turn.what, name, turn.rule, name, QUIET, turn.untouched, act=turn.do)  # type: ignore[arg-type]  # the words of a Turn are those of the shape
    if newest is None or newest.state == StepState.CANCELLED:
        return shown
    shown = replace(_with_state(shown, newest), act="")
    acted = newest.kind != turn.back
    if newest.state in UNDER_WAY:
        return shown
    if newest.state == StepState.DONE and not acted:
        return replace(shown, act=turn.do)
    if acted and newest.state != StepState.SKIPPED:
        undo = "" if newest.state == StepState.FAILED and newest.evidence.get("refused") else turn.undo
        undo_now = recovered and newest.state == StepState.DONE and newest.kind != StepKind.ISOLATE
        return replace(shown, undo=undo, undo_now=undo_now)
    return replace(shown, act=turn.do if newest.state == StepState.SKIPPED else "")


def _needing_a_reason(shown: BleedAction, own: Sequence[Step], roles: frozenset[Role]) -> BleedAction:
    """Refused by E22: anybody may ask again, the on-call engineer may insist."""
    newest = _newest(own, (StepKind.DRAIN, StepKind.UNDRAIN), {"target": shown.target})
    if newest is None or newest.state != StepState.FAILED or newest.evidence.get("refused") != "E22":
        return shown
    insists = Role.ON_CALL in roles
    return replace(shown, stuck=None, needs_reason=insists, act="Drain it all the same" if insists else "Ask again")


def _with_state(shown: BleedAction, step: Step) -> BleedAction:
    tone, words = STEPS[step.state]
    return replace(
        shown,
        badge=Badge(words, tone),
        words=step.sentence or "Asked for.",
        stuck=StuckStep(str(step.pk), step.state) if step.state in STUCK else None,
        link=Link("open", step.url) if step.url else None,
    )


def _newest(own: Sequence[Step], kinds: tuple[StepKind, ...], names: Mapping[str, str]) -> Step | None:
    found = (step for step in reversed(own) if step.kind in kinds and names.items() <= step.parameters.items())
    return next(found, None)


def _field(turn: Turn) -> str:
    return "flag" if turn is FLAG else "target"
