"""Who can answer for a role now, and who stands in for those who cannot (E14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q, Subquery

from incidents.models.duty import Deputy, Seat, Shift
from incidents.models.incident import Incident
from incidents.queries.duty import on_call_dba, on_call_for

ROLE_WORDS: Final = {"cto": "CTO", "ciso": "CISO", "dba": "on-call DBA"}
"""The roles that are woken, and that have a deputy."""


@dataclass(frozen=True, slots=True)
class Seating:
    """Who holds each role, and who stands in for which, at one moment; people by their keys."""

    holders: Mapping[str, set[int]]
    deputyships: Mapping[int, set[str]]


def seated_at(now: datetime) -> Seating:
    """Everybody of `holders_now` and every named deputy, in one query."""
    dba = Shift.objects.running(now).filter(seat=Seat.DBA, person__groups__name="dba").values("person")[:1]
    seated = Q(groups__name__in=("cto", "ciso")) | Q(deputyships__isnull=False) | Q(pk=Subquery(dba))
    found = User.objects.filter(seated, is_active=True).annotate(dba=Subquery(dba))
    holders: dict[str, set[int]] = {role: set() for role in ROLE_WORDS}
    deputyships: dict[int, set[str]] = {}
    for pk, group, deputy, on_shift in found.values_list("pk", "groups__name", "deputyships__role", "dba"):
        if group in ("cto", "ciso"):
            holders[group].add(pk)
        if deputy:
            deputyships.setdefault(pk, set()).add(deputy)
        if on_shift == pk:
            holders["dba"].add(pk)
    return Seating(holders, deputyships)


def holders_now(role: str, *, now: datetime) -> tuple[User, ...]:
    """The active people who hold a role at this moment: the CTO and the CISO by group, the DBA by shift (M3)."""
    if role == "dba":
        on_shift = on_call_dba(now)
        return (on_shift,) if on_shift else ()
    return tuple(User.objects.filter(groups__name=role, is_active=True).order_by("username"))


def able_to_answer(role: str, *, incident: Incident, asked_by: User | None, now: datetime) -> tuple[User, ...]:
    """The role's holders who may judge: not who asked, nor the on-call engineer who decides (E14)."""
    party = _party(incident, asked_by, now)
    return tuple(holder for holder in holders_now(role, now=now) if holder not in party)


def able_deputy(role: str, *, incident: Incident, asked_by: User | None, now: datetime) -> User | None:
    """The role's deputy, if that person may judge."""
    deputy = deputy_of(role)
    return deputy if deputy and deputy not in _party(incident, asked_by, now) else None


def deputy_of(role: str) -> User | None:
    """The active person named to stand in for a role, None where nobody is."""
    named = Deputy.objects.select_related("person").filter(role=role, person__is_active=True).first()
    return named.person if named else None


def _party(incident: Incident, asked_by: User | None, now: datetime) -> tuple[User, ...]:
    """Who has a part in what is asked, so does not judge it."""
    on_call = on_call_for(incident.service, now=now, incident=incident)
    return tuple(person for person in (asked_by, on_call) if person)
