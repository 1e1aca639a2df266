"""The public status page in our words: what customers are told (P1, P2).

https://betterstack.com/docs/uptime/api/create-a-new-status-page-report and …/create-a-new-status-update
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol


class Health(StrEnum):
    """How a component fares, in the words that a page takes."""

    RESOLVED = "resolved"
    DEGRADED = "degraded"
    DOWNTIME = "downtime"


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service that the public page names; `state` is the page's own word."""

    id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Affected:
    """A component, by its name on the page or by its id there, and how it is said to fare."""

    component: str
    health: Health


@dataclass(frozen=True, slots=True)
class Report:
    """One public report; `starts_at` is what we set it to, `state` the page's own word, `url` empty where unknown."""

    id: str
    title: str
    starts_at: datetime
    state: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """One public message under a report, as it stands on the page; `notified` is None where its page does not tell."""

    id: str
    report_id: str
    message: str
    published_at: datetime
    notified: bool | None


class StatusPage(Protocol):
    """Neither keyed nor safely repeated (trust.md §1): in doubt a person is asked, since two public posts are worse.

    A page keeps no key of ours. `reports` and `updates` let a person, or `is_report` and `is_update`, find what was
    posted by its words and its time.
    """

    def components(self) -> list[Component]:
        """The parts of the service that the page shows.

        https://betterstack.com/docs/uptime/api/list-existing-resources-of-a-status-page
        """

    def reports(self, *, since: datetime) -> list[Report]:
        """The reports that start at or after `since`, oldest first.

        https://betterstack.com/docs/uptime/api/list-existing-reports-on-a-status-page
        """

    def updates(self, report_id: str) -> list[Update]:
        """Everything published under a report, oldest first.

        https://betterstack.com/docs/uptime/api/list-all-existing-status-updates-for-a-status-page-report
        """

    def open_report(
        self,
        title: str,
        message: str,
        *,
        affected: Sequence[Affected],
        notify: bool,
        published_at: datetime,
        key: str,
    ) -> Report:
        """Posts a report with its first message, once, without retries; a lost answer is IntegrationError(in_doubt).

        An affected component that the page does not show is refused, and nothing is posted.
        https://betterstack.com/docs/uptime/api/create-a-new-status-page-report
        """

    def post_update(
        self,
        report_id: str,
        message: str,
        *,
        affected: Sequence[Affected],
        notify: bool,
        published_at: datetime,
        key: str,
    ) -> Update:
        """Posts a further message under a report, with the same promises.

        https://betterstack.com/docs/uptime/api/create-a-new-status-update
        """


def is_report(report: Report, *, title: str, published_at: datetime) -> bool:
    """Whether this is the report that was to be posted: the very title, and the start that we set."""
    return (report.title, to_the_second(report.starts_at)) == (title, to_the_second(published_at))


def is_update(update: Update, *, message: str, published_at: datetime) -> bool:
    """Whether this is the message that was to be posted: the very words, and the time that we set."""
    return (update.message, to_the_second(update.published_at)) == (message, to_the_second(published_at))


def to_the_second(at: datetime) -> datetime:
    """Pages keep times to different fractions; we send, and compare, whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0)
