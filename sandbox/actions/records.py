"""Runs, their jobs and steps, and deployments, as the code host remembers them."""

from dataclasses import asdict, dataclass, field
from typing import Any

PATH = ".github/workflows/deploy.yml"
WORKFLOW, JOB, ENVIRONMENT = "Deploy", "deploy", "production"
QUEUED, IN_PROGRESS, WAITING, COMPLETED = "queued", "in_progress", "waiting", "completed"
SUCCESS, FAILURE, CANCELLED = "success", "failure", "cancelled"
STEPS = ("Set up job", "Check out the commit", "Deploy to production", "Complete job")


@dataclass(slots=True)
class Step:
    name: str
    number: int
    status: str = QUEUED
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None


@dataclass(slots=True)
class Run:
    """One run of the deploy workflow, with its one job. `behaviour` is what it was told to do: ok, fail, hang, gate."""

    id: int
    number: int
    sha: str
    title: str
    actor: str
    behaviour: str
    created_at: str
    updated_at: str
    branch: str
    attempt: int = 1
    status: str = QUEUED
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    gate_reviewers: list[str] = field(default_factory=list)
    gate_answer: str | None = None
    words: str = ""
    steps: list[Step] = field(default_factory=lambda: [Step(name, number) for number, name in enumerate(STEPS, 1)])

    @property
    def over(self) -> bool:
        return self.status == COMPLETED

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)


@dataclass(slots=True)
class Status:
    """One word about a deployment; the newest is the deployment's state."""

    id: int
    state: str
    description: str
    at: str


@dataclass(slots=True)
class Deployment:
    id: int
    run_id: int
    sha: str
    ref: str
    creator: str
    created_at: str
    updated_at: str
    environment: str = ENVIRONMENT
    statuses: list[Status] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.statuses[-1].state if self.statuses else "pending"


def run_from(content: dict[str, Any]) -> Run:
    return Run(**{**content, "steps": [Step(**step) for step in content["steps"]]})


def deployment_from(content: dict[str, Any]) -> Deployment:
    return Deployment(**{**content, "statuses": [Status(**status) for status in content["statuses"]]})


def as_json(record: Run | Deployment) -> dict[str, Any]:
    return asdict(record)
