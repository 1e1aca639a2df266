"""People and shifts, services: the pages that are read in quiet hours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.urls import reverse

from incidents.models.duty import Deputy, Shift
from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.procedure.duty import RIGHTS, Role
from incidents.queries.changes import change_rows, recent_changes
from incidents.queries.charts import ROOM
from incidents.queries.deputies import ROLE_WORDS
from incidents.queries.duty import engineers_by_service, services_for
from incidents.queries.lists import health_of
from incidents.queries.room import incident_card
from incidents.queries.series import recent_points, spark
from incidents.queries.shapes import (
    CataloguePage,
    Choice,
    DeputyRow,
    Fact,
    FactGroup,
    PeoplePage,
    RoleRow,
    ServicePage,
    ShiftRow,
)

SEATS: Final = {"cto": "CTO", "ciso": "CISO", "dba": "DBA", "auditor": "auditor", "administrator": "administrator"}


def people_page(person: User, services: Iterable[Service], now: datetime) -> PeoplePage:
    """Who is on call, and who holds which role."""
    found = list(services)
    shifts = Shift.objects.filter(ends_at__gt=now).select_related("person", "service").order_by("starts_at")
    return PeoplePage(
        shifts=tuple(shift_row(each, now) for each in shifts if each.service is None or each.service in found),
        roles=(*_seats(), *_engineers(found)),
        deputies=tuple(_deputies(editable=person.groups.filter(name="administrator").exists())),
        admin_url=_admin(person, "admin:index"),
    )


def shift_row(shift: Shift, now: datetime) -> ShiftRow:
    """A shift: who, for what, from when to when; expects person and service to be selected."""
    return ShiftRow(
        name=shift.person.username,
        duty=shift.get_seat_display(),
        service=shift.service.name if shift.service else "every service",
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        running=shift.starts_at <= now < shift.ends_at,
    )


def _seats() -> Iterable[RoleRow]:
    seated = User.objects.filter(groups__name__in=SEATS, is_active=True).order_by("username")
    pairs = list(seated.values_list("groups__name", "username"))
    deputies = dict(Deputy.objects.filter(person__is_active=True).values_list("role", "person__username"))
    for group, words in SEATS.items():
        names = tuple(name for seat, name in pairs if seat == group)
        stands_in = (deputies[group],) if group in deputies else ()
        yield RoleRow(words, _may(Role(group)), names, stands_in, missing=not names)


def _deputies(*, editable: bool) -> Iterable[DeputyRow]:
    """Who stands in for each role; the choices are everybody else who is active."""
    named = {each.role: each.person for each in Deputy.objects.select_related("person")}
    people = list(User.objects.filter(is_active=True).order_by("username")) if editable else []
    for role, words in ROLE_WORDS.items():
        person = named.get(role)
        choices = tuple(Choice(str(each.pk), each.username, selected=each == person) for each in people)
        yield DeputyRow(role, words, person.username if person else "", choices)


def _engineers(services: Iterable[Service]) -> Iterable[RoleRow]:
    for service, names in engineers_by_service(services).items():
        yield RoleRow(f"engineers of {service.name}", _may(Role.ENGINEER), names, missing=not names)


def _may(role: Role) -> str:
    doing = [action.value.replace("_", " ") for action, right in RIGHTS.items() if role in right.roles]
    return ", ".join(doing)


def _admin(person: User, name: str, *args: object) -> str:
    return reverse(name, args=args) if person.is_staff else ""


def catalogue_page(person: User, services: Iterable[Service], now: datetime) -> CataloguePage:
    """All services with how they are."""
    return CataloguePage(
        tuple(health_of(services, now)), admin_url=_admin(person, "admin:incidents_service_changelist")
    )


def service_page(person: User, service: Service, now: datetime) -> ServicePage:
    """A service of the catalogue."""
    shifts = Shift.objects.filter(service=service, ends_at__gt=now).select_related("person", "service")
    incidents = Incident.objects.of(service).select_related("service", "lead").order_by("-declared_at")[:10]
    responds = services_for(person, "respond_service").filter(pk=service.pk).exists()
    points = recent_points([service], now).get(service.pk, [])
    return ServicePage(
        name=service.name,
        slug=service.slug,
        words=f"{service.repository}, deployed from {service.branch} to {service.environment}",
        health=replace(health_of([service], now)[0], chart=spark(service, points, box=ROOM)),
        groups=tuple(_facts(service)),
        shifts=tuple(shift_row(each, now) for each in shifts.order_by("starts_at")),
        incidents=tuple(incident_card(each) for each in incidents),
        changes=change_rows(recent_changes([service], limit=10), actionable=responds),
        can_declare=responds,
        admin_url=_admin(person, "admin:incidents_service_change", service.pk),
    )


def _facts(service: Service) -> Iterable[FactGroup]:
    yield FactGroup(
        "Code and deploy",
        (
            Fact("Repository", service.repository, code=True),
            Fact("Branch", service.branch, code=True),
            Fact("Workflow", service.workflow, code=True),
            Fact("Environment", service.environment),
        ),
    )
    threshold = "none" if service.alert_threshold is None else f"{service.alert_threshold:g} {service.alert_unit}"
    yield FactGroup(
        "Alert (R5)",
        (
            Fact("Alert", service.alert_name or "none"),
            Fact("Series", service.alert_query or "none", code=bool(service.alert_query)),
            Fact("Threshold", threshold),
            Fact("Good samples for recovery (E12)", str(service.recovery_samples)),
            Fact("Dashboard", service.dashboard_url or "none", url=service.dashboard_url),
        ),
    )
    yield FactGroup(
        "Customers and channel",
        (
            Fact("Customers feel it", "yes" if service.customer_facing else "no"),
            Fact("Customer tables (M3)", ", ".join(service.customer_tables) or "none listed", code=True),
            Fact("Channel (S4)", service.channel_name or "none"),
            Fact("Flags (S2)", ", ".join(service.flags) or "none", code=True),
            Fact("Drain targets (S3)", ", ".join(service.drain_targets) or "none", code=True),
        ),
    )
