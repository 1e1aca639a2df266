"""Whom the identity provider lets in: the roles that follow its groups, and what groups may do on services."""

from collections.abc import Iterable, Set
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q
from guardian.shortcuts import assign_perm

from incidents.models.service import Service, ServiceGroupObjectPermission
from incidents.procedure.refusals import Refusal
from incidents.services.people import ensure_group, follow_roles
from incidents.services.recording import record_in

RIGHTS = {"engineer": "respond_service", "reviewer": "review_service"}
"""A group `engineer` holds the right on every service, a group `engineer:shop` on that one."""


class AlreadyLinked(Refusal):
    """One account belongs to one person at the identity provider."""


def name_is_free(username: str, email: str) -> bool:
    """Whether no account has this name or mail address: nobody may come to hold two, and so fill two seats (E14)."""
    taken = Q(username__iexact=username)
    if email:
        taken |= Q(email__iexact=email) | Q(emailaddress__email__iexact=email)
    return not User.objects.filter(taken).exists()


@transaction.atomic
def admit_person(*, person_id: int, roles: Set[str], ruled: Set[str], new: bool, now: datetime) -> User:
    """Bring the person's roles among `ruled` in line with the issuer's groups, recorded where anything changed."""
    person = User.objects.select_for_update(no_key=True).get(pk=person_id)
    held = set(person.groups.values_list("name", flat=True))
    added, removed = sorted(roles - held), sorted((held & ruled) - roles)
    person.groups.add(*(ensure_group(name) for name in added))
    person.groups.remove(*Group.objects.filter(name__in=removed))
    follow_roles(person=person)
    if new or added or removed:
        _grant(Group.objects.filter(name__in=added), Service.objects.in_use(), now)
        kind = "person.added" if new else "person.roles_changed"
        record_in("access", kind, at=now, person=person.username, added=added, removed=removed, by="issuer")
    return person


@transaction.atomic
def link_person(*, username: str, provider: str, uid: str, now: datetime) -> User:
    """Tie an account to a person at the identity provider; AlreadyLinked where either is tied."""
    person = User.objects.select_for_update(no_key=True).get(username=username)
    if SocialAccount.objects.filter(Q(user=person) | Q(provider=provider, uid=uid)).exists():
        raise AlreadyLinked("E14", "That account, or that person, is linked already: one person holds one account.")
    SocialAccount.objects.create(user=person, provider=provider, uid=uid)
    record_in("access", "person.linked", at=now, person=username, to=uid)
    return person


def grant_by_group(*, now: datetime, actor: User | None = None) -> None:
    """Services that came into the catalogue are given to the groups that respond for or review all of them."""
    names = Q()
    for role in RIGHTS:
        names |= Q(name=role) | Q(name__startswith=f"{role}:")
    _grant(Group.objects.filter(names).order_by("name"), Service.objects.in_use(), now, actor)


def _grant(groups: Iterable[Group], services: Iterable[Service], now: datetime, actor: User | None = None) -> None:
    for group in groups:
        role, _, slug = group.name.partition(":")
        right = RIGHTS.get(role)
        wanted = [each for each in services if right and slug in ("", each.slug)]
        held = ServiceGroupObjectPermission.objects.filter(group=group, permission__codename=right)
        known = set(held.values_list("content_object_id", flat=True))
        for service in wanted:
            if service.pk not in known:
                assign_perm(str(right), group, service)
                record_in(
                    "access", "grant.given", at=now, actor=actor, service=service.slug, right=right, group=group.name
                )
