"""Issues: opening, closing and reopening."""

from collections.abc import Callable

from sandbox.codehost.records import Issue
from sandbox.codehost.store import Store, moment
from sandbox.journal import Journal


class Issues:
    """`tell` hears of each: (action, issue, by whom)."""

    def __init__(self, store: Store, journal: Journal, tell: Callable[[str, Issue, str], None]) -> None:
        self._store = store
        self._journal = journal
        self._tell = tell

    def open(self, login: str, *, title: str, body: str) -> Issue:
        now = moment()
        found = Issue(self._store.next_number(), title, body, login, created_at=now, updated_at=now)
        self._store.issues[found.number] = found
        self._store.keep()
        self._journal.record("github", "issue.opened", key=str(found.number), title=title, body=body, by=login)
        self._tell("opened", found, login)
        return found

    def set_state(self, number: int, login: str, *, state: str, reason: str) -> Issue:
        """Nothing happens where it stands so already."""
        found = self._store.issue(number)
        if found.state == state:
            return found
        closed = state == "closed"
        found.state, found.state_reason, found.updated_at = state, reason, moment()
        found.closed_at, found.closed_by = (found.updated_at, login) if closed else (None, None)
        self._store.keep()
        self._journal.record("github", f"issue.{'closed' if closed else 'reopened'}", key=str(number), by=login)
        self._tell("closed" if closed else "reopened", found, login)
        return found
