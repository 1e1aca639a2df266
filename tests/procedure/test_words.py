"""The console's own words are facts, short and time-stamped."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from incidents.procedure.answers import Answer
from incidents.procedure.decision import Path
from incidents.procedure.reapplying import reapply_title
from incidents.procedure.speculation import speculation_in
from incidents.procedure.words import (
    LONGEST_TITLE,
    SHORT,
    announcement,
    decided,
    informing_the_cto,
    pull_request_body,
    recovered,
    revert_message,
    revert_title,
    stamped,
    too_long,
)

AT = datetime(2026, 5, 8, 3, 4, 5, tzinfo=UTC)
SHA = "a" * 40
CHANGE = {"incident": "INC-2026-0042", "service": "shop", "change_title": "Loyalty points", "at": AT}


def first(impact=Answer.YES):
    return announcement(
        incident="INC-2026-0042",
        service="shop",
        severity=1,
        seen="5xx ratio above 1 %",
        customer_impact=impact,
        at=AT,
        url="https://console.example/x",
    )


OWN_WORDS = [
    *(first(impact) for impact in Answer),
    *(decided(path=path, **CHANGE) for path in Path),
    *(informing_the_cto(path=path, **CHANGE) for path in Path),
    recovered(incident="INC-2026-0042", service="shop", at=AT),
]


@pytest.mark.parametrize("text", OWN_WORDS)
def test_s4_the_consoles_own_words_are_short_stamped_and_speculate_on_nothing(text):
    assert too_long(text) is None
    assert text.startswith("03:04:05 UTC · INC-2026-0042")
    assert speculation_in(text) == ()


@pytest.mark.parametrize("impact", Answer)
def test_s4_the_announcement_says_what_is_known_of_customers(impact):
    known = {"yes": "are affected", "no": "are not affected", "unknown": "is being checked"}
    assert known[impact] in first(impact)


def test_s4_a_stamp_is_in_utc_wherever_it_was_written():
    assert stamped("up", AT.astimezone(timezone(timedelta(hours=9)))) == "03:04:05 UTC · up"


def test_s4_a_long_message_is_told_by_how_much():
    assert too_long("x" * SHORT) is None
    assert too_long("x" * (SHORT + 7)) == f"A short message (S4): 7 characters more than {SHORT}."


def test_d7_the_cto_is_told_that_nothing_waits():
    assert "Nothing waits for you" in informing_the_cto(path=Path.ROLLBACK, **CHANGE)


@pytest.mark.parametrize(("what", "titled"), [("Revert", revert_title), ("Reapply", reapply_title)])
@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Loyalty points (#1187)", "Loyalty points (#1187)"),
        ("two\nlines  and\ttabs ", "two lines and tabs"),
        ("x" * 300, "x" * 300),
    ],
)
def test_r2_the_title_is_on_one_line_that_github_takes(what, titled, title, shown):
    whole = f"{what}: {shown}"
    assert titled(title) == (whole if len(whole) <= LONGEST_TITLE else f"{whole[: LONGEST_TITLE - 1]}…")
    assert len(titled(title)) <= LONGEST_TITLE


@pytest.mark.parametrize(
    ("commits", "mainline", "says"),
    [
        ((SHA,), None, f"This reverts commit {SHA}."),
        ((SHA,), 1, f"This reverts the merge commit {SHA},\nback to its parent 1."),
        ((SHA, "b" * 40), None, f"- {SHA}\n- {'b' * 40}"),
    ],
    ids=["squash", "merge", "rebase"],
)
def test_r1_the_message_and_the_body_name_every_commit_taken_back(commits, mainline, says):
    message = revert_message(change_title="Points", commits=commits, mainline=mainline, incident="INC-2026-0042")
    assert message.startswith("Revert: Points\n\n")
    assert message.endswith("\n\nIncident: INC-2026-0042\nProcedure: 1.0 R1\n")
    assert says in message
    assert says in pull_request_body(commits=commits, mainline=mainline, incident="INC-2026-0042")


def test_the_body_links_the_incident_where_it_has_an_address():
    body = pull_request_body(commits=(SHA,), mainline=None, incident="INC-2026-0042", url="https://console.example/x")
    assert "[INC-2026-0042](https://console.example/x)" in body
