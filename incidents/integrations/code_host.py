"""The code host in our words: what the console reads from it and asks of it (R1-R4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

OWN_REFS: Final = "rollback-console"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request; `mergeable` is None while the host still works it out, `merge_sha` None until it is merged."""

    number: int
    title: str
    url: str
    state: str
    merged: bool
    merge_sha: str | None
    head_sha: str
    head_ref: str
    base_ref: str
    mergeable: bool | None
    mergeable_state: str
    author: str


@dataclass(frozen=True, slots=True)
class Review:
    """One review; `state` in the host's capitals (APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING)."""

    login: str
    state: str
    commit_sha: str
    submitted_at: datetime | None
    url: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of a workflow on a commit; `path` is the workflow's file, without the ref."""

    id: int
    attempt: int
    url: str
    status: str
    conclusion: str | None
    head_sha: str
    path: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a run."""

    name: str
    status: str
    conclusion: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment; `state`, `url` (its run) and `updated_at` are those of its newest status, "pending" without one."""

    id: int
    sha: str
    environment: str
    state: str
    url: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What a branch asks of a merge.

    `bypass` is what our account may: always, pull_requests_only, exempt or never. It is the least that any of its
    rulesets allows, and never where there is nothing to bypass.
    """

    required_approvals: int
    merge_methods: tuple[str, ...]
    required_checks: tuple[str, ...]
    signed_commits: bool
    merge_queue: bool
    bypass: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as the host knows it; `at` is its committer's date, `author` a login where one is linked, or a name."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class PendingGate:
    """An environment at which a run waits for a person; `can_approve` speaks of our own account."""

    environment: str
    reviewers: tuple[str, ...]
    can_approve: bool


class StatusState(StrEnum):
    """What a commit status says. Only a status that the branch's rules require holds a merge up."""

    ERROR = "error"
    FAILURE = "failure"
    PENDING = "pending"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What somebody says about a commit, under a name (`context`) of theirs; `state` is the host's own word."""

    context: str
    state: str
    description: str
    url: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue; `completed` is false where it was closed as not planned, or as another's twin."""

    number: int
    title: str
    url: str
    body: str
    closed: bool
    completed: bool
    closed_by: str


@dataclass(frozen=True, slots=True)
class Grants:
    """What the console's account may do, as its installation says: a permission's name to read, write or admin."""

    permissions: Mapping[str, str]
    events: tuple[str, ...]
    suspended: bool


class CodeHost(Protocol):
    """Where the code lives. `repository` is "owner/name"; every method raises IntegrationError and nothing else."""

    def commit(self, repository: str, ref: str) -> Commit:
        """The commit that a sha, branch or tag names."""

    def recent_commits(self, repository: str, branch: str, *, limit: int) -> list[Commit]:
        """The newest commits reachable from the branch, newest first."""

    def branch_head(self, repository: str, branch: str) -> str | None:
        """The sha a branch points at, None where there is no such branch."""

    def pull_request(self, repository: str, number: int) -> PullRequest:
        """One pull request as it stands."""

    def find_pull_request(self, repository: str, *, head: str) -> PullRequest | None:
        """The newest pull request, open or not, from the branch `head` ("branch" or "owner:branch"): R2's look-up."""

    def pull_requests_of(self, repository: str, sha: str) -> list[PullRequest]:
        """The pull requests that brought a commit, or hold it."""

    def commits_of(self, repository: str, number: int) -> list[str]:
        """The shas a pull request consists of, oldest first."""

    def open_pull_request(self, repository: str, *, head: str, base: str, title: str, body: str) -> PullRequest:
        """Opens a pull request (R2); refused with status 422 where one is open for this head."""

    def request_reviewers(self, repository: str, number: int, logins: Sequence[str]) -> None:
        """Asks people to review (R3); asking twice is harmless, asking the author is refused."""

    def reviews(self, repository: str, number: int) -> list[Review]:
        """Every review so far, oldest first; a person's later one overrules the earlier."""

    def branch_rules(self, repository: str, branch: str) -> BranchRules:
        """What a merge into the branch will need."""

    def merge(self, repository: str, number: int, *, sha: str, method: str) -> str:
        """Merges exactly the head `sha` (R4) and answers the merge's sha; a moved head is refused with 409."""

    def runs(self, repository: str, *, head_sha: str) -> list[Run]:
        """The workflow runs that a push of this commit started, newest first."""

    def run(self, repository: str, run_id: int) -> Run:
        """One run as it stands."""

    def jobs(self, repository: str, run_id: int) -> list[Job]:
        """The jobs of a run's newest attempt."""

    def pending_gates(self, repository: str, run_id: int) -> list[PendingGate]:
        """The environments at which a run waits for a person."""

    def deployments(
        self, repository: str, *, environment: str, sha: str | None = None, limit: int = 30
    ) -> list[Deployment]:
        """The newest deployments to an environment, newest first, each with its newest state."""

    def contains(self, repository: str, *, sha: str, ancestor: str) -> bool:
        """Whether the history of `sha` holds `ancestor` (a commit holds itself)."""

    def open_pull_requests(self, repository: str, *, base: str) -> list[PullRequest]:
        """Every open pull request into the branch `base`, newest first; lists never tell `mergeable`."""

    def statuses(self, repository: str, sha: str) -> list[CommitStatus]:
        """The newest status of each context of a commit, newest first."""

    def set_status(
        self, repository: str, sha: str, *, context: str, state: StatusState, description: str, url: str
    ) -> CommitStatus:
        """Says something about a commit; the newest of a context counts, so a repeat changes nothing but the time."""

    def open_issue(self, repository: str, *, title: str, body: str) -> Issue:
        """Opens an issue; a repeat opens another one, so `find_issue` is asked before (T2)."""

    def find_issue(self, repository: str, *, mark: str, since: datetime) -> Issue | None:
        """The oldest issue, open or closed, touched since then, whose body bears the mark."""

    def issue(self, repository: str, number: int) -> Issue:
        """One issue as it stands."""

    def close_issue(self, repository: str, number: int, *, completed: bool) -> Issue:
        """Closes it as completed, or as not planned; one that is closed already stays as it was."""

    def delete_own_ref(self, repository: str, name: str) -> None:
        """Removes `refs/rollback-console/NAME`, which a rehearsal left behind; one that is gone already is no error."""

    def grants(self) -> Grants | None:
        """What our account may do; None where it is a plain token, which does not tell."""
