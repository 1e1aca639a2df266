"""The commands of the remaining steps, to copy and paste when the console may be down next (E19)."""

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from incidents.procedure.decision import Path
from incidents.procedure.planning import STEPS_OF, PlanFacts
from incidents.procedure.steps import StepKind
from incidents.procedure.words import pull_request_body, revert_title, stamped


@dataclass(frozen=True, slots=True)
class Command:
    """What to do by hand for one step; `command` is ready for a shell, line by line."""

    kind: StepKind
    rule: str
    words: str
    command: str


def manual_commands(
    facts: PlanFacts,
    *,
    path: Path = Path.ROLLBACK,
    revert_branch: str = "",
    dashboard_url: str = "",
    remaining: Collection[StepKind] = frozenset(StepKind),
) -> tuple[Command, ...]:
    """The commands for every remaining step of the path, in their order; git 2.39 and gh suffice."""
    return tuple(_BY_KIND[kind](facts, revert_branch, dashboard_url) for kind in STEPS_OF[path] if kind in remaining)


def as_message(incident: str, commands: Sequence[Command], at: datetime) -> str:
    """The commands as one message for the channel, time-stamped (S4)."""
    blocks = (f"{each.rule} · {each.words}\n```\n{each.command}\n```" for each in commands)
    return "\n".join((stamped(f"{incident} · by hand, if the console is down:", at), *blocks))


def _push_revert(facts: PlanFacts, branch: str, _: str) -> Command:
    lines = (
        "git fetch origin",
        _shell("git", "switch", "--create", branch, f"origin/{facts.branch}"),
        *_revert(facts),
        _shell("git", "push", "origin", f"HEAD:refs/heads/{branch}"),
    )
    words = f"Revert on a branch of its own, made from {facts.branch}. Never force."
    return Command(StepKind.PUSH_REVERT, "R1", words, "\n".join(lines))


def _revert(facts: PlanFacts) -> tuple[str, ...]:
    mainline = ("--mainline", str(facts.mainline)) if facts.mainline is not None else ()
    if len(facts.commits) == 1:
        return (_shell("git", "revert", "--no-edit", *mainline, facts.commits[0]),)
    return (
        _shell("git", "revert", "--no-commit", *facts.commits),
        _shell("git", "commit", "--message", revert_title(facts.change_title)),
    )


def _open_pull_request(facts: PlanFacts, branch: str, _: str) -> Command:
    body = pull_request_body(
        commits=facts.commits, mainline=facts.mainline, incident=facts.incident, url=facts.incident_url
    )
    where = ("--base", facts.branch, "--head", branch)
    what = ("--title", revert_title(facts.change_title), "--body", body)
    command = _shell("gh", "pr", "create", "--repo", facts.repository, *where, *what)
    return Command(StepKind.OPEN_PULL_REQUEST, "R2", "Open the pull request.", command)


def _review(facts: PlanFacts, branch: str, _: str) -> Command:
    words = "A reviewer approves; the on-call engineer may, where nobody else is available. Never its author."
    command = _shell("gh", "pr", "review", _named(facts, branch), "--repo", facts.repository, "--approve")
    return Command(StepKind.REVIEW, "R3", words, command)


def _named(facts: PlanFacts, branch: str) -> str:
    return str(facts.fix.number) if facts.fix else branch


def _merge(facts: PlanFacts, branch: str, _: str) -> Command:
    merge = _shell("gh", "pr", "merge", _named(facts, branch), "--repo", facts.repository, "--merge")
    head = f'"$(git rev-parse {shlex.quote(f"origin/{branch}")})"'
    command = f"git fetch origin\n{merge} --match-head-commit {head}"
    if facts.fix:
        command = f"{merge} --match-head-commit {shlex.quote(facts.fix.head)}"
    words = "Merge what was reviewed; use --squash or --rebase where the repository allows no merge commits."
    return Command(StepKind.MERGE, "R4", words, command)


def _deploy(facts: PlanFacts, _: str, __: str) -> Command:
    workflow = facts.workflow.rsplit("/", 1)[-1]
    where = ("--repo", facts.repository, "--workflow", workflow, "--branch", facts.branch)
    command = _shell("gh", "run", "list", *where, "--limit", "5")
    words = f"Follow the deploy to {facts.environment}: `gh run watch` with the run's number."
    return Command(StepKind.DEPLOY, "R4", words, command)


def _prove_recovery(_: PlanFacts, __: str, dashboard_url: str) -> Command:
    where = dashboard_url or "the dashboard of the alert that flagged it"
    words = "Watch the same alert: inactive, and under its threshold since the deploy. Silence is not recovery."
    return Command(StepKind.PROVE_RECOVERY, "R5", words, f"# {where}")


def _find_fix(facts: PlanFacts, _: str, __: str) -> Command:
    command = _shell("gh", "pr", "view", _named(facts, ""), "--repo", facts.repository)
    words = "Look at the fix: open, aimed at the branch, and still what was decided on."
    return Command(StepKind.FIND_FIX, "D5", words, command)


def _isolate(facts: PlanFacts, _: str, __: str) -> Command:
    words = "Turn the flag off where your flags live, and read it back. It acts seconds later."
    return Command(StepKind.ISOLATE, "M2", words, f"# off: {facts.flag} ({facts.environment})")


def _rotate(facts: PlanFacts, _: str, __: str) -> Command:
    where = f"\n# {facts.secrets_url}" if facts.secrets_url else ""
    words = "Rotate it by the Secrets Management procedure, let the service take it, and note the new version."
    return Command(StepKind.ROTATE_CREDENTIAL, "C2", words, f"# rotate: {facts.credential}{where}")


_BY_KIND: Final[Mapping[StepKind, Callable[[PlanFacts, str, str], Command]]] = MappingProxyType(
    {
        StepKind.PUSH_REVERT: _push_revert,
        StepKind.OPEN_PULL_REQUEST: _open_pull_request,
        StepKind.REVIEW: _review,
        StepKind.MERGE: _merge,
        StepKind.DEPLOY: _deploy,
        StepKind.PROVE_RECOVERY: _prove_recovery,
        StepKind.FIND_FIX: _find_fix,
        StepKind.ISOLATE: _isolate,
        StepKind.ROTATE_CREDENTIAL: _rotate,
    }
)


def _shell(*words: str) -> str:
    return shlex.join(words)
