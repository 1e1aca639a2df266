"""What a path will do, step by step, and the two digests that say whether it is still the same."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from incidents.procedure.answers import Answers
from incidents.procedure.decision import Path
from incidents.procedure.refusals import Refusal
from incidents.procedure.steps import StepKind
from incidents.procedure.words import pull_request_body, revert_message, revert_title

ROLLBACK_STEPS: Final = (
    StepKind.PUSH_REVERT,
    StepKind.OPEN_PULL_REQUEST,
    StepKind.REVIEW,
    StepKind.MERGE,
    StepKind.DEPLOY,
    StepKind.PROVE_RECOVERY,
)

FIX_STEPS: Final = (
    StepKind.FIND_FIX,
    StepKind.REVIEW,
    StepKind.MERGE,
    StepKind.DEPLOY,
    StepKind.PROVE_RECOVERY,
)

STEPS_OF: Final[Mapping[Path, tuple[StepKind, ...]]] = MappingProxyType(
    {
        Path.ROLLBACK: ROLLBACK_STEPS,
        Path.ROLL_FORWARD: FIX_STEPS,
        Path.HOTFIX: FIX_STEPS,
        Path.ISOLATE: (StepKind.ISOLATE, StepKind.PROVE_RECOVERY),
        Path.ROTATE_FORWARD: (StepKind.ROTATE_CREDENTIAL, StepKind.PROVE_RECOVERY),
        Path.ESCALATE: (),
    }
)
"""What the console does on each path, in order; of an escalation nothing: the Incident Response Plan governs (X2)."""

BY_A_FIX: Final = frozenset({Path.ROLL_FORWARD, Path.HOTFIX})
"""The paths that follow a fix's pull request instead of making a revert."""

Parameter = str | int | list[str] | None


class NothingToGoBy(Refusal):
    """The path needs to know something that nobody has named: the fix, the flag, the credential, the change."""


@dataclass(frozen=True, slots=True)
class Fix:
    """The pull request that mends it, as it stood when it was read: exactly this head is merged (E13)."""

    number: int
    head: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What the steps of a plan are made from.

    `commits` are those a rollback takes back, newest first: one for a merge or a squash, n for a rebase merge;
    `mainline` is the parent that stays, for a merge commit. Production deploys from `branch`. `fix`, `flag` and
    `credential` are what the other paths go by; `secrets_url` is the Secrets Management document (C1, C2).
    """

    incident: str
    repository: str
    branch: str
    workflow: str
    environment: str
    change_title: str = ""
    commits: tuple[str, ...] = ()
    mainline: int | None = None
    incident_url: str = ""
    fix: Fix | None = None
    flag: str = ""
    credential: str = ""
    secrets_url: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step before it is a row. The parameters are content: they hold nothing that moves with the base."""

    kind: StepKind
    parameters: Mapping[str, Parameter]


def outline(path: Path, facts: PlanFacts) -> tuple[PlannedStep, ...]:
    """The path's ordered steps; none for an escalation. Raises `NothingToGoBy` while what the path needs is unnamed."""
    _require_named(path, facts)
    return tuple(PlannedStep(kind, MappingProxyType(_PARAMETERS[kind](facts))) for kind in STEPS_OF[path])


def _require_named(path: Path, facts: PlanFacts) -> None:
    rule, words = GOES_BY[path]
    named = {Path.ROLLBACK: facts.commits, Path.ISOLATE: facts.flag, Path.ROTATE_FORWARD: facts.credential}
    if path is not Path.ESCALATE and not named.get(path, facts.fix):
        raise NothingToGoBy(rule, words)


GOES_BY: Final[Mapping[Path, tuple[str, str]]] = MappingProxyType(
    {
        Path.ROLLBACK: ("R1", "Name the change that a rollback takes back."),
        Path.ROLL_FORWARD: ("D5", "Name the pull request of the prepared fix."),
        Path.HOTFIX: ("M2", "Name the hotfix's pull request as soon as there is one."),
        Path.ISOLATE: ("M2", "Name the flag that isolates what fails."),
        Path.ROTATE_FORWARD: ("C2", "Name the credential that is rotated: its name or its path, never its value."),
        Path.ESCALATE: ("X2", ""),
    }
)


def revert_branch(incident: str, plan_number: int, change_sha: str) -> str:
    """The branch a revert is pushed to, create only: named for the change, so that a retry meets its own push."""
    return f"revert/{incident}-p{plan_number}-{change_sha[:12]}"


def content_digest(
    *, patch_id: str, verdicts: Mapping[str, str], answers: Answers, steps: Sequence[PlannedStep]
) -> str:
    """What approvals bind to (E13): what runs, and what was known. Neither base nor order is in it."""
    by_kind = {step.kind.value: dict(step.parameters) for step in steps}
    return _digest({"patch_id": patch_id, "verdicts": dict(verdicts), "answers": answers.by_field(), "steps": by_kind})


def instance_digest(*, content: str, base: str, tree: str, branch: str, steps: Sequence[PlannedStep]) -> str:
    """What *execute* and every claim compare: the content, on this base, in this order, to this tree."""
    order = [step.kind.value for step in steps]
    return _digest({"content": content, "base": base, "tree": tree, "branch": branch, "order": order})


def canonical_json(value: object) -> str:
    """One text for one value: sorted keys, UTF-8, no spaces."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _where(facts: PlanFacts) -> dict[str, Parameter]:
    return {"repository": facts.repository, "branch": facts.branch}


def _push_revert(facts: PlanFacts) -> dict[str, Parameter]:
    message = revert_message(
        change_title=facts.change_title, commits=facts.commits, mainline=facts.mainline, incident=facts.incident
    )
    return {**_where(facts), "commits": list(facts.commits), "mainline": facts.mainline, "message": message}


def _open_pull_request(facts: PlanFacts) -> dict[str, Parameter]:
    body = pull_request_body(
        commits=facts.commits, mainline=facts.mainline, incident=facts.incident, url=facts.incident_url
    )
    return {**_where(facts), "title": revert_title(facts.change_title), "body": body}


def _deploy(facts: PlanFacts) -> dict[str, Parameter]:
    return {**_where(facts), "workflow": facts.workflow, "environment": facts.environment}


def _find_fix(facts: PlanFacts) -> dict[str, Parameter]:
    fix = facts.fix
    return {**_where(facts), "number": fix.number, "head": fix.head, "title": fix.title} if fix else {}


_PARAMETERS: Final[Mapping[StepKind, Callable[[PlanFacts], dict[str, Parameter]]]] = MappingProxyType(
    {
        StepKind.PUSH_REVERT: _push_revert,
        StepKind.OPEN_PULL_REQUEST: _open_pull_request,
        StepKind.REVIEW: _where,
        StepKind.MERGE: _where,
        StepKind.DEPLOY: _deploy,
        StepKind.PROVE_RECOVERY: lambda _: {},
        StepKind.FIND_FIX: _find_fix,
        StepKind.ISOLATE: lambda facts: {"flag": facts.flag},
        StepKind.ROTATE_CREDENTIAL: lambda facts: {"credential": facts.credential},
    }
)
