"""A plan's steps as rows: state, words, evidence, clock, and what would take them back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from incidents.models.decision import Decision, Plan
from incidents.models.step import Step
from incidents.procedure.commands import Command, manual_commands
from incidents.procedure.decision import Path
from incidents.procedure.steps import FORMS, StepKind, StepState
from incidents.queries.badges import STEPS
from incidents.queries.plans import plan_facts
from incidents.queries.shapes import Badge, Evidence, FiredRule, PlanPanel, StepRow, UndoLine

STILL_ANSWERS = timedelta(minutes=1)
WAITING = (StepState.READY, StepState.WATCHING)
SHOWN: Mapping[str, str] = {
    "sha": "commit",
    "tree": "tree",
    "branch": "branch",
    "head_sha": "head",
    "merge_sha": "merged as",
    "flag": "flag",
    "version": "version",
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
    return PlanPanel(
        number=plan.number,
        title=plan_title(plan.decision),
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
    found = manual_commands(
        plan_facts(plan.decision), path=Path(plan.decision.path), revert_branch=plan.branch,
        dashboard_url=plan.incident.service.dashboard_url,
    )  # fmt: skip
    return {each.kind: each for each in found}


def plan_title(decision: Decision) -> str:
    """What the plan does, by name."""
    facts = plan_facts(decision)
    match Path(decision.path):
        case Path.ROLL_FORWARD | Path.HOTFIX:
            return f"roll forward with #{facts.fix.number} {facts.fix.title}" if facts.fix else "roll forward"
        case Path.ISOLATE:
            return f"isolate behind {facts.flag}"
        case Path.ROTATE_FORWARD:
            return f"rotate {facts.credential} forward"
        case _:
            return f"revert {facts.change_title}".strip()


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
    patch = f" Patch {plan.patch_id[:8]} on {plan.base[:8]}" if plan.patch_id else ""
    if plan.executed_at and plan.executed_by:
        return f"Executed by {plan.executed_by.username}.{patch}{'.' if patch else ''}"
    tree = f", tree {plan.tree[:8]}" if plan.tree else ""
    return f"Nothing has happened yet.{patch}{tree}{'.' if patch else ''}"


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
        title=title_of(step),
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


def title_of(step: Step) -> str:
    """The step by name, with what it is about."""
    if step.kind == StepKind.OPEN_PULL_REQUEST:
        return f"Open “{step.parameters.get('title', 'Revert')}”"
    if step.kind == StepKind.FIND_FIX:
        return f"Take #{step.parameters['number']} “{step.parameters['title']}” at {step.parameters['head'][:8]}"
    if step.kind == StepKind.ISOLATE:
        return f"Turn {step.parameters['flag']} off"
    if step.kind == StepKind.ROTATE_CREDENTIAL:
        return f"Rotate {step.parameters['credential']} to a fresh credential"
    return FORMS[StepKind(step.kind)].title


def link_words(step: Step) -> str:
    """What the step's link opens, by name."""
    number = step.evidence.get("number")
    match StepKind(step.kind):
        case StepKind.OPEN_PULL_REQUEST | StepKind.REVIEW | StepKind.MERGE | StepKind.FIND_FIX:
            return f"pull request #{number}" if number else "the pull request"
        case StepKind.DEPLOY:
            return f"run {step.evidence['run']}" if step.evidence.get("run") else "the run"
        case StepKind.PROVE_RECOVERY:
            return "the dashboard"
        case StepKind.ISOLATE:
            return "the flag"
        case StepKind.ROTATE_CREDENTIAL:
            return "Secrets Management"
        case _:
            return "the message"


def _evidence(step: Step) -> Iterable[Evidence]:
    if step.url:
        yield Evidence(link_words(step), url=step.url)
    for name, words in SHOWN.items():
        value = step.evidence.get(name)
        if value:
            hexadecimal = name in ("sha", "tree", "head_sha", "merge_sha", "patch_id")
            yield Evidence(words, code=str(value)[:12] if hexadecimal else str(value))


def _progress(step: Step) -> int | None:
    good, needed = step.evidence.get("good"), step.evidence.get("needed")
    if step.state != StepState.WATCHING or not needed:
        return None
    return int(100 * good / needed) if isinstance(good, int) else None


def _undo(step: Step) -> UndoLine:
    form = FORMS[StepKind(step.kind)]
    return UndoLine(f"{form.title}: {step.sentence}", form.undo or "", form.rule)
