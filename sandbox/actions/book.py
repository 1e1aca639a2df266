"""The book of runs and deployments: what is written into it, the console is told and the journal keeps."""

from collections.abc import Callable
from typing import Any

from sandbox.actions import bodies
from sandbox.actions.records import (
    CANCELLED,
    COMPLETED,
    FAILURE,
    IN_PROGRESS,
    QUEUED,
    SUCCESS,
    WAITING,
    Deployment,
    Run,
    Status,
    Step,
    as_json,
    deployment_from,
    run_from,
)
from sandbox.codehost.forge import DEFAULT_BRANCH, Forge
from sandbox.codehost.refusals import not_found
from sandbox.codehost.repository import GitCommit
from sandbox.codehost.store import moment
from sandbox.parts import Memory


class Book:
    """Every change is one call: it sets the record, keeps it, and announces it. The code host's lock guards it."""

    def __init__(self, forge: Forge, memory: Memory) -> None:
        self.forge = forge
        self._memory = memory
        content: dict[str, Any] = memory.read()
        self.runs = {run["id"]: run_from(run) for run in content.get("runs", [])}
        self.deployments = {one["id"]: deployment_from(one) for one in content.get("deployments", [])}
        self.next: str = content.get("next", "ok")

    def keep(self) -> None:
        runs = [as_json(run) for run in self.runs.values()]
        deployments = [as_json(one) for one in self.deployments.values()]
        self._memory.write({"runs": runs, "deployments": deployments, "next": self.next})

    def run(self, run_id: int) -> Run:
        """Refuses with 404 where there is none."""
        if run_id not in self.runs:
            raise not_found()
        return self.runs[run_id]

    def deployment(self, deployment_id: int) -> Deployment:
        """Refuses with 404 where there is none."""
        if deployment_id not in self.deployments:
            raise not_found()
        return self.deployments[deployment_id]

    def unfinished(self) -> list[Run]:
        return [run for run in self.runs.values() if not run.over]

    # A run

    def open_run(self, sha: str, actor: str, behaviour: str) -> Run:
        with self.forge.store.lock:
            run = self._new_run(self.forge.repository.commit(sha), actor, behaviour, moment())
            self.keep()
            self._tell("requested", run)
            return run

    def remember_success(self, commit: GitCommit) -> None:
        """A run and a deployment of the past: kept, not announced."""
        at = moment(commit.committer.at)
        run = self._new_run(commit, commit.author.who.name, "ok", at)
        run.status, run.conclusion, run.started_at, run.completed_at = COMPLETED, SUCCESS, at, at
        for step in run.steps:
            step.status, step.conclusion, step.started_at, step.completed_at = COMPLETED, SUCCESS, at, at
        deployment = self._new_deployment(run, at)
        deployment.statuses.append(Status(self.forge.store.next_id(), SUCCESS, "", at))

    def _new_run(self, commit: GitCommit, actor: str, behaviour: str, at: str) -> Run:
        run = Run(
            id=self.forge.store.next_id(),
            number=len(self.runs) + 1,
            sha=commit.sha,
            title=commit.title,
            actor=actor,
            behaviour=behaviour,
            created_at=at,
            updated_at=at,
            branch=DEFAULT_BRANCH,
        )
        self.runs[run.id] = run
        return run

    def begin(self, run: Run) -> bool:
        """Whether it began: a run that was cancelled meanwhile does not."""

        def started() -> None:
            run.status, run.started_at = IN_PROGRESS, run.started_at or moment()

        with self.forge.store.lock:
            if run.over:
                return False
            self._change(run, started)
        self.forge.journal.record("actions", "run.started", key=run.sha, run=run.id)
        self._tell("in_progress", run)
        return True

    def wait_for_gate(self, run: Run, reviewers: list[str]) -> None:
        def waiting() -> None:
            run.status, run.gate_reviewers, run.gate_answer = WAITING, reviewers, None

        self._change(run, waiting)
        self.forge.journal.record("actions", "run.waiting", key=run.sha, run=run.id)

    def answer_gate(self, run: Run, login: str, state: str) -> None:
        def answered() -> None:
            run.gate_answer, run.status = state, IN_PROGRESS

        self._change(run, answered)
        self.forge.journal.record("actions", f"gate.{state}", key=str(run.id), by=login)

    def requeue(self, run: Run) -> None:
        """The sandbox was stopped in the middle: the run begins again."""

        def queued() -> None:
            run.status, run.gate_answer = QUEUED, None
            run.steps = [Step(step.name, step.number) for step in run.steps]

        self._change(run, queued)

    def begin_step(self, run: Run, name: str) -> None:
        step = run.step(name)

        def started() -> None:
            step.status, step.started_at = IN_PROGRESS, moment()

        self._change(run, started)

    def end_step(self, run: Run, name: str, conclusion: str = SUCCESS) -> None:
        step = run.step(name)

        def ended() -> None:
            step.status, step.conclusion, step.completed_at = COMPLETED, conclusion, moment()

        self._change(run, ended)

    def end(self, run: Run, conclusion: str, words: str = "") -> None:
        """A run ends once: what comes later changes nothing."""

        def ended() -> None:
            run.status, run.conclusion, run.completed_at, run.words = COMPLETED, conclusion, moment(), words
            for step in run.steps:
                if step.status != COMPLETED:
                    step.conclusion = CANCELLED if step.status == IN_PROGRESS else "skipped"
                    step.status = COMPLETED

        with self.forge.store.lock:
            if run.over:
                return
            self._change(run, ended)
        effect = {SUCCESS: "run.succeeded", FAILURE: "run.failed"}.get(conclusion, f"run.{conclusion}")
        self.forge.journal.record("actions", effect, key=run.sha, run=run.id, words=words)
        self._tell("completed", run)

    def _change(self, run: Run, change: Callable[[], None]) -> None:
        with self.forge.store.lock:
            change()
            run.updated_at = moment()
            self.keep()

    # Its deployment

    def open_deployment(self, run: Run) -> Deployment:
        with self.forge.store.lock:
            deployment = self._new_deployment(run, moment())
            self.keep()
        self.forge.journal.record("actions", "deployment.created", key=run.sha, deployment=deployment.id)
        return deployment

    def _new_deployment(self, run: Run, at: str) -> Deployment:
        deployment = Deployment(self.forge.store.next_id(), run.id, run.sha, run.branch, run.actor, at, at)
        self.deployments[deployment.id] = deployment
        return deployment

    def say(self, deployment: Deployment, state: str, words: str = "") -> None:
        """A new status of the deployment; success and failure are effects."""
        with self.forge.store.lock:
            status = Status(self.forge.store.next_id(), state, words[:140], moment())
            deployment.statuses.append(status)
            deployment.updated_at = status.at
            self.keep()
        if state in (SUCCESS, FAILURE):
            effect = "deployment.succeeded" if state == SUCCESS else "deployment.failed"
            self.forge.journal.record("actions", effect, key=deployment.sha, deployment=deployment.id, words=words)
        body = bodies.deployment_event(self.forge.links, deployment, status, self.runs.get(deployment.run_id))
        self.forge.events.send("deployment_status", body, sender=deployment.creator)

    def _tell(self, action: str, run: Run) -> None:
        commit = self.forge.repository.commit(run.sha)
        body = bodies.run_event(self.forge.links, action, run, commit)
        self.forge.events.send("workflow_run", body, sender=run.actor)
