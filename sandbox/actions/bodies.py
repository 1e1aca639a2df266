"""Runs, jobs, gates and deployments as GitHub shows them."""

from sandbox.actions.records import ENVIRONMENT, JOB, PATH, QUEUED, WORKFLOW, Deployment, Run, Status, Step
from sandbox.codehost.bodies.commits import simple_commit
from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.bodies.repository import repository
from sandbox.codehost.forge import DEFAULT_BRANCH
from sandbox.codehost.links import Links
from sandbox.codehost.repository import GitCommit

_WORKFLOW_ID = 1
_ENVIRONMENT_ID = 1
_BORN = "2026-01-05T09:00:00Z"


def run(links: Links, of: Run, commit: GitCommit) -> Body:
    api = _run_address(links, of)
    ends = {"jobs": "jobs", "logs": "logs", "artifacts": "artifacts", "cancel": "cancel", "rerun": "rerun"}
    shop = repository(links, default_branch=DEFAULT_BRANCH)
    return {
        "id": of.id,
        "name": WORKFLOW,
        "node_id": f"WFR_{of.id}",
        "check_suite_id": of.id,
        "check_suite_node_id": f"CS_{of.id}",
        "head_branch": of.branch,
        "head_sha": of.sha,
        "path": PATH,
        "run_number": of.number,
        "run_attempt": of.attempt,
        "event": "push",
        "display_title": of.title,
        "status": of.status,
        "conclusion": of.conclusion,
        "workflow_id": _WORKFLOW_ID,
        "url": api,
        "html_url": _run_page(links, of),
        "pull_requests": [],
        "created_at": of.created_at,
        "updated_at": of.updated_at,
        "run_started_at": of.started_at or of.created_at,
        "actor": user(links, of.actor),
        "triggering_actor": user(links, of.actor),
        **{f"{name}_url": f"{api}/{end}" for name, end in ends.items()},
        "check_suite_url": f"{links.repo}/check-suites/{of.id}",
        "previous_attempt_url": None,
        "workflow_url": f"{links.repo}/actions/workflows/{_WORKFLOW_ID}",
        "head_commit": simple_commit(commit),
        "repository": shop,
        "head_repository": shop,
        "referenced_workflows": [],
    }


def job(links: Links, of: Run) -> Body:
    """A run's one job. While a gate waits, GitHub shows the job as waiting."""
    started = of.started_at or of.created_at
    return {
        "id": of.id,
        "run_id": of.id,
        "run_url": _run_address(links, of),
        "run_attempt": of.attempt,
        "node_id": f"CR_{of.id}",
        "head_sha": of.sha,
        "head_branch": of.branch,
        "url": f"{links.repo}/actions/jobs/{of.id}",
        "html_url": f"{_run_page(links, of)}/job/{of.id}",
        "status": of.status,
        "conclusion": of.conclusion,
        "created_at": of.created_at,
        "started_at": started,
        "completed_at": of.completed_at,
        "name": JOB,
        "workflow_name": WORKFLOW,
        "steps": [] if of.status == QUEUED else [_step(step) for step in of.steps],
        "check_run_url": f"{links.repo}/check-runs/{of.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "sandbox",
        "runner_group_id": 1,
        "runner_group_name": "sandbox",
    }


def gate(links: Links, of: Run, *, can_approve: bool) -> Body:
    address = f"{links.repo}/environments/{ENVIRONMENT}"
    return {
        "environment": {
            "id": _ENVIRONMENT_ID,
            "node_id": f"EN_{_ENVIRONMENT_ID}",
            "name": ENVIRONMENT,
            "url": address,
            "html_url": _run_page(links, of),
        },
        "wait_timer": 0,
        "wait_timer_started_at": None,
        "current_user_can_approve": can_approve,
        "reviewers": [{"type": "User", "reviewer": user(links, login)} for login in of.gate_reviewers],
    }


def deployment(links: Links, of: Deployment) -> Body:
    api = f"{links.repo}/deployments/{of.id}"
    return {
        "url": api,
        "id": of.id,
        "node_id": f"DE_{of.id}",
        "sha": of.sha,
        "ref": of.ref,
        "task": "deploy",
        "payload": {},
        "original_environment": of.environment,
        "environment": of.environment,
        "description": None,
        "creator": user(links, of.creator),
        "created_at": of.created_at,
        "updated_at": of.updated_at,
        "statuses_url": f"{api}/statuses",
        "repository_url": links.repo,
        "transient_environment": False,
        "production_environment": True,
    }


def deployment_status(links: Links, of: Deployment, status: Status) -> Body:
    api = f"{links.repo}/deployments/{of.id}"
    log = f"{links.page}/actions/runs/{of.run_id}"
    return {
        "url": f"{api}/statuses/{status.id}",
        "id": status.id,
        "node_id": f"DES_{status.id}",
        "state": status.state,
        "creator": user(links, of.creator),
        "description": status.description,
        "environment": of.environment,
        "target_url": log,
        "log_url": log,
        "environment_url": "",
        "created_at": status.at,
        "updated_at": status.at,
        "deployment_url": api,
        "repository_url": links.repo,
    }


def run_event(links: Links, action: str, of: Run, commit: GitCommit) -> Body:
    """A webhook's workflow_run, without repository and sender."""
    return {"action": action, "workflow_run": run(links, of, commit), "workflow": _workflow(links)}


def deployment_event(links: Links, of: Deployment, status: Status, by: Run | None) -> Body:
    """A webhook's deployment_status, without repository and sender."""
    shown_run = {**_short_run(links, by)} if by else None
    return {
        "action": "created",
        "deployment": deployment(links, of),
        "deployment_status": deployment_status(links, of, status),
        "check_run": None,
        "workflow": _workflow(links),
        "workflow_run": shown_run,
    }


def _short_run(links: Links, of: Run) -> Body:
    return {
        "id": of.id,
        "name": WORKFLOW,
        "node_id": f"WFR_{of.id}",
        "head_branch": of.branch,
        "head_sha": of.sha,
        "path": PATH,
        "display_title": of.title,
        "run_number": of.number,
        "run_attempt": of.attempt,
        "event": "push",
        "status": of.status,
        "conclusion": of.conclusion,
        "workflow_id": _WORKFLOW_ID,
        "check_suite_id": of.id,
        "check_suite_node_id": f"CS_{of.id}",
        "url": _run_address(links, of),
        "html_url": _run_page(links, of),
        "pull_requests": [],
        "created_at": of.created_at,
        "updated_at": of.updated_at,
        "run_started_at": of.started_at or of.created_at,
        "actor": user(links, of.actor),
        "triggering_actor": user(links, of.actor),
    }


def _workflow(links: Links) -> Body:
    api = f"{links.repo}/actions/workflows/{_WORKFLOW_ID}"
    return {
        "id": _WORKFLOW_ID,
        "node_id": f"W_{_WORKFLOW_ID}",
        "name": WORKFLOW,
        "path": PATH,
        "state": "active",
        "url": api,
        "html_url": f"{links.page}/blob/{DEFAULT_BRANCH}/{PATH}",
        "badge_url": f"{links.page}/workflows/{WORKFLOW}/badge.svg",
        "created_at": _BORN,
        "updated_at": _BORN,
    }


def _step(step: Step) -> Body:
    return {
        "name": step.name,
        "number": step.number,
        "status": step.status,
        "conclusion": step.conclusion,
        "started_at": step.started_at,
        "completed_at": step.completed_at,
    }


def _run_address(links: Links, of: Run) -> str:
    return f"{links.repo}/actions/runs/{of.id}"


def _run_page(links: Links, of: Run) -> str:
    return f"{links.page}/actions/runs/{of.id}"
