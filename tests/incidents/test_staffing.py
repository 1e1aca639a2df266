"""Who would be asked in the night, and could they answer: said before it is needed, by account."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from incidents.models import Service
from incidents.queries.staffing import Gap, Staffing, questions_about_people
from tests.incidents.conftest import NOW

pytestmark = pytest.mark.usefixtures("cto", "ciso", "dba")


def answer(name: str) -> Staffing:
    return next(each for each in questions_about_people(Service.objects.all(), NOW) if each.name == name)


def test_e16_a_password_is_proof_enough_and_nothing_at_all_is_missing(service: Service, cto: User) -> None:
    assert answer("people.factors").gap is Gap.NONE
    cto.set_unusable_password()
    cto.save()
    found = answer("people.factors")
    assert (found.gap, found.words.startswith("cto cannot prove it here")) == (Gap.MISSING, True)


def test_e15_who_has_no_policy_cannot_be_rung(service: Service, settings: Any) -> None:
    settings.BETTER_STACK_TOKEN, settings.WAKE_POLICIES = "token", {"cto": "1", "ciso": "2"}
    found = answer("people.phones")
    assert (found.gap, found.words.startswith("dba cannot be woken that way")) == (Gap.CAVEAT, True)
    settings.WAKE_POLICIES = {"cto": "1", "ciso": "2", "dba": "3"}
    assert answer("people.phones").gap is Gap.NONE


def test_e14_a_role_that_nobody_holds_is_missing(service: Service, ciso: User) -> None:
    ciso.groups.clear()
    found = answer("people.roles")
    assert (found.gap, "Nobody is CISO" in found.words) == (Gap.MISSING, True)
