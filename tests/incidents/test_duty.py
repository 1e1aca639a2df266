"""Lists and checks agree for every kind of person: who sees a service, who holds a right on it (trust.md §4)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from guardian.shortcuts import assign_perm

from incidents.models import Incident, Seat, Service, Shift
from incidents.procedure.duty import Action, Role
from incidents.queries.duty import (
    NotPermitted,
    engineers_by_service,
    holders_of,
    on_call_dba,
    on_call_for,
    require,
    responders_of,
    roles_of,
    services_for,
    visible_services,
)
from incidents.services.people import end_shift

RIGHTS = ("respond_service", "review_service")


def person(name: str, **fields: bool) -> User:
    return User.objects.create_user(name, password="a-password-of-the-tests", **fields)


def granted(name: str, right: str, *services: Service, **fields: bool) -> User:
    found = person(name, **fields)
    for service in services:
        assign_perm(right, found, service)
    return found


def by_group(right: str, service: Service) -> User:
    found, team = person("of-a-team"), Group.objects.create(name="a team")
    assign_perm(right, team, service)
    found.groups.add(team)
    return found


def globally(right: str) -> User:
    found = person("global")
    found.user_permissions.add(Permission.objects.get(codename=right))
    return found


def seated(group: str, **fields: bool) -> User:
    found = person(f"in-{group}", **fields)
    found.groups.add(Group.objects.get_or_create(name=group)[0])
    return found


Make = Callable[[Service, Service], User]
PEOPLE: Mapping[str, Make] = {
    "a stranger": lambda _here, _there: person("stranger"),
    "an engineer": lambda here, _: granted("e", "respond_service", here),
    "an engineer of both": lambda here, there: granted("e", "respond_service", here, there),
    "an engineer of the other": lambda _, there: granted("e", "respond_service", there),
    "a reviewer": lambda here, _: granted("r", "review_service", here),
    "an engineer by a group": lambda here, _: by_group("respond_service", here),
    "an inactive engineer": lambda here, _: granted("e", "respond_service", here, is_active=False),
    "a superuser": lambda _here, _there: person("root", is_superuser=True),
    "an inactive superuser": lambda _here, _there: person("root", is_superuser=True, is_active=False),
    "a superuser with a grant": lambda here, _: granted("root", "respond_service", here, is_superuser=True),
    "somebody with a global permission": lambda _here, _there: globally("respond_service"),
    "a CTO": lambda _here, _there: seated("cto"),
    "an auditor": lambda _here, _there: seated("auditor"),
    "a DBA off call": lambda _here, _there: seated("dba"),
    "an inactive auditor": lambda _here, _there: seated("auditor", is_active=False),
}


@pytest.fixture
def other(db: None) -> Service:
    return Service.objects.create(slug="search", name="Search", repository="acme/search")


def permits(who: User, action: Action, service: Service, now: datetime) -> bool:
    try:
        require(who, action, service, now=now)
    except NotPermitted:
        return False
    return True


@pytest.mark.parametrize("kind", PEOPLE)
def test_every_list_equals_the_rows_for_which_the_check_says_yes(
    service: Service, other: Service, now: datetime, kind: str
) -> None:
    who = PEOPLE[kind](service, other)
    both = (service, other)
    asked = {"respond_service": Action.DECLARE, "review_service": Action.REVIEW}
    for right, action in asked.items():
        assert set(services_for(who, right)) == {each for each in both if permits(who, action, each, now)}
        assert {each for each in both if who in holders_of(each, right)} == set(services_for(who, right))
    named = engineers_by_service(both)
    assert {each for each in both if who.username in named[each]} == set(services_for(who, "respond_service"))


@pytest.mark.parametrize("kind", [kind for kind in PEOPLE if kind != "a DBA off call"])
def test_whoever_holds_a_role_sees_the_service_and_nobody_else(
    service: Service, other: Service, now: datetime, kind: str
) -> None:
    who = PEOPLE[kind](service, other)
    assert set(visible_services(who)) == {each for each in (service, other) if permits(who, Action.SEE, each, now)}


def test_a_dba_reads_everything_and_is_the_dba_on_call_by_shift_only(service: Service, now: datetime) -> None:
    dba = seated("dba")
    assert set(visible_services(dba)) == {service}
    assert Role.DBA not in roles_of(dba, service, now=now)
    Shift.objects.create(person=dba, seat=Seat.DBA, starts_at=now, ends_at=now + timedelta(hours=1))
    assert roles_of(dba, service, now=now) == {Role.DBA}
    assert on_call_dba(now + timedelta(hours=1)) is None


def test_a_shift_makes_nobody_the_dba_who_is_none(service: Service, engineer: User, now: datetime) -> None:
    Shift.objects.create(person=engineer, seat=Seat.DBA, starts_at=now, ends_at=now + timedelta(hours=1))
    assert Role.DBA not in roles_of(engineer, service, now=now)


def test_a_shift_makes_nobody_on_call_who_may_not_respond(service: Service, stranger: User, now: datetime) -> None:
    Shift.objects.create(
        person=stranger, seat=Seat.ON_CALL, service=service, starts_at=now, ends_at=now + timedelta(hours=1)
    )
    assert roles_of(stranger, service, now=now) == frozenset()


def test_the_shift_begun_last_counts_and_the_end_is_no_longer_part_of_it(
    service: Service, oncall: User, engineer: User, now: datetime
) -> None:
    ends = now + timedelta(hours=1)
    Shift.objects.create(person=engineer, seat=Seat.ON_CALL, service=service, starts_at=now, ends_at=ends)
    assert on_call_for(service, now=now) == engineer
    assert on_call_for(service, now=ends) == oncall


def test_a_shift_of_an_inactive_person_does_not_count(service: Service, oncall: User, now: datetime) -> None:
    User.objects.filter(pk=oncall.pk).update(is_active=False)
    assert on_call_for(service, now=now) is None
    assert oncall not in responders_of(service)


def test_an_administrator_ends_a_shift_and_nobody_else(
    service: Service, oncall: User, engineer: User, administrator: User, now: datetime
) -> None:
    shift = Shift.objects.get(person=oncall)
    with pytest.raises(NotPermitted):
        end_shift(shift_id=shift.pk, now=now, actor=engineer)
    end_shift(shift_id=shift.pk, now=now, actor=administrator)
    assert on_call_for(service, now=now) is None


def test_being_an_administrator_decides_nothing(incident: Incident, administrator: User, now: datetime) -> None:
    for action in (Action.DECLARE, Action.DECIDE, Action.EXECUTE, Action.APPROVE_ROLLBACK, Action.REVIEW):
        assert not permits(administrator, action, incident.service, now)
