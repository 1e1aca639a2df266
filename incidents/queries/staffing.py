"""Who is asked in the night, and could they answer: roles, shifts, linked logins and second factors."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User

from incidents.models.duty import Deputy, Identity, Seat, Shift
from incidents.models.service import Service
from incidents.queries.duty import holders_of
from incidents.queries.reaching import Called, Way, address_of

AHEAD: Final = timedelta(hours=24)
APPROVERS: Final[Mapping[str, str]] = {"cto": "CTO", "ciso": "CISO", "dba": "DBA"}
STEPS_UP: Final = ("cto", "dba")
FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
MENDS: Final[Mapping[Way, str]] = {
    Way.PHONE: "Name an escalation policy for the person or the role in WAKE_POLICIES, or link a phone.",
    Way.CHAT: "They link their Slack identity, or need a mail address that Slack knows.",
}
LINK: Final = "They link it themselves, under “You elsewhere” in the menu of their name."


class Gap(StrEnum):
    """How much is wanting."""

    NONE = "none"
    CAVEAT = "caveat"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Staffing:
    """The answer to one question about people, worded with their accounts and with how to mend it."""

    name: str
    title: str
    rule: str
    gap: Gap
    words: str


def questions_about_people(services: Iterable[Service], now: datetime) -> Iterator[Staffing]:
    """Everything that is asked about people, in the order in which the night would ask it."""
    found = list(services)
    for service in found:
        yield _on_call(service, now)
        yield _reviewers(service)
    yield _dba_on_call(now)
    holders = {role: _holders(role) for role in APPROVERS}
    yield _roles(holders)
    yield _deputies(holders)
    yield _factors(holders)
    yield _reachable(holders, Way.PHONE, "people.phones", "Approvers can be rung")
    yield _reachable(holders, Way.CHAT, "people.chat", "Approvers can be written to")


def _holders(role: str) -> list[User]:
    return list(User.objects.filter(groups__name=role, is_active=True).order_by("username"))


def _on_call(service: Service, now: datetime) -> Staffing:
    shifts = Shift.objects.filter(service=service, seat=Seat.ON_CALL)
    gap = _uncovered(shifts.filter(person__in=holders_of(service, "respond_service")), now)
    name, title = f"people.on_call:{service.slug}", f"{service.name}: somebody is on call for the next 24 hours"
    if gap is None:
        return Staffing(name, title, "E5", Gap.NONE, "The roster has no gap.")
    return Staffing(
        name, title, "E5", Gap.MISSING,
        f"Nobody is on call from {gap:%Y-%m-%d %H:%M} UTC: an administrator enters a shift."
        " Until then any engineer of the service takes over.",
    )  # fmt: skip


def _dba_on_call(now: datetime) -> Staffing:
    gap = _uncovered(Shift.objects.filter(seat=Seat.DBA, person__groups__name="dba"), now)
    name, title = "people.dba", "A DBA is on call for the next 24 hours"
    if gap is None:
        return Staffing(name, title, "M3", Gap.NONE, "The roster has no gap.")
    return Staffing(
        name, title, "M3", Gap.MISSING,
        f"No DBA is on call from {gap:%Y-%m-%d %H:%M} UTC: a migration on customer data could not be rolled back."
        " An administrator enters a shift.",
    )  # fmt: skip


def _uncovered(shifts: Iterable[Shift], now: datetime) -> datetime | None:
    """From when on nobody is on call within the next 24 hours; None where somebody always is."""
    covered = now
    relevant = (s for s in shifts if s.ends_at > now and s.starts_at < now + AHEAD and s.person.is_active)
    for shift in sorted(relevant, key=lambda each: each.starts_at):
        if shift.starts_at > covered:
            break
        covered = max(covered, shift.ends_at)
    return None if covered >= now + AHEAD else covered


def _reviewers(service: Service) -> Staffing:
    """R3 counts an approval only by a verified login (settled.md, Review)."""
    name, title = f"people.reviewers:{service.slug}", f"{service.name}: its reviewers are known on GitHub"
    people = sorted({*_names(holders_of(service, "review_service")), *_names(holders_of(service, "respond_service"))})
    unlinked = _without(people, Identity.Place.GITHUB)
    if not unlinked and people:
        return Staffing(name, title, "R3", Gap.NONE, f"{_and(people)} are linked, and their approvals count.")
    if len(unlinked) == len(people):
        who = f"{_and(people)} have linked none" if people else "there are neither reviewers nor engineers"
        return Staffing(name, title, "R3", Gap.MISSING, f"No approval on GitHub would count: {who}. {LINK}")
    words = f"{_and(unlinked)} approve in vain until they have linked their GitHub login. {LINK}"
    return Staffing(name, title, "R3", Gap.CAVEAT, words)


def _roles(holders: Mapping[str, list[User]]) -> Staffing:
    title = "There are a CTO, a CISO and a DBA"
    nobody = [words for role, words in APPROVERS.items() if not holders[role]]
    if nobody:
        words = f"Nobody is {' or '.join(nobody)}: M3, P2 and X2 have nobody to ask. An administrator gives the role."
        return Staffing("people.roles", title, "M3", Gap.MISSING, words)
    said = ", ".join(f"{APPROVERS[role]}: {_and(_names(people))}" for role, people in holders.items())
    return Staffing("people.roles", title, "M3", Gap.NONE, f"{said}.")


def _deputies(holders: Mapping[str, list[User]]) -> Staffing:
    """One holder alone may be asleep, or be the one who asks."""
    title = "Each approver has somebody who stands in"
    named = set(Deputy.objects.filter(person__is_active=True).values_list("role", flat=True))
    alone = [words for role, words in APPROVERS.items() if role not in named and len(holders[role]) < 2]
    if not alone:
        return Staffing("people.deputies", title, "E14", Gap.NONE, "A deputy, or a second holder, for each of them.")
    words = f"Nobody stands in for the {' or the '.join(alone)}, who may sleep or be the one who asks: name a deputy."
    return Staffing("people.deputies", title, "E14", Gap.CAVEAT, words)


def _factors(holders: Mapping[str, list[User]]) -> Staffing:
    title = "Approvers can prove who they are for M3"
    people = sorted({person for role in STEPS_UP for person in holders[role]}, key=lambda each: each.username)
    enrolled = set(Authenticator.objects.filter(user__in=people, type__in=FACTORS).values_list("user_id", flat=True))
    without = _names(each for each in people if each.pk not in enrolled and not each.has_usable_password())
    if not people:
        return Staffing("people.factors", title, "E16", Gap.MISSING, "There is neither CTO nor DBA to ask.")
    if not without:
        words = f"{_and(_names(people))} have a passkey, a code or a password."
        return Staffing("people.factors", title, "E16", Gap.NONE, words)
    words = f"{_and(without)} cannot prove it here: enrol a passkey or a code, under “Passkeys and codes” at the top."
    return Staffing("people.factors", title, "E16", Gap.CAVEAT if settings.OIDC_ISSUER else Gap.MISSING, words)


def _reachable(holders: Mapping[str, list[User]], way: Way, name: str, title: str) -> Staffing:
    """An approver whom no tool reaches that way is woken by the other means only (E15)."""
    called = {person.username: Called(person, role) for role, each in holders.items() for person in each}
    unreached = sorted(username for username, each in called.items() if not address_of(each, way))
    if not unreached:
        words = f"{_and(sorted(called))} are reached." if called else "Nobody to reach."
        return Staffing(name, title, "E15", Gap.NONE, words)
    return Staffing(name, title, "E15", Gap.CAVEAT, f"{_and(unreached)} cannot be woken that way. {MENDS[way]}")


def _without(people: list[str], place: Identity.Place) -> list[str]:
    linked = set(
        Identity.objects.filter(place=place, verified_at__isnull=False, person__username__in=people).values_list(
            "person__username", flat=True
        )
    )
    return [name for name in people if name not in linked]


def _names(people: Iterable[User]) -> list[str]:
    return sorted(person.username for person in people)


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
