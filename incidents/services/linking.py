"""A person's logins elsewhere: claimed, proved and taken back by themselves, each recorded in the stream `access`.

A six-digit code goes there and comes back (Slack, phone), or a sentence of the console's is written there (GitHub).
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from incidents import dispatch
from incidents.models.duty import Identity
from incidents.models.service import Service
from incidents.procedure.refusals import Refusal
from incidents.queries.linking import AGAIN_AFTER, MOST_TRIES, RULES, is_provable, is_running
from incidents.services.recording import record_in

Place = Identity.Place
LOGINS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        Place.GITHUB: (r"[A-Za-z0-9][A-Za-z0-9_-]{0,98}", "Type your login there, as it stands on your profile."),
        Place.SLACK: (r"[A-Za-z0-9._-]{2,100}", "Type your member id (U…), as your profile in Slack shows it."),
        Place.PHONE: (r"\+[1-9][0-9]{6,14}", "Type the number with its country: +44 20 7946 0000."),
    }
)
_PULL_REQUEST: Final = re.compile(r"([\w.-]+/[\w.-]+)/pull/([0-9]{1,9})(?:[/?#]|$)")


class LinkRefused(Refusal):
    """The login cannot be linked so, or not now; the words say why."""


@transaction.atomic
def claim_login(*, place: str, login: str, actor: User, now: datetime) -> Identity:
    """Say “this is me there”; it counts once it is proved. Slack knows people by their mail, so may be left empty."""
    wanted = _readable(place, login, actor)
    own = _own(place, actor)
    _check_claimable(own, place, now)
    _make_room(place, wanted, actor)
    kept = own.tries if own and is_running(own, now) else 0
    fresh = {"login": wanted, "challenge": "", "challenged_at": now, "tries": kept, "words": "", "asked_at": None}
    claimed, _ = Identity.objects.update_or_create(person=actor, place=place, defaults=fresh)
    if place != Place.GITHUB:
        _ask_for_code(claimed, now)
    _record("identity.claimed", claimed, actor, now)
    return claimed


def _readable(place: str, login: str, actor: User) -> str:
    typed = re.sub(r"[\s()]|(?<=\d)-", "", login) if place == Place.PHONE else login.strip().removeprefix("@")
    if place == Place.SLACK and not typed and actor.email:
        return actor.email
    form, wants = LOGINS[place]
    if not re.fullmatch(form, typed):
        raise LinkRefused(RULES[place], wants)
    return typed


def _own(place: str, actor: User) -> Identity | None:
    return Identity.objects.select_for_update().filter(person=actor, place=place).first()


def _check_claimable(own: Identity | None, place: str, now: datetime) -> None:
    """Tries are not won back by claiming anew, and nobody is flooded with codes."""
    if own is None:
        return
    if own.verified_at:
        raise LinkRefused(RULES[place], f"You are linked as {own.login}. Unlink that first.")
    if own.tries >= MOST_TRIES and is_running(own, now):
        raise LinkRefused(RULES[place], "Too many wrong codes. Begin anew in ten minutes.")
    if own.challenge and own.challenged_at and now - own.challenged_at < AGAIN_AFTER:
        raise LinkRefused(RULES[place], "A code was sent a moment ago. Another one can be sent in a minute.")


def _make_room(place: str, login: str, actor: User) -> None:
    """One person a login: a proved link stands, a mere claim of somebody else's gives way to whoever can prove it."""
    others = Identity.objects.filter(place=place, login__iexact=login).exclude(person=actor)
    if others.filter(verified_at__isnull=False).exists():
        raise LinkRefused(
            RULES[place], f"{login} is linked to another account already. An administrator can part them."
        )
    others.delete()


def _ask_for_code(claimed: Identity, now: datetime) -> None:
    if is_provable(claimed.place):
        Identity.objects.filter(pk=claimed.pk).update(asked_at=now)
        dispatch.send_code(claimed.pk)
    else:
        words = "No code can be sent there by the tools that are set: an administrator verifies it."
        Identity.objects.filter(pk=claimed.pk).update(words=words)


@transaction.atomic
def name_login(*, identity_id: UUID, login: str) -> None:
    """Who was claimed by a mail address is this one there. Raises `LinkRefused` where that is somebody else's."""
    claimed = Identity.objects.select_for_update(of=("self",)).select_related("person").get(pk=identity_id)
    _make_room(claimed.place, login, claimed.person)
    Identity.objects.filter(pk=identity_id, verified_at__isnull=True).update(login=login)


def issue_code(*, identity_id: UUID, now: datetime) -> str | None:
    """A new code for a claim that has none, kept as its digest alone; None where one was issued, or none is due."""
    code = f"{secrets.randbelow(10**6):06d}"
    due = Identity.objects.filter(pk=identity_id, verified_at__isnull=True, challenge="", asked_at__isnull=False)
    return code if due.update(challenge=_digest(identity_id, code), challenged_at=now) else None


def _digest(identity_id: UUID, code: str) -> str:
    """Under the console's secret key: six digits alone would be found by trying them all."""
    return salted_hmac("incidents.linking", f"{identity_id}:{code}", algorithm="sha256").hexdigest()


def say_of_claim(*, identity_id: UUID, words: str, lost: bool = False) -> None:
    """What came of the sending, or of the looking; a code that was `lost` is void, and another may be asked for."""
    fresh = {"challenge": ""} if lost else {}
    Identity.objects.filter(pk=identity_id, verified_at__isnull=True).update(words=words, asked_at=None, **fresh)


def prove_by_code(*, place: str, code: str, actor: User, now: datetime) -> Identity:
    """Type the code that was sent there: five tries, ten minutes. A wrong one is counted, recorded and refused."""
    with transaction.atomic():
        claimed = _claimed(place, actor, now)
        typed = "".join(each for each in code if each.isdecimal())
        if claimed.challenge and constant_time_compare(claimed.challenge, _digest(claimed.pk, typed)):
            return _verify(claimed, actor, now, by="a code that was sent there")
        claimed.tries += 1
        claimed.save(update_fields=["tries"])
        _record("identity.code_refused", claimed, actor, now, tries=claimed.tries)
    left = max(0, MOST_TRIES - claimed.tries)
    raise LinkRefused(RULES[place], f"That is not the code that was sent. {left} more tries." if left else _SPENT)


_SPENT: Final = "That is not the code that was sent, and it was the last try. Begin anew in ten minutes."


def _claimed(place: str, actor: User, now: datetime) -> Identity:
    claimed = _own(place, actor)
    if claimed is None or claimed.verified_at or not is_running(claimed, now):
        raise LinkRefused(RULES[place], "Nothing waits for a proof here, or its ten minutes are over: begin anew.")
    if claimed.tries >= MOST_TRIES:
        raise LinkRefused(RULES[place], "Too many wrong codes. Begin anew in ten minutes.")
    return claimed


@transaction.atomic
def ask_to_look(*, address: str, actor: User, now: datetime) -> Identity:
    """Have the reviews of a pull request read for the console's sentence, by that login (GitHub)."""
    claimed = _claimed(Place.GITHUB, actor, now)
    found = _PULL_REQUEST.search(address.strip())
    service = Service.objects.in_use().filter(repository__iexact=found[1]).first() if found else None
    if found is None or service is None:
        words = "Paste the address of a pull request of a service that this console knows."
        raise LinkRefused(RULES[Place.GITHUB], words)
    claimed.words, claimed.asked_at = "", now
    claimed.save(update_fields=["words", "asked_at"])
    dispatch.look_for_proof(claimed.pk, service.repository, int(found[2]))
    return claimed


@transaction.atomic
def confirm_login(*, identity_id: UUID, by: str, now: datetime) -> None:
    """The proof was found there; nothing where the claim has lapsed, or was proved before."""
    claimed = Identity.objects.select_for_update(of=("self",)).select_related("person").get(pk=identity_id)
    if claimed.verified_at is None and is_running(claimed, now):
        _verify(claimed, claimed.person, now, by=by)


def _verify(claimed: Identity, actor: User, now: datetime, *, by: str) -> Identity:
    claimed.verified_at, claimed.challenge, claimed.words, claimed.asked_at = now, "", "", None
    claimed.save()
    _record("identity.verified", claimed, actor, now, by=by)
    return claimed


@transaction.atomic
def unlink(*, place: str, actor: User, now: datetime) -> None:
    """Take a proved link back; what was approved by it stays approved."""
    own = _own(place, actor)
    if own is None or own.verified_at is None:
        raise LinkRefused(RULES[place], "You are not linked there.")
    own.delete()
    _record("identity.unlinked", own, actor, now)


def _record(kind: str, identity: Identity, actor: User, now: datetime, **facts: Any) -> None:
    record_in(
        "access", kind, at=now, actor=actor, rule=RULES[identity.place], person=actor.username, place=identity.place,
        login=identity.login, **facts,
    )  # fmt: skip
