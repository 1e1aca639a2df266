"""Health: the pages go on while everything but the database is away, and say what is."""

import time

import httpx
import pytest
from django.conf import settings
from django.db import OperationalError

from rollback_console import health, heartbeat

PARTS = {"database", "redis", "worker", "beat", "live"}
NOWHERE = "unix://:none@/nowhere.sock?db=0"


@pytest.fixture(autouse=True)
def no_signs_of_life():
    with heartbeat.redis_client() as client:
        client.delete(heartbeat.BEAT_KEY, heartbeat.WORKER_KEY)


def test_the_process_answers_without_a_database(client):
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_every_part_is_told_with_its_age_and_words(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()) == PARTS
    for finding in answer.json().values():
        assert set(finding) == {"ok", "age_seconds", "words"}


def test_without_a_database_nobody_is_sent_here(client, monkeypatch):
    def away(*_a, **_k):
        raise OperationalError("connection refused")

    monkeypatch.setattr(health.connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"]["ok"] is False


@pytest.mark.django_db
def test_without_redis_the_pages_go_on(client, settings):
    settings.REDIS_URL = NOWHERE
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert not answer.json()["redis"]["ok"]
    assert answer.json()["worker"] == {
        "ok": False,
        "age_seconds": None,
        "words": "Unknown: the worker's sign of life is kept in Redis, which is away.",
    }


@pytest.mark.django_db
def test_a_tick_that_a_worker_ran_is_its_sign_of_life(client):
    heartbeat.beat_tick()
    worker = client.get("/readyz").json()["worker"]
    assert worker["ok"]
    assert worker["age_seconds"] < 5


def test_a_tick_that_beat_sent_is_its_sign_of_life_even_when_no_worker_runs_it():
    heartbeat.beat_tick.apply_async(retry=False, expires=1)
    assert health.look_at_beat().ok
    assert not health.look_at_worker().ok


def test_an_old_sign_of_life_is_not_one():
    with heartbeat.redis_client() as client:
        client.set(heartbeat.WORKER_KEY, time.time() - 600)
    finding = health.look_at_worker()
    assert not finding.ok
    assert finding.age_seconds == pytest.approx(600, abs=5)


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
def test_the_live_process_is_asked(monkeypatch, status, well):
    asked = []
    monkeypatch.setattr(httpx, "get", lambda address, timeout: asked.append(address) or httpx.Response(status))
    assert health.look_at_live().ok is well
    assert asked == [f"{settings.PUBLIC_URL}/live/healthz"]


def test_the_numbers_are_not_for_strangers(client, settings):
    settings.ALERT_WEBHOOK_TOKEN = "prometheus"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 401
    assert b"django_http" in client.get("/metrics", headers={"Authorization": "Bearer prometheus"}).content


def test_without_a_token_in_settings_no_bearer_opens_the_numbers(client, settings):
    settings.ALERT_WEBHOOK_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_is_only_read(client, path):
    assert client.post(path).status_code == 405
