"""What the database itself refuses, whoever writes to it."""

import pytest
from django.db import IntegrityError, connection, transaction

from approvals.models import ApprovalRequest, Vote


@pytest.fixture
def request_row(asked, votes, cto):
    request = asked()
    votes(request, cto, "cto")
    return request


@pytest.mark.parametrize(
    "column", ["question", "summary", "exactly", "digest", "content_digest", "rule_id", "label", "subject_id", "url"]
)
def test_what_was_asked_cannot_be_rewritten(request_row, column):
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        ApprovalRequest.objects.update(**{column: "e" * 64 if "digest" in column else "other"})


@pytest.mark.parametrize("column", ["answer", "reason", "seat", "digest_seen"])
def test_what_was_answered_cannot_be_rewritten(request_row, column):
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Vote.objects.update(**{column: "refuse" if column == "answer" else "other"})


@pytest.mark.parametrize("table", ["approvals_vote", "approvals_approvalrequest"])
def test_what_was_asked_and_answered_is_kept(request_row, table):
    with pytest.raises(IntegrityError, match="kept"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_what_has_ended_stays_ended(request_row, now):
    ApprovalRequest.objects.update(state="withdrawn", ended_at=now)
    with pytest.raises(IntegrityError, match="stays ended"), transaction.atomic():
        ApprovalRequest.objects.update(state="open", ended_at=None)


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"state": "maybe"}, "a_request_is_in_a_known_state"),
        ({"state": "expired"}, "an_ended_request_says_when"),
        ({"state": "consumed"}, "a_consumed_request_says_by_what"),
        ({"consumed_by": "plan 7"}, "a_consumed_request_says_by_what"),
    ],
)
def test_a_request_that_says_half_is_no_row(request_row, now, columns, name):
    if columns.get("state") == "consumed":
        columns = {**columns, "ended_at": now}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ApprovalRequest.objects.update(**columns)


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"seat": "dba"}, "one_live_vote_a_person_and_request"),
        ({"second_seat": True}, "one_live_vote_a_person_and_seat"),
        ({"number": 1, "seat": "dba", "second_seat": True}, "votes_are_numbered"),
        ({"answer": "perhaps", "seat": "dba", "second_seat": True}, "a_vote_gives_a_known_answer"),
        ({"answer": "refuse", "reason": "", "seat": "dba", "second_seat": True}, "a_refusal_says_why"),
    ],
)
def test_a_vote_that_may_not_be_is_no_row(request_row, cto, now, columns, name):
    plain = {"number": 2, "seat": "cto", "answer": "approve", "reason": "because", "digest_seen": "a" * 64}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Vote.objects.create(request=request_row, person=cto, cast_at=now, **{**plain, **columns})
