"""The approver's pages: works, wrong method, stranger refused, stale page refused."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from approvals.clock import database_now
from approvals.models import ApprovalRequest, Vote
from approvals.services.asking import ask_again
from tests.approvals.conftest import account
from tests.approvals.houses import content_of
from tests.approvals.people import Roster

ACTS = ("vote", "withdraw", "take-back")


@pytest.fixture
def now(db):
    """The pages ask the database what time it is."""
    return database_now()


@pytest.fixture
def request_row(asked):
    return asked()


def shown(request, **other):
    row = ApprovalRequest.objects.get(pk=request.pk)
    return {"digest": row.digest, "version": row.version, "reason": "I have read it", **other}


def at(name, request):
    return reverse(f"approvals:{name}", args=[request.pk])


def test_the_inbox_asks_the_question_with_two_buttons(client, request_row, cto):
    client.force_login(cto)
    page = client.get(reverse("approvals:inbox")).text
    for words in (request_row.question, "You approve exactly this", "Approve as CTO", "Refuse", "Evidence: migrations"):
        assert words in page


def test_an_empty_inbox_says_so(client, request_row, stranger):
    client.force_login(stranger)
    page = client.get(reverse("approvals:inbox")).text
    assert "Nothing waits for you" in page
    assert request_row.question not in page


def test_a_vote_is_cast_and_then_shown(client, request_row, cto):
    client.force_login(cto)
    page = client.post(at("vote", request_row), shown(request_row, answer="approve cto"), follow=True)
    assert "You approved as CTO" in page.text
    assert Vote.objects.get().reason == "I have read it"


def test_what_was_answered_is_not_asked_again_but_can_be_withdrawn(client, request_row, votes, cto):
    votes(request_row, cto, "cto")
    client.force_login(cto)
    assert "Nothing waits for you" in client.get(reverse("approvals:inbox")).text
    assert "Withdraw your answer" in client.get(at("detail", request_row)).text
    client.post(at("withdraw", request_row), shown(request_row))
    assert request_row.question in client.get(reverse("approvals:inbox")).text


def test_a_stale_page_is_answered_with_409_who_was_faster_and_what_was_typed(client, request_row, votes, cto):
    stale = shown(request_row, answer="approve cto", reason="typed in a taxi")
    votes(request_row, account("deputy", "cto"), "cto")
    client.force_login(cto)
    answer = client.post(at("vote", request_row), stale)
    assert answer.status_code == 409
    assert "deputy approved as CTO before you" in answer.text
    assert "typed in a taxi" in answer.text


def test_the_asker_sees_the_question_without_buttons_and_takes_it_back(client, request_row, engineer):
    Roster.seat(engineer, "cto")
    client.force_login(engineer)
    page = client.get(at("detail", request_row)).text
    assert "You asked for this" in page
    assert "Approve as" not in page
    client.post(at("take-back", request_row))
    assert ApprovalRequest.objects.get().state == "withdrawn"


def test_what_changed_is_shown_and_the_new_question_is_asked(client, request_row, votes, engineer, cto, now):
    votes(request_row, cto, "cto")
    new = ask_again(
        request_id=request_row.pk, content=content_of("c" * 64, exactly="Revert tree c0ffee."), asked_by=engineer,
        now=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    client.force_login(cto)
    assert "Revert tree c0ffee." in client.get(at("detail", request_row)).text
    assert "What changed since it was asked" in client.get(at("detail", request_row)).text
    assert "What was asked before" in client.get(at("detail", new)).text


@pytest.mark.parametrize("name", ["detail", *ACTS])
def test_a_stranger_is_refused(client, request_row, stranger, name):
    client.force_login(stranger)
    method = client.get if name == "detail" else client.post
    answer = method(at(name, request_row), shown(request_row, answer="approve cto"))
    assert answer.status_code == 403
    assert not Vote.objects.exists()


def test_an_auditor_may_read_where_the_resolver_says_so_and_answers_nothing(client, request_row, stranger):
    Roster.readers.add("stranger")
    client.force_login(stranger)
    assert "Approve as" not in client.get(at("detail", request_row)).text
    assert client.post(at("vote", request_row), shown(request_row, answer="approve cto")).status_code == 409


@pytest.mark.parametrize("name", ["detail", *ACTS])
def test_who_is_not_signed_in_is_sent_to_the_door(client, request_row, name):
    answer = client.get(at(name, request_row)) if name == "detail" else client.post(at(name, request_row))
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_a_post(client, request_row, cto, name):
    client.force_login(cto)
    assert client.get(at(name, request_row)).status_code == 405


@pytest.mark.parametrize(
    "form",
    [{}, {"answer": "approve"}, {"answer": "perhaps cto"}, {"answer": "approve cto", "version": "x"}],
    ids=["empty", "no seat", "no answer", "no version"],
)
def test_a_form_that_is_none_is_400(client, request_row, cto, form):
    client.force_login(cto)
    posted = {**shown(request_row), **form} if form else {}
    assert client.post(at("vote", request_row), posted).status_code == 400


def test_a_question_that_is_not_there_is_404(client, cto):
    client.force_login(cto)
    assert client.get(reverse("approvals:detail", args=[uuid.uuid4()])).status_code == 404


def test_a_vote_by_page_records_how_the_person_signed_in(client, request_row, cto):
    cto.set_password("a-password-of-the-tests")
    cto.save()
    client.post(reverse("account_login"), {"login": "cto", "password": "a-password-of-the-tests"})
    client.post(at("vote", request_row), shown(request_row, answer="approve cto"))
    cast = Vote.objects.get()
    assert cast.authentication_method == "password"
    assert abs((cast.cast_at - cast.authenticated_at).total_seconds()) < 60
