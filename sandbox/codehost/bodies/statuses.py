"""Commit statuses as GitHub shows them."""

from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.links import Links
from sandbox.codehost.records import CommitStatus


def status(links: Links, of: CommitStatus) -> Body:
    return {
        "url": f"{links.repo}/statuses/{of.sha}",
        "avatar_url": f"{links.html}/{of.creator}.png",
        "id": of.id,
        "node_id": f"SC_{of.id}",
        "state": of.state,
        "description": of.description or None,
        "target_url": of.target_url or None,
        "context": of.context,
        "created_at": of.at,
        "updated_at": of.at,
        "creator": user(links, of.creator),
    }
