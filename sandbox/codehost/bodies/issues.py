"""Issues as GitHub shows them."""

from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.links import Links
from sandbox.codehost.records import Issue, PullRequest


def pull_as_issue(links: Links, found: PullRequest) -> Body:
    """A pull request as the issues' list has it."""
    pull, page = f"{links.repo}/pulls/{found.number}", f"{links.page}/pull/{found.number}"
    addresses = {"url": pull, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    return {**_common(links, found, page), "state_reason": None, "pull_request": addresses}


def issue(links: Links, found: Issue) -> Body:
    return {
        **_common(links, found, f"{links.page}/issues/{found.number}"),
        "state_reason": found.state_reason,
        "closed_by": user(links, found.closed_by) if found.closed_by else None,
    }


def _common(links: Links, found: Issue | PullRequest, page: str) -> Body:
    api = f"{links.repo}/issues/{found.number}"
    return {
        "id": found.number,
        "node_id": f"I_{found.number}",
        "url": api,
        "repository_url": links.repo,
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": page,
        "number": found.number,
        "state": found.state,
        "title": found.title,
        "body": found.body or None,
        "user": user(links, found.author),
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": 0,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "closed_at": found.closed_at,
        "author_association": "COLLABORATOR",
    }
