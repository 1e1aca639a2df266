"""Who may follow an incident, as whom, and how they get their ticket."""

import json
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from guardian.shortcuts import assign_perm
from pytest_django import DjangoAssertNumQueries, Settings

from incidents.live import tickets
from incidents.live.access import audience_of, audiences_of
from incidents.live.audiences import Audience
from incidents.live.tickets import DASHBOARD, Watch, stream_of_incident
from incidents.models import Incident, LedgerStream
from incidents.models.ledger import stream_of
from incidents.queries.duty import visible_services
from incidents.views import live
from tests.live.incidents import make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    return make_incident()


def person(name: str = "engineer", *, group: str = "", **facts: bool) -> User:
    user = User.objects.create(username=name, **facts)
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


@pytest.mark.parametrize(
    ("group", "audience"),
    [("cto", "approver"), ("ciso", "approver"), ("dba", "approver"), ("auditor", "viewer"),
     ("administrator", "viewer"), ("customer", None), ("", None)],
)  # fmt: skip
def test_a_role_decides_what_is_seen(incident: Incident, group: str, audience: str | None) -> None:
    assert audience_of(person(group=group), incident) == audience


@pytest.mark.parametrize(
    ("right", "audience"), [("respond_service", "responder"), ("review_service", "viewer"), ("view_service", None)]
)
@pytest.mark.parametrize("through_group", [False, True])
def test_a_right_on_the_service_decides_what_is_seen(
    incident: Incident, right: str, audience: str | None, through_group: bool
) -> None:
    user = person(group="shop team")
    assign_perm(f"incidents.{right}", user.groups.get() if through_group else user, incident.service)
    assert audience_of(user, incident) == audience


def test_a_right_on_another_service_shows_nothing(incident: Incident) -> None:
    user = person()
    assign_perm("incidents.respond_service", user, make_incident("cart").service)
    assert audience_of(user, incident) is None


def test_an_approver_who_answers_for_the_service_is_a_responder(incident: Incident) -> None:
    user = person(group="cto")
    assign_perm("incidents.respond_service", user, incident.service)
    assert audience_of(user, incident) is Audience.RESPONDER


def test_a_deactivated_account_sees_nothing_whatever_it_was(incident: Incident) -> None:
    assert audience_of(person("gone", group="cto", is_superuser=True, is_active=False), incident) is None


@pytest.mark.parametrize("group", ["cto", "ciso", "dba", "auditor", "administrator", "customer", ""])
@pytest.mark.parametrize("right", ["respond_service", "review_service", "view_service", "change_service", ""])
@pytest.mark.parametrize("facts", [{}, {"is_superuser": True}, {"is_active": False}])
def test_the_stream_is_open_to_those_who_see_the_incident_in_lists(
    incident: Incident, group: str, right: str, facts: dict[str, bool]
) -> None:
    user = person(group=group, **facts)
    if right:
        assign_perm(f"incidents.{right}", user, incident.service)
    for each in (incident, make_incident("cart")):
        listed = visible_services(user).filter(pk=each.service_id).exists()
        assert (audience_of(user, each) is not None) is listed


def test_everybody_is_asked_about_in_one_query(
    incident: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stream = stream_of_incident(incident.pk)
    viewers = [person(f"auditor{number}", group="auditor") for number in range(20)]
    stranger = person("customer")
    everybody = {Watch(user.pk, stream) for user in [*viewers, stranger]} | {Watch(stranger.pk, DASHBOARD)}
    nonsense = {Watch(viewers[0].pk, "incident:x"), Watch(viewers[0].pk, f"incident:{uuid4()}"), Watch(0, stream)}
    with django_assert_num_queries(1):
        found = audiences_of(everybody | nonsense)
    assert set(found) == everybody - {Watch(stranger.pk, stream)}
    assert set(found.values()) == {Audience.VIEWER}


def ask(user: User | AnonymousUser, number: str, **query: str) -> HttpResponse:
    request = RequestFactory().get("/live-ticket/", query)
    request.user = user
    return live.incident_ticket(request, number)


def test_a_ticket_opens_the_stream_where_the_page_stands(incident: Incident, settings: Settings) -> None:
    settings.LIVE_URL = "https://live.example"
    LedgerStream.objects.create(name=stream_of(incident), seq=9)
    answer = json.loads(ask(person(group="cto"), incident.number, cursor="7").content)
    address = urlsplit(answer["url"])
    query = parse_qs(address.query)
    assert answer["url"].startswith("https://live.example/live/stream?")
    assert (answer["seq"], query["cursor"]) == (7, ["7"])
    ticket = tickets.read(query["ticket"][0])
    assert (ticket.watch.stream, ticket.audience) == (stream_of(incident), Audience.APPROVER)


@pytest.mark.parametrize("cursor", ["", "x", "-3"])
def test_without_a_cursor_the_stream_begins_at_its_head(incident: Incident, cursor: str) -> None:
    LedgerStream.objects.create(name=stream_of(incident), seq=9)
    answer = ask(person(group="cto"), incident.number, cursor=cursor)
    assert json.loads(answer.content)["seq"] == 9
    assert "no-store" in answer.headers["Cache-Control"]


def test_strangers_get_no_ticket(incident: Incident) -> None:
    with pytest.raises(PermissionDenied):
        ask(person("customer"), incident.number)
    with pytest.raises(Http404):
        ask(person(group="cto"), "INC-2026-9999")
    assert ask(AnonymousUser(), incident.number).status_code == 302


def test_a_ticket_is_only_got(incident: Incident) -> None:
    request = RequestFactory().post("/live-ticket/")
    request.user = person(group="cto")
    assert live.incident_ticket(request, incident.number).status_code == 405
    assert live.dashboard_ticket(request).status_code == 405


def test_the_dashboard_counts_all_streams() -> None:
    LedgerStream.objects.create(name="incident:a", seq=9)
    before = live.dashboard_cursor()
    LedgerStream.objects.create(name="incident:b", seq=4)
    request = RequestFactory().get("/live-ticket/dashboard/")
    request.user = person("engineer")
    assert json.loads(live.dashboard_ticket(request).content)["seq"] == before + 4
