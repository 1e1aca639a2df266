"""What a rollback will do, step by step, and the two digests that say whether it is still the same."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from incidents.procedure.answers import Answers
from incidents.procedure.decision import PATH_WORDS, Path
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

_RULE_OF: Final[Mapping[Path, str]] = MappingProxyType(
    {Path.ROLL_FORWARD: "D5", Path.HOTFIX: "M2", Path.ISOLATE: "M2", Path.ROTATE_FORWARD: "C2"}
)

Parameter = str | int | list[str] | None


class PathNotBuilt(Refusal):
    """The console cannot carry this path out by itself yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackFacts:
    """What the steps of a rollback are made from.

    `commits` are those taken back, newest first: one for a merge or a squash, n for a rebase merge; `mainline` is the
    parent that stays, for a merge commit. Production deploys from `branch`.
    """

    incident: str
    repository: str
    branch: str
    change_title: str
    commits: tuple[str, ...]
    mainline: int | None
    workflow: str
    environment: str
    incident_url: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step before it is a row. The parameters are content: they hold nothing that moves with the base."""

    kind: StepKind
    parameters: Mapping[str, Parameter]


def outline(path: Path, facts: RollbackFacts) -> tuple[PlannedStep, ...]:
    """The ordered steps (R1–R5) of a rollback; raises `PathNotBuilt` for every other path."""
    if path != Path.ROLLBACK:
        raise not_built(path)
    parameters = _parameters(facts)
    return tuple(PlannedStep(kind, MappingProxyType(parameters[kind])) for kind in ROLLBACK_STEPS)


def not_built(path: Path) -> PathNotBuilt:
    """Why the console does not carry out this path, and what to do instead."""
    if path == Path.ESCALATE:
        return PathNotBuilt("X2", "An escalation runs no plan of ours: the Incident Response Plan governs.")
    words = f"The console cannot {PATH_WORDS[path]} by itself yet: do it by hand, and record it here."
    return PathNotBuilt(_RULE_OF[path], words)


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


def _parameters(facts: RollbackFacts) -> dict[StepKind, dict[str, Parameter]]:
    where: dict[str, Parameter] = {"repository": facts.repository, "branch": facts.branch}
    message = revert_message(
        change_title=facts.change_title, commits=facts.commits, mainline=facts.mainline, incident=facts.incident
    )
    body = pull_request_body(
        commits=facts.commits, mainline=facts.mainline, incident=facts.incident, url=facts.incident_url
    )
    return {
        StepKind.PUSH_REVERT: {
            **where,
            "commits": list(facts.commits),
            "mainline": facts.mainline,
            "message": message,
        },
        StepKind.OPEN_PULL_REQUEST: {**where, "title": revert_title(facts.change_title), "body": body},
        StepKind.REVIEW: dict(where),
        StepKind.MERGE: dict(where),
        StepKind.DEPLOY: {**where, "workflow": facts.workflow, "environment": facts.environment},
        StepKind.PROVE_RECOVERY: {},
    }
