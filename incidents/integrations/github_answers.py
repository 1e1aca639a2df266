"""GitHub's answers in our words (REST API 2026-03-10); what we do not use may be missing."""

from collections.abc import Iterable
from typing import Final

from incidents.integrations.code_host import (
    Commit,
    CommitStatus,
    Deployment,
    Issue,
    Job,
    PendingGate,
    PullRequest,
    Review,
    Run,
)
from incidents.integrations.fields import Fields

MERGE_METHODS: Final = ("merge", "squash", "rebase")
_GHOST: Final = "ghost"


def pull_request(answer: Fields) -> PullRequest:
    """Before the merge `merge_commit_sha` is a rehearsal, and since 2026-03-10 it is never told: see `merge_of`."""
    merged = answer.flag("merged") or answer.has("merged_at")
    return PullRequest(
        number=answer.number("number"),
        title=answer.text("title"),
        url=answer.text("html_url", default=""),
        state=answer.text("state"),
        merged=merged,
        merge_sha=answer.optional_text("merge_commit_sha") if merged else None,
        head_sha=answer.text("head", "sha"),
        head_ref=answer.text("head", "ref"),
        base_ref=answer.text("base", "ref"),
        mergeable=answer.optional_flag("mergeable"),
        mergeable_state=answer.text("mergeable_state", default="unknown"),
        author=answer.text("user", "login", default=_GHOST),
    )


def merge_of(events: Iterable[Fields]) -> str | None:
    """The sha that the newest "merged" event of a pull request names."""
    merges = [event.optional_text("commit_id") for event in events if event.text("event", default="") == "merged"]
    return merges[-1] if merges else None


def review(answer: Fields) -> Review:
    return Review(
        login=answer.text("user", "login", default=_GHOST),
        state=answer.text("state").upper(),
        commit_sha=answer.text("commit_id", default=""),
        submitted_at=answer.optional_moment("submitted_at"),
        url=answer.text("html_url", default=""),
        body=answer.text("body", default=""),
    )


def issue(answer: Fields) -> Issue:
    """Why it was closed stands in `state_reason`: completed, not_planned, duplicate; null in old ones."""
    closed = answer.text("state") == "closed"
    return Issue(
        number=answer.number("number"),
        title=answer.text("title"),
        url=answer.text("html_url", default=""),
        body=answer.text("body", default=""),
        closed=closed,
        completed=closed and answer.text("state_reason", default="completed") == "completed",
        closed_by=answer.text("closed_by", "login", default="") if closed else "",
    )


def commit(answer: Fields) -> Commit:
    return Commit(
        sha=answer.text("sha"),
        parents=tuple(parent.text("sha") for parent in answer.each("parents")),
        message=answer.text("commit", "message", default=""),
        author=answer.optional_text("author", "login") or answer.text("commit", "author", "name", default=_GHOST),
        at=answer.moment("commit", "committer", "date"),
        url=answer.text("html_url", default=""),
    )


def run(answer: Fields) -> Run:
    """A reusable or required workflow's path carries its ref behind an @."""
    return Run(
        id=answer.number("id"),
        attempt=answer.number("run_attempt", default=1),
        url=answer.text("html_url", default=""),
        status=answer.text("status", default="unknown"),
        conclusion=answer.optional_text("conclusion"),
        head_sha=answer.text("head_sha"),
        path=answer.text("path", default="").partition("@")[0],
        created_at=answer.moment("created_at"),
        updated_at=answer.moment("updated_at"),
    )


def job(answer: Fields) -> Job:
    return Job(
        name=answer.text("name"),
        status=answer.text("status", default="unknown"),
        conclusion=answer.optional_text("conclusion"),
        url=answer.text("html_url", default=""),
    )


def pending_gate(answer: Fields) -> PendingGate:
    """Reviewers are people (by login) and teams (by slug)."""
    reviewers = answer.each("reviewers")
    names = [
        each.text("reviewer", "login", default="") or each.text("reviewer", "slug", default="") for each in reviewers
    ]
    return PendingGate(
        environment=answer.text("environment", "name"),
        reviewers=tuple(name for name in names if name),
        can_approve=answer.flag("current_user_can_approve"),
    )


def deployment(answer: Fields, statuses: Iterable[Fields]) -> Deployment:
    """`log_url` is the run; `target_url` is its older name."""
    newest = max(statuses, key=lambda status: (status.moment("created_at"), status.number("id")), default=None)
    url = newest and (newest.optional_text("log_url") or newest.optional_text("target_url"))
    return Deployment(
        id=answer.number("id"),
        sha=answer.text("sha"),
        environment=answer.text("environment"),
        state=newest.text("state") if newest else "pending",
        url=url or "",
        created_at=answer.moment("created_at"),
        updated_at=(newest or answer).moment("updated_at"),
    )


def status(answer: Fields) -> CommitStatus:
    return CommitStatus(
        context=answer.text("context", default="default"),
        state=answer.text("state"),
        description=answer.text("description", default=""),
        url=answer.text("target_url", default=""),
        by=answer.text("creator", "login", default=_GHOST),
        at=answer.moment("updated_at"),
    )
