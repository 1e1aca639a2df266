"""E16 in the browser's terms: an M3 answer leads to a fresh proof and back; nothing is replayed."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from approvals.models import ApprovalRequest, Vote
from incidents.models import Incident
from incidents.services.clock import database_now
from incidents.services.deciding import decide

PASSWORD = "a-password-of-the-tests"


@pytest.fixture
def asked(incident: Incident, oncall: User, cto: User, answers: Callable[..., dict[str, str]]) -> ApprovalRequest:
    given = answers(migration="yes", customer_data="yes", incompatible="no")
    decide(incident_id=incident.pk, actor=oncall, now=database_now(), version=1, answers=given, path="rollback")
    return ApprovalRequest.objects.get()


def shown(asked: ApprovalRequest) -> dict[str, object]:
    return {"answer": "approve cto", "digest": asked.digest, "version": asked.version, "reason": "I have read it"}


def signed_in(client: Client, name: str) -> Client:
    client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    return client


def test_e16_a_fresh_password_between_the_answer_and_the_vote(client: Client, asked: ApprovalRequest) -> None:
    signed_in(client, "cto")
    vote, detail = reverse("approvals:vote", args=[asked.pk]), reverse("approvals:detail", args=[asked.pk])
    led = client.post(vote, shown(asked))
    assert led.headers["Location"] == f"{reverse('account_reauthenticate')}?next={detail.replace('/', '%2F')}"
    back = client.post(led.headers["Location"], {"password": PASSWORD, "next": detail})
    assert back.headers["Location"] == detail
    assert not Vote.objects.exists()
    assert "I have read it" in client.get(detail).text
    client.post(vote, shown(asked))
    assert Vote.objects.get().authentication_method == "password"


def test_e16_without_anything_to_prove_it_by_the_page_says_what_to_add(
    client: Client, asked: ApprovalRequest, cto: User
) -> None:
    cto.set_unusable_password()
    cto.save()
    client.force_login(cto)
    answer = client.post(reverse("approvals:vote", args=[asked.pk]), shown(asked))
    assert answer.status_code == 409
    assert "Passkeys and codes" in answer.text
    assert "I have read it" in answer.text
