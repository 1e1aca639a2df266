"""Who can answer for a role now, and who stands in for those who cannot (E14)."""

from datetime import datetime
from typing import Final

from django.contrib.auth.models import User

from incidents.models.duty import Deputy
from incidents.models.incident import Incident
from incidents.queries.duty import on_call_dba, on_call_for

ROLE_WORDS: Final = {"cto": "CTO", "ciso": "CISO", "dba": "on-call DBA"}
"""The roles that are woken, and that have a deputy."""


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
