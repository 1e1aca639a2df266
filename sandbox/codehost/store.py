"""What the code host remembers beside git, pull requests to rules, and the lock that keeps both in step."""

import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sandbox.codehost.records import CommitStatus, Issue, PullRequest
from sandbox.codehost.refusals import not_found
from sandbox.codehost.rules import Rules
from sandbox.parts import Memory


def moment(at: datetime | None = None) -> str:
    """A time as GitHub writes it."""
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """Written down whole after each change; `lock` is held by whoever reads and then writes."""

    def __init__(self, memory: Memory) -> None:
        self.lock = threading.RLock()
        self._memory = memory
        content: dict[str, Any] = memory.read()
        self.pulls = {pull["number"]: PullRequest.from_json(pull) for pull in content.get("pulls", [])}
        self.statuses = [CommitStatus(**status) for status in content.get("statuses", [])]
        self.issues = {issue["number"]: Issue(**issue) for issue in content.get("issues", [])}
        self.rules = Rules().changed(**content.get("rules", {}))
        self._last_id: int = content.get("last_id", 1000)

    def keep(self) -> None:
        pulls = [pull.as_json() for pull in self.pulls.values()]
        rules = {name: getattr(self.rules, name) for name in Rules.__dataclass_fields__}
        statuses = [asdict(status) for status in self.statuses]
        issues = [asdict(issue) for issue in self.issues.values()]
        content = {"pulls": pulls, "issues": issues, "statuses": statuses, "rules": rules, "last_id": self._last_id}
        self._memory.write(content)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def next_number(self) -> int:
        """Issues and pull requests are counted together."""
        return max([*self.pulls, *self.issues], default=0) + 1

    def statuses_of(self, sha: str) -> list[CommitStatus]:
        """Newest first, every time one was set."""
        return [status for status in reversed(self.statuses) if status.sha == sha]

    def issue(self, number: int) -> Issue:
        """Refuses with 404 where there is none."""
        if number not in self.issues:
            raise not_found()
        return self.issues[number]

    def pull(self, number: int) -> PullRequest:
        """Refuses with 404 where there is none."""
        if number not in self.pulls:
            raise not_found()
        return self.pulls[number]
