"""Reading what GitHub's webhooks send: hints that something changed, never the proof of it (polling decides)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from incidents.integrations.errors import UnreadableDelivery
from incidents.integrations.fields import Fields, Unexpected

LARGEST_DELIVERY: Final = 25_000_000  # GitHub's own cap: docs.github.com, "Webhook events and payloads"
_HEADS: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class PushSeen:
    """A branch moved; `before` or `after` is all zeros where it was created or deleted."""

    repository: str
    branch: str
    before: str
    after: str
    forced: bool


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A workflow run changed."""

    repository: str
    run_id: int
    attempt: int
    status: str
    conclusion: str | None
    head_sha: str
    branch: str
    path: str
    url: str


@dataclass(frozen=True, slots=True)
class DeploymentSeen:
    """A deployment got a new status (U1 where it failed)."""

    repository: str
    sha: str
    environment: str
    state: str
    run_url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PullRequestSeen:
    """A pull request changed."""

    repository: str
    number: int


@dataclass(frozen=True, slots=True)
class ReviewSeen:
    """A pull request was reviewed, or a review of it was dismissed."""

    repository: str
    number: int


@dataclass(frozen=True, slots=True)
class IssueSeen:
    """An issue changed."""

    repository: str
    number: int


Event = PushSeen | RunSeen | DeploymentSeen | PullRequestSeen | ReviewSeen | IssueSeen


def parse(event_name: str, body: bytes) -> Event | None:
    """What a delivery tells, None where we do not follow it; raises UnreadableDelivery, and nothing else.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads
    """
    read = _READERS.get(event_name)
    if read is None:
        return None
    if len(body) > LARGEST_DELIVERY:
        raise UnreadableDelivery(f"The delivery is larger than {LARGEST_DELIVERY} bytes.")
    try:
        return read(Fields.parse(body))
    except Unexpected as error:
        raise UnreadableDelivery(f"This is no {event_name} delivery of GitHub's: {error}.") from None


def _push(delivery: Fields) -> PushSeen | None:
    """A pushed tag is none of ours."""
    ref = delivery.text("ref")
    if not ref.startswith(_HEADS):
        return None
    return PushSeen(
        repository=_repository(delivery),
        branch=ref.removeprefix(_HEADS),
        before=delivery.text("before"),
        after=delivery.text("after"),
        forced=delivery.flag("forced"),
    )


def _run(delivery: Fields) -> RunSeen:
    return RunSeen(
        repository=_repository(delivery),
        run_id=delivery.number("workflow_run", "id"),
        attempt=delivery.number("workflow_run", "run_attempt", default=1),
        status=delivery.text("workflow_run", "status"),
        conclusion=delivery.optional_text("workflow_run", "conclusion"),
        head_sha=delivery.text("workflow_run", "head_sha"),
        branch=delivery.text("workflow_run", "head_branch", default=""),
        path=delivery.text("workflow_run", "path", default="").partition("@")[0],
        url=delivery.text("workflow_run", "html_url", default=""),
    )


def _deployment(delivery: Fields) -> DeploymentSeen:
    status = "deployment_status"
    return DeploymentSeen(
        repository=_repository(delivery),
        sha=delivery.text("deployment", "sha"),
        environment=delivery.text("deployment", "environment"),
        state=delivery.text(status, "state"),
        run_url=delivery.text(status, "log_url", default="") or delivery.text(status, "target_url", default=""),
        at=delivery.moment(status, "created_at"),
    )


def _pull_request(delivery: Fields) -> PullRequestSeen:
    return PullRequestSeen(_repository(delivery), delivery.number("pull_request", "number"))


def _review(delivery: Fields) -> ReviewSeen:
    return ReviewSeen(_repository(delivery), delivery.number("pull_request", "number"))


def _issue(delivery: Fields) -> IssueSeen:
    return IssueSeen(_repository(delivery), delivery.number("issue", "number"))


def _repository(delivery: Fields) -> str:
    return delivery.text("repository", "full_name")


_READERS: Final[dict[str, Callable[[Fields], Event | None]]] = {
    "push": _push,
    "workflow_run": _run,
    "deployment_status": _deployment,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "issues": _issue,
}
