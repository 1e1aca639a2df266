"""R4: follow the standard deploy pipeline until the revert is in production; nothing is deployed from here."""

from collections.abc import Sequence
from datetime import timedelta

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.code_host import Deployment, Run
from incidents.procedure.steps import StepKind
from incidents.services.clock import database_now

LOOK_AGAIN = 1.0
A_RUN_STARTS_WITHIN = timedelta(seconds=90)


class FollowDeploy:
    """Done when the environment's newest deployment holds the merge."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        sha = order.before(StepKind.MERGE).get("merge_sha")
        if not sha:
            return Failed("No merge is known to deploy. Record the merge with its sha at the step before (E18).")
        deployed = _deployed(order, world, sha)
        return deployed or _follow(order, world, sha)

    def act(self, order: Order, world: World) -> Outcome:
        raise AssertionError("A deploy is only ever watched.")


def _deployed(order: Order, world: World, sha: str) -> Done | None:
    """A successful deployment of the merge, or of something newer that holds it."""
    deployments = world.code_host.deployments(order.repository, environment=order.service.environment, limit=10)
    for each in deployments:
        if each.state == "success" and _holds(order, world, each, sha):
            newer = "" if each.sha == sha else f" with {each.sha[:8]}, which holds it"
            return Done(
                f"{sha[:8]} is in {order.service.environment}{newer}.",
                {"sha": each.sha, "deployed_at": each.updated_at.isoformat(), "deployment": each.id},
                each.url,
            )
    return None


def _holds(order: Order, world: World, deployment: Deployment, sha: str) -> bool:
    return deployment.sha == sha or (
        deployment.created_at >= order.step.asked_at
        and world.code_host.contains(order.repository, sha=deployment.sha, ancestor=sha)
    )


def _follow(order: Order, world: World, sha: str) -> Outcome:
    runs = [run for run in world.code_host.runs(order.repository, head_sha=sha) if run.path == order.service.workflow]
    if not runs:
        return _no_run(order, sha)
    run = max(runs, key=lambda each: (each.id, each.attempt))
    if run.status != "completed":
        return _under_way(order, world, run)
    if run.conclusion == "success":
        return Waiting(f"Run {run.id} succeeded; waits for its deployment to be reported.", LOOK_AGAIN, url=run.url)
    if run.conclusion == "cancelled":
        return Waiting(f"Run {run.id} was superseded; waits for the newer one to deploy.", LOOK_AGAIN, url=run.url)
    return Failed(f"Run {run.id} ended with {run.conclusion}: {run.url}. Run it again there, then retry here.")


def _no_run(order: Order, sha: str) -> Outcome:
    begun = order.step.started_at
    if begun and database_now() - begun > A_RUN_STARTS_WITHIN:
        return Failed(
            f"No run of {order.service.workflow} started for {sha[:8]} within 90 s."
            f" Start it by hand: gh workflow run {order.service.workflow.rsplit('/', 1)[-1]}"
            f" --repo {order.repository} --ref {order.service.branch}, then retry."
        )
    return Waiting(f"Waits for GitHub Actions to start {order.service.workflow} for {sha[:8]}.", LOOK_AGAIN)


def _under_way(order: Order, world: World, run: Run) -> Waiting:
    gates = world.code_host.pending_gates(order.repository, run.id) if run.status == "waiting" else []
    if gates:
        places = ", ".join(gate.environment for gate in gates)
        return Waiting(
            f"Run {run.id} waits for an approval of {places}: approve it on the code host.", 2.0, url=run.url
        )
    jobs = world.code_host.jobs(order.repository, run.id)
    ready = [job.name for job in jobs if job.status == "completed"]
    return Waiting(_progress(run, ready, len(jobs)), LOOK_AGAIN, {"run": run.id}, run.url)


def _progress(run: Run, ready: Sequence[str], jobs: int) -> str:
    return f"Run {run.id} is {run.status.replace('_', ' ')}: {len(ready)} of {jobs} jobs done."
