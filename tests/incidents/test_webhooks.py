"""The machines' door: what does not prove its sender is refused, the rest is kept first and acted on once."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from incidents import dispatch, tasks
from incidents.effects import reading
from incidents.models import Alert, Change, Delivery, Incident, Service
from incidents.models.ledger import LedgerEntry
from incidents.services.clock import database_now

SECRET, TOKEN = "a-webhook-secret-of-the-tests", "an-alert-token-of-the-tests"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secrets(settings: Settings) -> None:
    settings.GITHUB_WEBHOOK_SECRET = SECRET
    settings.ALERT_WEBHOOK_TOKEN = TOKEN


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """What would have been sent to the broker."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(dispatch, "_send", lambda name, _queue, _expires, *given: sent.append((name, given)))
    return sent


def firing(now: datetime, **other: Any) -> dict[str, Any]:
    return {
        "status": "firing", "labels": {"alertname": "ShopErrorRatioHigh", "service": "shop", "severity": "critical"},
        "annotations": {"summary": "The shop answers with errors"}, "startsAt": now.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus.example/g", "fingerprint": "f1",
    } | other  # fmt: skip


def notification(*alerts: dict[str, Any], **other: Any) -> bytes:
    return json.dumps({"version": "4", "status": "firing", "alerts": alerts} | other).encode()


def ring(client: Client, body: bytes, *, token: str = TOKEN) -> HttpResponse:
    return client.post(
        reverse("incidents:hook-alertmanager"), body, "application/json", headers={"Authorization": f"Bearer {token}"}
    )


def deliver(client: Client, event: str, body: bytes, *, key: str = "d-1", signature: str | None = None) -> HttpResponse:
    held = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": key, "X-Hub-Signature-256": signature or held}
    return client.post(reverse("incidents:hook-github"), body, "application/json", headers=headers)


def failed_deploy(sha: str, *, state: str = "failure", environment: str = "production") -> bytes:
    moment = "2026-05-08T12:00:00Z"
    return json.dumps(
        {
            "action": "created", "repository": {"full_name": "acme/shop"},
            "deployment": {"id": 1, "sha": sha, "environment": environment, "created_at": moment, "updated_at": moment},
            "deployment_status": {
                "id": 2, "state": state, "environment": environment, "created_at": moment, "updated_at": moment,
                "target_url": "http://code.example/runs/3", "log_url": "http://code.example/runs/3",
            },
        }
    ).encode()  # fmt: skip


def act() -> None:
    """What a worker does with everything that is unread."""
    for pk in Delivery.objects.filter(verdict="received").order_by("received_at").values_list("pk", flat=True):
        reading.read(pk)


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "ä"])
def test_a_delivery_whose_signature_does_not_hold_is_refused(client: Client, signature: str) -> None:
    answer = deliver(client, "push", b"{}", signature=signature or "none")
    assert (answer.status_code, Delivery.objects.count()) == (401, 0)


def test_an_unsigned_delivery_is_refused(client: Client) -> None:
    answer = client.post(reverse("incidents:hook-github"), b"{}", "application/json")
    assert (answer.status_code, Delivery.objects.count()) == (401, 0)


def test_a_signature_of_another_body_is_refused(client: Client) -> None:
    other = "sha256=" + hmac.new(SECRET.encode(), b"{ }", hashlib.sha256).hexdigest()
    assert deliver(client, "push", b"{}", signature=other).status_code == 401


@pytest.mark.parametrize("token", ["", "other", TOKEN + "x", TOKEN.upper()])
def test_an_alert_without_its_bearer_is_refused(client: Client, token: str) -> None:
    assert (ring(client, notification(), token=token).status_code, Delivery.objects.count()) == (401, 0)


@pytest.mark.parametrize("unset", ["GITHUB_WEBHOOK_SECRET", "ALERT_WEBHOOK_TOKEN"])
def test_an_unset_secret_lets_nobody_in(client: Client, settings: Settings, unset: str) -> None:
    setattr(settings, unset, "")
    empty = "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    assert {deliver(client, "push", b"{}", signature=empty).status_code, ring(client, b"{}", token="").status_code} == {
        401
    }


NONSENSE = [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": "9"}', b'{"version": "4"}', b"[" * 100_000]


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_is_kept_as_unreadable_and_answered_by_400(client: Client, body: bytes) -> None:
    assert ring(client, body).status_code == 400
    kept = Delivery.objects.get()
    assert (kept.verdict, bytes(kept.body)) == ("unreadable", body)
    assert kept.words


@pytest.mark.parametrize("event", ["push", "deployment_status", "workflow_run"])
def test_nonsense_of_the_code_host_is_kept_too(client: Client, event: str) -> None:
    assert deliver(client, event, b'{"ref": 7}').status_code == 400
    assert Delivery.objects.get().verdict == "unreadable"


def test_what_became_unreadable_by_the_reading_is_said_so(client: Client, now: datetime) -> None:
    kept = Delivery.objects.create(source="alertmanager", key="k", body=b"{", received_at=now)
    reading.read(kept.pk)
    kept.refresh_from_db()
    assert kept.verdict == "unreadable"


def test_an_oversize_delivery_is_refused_unread(client: Client) -> None:
    answer = ring(client, notification(padding="x" * 2_000_000))
    assert (answer.status_code, Delivery.objects.count()) == (400, 0)


@pytest.mark.parametrize(("name", "key"), [("hook-github", "GET"), ("hook-alertmanager", "PUT")])
def test_hooks_are_posted_to(client: Client, name: str, key: str) -> None:
    assert client.generic(key, reverse(f"incidents:{name}")).status_code == 405


def test_a_replayed_delivery_is_acted_on_once(
    client: Client, service: Service, nudges: list[Any], now: datetime
) -> None:
    body = notification(firing(now))
    answers = [ring(client, body).json()["seen_before"] for _ in range(3)]
    act()
    assert answers == [False, True, True]
    assert (Incident.objects.count(), Alert.objects.count()) == (1, 1)


def test_a_replayed_delivery_of_the_code_host_is_acted_on_once(client: Client, service: Service) -> None:
    body = failed_deploy("b" * 40)
    assert [deliver(client, "deployment_status", body).json()["seen_before"] for _ in range(2)] == [False, True]
    act()
    assert LedgerEntry.objects.filter(kind="deploy.failed").count() == 1


def test_a_delivery_with_an_endless_id_is_kept_by_its_digest(client: Client, service: Service) -> None:
    body = failed_deploy("b" * 40)
    answer = deliver(client, "deployment_status", body, key="d" * 500)
    assert (answer.status_code, Delivery.objects.get().key) == (202, hashlib.sha256(body).hexdigest())


def test_u3_an_alert_opens_an_incident_with_what_it_says(client: Client, service: Service, now: datetime) -> None:
    ring(client, notification(firing(now)))
    act()
    incident = Incident.objects.get()
    assert (incident.trigger, incident.title) == ("U3", "The shop answers with errors")
    assert (incident.severity, incident.onset_at, incident.declared_by) == (1, now, None)
    assert Delivery.objects.get().verdict == "acted_on"


@pytest.mark.parametrize(
    "labels", [{"alertname": "Other", "service": "shop"}, {"alertname": "ShopErrorRatioHigh", "service": "search"}, {}]
)
def test_an_alert_nobody_listens_to_is_ignored_and_said_so(
    client: Client, service: Service, now: datetime, labels: dict[str, str]
) -> None:
    ring(client, notification(firing(now, labels=labels)))
    act()
    kept = Delivery.objects.get()
    assert (kept.verdict, Incident.objects.count()) == ("ignored", 0)
    assert kept.words == "No service of the catalogue listens to this."


def test_an_alert_of_a_retired_service_is_ignored(client: Client, service: Service, now: datetime) -> None:
    Service.objects.update(retired=True)
    ring(client, notification(firing(now)))
    act()
    assert Delivery.objects.get().verdict == "ignored"


def test_the_same_firing_told_twice_is_one_incident(client: Client, service: Service, now: datetime) -> None:
    for receiver in ("one", "two"):
        ring(client, notification(firing(now), receiver=receiver))
    act()
    assert (Delivery.objects.count(), Incident.objects.count()) == (2, 1)
    assert LedgerEntry.objects.filter(kind="alert.fired").count() == 1


def test_an_alert_attaches_to_the_services_open_incident(client: Client, incident: Incident, now: datetime) -> None:
    ring(client, notification(firing(now)))
    act()
    assert Incident.objects.get() == incident
    assert Alert.objects.get().incident == incident


def test_a_resolved_alert_is_recorded_and_opens_nothing_more(client: Client, service: Service, now: datetime) -> None:
    ended = now + timedelta(minutes=5)
    ring(client, notification(firing(now)))
    ring(client, notification(firing(now, status="resolved", endsAt=ended.isoformat())))
    act()
    assert (Alert.objects.get().state, Alert.objects.get().ended_at) == ("resolved", ended)
    assert LedgerEntry.objects.filter(kind="alert.resolved").count() == 1


def test_an_end_whose_beginning_was_lost_opens_no_incident(client: Client, service: Service, now: datetime) -> None:
    ring(client, notification(firing(now, status="resolved", endsAt=now.isoformat())))
    act()
    assert (Incident.objects.count(), Alert.objects.get().state) == (0, "resolved")


def test_a_firing_after_the_close_opens_a_new_incident(client: Client, incident: Incident, now: datetime) -> None:
    Incident.objects.update(state="closed", closed_at=now, resolution="recovered")
    ring(client, notification(firing(now)))
    act()
    assert Incident.objects.count() == 2


def test_an_alert_with_an_endless_address_still_opens_its_incident(
    client: Client, service: Service, now: datetime
) -> None:
    ring(client, notification(firing(now, generatorURL="http://p.example/" + "g" * 900)))
    act()
    assert (Incident.objects.count(), Alert.objects.get().url) == (1, "")


@pytest.mark.parametrize("state", ["failure", "error"])
def test_u1_a_failed_deploy_opens_one_incident_with_its_change(client: Client, change: Change, state: str) -> None:
    for key in ("d-1", "d-2"):
        deliver(client, "deployment_status", failed_deploy(change.sha, state=state), key=key)
    act()
    incident = Incident.objects.get()
    assert (incident.trigger, incident.title) == ("U1", "Deploy of “Loyalty points” failed")
    assert incident.suspects.get(chosen=True).change == change
    assert LedgerEntry.objects.filter(kind="deploy.failed").count() == 1


@pytest.mark.parametrize("other", [{"state": "success"}, {"state": "in_progress"}, {"environment": "staging"}])
def test_what_is_no_failed_deploy_of_production_opens_nothing(
    client: Client, change: Change, other: dict[str, str]
) -> None:
    deliver(client, "deployment_status", failed_deploy(change.sha, **other))
    act()
    assert not Incident.objects.exists()


def test_news_of_a_repository_nobody_runs_is_ignored(client: Client, service: Service) -> None:
    Service.objects.update(repository="acme/other")
    deliver(client, "deployment_status", failed_deploy("b" * 40))
    act()
    assert Delivery.objects.get().verdict == "ignored"


def test_a_delivery_whose_nudge_was_lost_is_picked_up_by_the_sweep(
    client: Client, service: Service, nudges: list[Any], now: datetime
) -> None:
    ring(client, notification(firing(now)))
    Delivery.objects.update(received_at=database_now() - timedelta(seconds=1))
    pk = Delivery.objects.get().pk
    nudges.clear()
    dispatched: list[Any] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dispatch, "read_delivery", dispatched.append)
        tasks.sweep()
    assert dispatched == [pk]
    tasks.read_delivery(str(pk))
    assert Delivery.objects.get().verdict == "acted_on"
    assert Incident.objects.count() == 1
