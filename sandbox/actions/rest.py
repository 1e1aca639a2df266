"""GitHub's REST operations on runs, gates and deployments."""

from typing import Protocol

from starlette.routing import BaseRoute

from sandbox.actions import bodies
from sandbox.actions.book import Book
from sandbox.actions.records import WAITING, Deployment, Run
from sandbox.actions.runner import Runner
from sandbox.codehost.accounts import APP
from sandbox.codehost.refusals import Refused, invalid
from sandbox.codehost.rest.calls import Answer, Call, Rest, next_page, paged

_RUN = "/actions/runs/{run}"
_DEPLOYMENT = "/deployments/{deployment}"


class Desk(Protocol):
    """Where the operations find the book and the runner of the day."""

    @property
    def book(self) -> Book: ...
    @property
    def runner(self) -> Runner: ...


class Operations:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self, rest: Rest) -> list[BaseRoute]:
        return [
            rest.repo_route("/actions/runs", "GET", self.list_runs),
            rest.repo_route(_RUN, "GET", self.get_run),
            rest.repo_route(_RUN + "/jobs", "GET", self.jobs),
            rest.repo_route(_RUN + "/cancel", "POST", self.cancel),
            rest.repo_route(_RUN + "/pending_deployments", "GET", self.gates),
            rest.repo_route(_RUN + "/pending_deployments", "POST", self.answer_gate),
            rest.repo_route("/deployments", "GET", self.list_deployments),
            rest.repo_route(_DEPLOYMENT, "GET", self.get_deployment),
            rest.repo_route(_DEPLOYMENT + "/statuses", "GET", self.statuses),
        ]

    def list_runs(self, call: Call) -> Answer:
        found = [run for run in reversed(self._desk.book.runs.values()) if _asked_for(run, call)]
        runs = [self._run(call, run) for run in paged(call, found)]
        return Answer({"total_count": len(found), "workflow_runs": runs}, headers=next_page(call, len(found)))

    def get_run(self, call: Call) -> Answer:
        return Answer(self._run(call, self._found(call)))

    def jobs(self, call: Call) -> Answer:
        return Answer({"total_count": 1, "jobs": [bodies.job(call.forge.links, self._found(call))]})

    def cancel(self, call: Call) -> Answer:
        self._desk.runner.cancel(self._found(call))
        return Answer({}, 202)

    def gates(self, call: Call) -> Answer:
        run = self._found(call)
        can_approve = self._desk.runner.may_answer(run, call.login)
        waits = run.status == WAITING
        return Answer([bodies.gate(call.forge.links, run, can_approve=can_approve)] if waits else [])

    def answer_gate(self, call: Call) -> Answer:
        """Not for Apps: a person answers.

        https://docs.github.com/en/rest/actions/workflow-runs#review-pending-deployments-for-a-workflow-run
        """
        if call.login == APP:
            raise Refused(403, "Resource not accessible by integration")
        run, state = self._found(call), call.text("state", of="Deployment")
        if state not in ("approved", "rejected"):
            raise invalid("Deployment", "state", "state is not one of approved, rejected")
        self._desk.runner.answer_gate(run, call.login, state)
        found = [one for one in self._desk.book.deployments.values() if one.run_id == run.id]
        return Answer([bodies.deployment(call.forge.links, deployment) for deployment in found])

    def list_deployments(self, call: Call) -> Answer:
        wanted = {name: value for name in ("sha", "ref", "environment") if (value := call.query.get(name))}
        found = [
            one
            for one in reversed(self._desk.book.deployments.values())
            if all(getattr(one, name) == value for name, value in wanted.items())
        ]
        shown = [bodies.deployment(call.forge.links, one) for one in paged(call, found)]
        return Answer(shown, headers=next_page(call, len(found)))

    def get_deployment(self, call: Call) -> Answer:
        return Answer(bodies.deployment(call.forge.links, self._deployment(call)))

    def statuses(self, call: Call) -> Answer:
        """Newest first."""
        deployment = self._deployment(call)
        found = paged(call, deployment.statuses[::-1])
        headers = next_page(call, len(deployment.statuses))
        shown = [bodies.deployment_status(call.forge.links, deployment, status) for status in found]
        return Answer(shown, headers=headers)

    def _found(self, call: Call) -> Run:
        return self._desk.book.run(call.number("run"))

    def _deployment(self, call: Call) -> Deployment:
        return self._desk.book.deployment(call.number("deployment"))

    def _run(self, call: Call, run: Run) -> dict[str, object]:
        return bodies.run(call.forge.links, run, call.forge.repository.commit(run.sha))


def _asked_for(run: Run, call: Call) -> bool:
    asked = {"head_sha": run.sha, "branch": run.branch, "event": "push", "actor": run.actor}
    if any(call.query.get(name, value) != value for name, value in asked.items()):
        return False
    return call.query.get("status", run.status) in (run.status, run.conclusion)
