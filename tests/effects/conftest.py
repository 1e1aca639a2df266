"""The effects against the sandbox: the very clients that talk to the real systems, only the addresses differ."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.fixtures import Settings

from incidents.effects import previewing, wiring
from incidents.effects.performing import perform
from incidents.models import Change, Decision, Incident, Plan, Service, Step, Trigger
from incidents.procedure.answers import QUESTIONS
from incidents.services.clock import database_now
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident
from incidents.services.executing import execute_plan
from incidents.services.running import due_steps
from sandbox import secrets
from sandbox.testing import Sandbox, running_sandbox


@dataclass
class Drill:
    """A broken shop, its incident, and the hands to mend it."""

    sandbox: Sandbox
    service: Service
    oncall: User

    def refresh(self) -> None:
        previewing.refresh("acme/shop", wiring.world())

    def break_shop(self, scenario: str = "errors", method: str = "merge") -> Change:
        """Merge a bad change, and let the console see it."""
        merged = self.sandbox.control("break", scenario=scenario, method=method).json()["merged"]
        self.refresh()
        return Change.objects.get(sha=merged[0]["sha"])

    def declare(self, change: Change) -> Incident:
        now = database_now()
        return declare_incident(
            service_id=self.service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=now,
            actor=self.oncall, change_id=change.pk,
        )  # fmt: skip

    def prepare_fix(self) -> dict[str, Any]:
        """Somebody opens the pull request that would mend the checkout."""
        opened: dict[str, Any] = self.sandbox.control("fix", scenario="errors").json()["opened"]
        return opened

    def take(self, incident: Incident, path: str, particulars: Mapping[str, str], **answers: str) -> Decision:
        """Decide for any path, with what it goes by."""
        incident.refresh_from_db()
        given = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"} | answers
        return decide(
            incident_id=incident.pk, actor=self.oncall, now=database_now(), version=incident.version, answers=given,
            path=path, particulars=particulars, reason="It is so.",
        )  # fmt: skip

    def decide(self, incident: Incident, **answers: str) -> Plan:
        incident.refresh_from_db()
        given = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"} | answers
        decision = decide(
            incident_id=incident.pk, actor=self.oncall, now=database_now(), version=incident.version, answers=given,
            path="rollback",
        )  # fmt: skip
        return decision.plan

    def execute(self, plan: Plan) -> None:
        plan.incident.refresh_from_db()
        execute_plan(
            incident_id=plan.incident.pk, actor=self.oncall, now=database_now(), version=plan.incident.version,
            digest=plan.instance_digest,
        )  # fmt: skip

    def work(self) -> None:
        """What a worker and the sweep do: every step that is due, once."""
        for step_id in due_steps(database_now()):
            perform(step_id, wiring.world())

    def work_until(self, holds: Callable[[], bool], what: str, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                rows = list(Step.objects.values_list("position", "kind", "state", "sentence"))
                raise AssertionError(f"After {within:g} s still not: {what}. {rows}")
            self.work()
            time.sleep(0.05)

    def step(self, kind: str) -> Step:
        return Step.objects.filter(kind=kind).latest("asked_at")

    def reaches(self, kind: str, *states: str) -> Callable[[], bool]:
        return lambda: Step.objects.filter(kind=kind, state__in=states).exists()

    def effects(self, effect: str) -> list[Any]:
        """The journal's entries of an effect: the judge of once."""
        return list(self.sandbox.journal.entries(effect=effect))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def drill(sandbox: Sandbox, tmp_path: Path, settings: Settings, transactional_db: None) -> Iterator[Drill]:
    settings.GITHUB_API_URL = f"{sandbox.url}/github/api"
    settings.GITHUB_GIT_URL = f"{sandbox.url}/github/git"
    settings.GITHUB_APP_ID = ""
    settings.GITHUB_TOKEN = secrets.GITHUB_TOKEN
    settings.SLACK_API_URL = f"{sandbox.url}/slack/api"
    settings.SLACK_TOKEN = secrets.SLACK_TOKEN
    settings.PROMETHEUS_URL = f"{sandbox.url}/prometheus"
    settings.POLL_SECONDS = 0.2  # nobody sends webhooks here
    settings.MIRROR_FOLDER = str(tmp_path / "mirrors")
    wiring.world.cache_clear()
    call_command("seed_demo", verbosity=0)
    made = Drill(sandbox, Service.objects.get(slug="shop"), User.objects.get(username="oncall"))
    made.refresh()
    yield made
    wiring.world.cache_clear()
