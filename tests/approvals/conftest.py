"""People, a roster that is read from settings, and questions, for the tests of approvals."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import settings as hypothesis_settings

from approvals import quorum
from approvals.models import ApprovalRequest, Vote
from approvals.ports import Subject
from approvals.quorum import Answer
from approvals.services import voting
from approvals.services.asking import ask
from tests.approvals import questions
from tests.approvals.houses import content_of
from tests.approvals.people import Ear, Notebook, Roster

hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")
PLAN = Subject("plan", "0042")


@pytest.fixture(autouse=True)
def house(settings: Any) -> Iterator[None]:
    """This house beneath a roof of the tests."""
    settings.SMALL_TEAM = False
    settings.APPROVALS_SEATS = "tests.approvals.people.Roster"
    settings.APPROVALS_RECORDER = "tests.approvals.people.Notebook"
    settings.APPROVALS_LISTENER = "tests.approvals.people.Ear"
    settings.APPROVALS_STEP_UP = ()
    Roster.clear()
    Notebook.lines, Ear.news = [], []
    yield
    Roster.clear()


@pytest.fixture
def now() -> datetime:
    return questions.ASKED_AT


def account(name: str, *roles: str, deputy: bool = False) -> User:
    """Somebody with an account, who holds these roles or stands in for them."""
    person = User.objects.create_user(name, f"{name}@example.com")
    for role in roles:
        Roster.seat(person, role, deputy=deputy)
    return person


@pytest.fixture
def engineer(db: None) -> User:
    """The on-call engineer who decided, and so asks."""
    return account("oncall")


@pytest.fixture
def cto(db: None) -> User:
    return account("cto", "cto")


@pytest.fixture
def dba(db: None) -> User:
    return account("dba", "dba")


@pytest.fixture
def ciso(db: None) -> User:
    return account("ciso", "ciso")


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("administrator", "administrator@example.com")


@pytest.fixture
def stranger(db: None) -> User:
    return account("stranger")


@pytest.fixture
def asked(engineer: User, now: datetime) -> Callable[..., ApprovalRequest]:
    """Asks for M3 about a plan; keywords change the question."""

    def ask_about(spec: tuple = questions.M3, **other: Any) -> ApprovalRequest:
        given = {
            "subject": PLAN,
            "rule": questions.rule_of(quorum, spec),
            "content": content_of(),
            "asked_by": engineer,
            "now": now,
            "expires_at": now + timedelta(hours=1),
        }
        return ask(**{**given, **other})

    return ask_about


@pytest.fixture
def votes(now: datetime) -> Callable[..., Vote]:
    """Casts a vote on what is shown now; keywords change it."""

    def cast(request: ApprovalRequest, person: User, seat: str, answer: Answer = Answer.APPROVE, **other: Any) -> Vote:
        shown = ApprovalRequest.objects.get(pk=request.pk)
        given = {"reason": "because", "digest": shown.digest, "version": shown.version, "now": now}
        return voting.vote(request_id=request.pk, actor=person, seat=seat, answer=answer, **{**given, **other})

    return cast
