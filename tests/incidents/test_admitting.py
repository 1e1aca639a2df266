"""Roles that follow the identity provider's groups, and accounts that are tied to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from incidents.models import LedgerEntry, Service
from incidents.queries.duty import services_for
from incidents.services.admitting import AlreadyLinked, admit_person, link_person, name_is_free
from incidents.services.catalogue import apply_catalogue

RULED = frozenset({"engineer", "engineer:shop", "reviewer", "cto", "administrator"})
SERVICES = [{"slug": "shop", "name": "Shop", "repository": "acme/shop"}]
SEARCH = {"slug": "search", "name": "Search", "repository": "acme/search"}


@pytest.fixture
def admit(stranger: User, now: datetime) -> Callable[..., User]:
    def admitted(*roles: str, new: bool = False) -> User:
        return admit_person(person_id=stranger.pk, roles=set(roles), ruled=RULED, new=new, now=now)

    return admitted


def groups(person: User) -> set[str]:
    return set(person.groups.values_list("name", flat=True))


def kinds() -> list[str]:
    return list(LedgerEntry.objects.filter(stream_id="access").order_by("seq").values_list("kind", flat=True))


def test_roles_come_and_go_with_the_groups(admit: Callable[..., User]) -> None:
    assert groups(admit("cto", "administrator")) == {"cto", "administrator"}
    assert groups(admit("cto")) == {"cto"}
    assert groups(admit()) == set()


def test_a_role_that_the_mapping_does_not_name_is_not_touched(admit: Callable[..., User], stranger: User) -> None:
    stranger.groups.add(Group.objects.create(name="auditor"))
    assert groups(admit("cto")) == {"auditor", "cto"}
    assert groups(admit()) == {"auditor"}


def test_administrators_by_group_enter_the_administration_and_leave_it(admit: Callable[..., User]) -> None:
    assert admit("administrator").is_staff
    assert not admit("cto").is_staff


def test_only_a_change_is_recorded_and_says_what_changed(admit: Callable[..., User], stranger: User) -> None:
    admit("cto")
    admit("cto")
    (entry,) = LedgerEntry.objects.filter(stream_id="access")
    assert (entry.kind, entry.data) == (
        "person.roles_changed", {"person": stranger.username, "added": ["cto"], "removed": [], "by": "issuer"},
    )  # fmt: skip


def test_an_engineer_by_group_serves_every_service_or_the_one_that_is_named(
    admit: Callable[..., User], service: Service, stranger: User
) -> None:
    search = Service.objects.create(slug="search", name="Search", repository="acme/search")
    admit("engineer:shop", "reviewer")
    assert set(services_for(stranger, "respond_service")) == {service}
    assert set(services_for(stranger, "review_service")) == {service, search}
    admit("engineer")
    assert set(services_for(stranger, "respond_service")) == {service, search}
    assert not services_for(stranger, "review_service").exists()


def test_a_service_that_comes_later_is_given_to_the_engineers_of_all(
    admit: Callable[..., User], stranger: User, now: datetime
) -> None:
    apply_catalogue(services=SERVICES, now=now)
    admit("engineer")
    apply_catalogue(services=[*SERVICES, SEARCH], now=now)
    apply_catalogue(services=[*SERVICES, SEARCH], now=now)
    assert {each.slug for each in services_for(stranger, "respond_service")} == {"shop", "search"}
    assert kinds().count("grant.given") == 2


@pytest.mark.parametrize(
    ("name", "email", "free"),
    [
        ("newcomer", "newcomer@example.com", True), ("newcomer", "", True), ("Stranger", "", False),
        ("newcomer", "STRANGER@example.com", False),
    ],
)  # fmt: skip
def test_e14_nobody_comes_to_hold_two_accounts_by_name_or_address(
    stranger: User, name: str, email: str, *, free: bool
) -> None:
    assert name_is_free(name, email) is free


def test_e14_an_account_is_tied_to_one_person_and_a_person_to_one_account(
    stranger: User, engineer: User, now: datetime
) -> None:
    link_person(username="stranger", provider="issuer", uid="s", now=now)
    assert kinds()[-1] == "person.linked"
    for username, uid in (("stranger", "other"), ("engineer", "s")):
        with pytest.raises(AlreadyLinked):
            link_person(username=username, provider="issuer", uid=uid, now=now)
    assert SocialAccount.objects.count() == 1


def test_a_link_is_made_from_the_command_line(stranger: User, settings: Any) -> None:
    settings.OIDC_ISSUER = "https://id.example"
    call_command("link_person", "stranger", "s-1")
    assert SocialAccount.objects.get().uid == "s-1@https://id.example"
    for name, subject in (("stranger", "s-2"), ("nobody", "s-3")):
        with pytest.raises(CommandError):
            call_command("link_person", name, subject)


def test_without_an_issuer_nothing_is_linked_and_the_page_offers_no_such_door(stranger: User, client: Client) -> None:
    with pytest.raises(CommandError, match="OIDC_ISSUER"):
        call_command("link_person", "stranger", "s-1")
    page = client.get("/accounts/login/").content.decode()
    assert "single sign-on" not in page
    assert client.get("/accounts/oidc/issuer/login/").status_code == 404
