"""A plan's steps as rows: state, words, evidence, clock, and what would take them back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from incidents.models.decision import Plan
from incidents.models.step import Step
from incidents.procedure.commands import Command, manual_commands
from incidents.procedure.steps import FORMS, StepKind, StepState
from incidents.queries.badges import STEPS
from incidents.queries.plans import rollback_facts
from incidents.queries.shapes import Badge, Evidence, FiredRule, PlanPanel, StepRow, UndoLine

STILL_ANSWERS = timedelta(minutes=1)
WAITING = (StepState.READY, StepState.WATCHING)
SHOWN: Mapping[str, str] = {
    "sha": "commit",
    "tree": "tree",
    "branch": "branch",
    "merge_sha": "merged as",
    "patch_id": "patch",
    "self_approved_by": "self-approved by",
    "by_hand": "evidence",
    "attested": "evidence",
}


def plan_panel(
    plan: Plan, steps: Iterable[Step], *, earlier: Iterable[Plan], blockers: tuple[FiredRule, ...]
) -> PlanPanel:
    """The plan: a dry run before it runs, the record while and after."""
    found = list(steps)
    commands = commands_of(plan)
    rows = tuple(step_row(each, commands.get(StepKind(each.kind))) for each in found)
    change = plan.decision.change
    return PlanPanel(
        number=plan.number,
        title=f"revert {change.title}" if change else "revert",
        digest=plan.instance_digest,
        badge=_badge(plan, found),
        steps=rows,
        words=_words(plan),
        undo=tuple(_undo(each) for each in found if each.state == StepState.DONE and FORMS[StepKind(each.kind)].undo),
        commands=tuple(each.command for each in commands.values()),
        earlier=tuple(Evidence(f"Plan {each.number}", code=each.instance_digest[:12]) for each in earlier),
        blockers=blockers,
    )


def commands_of(plan: Plan) -> dict[StepKind, Command]:
    """The command by hand of every step, for when the console cannot (E19)."""
    if plan.decision.change is None:
        return {}
    facts = rollback_facts(plan.incident, plan.decision.change)
    found = manual_commands(facts, revert_branch=plan.branch, dashboard_url=plan.incident.service.dashboard_url)
    return {each.kind: each for each in found}


def _badge(plan: Plan, steps: list[Step]) -> Badge:
    if plan.stopped_at:
        return Badge("stopped", "warn", "octagon-pause")
    if not plan.executed_at:
        return Badge("dry run", "idle", "list-checks")
    if all(each.state in (StepState.DONE, StepState.SKIPPED) for each in steps):
        return Badge("done", "ok", "check")
    if any(each.state in (StepState.FAILED, StepState.UNKNOWN) for each in steps):
        return Badge("waits for a person", "danger", "circle-alert")
    return Badge("running", "accent", "loader")


def _words(plan: Plan) -> str:
    if plan.executed_at and plan.executed_by:
        return f"Executed by {plan.executed_by.username}. Patch {plan.patch_id[:8]} on {plan.base[:8]}."
    return f"Nothing has happened yet. Patch {plan.patch_id[:8]} on {plan.base[:8]}, tree {plan.tree[:8]}."


def step_row(step: Step, command: Command | None) -> StepRow:
    """A step as everybody sees it."""
    tone, words = STEPS[step.state]
    form = FORMS[StepKind(step.kind)]
    failed = step.state in (StepState.FAILED, StepState.UNKNOWN)
    waits = step.state in WAITING
    to_come = step.state == StepState.BLOCKED
    ended = step.finished_at or (step.started_at if failed else None)
    return StepRow(
        id=str(step.pk),
        place=step.position,
        title=_title(step),
        rules=(form.rule, "E18") if step.by_hand else (form.rule,),
        state=step.state,  # type: ignore[arg-type]  # the database holds one of the states
        tone=tone,
        state_words=words,
        words="" if failed or waits or to_come else step.sentence,
        evidence=tuple(_evidence(step)),
        waiting=step.sentence if waits else "",
        waiting_since=step.started_at if step.state == StepState.WATCHING else None,
        error=step.sentence if failed else "",
        started_at=step.started_at,
        seconds=(ended - step.started_at).total_seconds() if ended and step.started_at else None,
        progress=_progress(step),
        attempts=step.attempts,
        undo=form.undo or "",
        command=command.command if command and not to_come else "",
    )


def series_answers(step: Step, now: datetime) -> bool:
    """Whether the alert's own series has just said something about recovery, so that nobody attests it (R5, E12)."""
    judged_at = step.evidence.get("judged_at")
    if not judged_at or step.evidence.get("judged") == "no_data":
        return False
    return now - datetime.fromisoformat(judged_at) < STILL_ANSWERS


def _title(step: Step) -> str:
    if step.kind == StepKind.OPEN_PULL_REQUEST:
        return f"Open “{step.parameters.get('title', 'Revert')}”"
    return FORMS[StepKind(step.kind)].title


def link_words(step: Step) -> str:
    """What the step's link opens, by name."""
    number = step.evidence.get("number")
    match StepKind(step.kind):
        case StepKind.OPEN_PULL_REQUEST | StepKind.REVIEW | StepKind.MERGE:
            return f"pull request #{number}" if number else "the pull request"
        case StepKind.DEPLOY:
            return f"run {step.evidence['run']}" if step.evidence.get("run") else "the run"
        case StepKind.PROVE_RECOVERY:
            return "the dashboard"
        case _:
            return "the message"


def _evidence(step: Step) -> Iterable[Evidence]:
    if step.url:
        yield Evidence(link_words(step), url=step.url)
    for name, words in SHOWN.items():
        value = step.evidence.get(name)
        if value:
            hexadecimal = name in ("sha", "tree", "merge_sha", "patch_id")
            yield Evidence(words, code=str(value)[:12] if hexadecimal else str(value))


def _progress(step: Step) -> int | None:
    good, needed = step.evidence.get("good"), step.evidence.get("needed")
    if step.state != StepState.WATCHING or not needed:
        return None
    return int(100 * good / needed) if isinstance(good, int) else None


def _undo(step: Step) -> UndoLine:
    form = FORMS[StepKind(step.kind)]
    return UndoLine(f"{form.title}: {step.sentence}", form.undo or "", form.rule)
