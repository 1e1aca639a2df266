"""Deputies are named by an administrator, recorded, and may read what they are asked about (E14)."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from incidents.models import Deputy, Incident, LedgerEntry
from incidents.queries.duty import NotPermitted
from incidents.queries.pages import people_page
from incidents.services.people import DeputyRefused, name_deputy


def name(role: str, person: User | None, actor: User | None, now: datetime) -> Deputy | None:
    return name_deputy(role=role, person_id=person.pk if person else None, now=now, actor=actor)


def told() -> list[tuple[str, object, object]]:
    found = LedgerEntry.objects.filter(stream_id="access", kind__startswith="deputy.").order_by("seq")
    return [(each.kind, each.data.get("person"), each.data["was"]) for each in found]


def test_e14_a_deputy_is_named_replaced_and_removed_each_change_recorded(
    administrator: User, cto: User, ciso: User, engineer: User, now: datetime
) -> None:
    name("cto", ciso, administrator, now)
    name("cto", engineer, administrator, now)
    assert Deputy.objects.get().person == engineer
    name("cto", None, administrator, now)
    assert not Deputy.objects.exists()
    assert told() == [
        ("deputy.named", "ciso", None), ("deputy.named", "engineer", "ciso"), ("deputy.removed", None, "engineer"),
    ]  # fmt: skip


def test_e14_only_an_administrator_names_deputies(cto: User, ciso: User, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        name("cto", ciso, cto, now)


def _holds_it(cto: User, auditor: User, stranger: User) -> User:
    return cto


def _is_auditor(cto: User, auditor: User, stranger: User) -> User:
    return auditor


def _is_switched_off(cto: User, auditor: User, stranger: User) -> User:
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    return stranger


@pytest.mark.parametrize("unfit", [_holds_it, _is_auditor, _is_switched_off])
def test_e14_a_deputy_is_somebody_else_who_may_answer(
    administrator: User, cto: User, auditor: User, stranger: User, now: datetime, unfit: object
) -> None:
    with pytest.raises(DeputyRefused):
        name("cto", unfit(cto, auditor, stranger), administrator, now)  # type: ignore[operator]  # one of the three


def test_e14_nobody_stands_in_for_other_roles(administrator: User, engineer: User, now: datetime) -> None:
    with pytest.raises(DeputyRefused):
        name("auditor", engineer, administrator, now)


def test_e14_a_deputy_may_see_what_the_role_sees(
    client: Client, incident: Incident, stranger: User, now: datetime
) -> None:
    client.force_login(stranger)
    room = reverse("incidents:detail", args=[incident.number])
    assert client.get(room).status_code == 403
    name("cto", stranger, None, now)
    assert client.get(room).status_code == 200


def test_e14_the_page_shows_deputies_to_all_and_the_forms_to_administrators(
    client: Client, incident: Incident, administrator: User, cto: User, ciso: User, now: datetime
) -> None:
    client.force_login(administrator)
    answer = client.post(reverse("incidents:deputy", args=["cto"]), {"person": ciso.pk}, follow=True)
    assert b"For the on-call DBA" in answer.content
    shown = {row.words: row.deputies for row in people_page(cto, [incident.service], now).roles}
    assert shown["CTO"] == ("ciso",)
    client.force_login(cto)
    assert b"For the on-call DBA" not in client.get(reverse("incidents:people")).content


def test_e14_the_demo_names_its_deputies_once(db: None) -> None:
    for _ in range(2):
        call_command("seed_demo", verbosity=0)
    assert dict(Deputy.objects.values_list("role", "person__username")) == {
        "cto": "ciso", "ciso": "cto", "dba": "deputy",
    }  # fmt: skip
    assert len(told()) == 3
