"""Who is on call, who holds which role for a service, and whether somebody may do something ("Who is who")."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, Q, QuerySet, Value
from guardian.shortcuts import get_objects_for_user, get_users_with_perms

from incidents.models.circumstances import act_as
from incidents.models.duty import Seat, Shift
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry
from incidents.models.service import Service, ServiceGroupObjectPermission, ServiceUserObjectPermission
from incidents.procedure.duty import RIGHTS, Action, Role, may
from incidents.procedure.refusals import Refusal

GROUP_ROLES = {
    "cto": Role.CTO,
    "ciso": Role.CISO,
    "auditor": Role.AUDITOR,
    "administrator": Role.ADMINISTRATOR,
}
"""Roles held by being in a group of that name; being the DBA takes a shift beside the group (M3)."""


class NotPermitted(Refusal):
    """The person does not hold a role that may do this; a view answers 403."""


def on_call_for(service: Service, *, now: datetime, incident: Incident | None = None) -> User | None:
    """The on-call engineer: whoever took the incident over, else by the shift begun last (E5)."""
    if incident is not None and incident.taken_over_by is not None:
        return incident.taken_over_by
    shift = Shift.objects.running(now).filter(service=service, seat=Seat.ON_CALL).first()
    return shift.person if shift else None


def last_sign_of(person: User | None, incident: Incident) -> datetime | None:
    """The last sign of the on-call engineer in an incident: the first look at its page, or the newest act (E5)."""
    acts = LedgerEntry.objects.filter(incident=incident, actor=person, actor__isnull=False)
    signs = (incident.on_call_seen_at, acts.aggregate(at=Max("at"))["at"])
    return max((at for at in signs if at), default=None)


def on_call_dba(now: datetime) -> User | None:
    """The DBA on call (M3)."""
    shift = Shift.objects.running(now).filter(seat=Seat.DBA, person__groups__name="dba").first()
    return shift.person if shift else None


def services_for(person: User, permission: str) -> QuerySet[Service]:
    """The services on which a person holds a right by a grant on that very service; for lists and for checks alike.

    Neither a global permission nor being a superuser counts, and an inactive person has none (trust.md §4).
    """
    if not person.is_active:
        return Service.objects.none()
    found: QuerySet[Service] = get_objects_for_user(
        person, f"incidents.{permission}", Service, accept_global_perms=False, with_superuser=False
    )
    return found


GROUPS, DEPUTYSHIPS = "group_names", "deputy_roles"
"""What a person who asks for a page was read with (`with_roles`); acts read the roles anew (`roles_of`)."""


def with_roles(people: QuerySet[User]) -> QuerySet[User]:
    """People with their groups and deputyships in the same query."""
    return people.annotate(**{GROUPS: _gathered("groups__name"), DEPUTYSHIPS: _gathered("deputyships__role")})


def _gathered(name: str) -> ArrayAgg:
    return ArrayAgg(name, filter=Q(**{f"{name}__isnull": False}), distinct=True, default=Value([]))


def groups_of(person: User) -> frozenset[str]:
    """The groups of whoever asks for a page."""
    known = getattr(person, GROUPS, None)
    return frozenset(person.groups.values_list("name", flat=True) if known is None else known)


def deputyships_of(person: User) -> frozenset[str]:
    """The roles that whoever asks for a page stands in for."""
    known = getattr(person, DEPUTYSHIPS, None)
    return frozenset(person.deputyships.values_list("role", flat=True) if known is None else known)


def visible_services(person: User) -> QuerySet[Service]:
    """The services whose incidents a person may see: all for the roles that read everything, and their deputies."""
    if not person.is_active:
        return Service.objects.none()
    if not groups_of(person).isdisjoint({*GROUP_ROLES, "dba"}) or deputyships_of(person):
        return Service.objects.all()
    return Service.objects.filter(
        pk__in=services_for(person, "respond_service")
        .values("pk")
        .union(services_for(person, "review_service").values("pk"))
    )


def responders_of(service: Service) -> QuerySet[User]:
    """The active engineers of a service."""
    return holders_of(service, "respond_service")


def engineers_by_service(services: Iterable[Service]) -> dict[Service, tuple[str, ...]]:
    """The active engineers of many services by name, in two queries."""
    found = list(services)
    right = {"content_object__in": found, "permission__codename": "respond_service"}
    granted = ServiceUserObjectPermission.objects.filter(**right, user__is_active=True)
    by_group = ServiceGroupObjectPermission.objects.filter(**right, group__user__is_active=True)
    pairs = {*granted.values_list("content_object_id", "user__username")}
    pairs |= {*by_group.values_list("content_object_id", "group__user__username")}
    return {each: tuple(sorted(name for pk, name in pairs if pk == each.pk)) for each in found}


def holders_of(service: Service, permission: str, *, by_group: bool = True) -> QuerySet[User]:
    """The active people with a right on a service, by name; `by_group` counts what a group of theirs was given."""
    found = cast(
        "QuerySet[User]",
        get_users_with_perms(
            service, only_with_perms_in=[permission], with_group_users=by_group, with_superusers=False
        ),
    )
    return found.filter(is_active=True).order_by("username")


def roles_of(person: User, service: Service, *, now: datetime, incident: Incident | None = None) -> frozenset[Role]:
    """Every role a person holds for a service at a moment, and for an incident where one is given."""
    if not person.is_active:
        return frozenset()
    engineer = services_for(person, "respond_service").filter(pk=service.pk).exists()
    groups = set(person.groups.values_list("name", flat=True))
    held = {role for name, role in GROUP_ROLES.items() if name in groups}
    named: Iterable[tuple[Role, bool]] = (
        (Role.ENGINEER, engineer),
        (Role.ON_CALL, engineer and on_call_for(service, now=now, incident=incident) == person),
        (Role.REVIEWER, services_for(person, "review_service").filter(pk=service.pk).exists()),
        (Role.LEAD, incident is not None and incident.lead_id == person.pk),
        (Role.DRAFTER, engineer and incident is not None and incident.drafter_id == person.pk),
        (Role.DBA, "dba" in groups and on_call_dba(now) == person),
    )
    return frozenset(held | {role for role, holds in named if holds})


def require(person: User, action: Action, service: Service, *, now: datetime, incident: Incident | None = None) -> None:
    """Raise `NotPermitted` with the sentence for everybody else, unless one of the person's roles may do it.

    What they do next is recorded as done in that role.
    """
    held, right = roles_of(person, service, now=now, incident=incident), RIGHTS[action]
    if not may(held, action):
        raise NotPermitted(right.rule, right.otherwise)
    act_as(person.pk, " and ".join(sorted(held & right.roles)))
