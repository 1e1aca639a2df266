"""How a person can be reached: by which tools that are set, at an address that is known (E15)."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import User

from incidents.models.duty import Identity


class Way(StrEnum):
    """How somebody is woken."""

    PHONE = "phone"
    CHAT = "chat"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody to wake, and for which role; `deputy`: standing in for its holder."""

    person: User
    role: str
    deputy: bool = False


def wanted_ways(*, urgent: bool) -> tuple[Way, ...]:
    """A phone rings only for what is urgent."""
    return tuple(Way) if urgent else (Way.CHAT, Way.MAIL)


def ways_to(called: Called, *, urgent: bool) -> tuple[Way, ...]:
    """The ways that lead to this person."""
    return tuple(way for way in wanted_ways(urgent=urgent) if address_of(called, way))


def address_of(called: Called, way: Way) -> str:
    """Where a way leads, empty where nowhere: the pager's policy or a number, the chat's id or address, the address."""
    match way:
        case Way.PHONE:
            return _pager_address(called)
        case Way.CHAT:
            return _chat_address(called.person)
        case Way.MAIL:
            return called.person.email


def _pager_address(called: Called) -> str:
    """Better Stack rings by policy: the person's own, else that of the role held; a signed webhook rings a number."""
    if settings.BETTER_STACK_TOKEN:
        policies: dict[str, str] = settings.WAKE_POLICIES
        return policies.get(called.person.username) or policies.get("" if called.deputy else called.role, "")
    number = _verified(called.person, Identity.Place.PHONE)
    return number if settings.SIGNED_WEBHOOK_URL and settings.SIGNED_WEBHOOK_SECRET else ""


def _chat_address(person: User) -> str:
    has_chat = settings.SLACK_TOKEN or (settings.SIGNED_WEBHOOK_URL and settings.SIGNED_WEBHOOK_SECRET)
    return _verified(person, Identity.Place.SLACK) or person.email if has_chat else ""


def _verified(person: User, place: str) -> str:
    known = Identity.objects.filter(person=person, place=place, verified_at__isnull=False)
    return known.values_list("login", flat=True).first() or ""
