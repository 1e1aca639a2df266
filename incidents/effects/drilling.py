"""A drill, followed: the sandbox is broken, and stand-ins do their parts through the very services that people use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User

from approvals.models import ApprovalRequest
from approvals.quorum import Answer, State
from approvals.services.voting import vote
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.integrations.rehearsal_stage import RehearsalStage
from incidents.models.change import Change
from incidents.models.drill import Drill
from incidents.models.incident import Incident
from incidents.models.step import Step
from incidents.procedure.drills import ANSWERS, PART_WORDS, SCRIPTS, Act, Part, Scenario, next_acts
from incidents.procedure.public_words import Phase
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import StepKind
from incidents.queries.drills import situation_of, stand_in_for
from incidents.queries.wording import fresh
from incidents.queries.words import question_about
from incidents.services.announcing import announce
from incidents.services.concluding import close_incident
from incidents.services.deciding import decide
from incidents.services.declaring import choose_suspect
from incidents.services.drafting import Draft
from incidents.services.drilling import break_off_drill, claim_drill, follow_drill, note_act, note_broken, note_refusal
from incidents.services.executing import current_plan, execute_plan
from incidents.services.leading import note_presence
from incidents.services.publishing import write_words
from incidents.services.steering import Asked, accept_difference, adopt_outside

RESOLVED_BRANCH: Final = "engineer/resolve-{number}"


@dataclass(frozen=True)
class Scene:
    """One stand-in about to act: as whom, in which drill's incident, with which world around."""

    drill: Drill
    incident: Incident
    actor: User
    stage: RehearsalStage
    now: datetime

    @property
    def branch(self) -> str:
        """Where the conflict is resolved."""
        return RESOLVED_BRANCH.format(number=self.incident.number.lower())


def advance_drill(world: World, now: datetime) -> None:
    """One look at the running drill: break what is to be broken, act for whom the console plays, score what is over."""
    drill = claim_drill(now=now) if world.stage else None
    if drill is None or world.stage is None:
        return
    try:
        words = _break(drill, world.stage, now) if drill.broken_at is None else _play(drill, world.stage, now)
    except IntegrationError as failure:
        break_off_drill(drill_id=drill.pk, actor=None, now=now, why=failure.words)
        return
    followed = follow_drill(drill_id=drill.pk, words=words, now=now)
    if followed.state != Drill.State.RUNNING and SCRIPTS[Scenario(drill.scenario)].loses_answers:
        world.stage.find_answers()


def _break(drill: Drill, stage: RehearsalStage, now: datetime) -> str:
    script = SCRIPTS[Scenario(drill.scenario)]
    stage.find_answers()
    change = stage.break_it(script.breaks)
    if script.loses_answers:
        stage.lose_answers()
    note_broken(drill_id=drill.pk, change=change, now=now)
    return ""


def _play(drill: Drill, stage: RehearsalStage, now: datetime) -> str:
    """What is waited for by now, after every stand-in whose turn it is has acted once."""
    if drill.incident is None:
        return ""
    acts = next_acts(situation_of(drill, drill.incident))
    for part, act in acts.items():
        if part in drill.stand_ins:
            _act(Scene(drill, _fresh(drill.incident), stand_in_for(part), stage, now), part, act)
    people = [f"{PART_WORDS[part]}: {act}" for part, act in acts.items() if part not in drill.stand_ins]
    return f"Waits for people. {'; '.join(people)}." if people else "Under way."


def _fresh(incident: Incident) -> Incident:
    """As it is after what another stand-in has just done."""
    return Incident.objects.select_related("service").get(pk=incident.pk)


def _act(scene: Scene, part: Part, act: Act) -> None:
    """One act; what is refused to a stand-in is recorded like what is refused to a person, and tried again."""
    try:
        DOES[act](scene)
    except Refusal as refusal:
        note_refusal(number=scene.incident.number, actor=scene.actor, refusal=refusal, now=scene.now)
    else:
        note_act(incident=scene.incident, part=part, act=act, now=scene.now, rule="E18" if act is Act.RESOLVE else "")


def _announce(scene: Scene) -> None:
    note_presence(incident=scene.incident, person=scene.actor, now=scene.now)
    words = f"{scene.incident.service.name} answers errors. We are on it. (Drill)"
    announce(incident_id=scene.incident.pk, actor=scene.actor, now=scene.now, text=words)


def _suspect(scene: Scene) -> None:
    change = Change.objects.get(service=scene.incident.service, sha=scene.drill.change)
    choose_suspect(
        incident_id=scene.incident.pk, change_id=change.pk, actor=scene.actor, now=scene.now,
        version=scene.incident.version,
    )  # fmt: skip


def _decide(scene: Scene) -> None:
    decide(
        incident_id=scene.incident.pk, actor=scene.actor, now=scene.now, version=scene.incident.version,
        answers=ANSWERS, path="rollback",
    )  # fmt: skip


def _execute(scene: Scene) -> None:
    digest = current_plan(scene.incident).instance_digest
    execute_plan(
        incident_id=scene.incident.pk, actor=scene.actor, now=scene.now, version=scene.incident.version, digest=digest
    )


def _resolve(scene: Scene) -> None:
    scene.stage.resolve(SCRIPTS[Scenario(scene.drill.scenario)].breaks, scene.branch)


def _adopt(scene: Scene) -> None:
    adopt_outside(
        incident_id=scene.incident.pk, reference=scene.branch, actor=scene.actor, now=scene.now,
        version=scene.incident.version,
    )  # fmt: skip


def _accept(scene: Scene) -> None:
    step = _step(scene, StepKind.PUSH_REVERT)
    accept_difference(
        Asked(incident_id=scene.incident.pk, step_id=step.pk, actor=scene.actor, now=scene.now, seen=step.state)
    )


def _review(scene: Scene) -> None:
    scene.stage.approve(int(_step(scene, StepKind.REVIEW).evidence["number"]), scene.actor.username)


def _step(scene: Scene, kind: StepKind) -> Step:
    return Step.objects.get(plan=current_plan(scene.incident), kind=kind)


def _tell(scene: Scene) -> None:
    _write(scene, None)


def _tell_the_end(scene: Scene) -> None:
    _write(scene, Phase.RESOLVED)


def _write(scene: Scene, phase: Phase | None) -> None:
    """The template as it stands, put to the CTO or the CISO at once (P1, P2)."""
    typed = fresh(scene.incident, phase)
    draft = Draft(phase=typed.phase, message=typed.message, title=typed.title, components=typed.components)
    write_words(incident_id=scene.incident.pk, draft=draft, ask=True, actor=scene.actor, now=scene.now)


def _allow(scene: Scene) -> None:
    update = scene.incident.status_updates.in_work().get()
    question = question_about(update)
    if question is not None and question.state == State.OPEN.value:
        _approve(question, scene)


def _approve(question: ApprovalRequest, scene: Scene) -> None:
    vote(
        request_id=question.pk, actor=scene.actor, seat="cto", answer=Answer.APPROVE, reason="",
        digest=question.digest, version=question.version, now=scene.now,
    )  # fmt: skip


def _close(scene: Scene) -> None:
    close_incident(
        incident_id=scene.incident.pk, actor=scene.actor, now=scene.now, version=scene.incident.version,
        words="A drill.",
    )  # fmt: skip


DOES: Final[Mapping[Act, Callable[[Scene], None]]] = {
    Act.ANNOUNCE: _announce,
    Act.SUSPECT: _suspect,
    Act.DECIDE: _decide,
    Act.EXECUTE: _execute,
    Act.RESOLVE: _resolve,
    Act.ADOPT: _adopt,
    Act.ACCEPT: _accept,
    Act.REVIEW: _review,
    Act.TELL: _tell,
    Act.ALLOW: _allow,
    Act.TELL_THE_END: _tell_the_end,
    Act.CLOSE: _close,
}
