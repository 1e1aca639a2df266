"""People, their roles, their shifts and their logins elsewhere: each change recorded in the stream `access`."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from incidents.models.duty import Deputy, Identity, Seat, Shift
from incidents.models.service import Service
from incidents.procedure.duty import RIGHTS, Action
from incidents.procedure.refusals import Refusal
from incidents.queries.deputies import ROLE_WORDS
from incidents.queries.duty import NotPermitted
from incidents.services.recording import record_in

ADMINISTRATOR = "administrator"
ADMINISTERS = {
    "service": ("view", "add", "change"),
    "shift": ("view", "add", "change", "delete"),
    "deputy": ("view", "add", "change", "delete"),
    "identity": ("view", "add", "change", "delete"),
    "user": ("view", "add", "change"),
    "change": ("view",),
    "deployment": ("view",),
    "alert": ("view",),
    "delivery": ("view",),
    "ledgerentry": ("view",),
}
"""What an administrator may do on the admin pages, by model."""


class ShiftRefused(Refusal):
    """The shift makes no sense as it was given."""


class DeputyRefused(Refusal):
    """This person cannot stand in for that role."""


def require_administrator(person: User) -> None:
    """Raise `NotPermitted` unless the person is an administrator; being a superuser alone is not it."""
    if not (person.is_active and person.groups.filter(name=ADMINISTRATOR).exists()):
        right = RIGHTS[Action.CONFIGURE]
        raise NotPermitted(right.rule, right.otherwise)


@transaction.atomic
def add_shift(
    *,
    person_id: int,
    seat: str,
    service_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    actor: User | None = None,
) -> Shift:
    """Put a person on call (E5). Of two overlapping shifts the one begun last counts."""
    if actor is not None:
        require_administrator(actor)
    if ends_at <= starts_at:
        raise ShiftRefused("E5", "The shift ends before it starts.")
    if seat == Seat.ON_CALL and service_id is None:
        raise ShiftRefused("E5", "An on-call shift names its service.")
    service = Service.objects.get(pk=service_id) if service_id else None
    shift = Shift.objects.create(person_id=person_id, seat=seat, service=service, starts_at=starts_at, ends_at=ends_at)
    record_in(
        "access", "shift.added", at=now, actor=actor, rule="E5", about=service, person=shift.person.username,
        seat=seat, service=service.slug if service else None, starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    return shift


@transaction.atomic
def end_shift(*, shift_id: UUID, now: datetime, actor: User) -> Shift:
    """End a running or a coming shift now; a running plan goes on (settled.md, Consumed)."""
    require_administrator(actor)
    shift = Shift.objects.select_for_update(of=("self",)).select_related("person").get(pk=shift_id)
    if shift.ends_at <= now:
        raise ShiftRefused("E5", "The shift is over already.")
    if shift.starts_at >= now:
        shift.delete()
    else:
        shift.ends_at = now
        shift.save(update_fields=["ends_at"])
    record_in("access", "shift.ended", at=now, actor=actor, rule="E5", person=shift.person.username, seat=shift.seat)
    return shift


@transaction.atomic
def name_deputy(*, role: str, person_id: int | None, now: datetime, actor: User | None = None) -> Deputy | None:
    """Who stands in for a role's holder who cannot, or does not, answer (E14, E15); nobody where no one is given."""
    if actor is not None:
        require_administrator(actor)
    if role not in ROLE_WORDS:
        raise DeputyRefused("E14", f"Nobody stands in for “{role[:20]}”: only for the CTO, the CISO and the DBA.")
    before = Deputy.objects.select_related("person").select_for_update(of=("self",)).filter(role=role).first()
    was = before.person.username if before else None
    if person_id is None:
        Deputy.objects.filter(role=role).delete()
        record_in("access", "deputy.removed", at=now, actor=actor, rule="E14", role=role, was=was)
        return None
    person = _fit_to_stand_in(role, person_id)
    deputy, _ = Deputy.objects.update_or_create(role=role, defaults={"person": person})
    record_in("access", "deputy.named", at=now, actor=actor, rule="E14", role=role, person=person.username, was=was)
    return deputy


def _fit_to_stand_in(role: str, person_id: int) -> User:
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        raise DeputyRefused("E14", "There is no such person, or their account is switched off.")
    held = set(person.groups.values_list("name", flat=True))
    if role != "dba" and role in held:
        raise DeputyRefused("E14", f"{person.username} holds that role already: a deputy is somebody else.")
    if held == {"auditor"}:
        raise DeputyRefused("E14", f"{person.username} is an auditor, who reads everything and changes nothing.")
    return person


@transaction.atomic
def ensure_person(
    *, username: str, email: str, password: str, groups: tuple[str, ...], github: str, now: datetime
) -> User:
    """A person with roles and a verified code host login; changes nothing where they stand already."""
    person, new = User.objects.get_or_create(username=username, defaults={"email": email})
    if new:
        person.set_password(password)
        person.save()
        record_in("access", "person.added", at=now, person=username, groups=list(groups))
    for name in groups:
        person.groups.add(ensure_group(name))
    follow_roles(person=person)
    if github:
        Identity.objects.get_or_create(
            person=person, place=Identity.Place.GITHUB, defaults={"login": github, "verified_at": now}
        )
    return person


def ensure_group(name: str) -> Group:
    """The group of a role; the administrators' may use the admin pages of what they look after, and no others."""
    group, _ = Group.objects.get_or_create(name=name)
    if name == ADMINISTRATOR:
        rights = [f"{verb}_{model}" for model, verbs in ADMINISTERS.items() for verb in verbs]
        ours = Permission.objects.filter(codename__in=rights, content_type__app_label__in=["incidents", "auth"])
        group.permissions.set(ours)
    return group


def follow_roles(*, person: User) -> User:
    """Only administrators enter the admin pages; who is one no longer is shut out at once."""
    entitled = person.is_superuser or person.groups.filter(name=ADMINISTRATOR).exists()
    if person.is_staff != entitled:
        person.is_staff = entitled
        person.save(update_fields=["is_staff"])
    return person
