"""One request id from the click to the worker, and sign-in throttled by what all processes share."""

import json

import pytest
import structlog
from celery import current_app
from django.conf import settings
from redis import Redis


@pytest.fixture
def queue():
    """A queue that nobody reads, as Redis keeps it."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete("traced")
        yield client
        client.delete("traced")


def test_a_message_carries_the_id_of_the_request_that_sent_it(queue):
    with structlog.contextvars.bound_contextvars(request_id="the-click"):
        current_app.send_task("nothing.at_all", queue="traced", retry=False)
    message = json.loads(queue.lindex("traced", 0))
    assert message["headers"]["__django_structlog__"]["request_id"] == "the-click"


def test_a_worker_binds_that_id_for_its_own_lines():
    steps = [step.__name__ for step in current_app.steps["worker"]]
    assert "DjangoStructLogInitStep" in steps


@pytest.mark.django_db
def test_every_line_of_a_request_bears_one_id_and_no_other_request_has_it(client):
    seen = []
    for _ in range(2):
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            client.get("/healthz")
        seen.append({line["request_id"] for line in lines})
    assert [len(ids) for ids in seen] == [1, 1]
    assert seen[0] != seen[1]


@pytest.mark.django_db
def test_guessing_a_password_is_slowed_down(client, django_user_model):
    django_user_model.objects.create_user("oncall", password="a-long-enough-password")
    answers = [client.post("/accounts/login/", {"login": "oncall", "password": f"guess {n}"}) for n in range(7)]
    assert "Too many" in answers[-1].content.decode()
    right = client.post("/accounts/login/", {"login": "oncall", "password": "a-long-enough-password"})
    assert "_auth_user_id" not in client.session
    assert right.status_code == 200


@pytest.mark.django_db
def test_the_right_password_lets_in(client, django_user_model):
    django_user_model.objects.create_user("oncall", password="a-long-enough-password")
    answer = client.post("/accounts/login/", {"login": "oncall", "password": "a-long-enough-password"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
