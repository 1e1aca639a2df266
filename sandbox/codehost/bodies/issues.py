"""Issues as GitHub shows them."""

from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.links import Links
from sandbox.codehost.records import Issue


def issue(links: Links, found: Issue) -> Body:
    api, page = f"{links.repo}/issues/{found.number}", f"{links.page}/issues/{found.number}"
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
        "state_reason": found.state_reason,
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
        "closed_by": user(links, found.closed_by) if found.closed_by else None,
        "author_association": "COLLABORATOR",
    }
