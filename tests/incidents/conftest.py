"""People, a service and a suspect change, for the tests of services, queries and views."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from guardian.shortcuts import assign_perm

from incidents.models import Assessment, Change, Identity, Incident, Plan, Seat, Service, Shift, Trigger
from incidents.procedure.answers import QUESTIONS
from incidents.services.deciding import decide
from incidents.services.declaring import declare_incident
from incidents.services.executing import execute_plan

NOW = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)
HEAD, BAD, TREE, PATCH = "a" * 40, "b" * 40, "c" * 40, "d" * 40


@pytest.fixture
def now() -> datetime:
    """A simulated moment; every rule and service takes it as an argument."""
    return NOW


def _person(name: str, *groups: str) -> User:
    person = User.objects.create_user(name, f"{name}@example.com", "a-password-of-the-tests")
    person.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    return person


@pytest.fixture
def service(db: None) -> Service:
    return Service.objects.create(
        slug="shop", name="Shop", repository="acme/shop", alert_name="ShopErrorRatioHigh",
        alert_labels={"service": "shop"}, alert_query="shop:http_error_ratio:rate10s", alert_threshold=0.05,
        channel_id="C1", dashboard_url="http://dashboard.example/shop",
    )  # fmt: skip


@pytest.fixture
def engineer(service: Service) -> User:
    """An engineer of the service who is not on call."""
    person = _person("engineer")
    assign_perm("respond_service", person, service)
    return person


@pytest.fixture
def oncall(service: Service) -> User:
    """The on-call engineer, by a shift around `now`, with a verified code host login."""
    person = _person("oncall")
    assign_perm("respond_service", person, service)
    Shift.objects.create(
        person=person, seat=Seat.ON_CALL, service=service, starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(days=36500),
    )  # fmt: skip
    Identity.objects.create(person=person, place="github", login="oncall", verified_at=NOW)
    return person


@pytest.fixture
def reviewer(service: Service) -> User:
    person = _person("reviewer")
    assign_perm("review_service", person, service)
    Identity.objects.create(person=person, place="github", login="reviewer", verified_at=NOW)
    return person


@pytest.fixture
def cto(db: None) -> User:
    return _person("cto", "cto")


@pytest.fixture
def ciso(db: None) -> User:
    return _person("ciso", "ciso")


@pytest.fixture
def dba(db: None) -> User:
    """The DBA on call, by a shift around `now`."""
    person = _person("dba", "dba")
    Shift.objects.create(
        person=person, seat=Seat.DBA, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(days=36500)
    )
    return person


@pytest.fixture
def auditor(db: None) -> User:
    return _person("auditor", "auditor")


@pytest.fixture
def administrator(db: None) -> User:
    return _person("administrator", "administrator")


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody with an account and no role."""
    return _person("stranger")


@pytest.fixture
def change(service: Service) -> Change:
    """A merged change whose revert is clean on the branch as it is."""
    found = Change.objects.create(
        service=service, sha=BAD, kind=Change.Kind.MERGE, commits=[BAD], title="Loyalty points", author="engineer",
        pull_request=7, merged_at=NOW - timedelta(minutes=20),
    )  # fmt: skip
    Assessment.objects.create(
        change=found, base=HEAD, verdict="clean", tree=TREE, patch_id=PATCH, words="Reverts cleanly.", computed_at=NOW
    )
    return found


@pytest.fixture
def incident(service: Service, change: Change, oncall: User) -> Incident:
    """Declared by the on-call engineer, with the change as its suspect."""
    return declare_incident(
        service_id=service.pk, trigger=Trigger.REGRESSION, title="Checkout answers 500", now=NOW, actor=oncall,
        change_id=change.pk,
    )  # fmt: skip


@pytest.fixture
def answers() -> Callable[..., dict[str, str]]:
    """A form in which the default rollback holds and nothing stands in its way; keywords change answers."""

    def fill(**other: str) -> dict[str, str]:
        plain = dict.fromkeys(QUESTIONS, "no") | {"threshold_exceeded": "yes", "customer_impact": "yes"}
        return plain | other

    return fill


@pytest.fixture
def plan(incident: Incident, oncall: User, answers: Callable[..., dict[str, str]], now: datetime) -> Plan:
    """Decided for the default: a rollback that nothing holds up."""
    given = answers()
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=given, path="rollback")
    incident.refresh_from_db()
    return incident.plans.get()


@pytest.fixture
def executed(plan: Plan, oncall: User, now: datetime) -> Plan:
    """The plan under way, its first step ready."""
    return execute_plan(
        incident_id=plan.incident_id, actor=oncall, now=now, digest=plan.instance_digest,
        version=Incident.objects.get(pk=plan.incident_id).version,
    )  # fmt: skip
