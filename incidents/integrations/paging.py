"""Paging in our words: how whoever is on call is woken (S1), and who must answer (E15)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """What the one who is woken reads first: in whose name, and what is wrong.

    `policy` names the pager's way to a certain person, `number` their phone; both empty where on-call is meant.
    """

    requester: str
    name: str
    summary: str
    description: str
    policy: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was sent; `id` is the pager's, `key` ours, `status` the pager's own word."""

    id: str
    key: str
    status: str
    url: str
    acknowledged_by: str
    resolved: bool = False


class Pager(Protocol):
    """Look-up only (trust.md §1): a pager knows no idempotency, so `find` before every repeated `page`."""

    def find(self, *, key: str, since: datetime) -> list[Page]:
        """The pages with this key sent since then, oldest first; more than one is a duplicate, to be shown."""

    def page(self, call: Call, *, key: str) -> Page:
        """Pages once, without retries of its own; a lost answer raises IntegrationError(in_doubt=True)."""

    def resolve(self, page: Page) -> None:
        """Let an open page rest; one that is resolved already is as good."""
