"""R4: follow the standard deploy pipeline until the merge is in production; nothing is deployed from here.

Webhooks say when to look again; what is polled in between is little: the merge's deployment, its run, the run's jobs.
"""

from collections.abc import Sequence
from datetime import timedelta

from incidents.assessment.revert import surviving_lines
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.push_revert import bad_change
from incidents.effects.wiring import World
from incidents.integrations.code_host import Deployment, Run
from incidents.procedure.decision import Path
from incidents.procedure.steps import StepKind
from incidents.services.clock import database_now

A_RUN_STARTS_WITHIN = timedelta(seconds=90)
NEWEST = 5


class FollowDeploy:
    """Done when the environment's deployment holds the merge; what the bad change left standing is told with it."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        sha = order.before(StepKind.MERGE).get("merge_sha")
        if not sha:
            return Failed("No merge is known to deploy. Record the merge with its sha at the step before (E18).")
        own = world.code_host.deployments(order.repository, environment=order.service.environment, sha=sha, limit=1)
        return _success(order, world, sha, own) or _follow(order, world, sha)

    def act(self, order: Order, world: World) -> Outcome:
        raise AssertionError("A deploy is only ever watched.")


def _success(order: Order, world: World, sha: str, deployments: Sequence[Deployment]) -> Done | None:
    """The first of these deployments that succeeded and holds the merge."""
    for each in deployments:
        if each.state == "success" and _holds(order, world, each, sha):
            return _deployed(order, world, sha, each)
    return None


def _holds(order: Order, world: World, deployment: Deployment, sha: str) -> bool:
    same = deployment.sha == sha
    return same or world.code_host.contains(order.repository, sha=deployment.sha, ancestor=sha)


def _deployed(order: Order, world: World, sha: str, deployment: Deployment) -> Done:
    newer = "" if deployment.sha == sha else f" with {deployment.sha[:8]}, which holds it"
    left = _left_standing(order, world, deployment.sha)
    told = f" {len(left)} lines of the bad change still stand: look at them." if left else ""
    return Done(
        f"{sha[:8]} is in {order.service.environment}{newer}.{told}",
        {
            "sha": deployment.sha,
            "deployed_at": deployment.updated_at.isoformat(),
            "deployment": deployment.id,
            "survivors": left,
        },
        deployment.url,
    )


def _left_standing(order: Order, world: World, sha: str) -> list[str]:
    """Effectiveness of a rollback: the lines of the bad change that the deployed commit still holds, as path:line."""
    if order.plan.decision.path != Path.ROLLBACK:
        return []
    mirror = world.mirror(order.repository)
    mirror.refresh()
    found = surviving_lines(mirror.path, bad_change(order.change), at=sha)
    return [f"{each.path}:{each.line}" for each in found]


def _newer(order: Order, world: World, sha: str) -> Done | None:
    """A newer deployment that holds the merge: this one's run was superseded."""
    newest = world.code_host.deployments(order.repository, environment=order.service.environment, limit=NEWEST)
    return _success(order, world, sha, newest)


def _follow(order: Order, world: World, sha: str) -> Outcome:
    runs = [run for run in world.code_host.runs(order.repository, head_sha=sha) if run.path == order.service.workflow]
    if not runs:
        return _newer(order, world, sha) or _no_run(order, sha)
    run = max(runs, key=lambda each: (each.id, each.attempt))
    if run.status != "completed":
        return _under_way(order, world, run)
    if run.conclusion == "success":
        words = f"Run {run.id} succeeded; waits for its deployment to be reported."
        return _newer(order, world, sha) or Waiting(words, url=run.url)
    if run.conclusion == "cancelled":
        words = (
            f"Run {run.id} was cancelled; waits for a newer one that holds the merge. None to come? Run it again there."
        )
        return _newer(order, world, sha) or Waiting(words, url=run.url)
    return Failed(f"Run {run.id} ended with {run.conclusion}: {run.url}. Run it again there, then retry here.")


def _no_run(order: Order, sha: str) -> Outcome:
    begun = order.step.started_at
    if begun and database_now() - begun > A_RUN_STARTS_WITHIN:
        return Failed(
            f"No run of {order.service.workflow} started for {sha[:8]} within 90 s."
            f" Start it by hand: gh workflow run {order.service.workflow.rsplit('/', 1)[-1]}"
            f" --repo {order.repository} --ref {order.service.branch}, then retry."
        )
    return Waiting(f"Waits for GitHub Actions to start {order.service.workflow} for {sha[:8]}.")


def _under_way(order: Order, world: World, run: Run) -> Waiting:
    gates = world.code_host.pending_gates(order.repository, run.id) if run.status == "waiting" else []
    if gates:
        places = ", ".join(gate.environment for gate in gates)
        words = f"Run {run.id} waits for an approval of {places}: approve it on the code host."
        return Waiting(words, url=run.url)
    jobs = world.code_host.jobs(order.repository, run.id)
    ready = sum(job.status == "completed" for job in jobs)
    words = f"Run {run.id} is {run.status.replace('_', ' ')}: {ready} of {len(jobs)} jobs done."
    return Waiting(words, evidence={"run": run.id}, url=run.url)
