"""The readiness page: the verdict first, unknown never green, and one line on the dashboard."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from incidents.models import LedgerEntry, Rehearsal
from incidents.queries.duty import NotPermitted
from incidents.queries.readiness import missing_words, readiness_page
from incidents.services.clock import database_now
from incidents.services.rehearsing import TriedJustNow, ask_rehearsal


@pytest.fixture
def moment() -> datetime:
    return database_now()


def keep(name: str, verdict: str, at: datetime | None, words: str = "as it went") -> None:
    Rehearsal.objects.create(check_name=name, title=name, rule="S4", verdict=verdict, words=words, tried_at=at)


@pytest.mark.parametrize(
    ("verdicts", "said", "tone"),
    [
        ([], "Nothing has been tried yet.", "wait"),
        (["ready", "ready"], "Ready. Everything that was tried works.", "ok"),
        (["ready", "warning"], "Ready, with 1 to know about.", "ok"),
        (["ready", "unknown"], "One thing is not known yet.", "wait"),
        (["missing", "ready", "missing"], "Two things are missing.", "danger"),
        (["missing", "unknown"], "One thing is missing; one thing is not known.", "danger"),
    ],
)
def test_the_page_says_its_verdict_first(
    engineer: User, now: datetime, verdicts: list[str], said: str, tone: str
) -> None:
    for number, verdict in enumerate(verdicts):
        keep(f"chat.{number}", verdict, now)
    page = readiness_page(engineer, now)
    assert (page.verdict, page.tone) == (said, tone)


@pytest.mark.parametrize(
    ("name", "age", "shown"),
    [
        ("chat.channel", timedelta(hours=25), "ready"),
        ("chat.channel", timedelta(hours=27), "unknown"),
        ("people.roles", timedelta(minutes=14), "ready"),
        ("people.roles", timedelta(minutes=16), "unknown"),
    ],
)
def test_what_was_not_tried_for_too_long_is_unknown_and_not_green(
    engineer: User, now: datetime, name: str, age: timedelta, shown: str
) -> None:
    keep(name, "ready", now - age)
    page = readiness_page(engineer, now)
    (check,) = page.wanting or page.groups[0].checks
    assert (check.verdict, bool(page.wanting)) == (shown, shown == "unknown")


def test_what_is_missing_stands_before_what_works_and_names_its_remedy(
    client: Client, engineer: User, moment: datetime
) -> None:
    keep("pager.read", "ready", moment)
    keep("chat.channel", "missing", moment, "Invite the console's app to the channel.")
    client.force_login(engineer)
    page = client.get("/readiness/").content.decode()
    assert page.index("missing.") < page.index("Invite the console") < page.index("pager.read")


def test_the_dashboard_has_a_line_only_where_something_is_missing(
    client: Client, engineer: User, moment: datetime
) -> None:
    client.force_login(engineer)
    keep("chat.channel", "unknown", None)
    assert missing_words(moment) == ""
    assert "See what, and how to mend it" not in client.get("/").content.decode()
    Rehearsal.objects.update(verdict="missing", tried_at=moment)
    assert "One thing is missing." in client.get("/").content.decode()


def test_before_anything_was_tried_nothing_is_green(client: Client, engineer: User) -> None:
    client.force_login(engineer)
    page = client.get("/readiness/").content.decode()
    assert "Ready." not in page
    assert 'class="card readiness-verdict" data-tone="ok"' not in page


def test_the_console_itself_is_asked_as_the_page_is_opened(client: Client, engineer: User) -> None:
    client.force_login(engineer)
    page = client.get("/readiness/").content.decode()
    assert "The database answers." in page
    assert "The worker" in page


def test_try_now_is_for_engineers_and_administrators_and_is_recorded(
    engineer: User, administrator: User, auditor: User, now: datetime
) -> None:
    ask_rehearsal(actor=engineer, now=now)
    ask_rehearsal(actor=administrator, now=now + timedelta(minutes=1))
    with pytest.raises(NotPermitted):
        ask_rehearsal(actor=auditor, now=now + timedelta(minutes=2))
    asked = LedgerEntry.objects.filter(kind="rehearsal.asked").order_by("seq")
    assert [entry.actor for entry in asked] == [engineer, administrator]


def test_a_second_try_within_a_minute_is_told_who_has_asked(engineer: User, administrator: User, now: datetime) -> None:
    ask_rehearsal(actor=engineer, now=now)
    with pytest.raises(TriedJustNow, match="engineer has had everything tried at 12:00:00"):
        ask_rehearsal(actor=administrator, now=now + timedelta(seconds=59))


def test_the_page_looks_again_while_everything_is_being_tried(client: Client, engineer: User, moment: datetime) -> None:
    keep("pager.read", "ready", moment - timedelta(minutes=5))
    ask_rehearsal(actor=engineer, now=moment)
    client.force_login(engineer)
    assert 'hx-get="/readiness/checks"' in client.get("/readiness/").content.decode()
    Rehearsal.objects.update(tried_at=database_now())
    assert 'hx-get="/readiness/checks"' not in client.get("/readiness/checks").content.decode()
