"""Webhooks of the code host: signed, sent beside the request that caused them.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from uuid import uuid4

from sandbox import secrets
from sandbox.codehost.bodies import commits, issues, pulls
from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.bodies.repository import repository
from sandbox.codehost.links import Links
from sandbox.codehost.records import Issue, PullRequest, Review
from sandbox.codehost.repository import ZERO, Repository
from sandbox.deliveries import Delivery
from sandbox.world import World

PATH = "/hooks/github"


@dataclass(frozen=True, slots=True)
class Push:
    """A branch moved: from nothing where it was made, to nothing where it was deleted."""

    branch: str
    before: str | None
    after: str | None
    pusher: str


class Events:
    def __init__(self, world: World, links: Links, git: Repository, default_branch: str) -> None:
        self._world = world
        self._links = links
        self._git = git
        self._default_branch = default_branch

    def send(self, event: str, body: Body, *, sender: str) -> None:
        """Post `event` to the console, with the repository and the sender added."""
        whole = {**body, "repository": self._repository(), "sender": user(self._links, sender)}
        content = json.dumps(whole).encode()
        key = str(uuid4())
        headers = {
            "User-Agent": "GitHub-Hookshot/sandbox",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": key,
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": signature(content),
        }
        delivery = Delivery("github", event, key, PATH, headers, content)
        self._world.spawn_soon(self._world.deliveries.deliver(delivery))

    def push(self, push: Push) -> None:
        new = self._new_commits(push)
        body: Body = {
            "ref": f"refs/heads/{push.branch}",
            "before": push.before or ZERO,
            "after": push.after or ZERO,
            "base_ref": None,
            "created": push.before is None,
            "deleted": push.after is None,
            "forced": self._forced(push),
            "compare": f"{self._links.page}/compare/{push.before}...{push.after}",
            "commits": new,
            "head_commit": new[-1] if new else None,
            "pusher": {"name": push.pusher, "email": None},
        }
        self.send("push", body, sender=push.pusher)

    def pull_request(self, action: str, pull: PullRequest, actor: str) -> None:
        found = pulls.Findings(None, "unknown", len(pull.commits) or 1, [])
        body = pulls.full(self._links, pull, found, default_branch=self._default_branch)
        extra: Body = {"before": pull.base_sha, "after": pull.head_sha} if action == "synchronize" else {}
        whole: Body = {"action": action, "number": pull.number, "pull_request": body, **extra}
        self.send("pull_request", whole, sender=actor)

    def review(self, pull: PullRequest, review: Review) -> None:
        """A webhook says the state in small letters, the REST API in capitals."""
        shown = pulls.review(self._links, pull, review)
        body: Body = {
            "action": "submitted",
            "review": {**shown, "state": review.state.lower(), "body": review.body or None},
            "pull_request": pulls.simple(self._links, pull, default_branch=self._default_branch),
        }
        self.send("pull_request_review", body, sender=review.login)

    def issue(self, action: str, found: Issue, actor: str) -> None:
        self.send("issues", {"action": action, "issue": issues.issue(self._links, found)}, sender=actor)

    def _new_commits(self, push: Push) -> list[Body]:
        if push.after is None:
            return []
        since = push.before or self._git.head(self._default_branch)
        revisions = f"{since}..{push.after}" if since and since != push.after else push.after
        found = self._git.log(revisions, limit=20) or [self._git.commit(push.after)]
        return [commits.pushed_commit(self._links, commit) for commit in reversed(found)]

    def _forced(self, push: Push) -> bool:
        return bool(push.before and push.after) and not self._git.is_ancestor(push.before or "", push.after or "")

    def _repository(self) -> Body:
        return repository(self._links, default_branch=self._default_branch)


def signature(content: bytes) -> str:
    key = secrets.GITHUB_WEBHOOK_SECRET.encode()
    return "sha256=" + hmac.new(key, content, hashlib.sha256).hexdigest()
