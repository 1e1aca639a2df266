"""Pull requests and reviews as GitHub shows them."""

from dataclasses import dataclass

from sandbox.codehost.accounts import OWNER
from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.bodies.repository import repository
from sandbox.codehost.links import Links
from sandbox.codehost.records import PullRequest, Review
from sandbox.codehost.repository import FileChange

_ASSOCIATION = "COLLABORATOR"


@dataclass(frozen=True, slots=True)
class Findings:
    """What only the single view of a pull request tells."""

    mergeable: bool | None
    mergeable_state: str
    commits: int
    files: list[FileChange]


def simple(links: Links, pull: PullRequest, *, default_branch: str) -> Body:
    """As in lists. It tells no merge commit: since 2026-03-10 only the event of the merge does."""
    return {
        **_addresses(links, pull),
        "id": pull.number,
        "node_id": f"PR_{pull.number}",
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "active_lock_reason": None,
        "title": pull.title,
        "user": user(links, pull.author),
        "body": pull.body or None,
        "labels": [],
        "milestone": None,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.closed_at,
        "merged_at": pull.closed_at if pull.merged else None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [user(links, login) for login in pull.requested_reviewers],
        "requested_teams": [],
        "head": _end(links, pull.head_ref, pull.head_sha, default_branch),
        "base": _end(links, pull.base_ref, pull.base_sha, default_branch),
        "author_association": _ASSOCIATION,
        "auto_merge": None,
        "draft": False,
    }


def full(links: Links, pull: PullRequest, found: Findings, *, default_branch: str) -> Body:
    """As by itself."""
    return {
        **simple(links, pull, default_branch=default_branch),
        "merged": pull.merged,
        "mergeable": found.mergeable,
        "rebaseable": found.mergeable,
        "mergeable_state": found.mergeable_state,
        "merged_by": user(links, pull.merged_by) if pull.merged_by else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": found.commits,
        "additions": sum(file.additions for file in found.files),
        "deletions": sum(file.deletions for file in found.files),
        "changed_files": len(found.files),
    }


def review(links: Links, pull: PullRequest, of: Review) -> Body:
    page = f"{links.page}/pull/{pull.number}#pullrequestreview-{of.id}"
    address = f"{links.repo}/pulls/{pull.number}"
    return {
        "id": of.id,
        "node_id": f"PRR_{of.id}",
        "user": user(links, of.login),
        "body": of.body,
        "state": of.state,
        "html_url": page,
        "pull_request_url": address,
        "_links": {"html": {"href": page}, "pull_request": {"href": address}},
        "submitted_at": of.submitted_at,
        "commit_id": of.commit_sha,
        "author_association": _ASSOCIATION,
    }


def merged_event(links: Links, pull: PullRequest) -> Body:
    """What became of the pull request, and as which commit."""
    address = f"{links.repo}/issues/events/{pull.number}"
    return {
        "id": pull.number,
        "node_id": f"ME_{pull.number}",
        "url": address,
        "actor": user(links, pull.merged_by or pull.author),
        "event": "merged",
        "commit_id": pull.merge_sha,
        "commit_url": f"{links.repo}/commits/{pull.merge_sha}",
        "created_at": pull.closed_at,
        "performed_via_github_app": None,
    }


def _end(links: Links, ref: str, sha: str, default_branch: str) -> Body:
    return {
        "label": f"{OWNER}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": {**user(links, OWNER), "type": "Organization"},
        "repo": repository(links, default_branch=default_branch),
    }


def _addresses(links: Links, pull: PullRequest) -> Body:
    api, page = f"{links.repo}/pulls/{pull.number}", f"{links.page}/pull/{pull.number}"
    issue = f"{links.repo}/issues/{pull.number}"
    addresses: dict[str, str] = {
        "issue": issue,
        "commits": f"{api}/commits",
        "review_comments": f"{api}/comments",
        "review_comment": f"{links.repo}/pulls/comments{{/number}}",
        "comments": f"{issue}/comments",
        "statuses": f"{links.repo}/statuses/{pull.head_sha}",
    }
    named: Body = {f"{name}_url": address for name, address in addresses.items()}
    relations = {name: {"href": address} for name, address in {"self": api, "html": page, **addresses}.items()}
    files: Body = {"diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    return {"url": api, "html_url": page, **files, **named, "_links": relations}
