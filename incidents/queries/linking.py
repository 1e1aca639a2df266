"""Where a person is known elsewhere, what each link is for, and how far its proof has come."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac

from incidents.models.duty import Identity
from incidents.queries.shapes.pages import PlaceCard
from incidents.queries.shapes.parts import Badge

Place = Identity.Place
CODE_HOLDS: Final = timedelta(minutes=10)
AGAIN_AFTER: Final = timedelta(minutes=1)
BUSY_FOR: Final = timedelta(seconds=30)
MOST_TRIES: Final = 5
RULES: Final[Mapping[str, str]] = MappingProxyType({Place.GITHUB: "R3", Place.SLACK: "P2", Place.PHONE: "E15"})
WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        Place.GITHUB: "An approval on GitHub counts by your login there.",
        Place.SLACK: "You are written to alone, and may approve public words by a button.",
        Place.PHONE: "You can be rung where your organisation’s own pager rings numbers.",
    }
)
LABELS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        Place.GITHUB: ("Your login on GitHub", ""),
        Place.SLACK: ("Your member id in Slack", "Empty: you are looked up by your mail address."),
        Place.PHONE: ("Your number", "With its country: +44 20 7946 0000."),
    }
)
_LINKED, _WAITS, _NOT = (
    Badge("linked", "ok", "circle-check"),
    Badge("waits for its proof", "wait", "hourglass"),
    Badge("not linked", "idle", "circle-dashed"),
)


def is_running(identity: Identity, now: datetime) -> bool:
    """Whether its proof may still come: ten minutes from the claim, or from its code."""
    return identity.challenged_at is not None and now - identity.challenged_at < CODE_HOLDS


def is_provable(place: str) -> bool:
    """Whether a code can be sent there: Better Stack rings policies, no numbers, so a phone needs the webhook."""
    webhook = bool(settings.SIGNED_WEBHOOK_URL and settings.SIGNED_WEBHOOK_SECRET)
    if place == Place.PHONE:
        return webhook and not settings.BETTER_STACK_TOKEN
    return place == Place.GITHUB or bool(settings.SLACK_TOKEN) or webhook


def sentence_of(identity: Identity) -> str:
    """What only whoever holds the login can write there, naming the account so that nobody is talked into it."""
    made_of = f"{identity.pk}:{identity.login}:{identity.challenged_at}"
    code = salted_hmac("incidents.linking.sentence", made_of, algorithm="sha256").hexdigest()[:12]
    return f"I am {identity.person.get_username()} in the Rollback Console: {code}"


def places_of(person: User, now: datetime) -> tuple[PlaceCard, ...]:
    """Every place, linked or not."""
    known = {each.place: each for each in Identity.objects.filter(person=person).select_related("person")}
    return tuple(_card(place, known.get(place), now) for place in Place)


def _card(place: Identity.Place, identity: Identity | None, now: datetime) -> PlaceCard:
    step = _step(identity, now)
    label, help_text = LABELS[place]
    return PlaceCard(
        place=place.value,
        title=place.label[0].upper() + place.label[1:],
        rule=RULES[place],
        why=WHY[place],
        badge=_LINKED if step == "linked" else _NOT if step == "claim" else _WAITS,
        step=step,
        by_code=place != Place.GITHUB and is_provable(place),
        label=label,
        help=help_text,
        login=identity.login if identity and step != "claim" else "",
        words=identity.words if identity else "",
        sentence=sentence_of(identity) if identity and step == "review" else "",
        linked_at=identity.verified_at if identity else None,
    )


def _step(identity: Identity | None, now: datetime) -> str:
    """What the person can do next: claim, wait for a worker, type the code, show the review, or unlink."""
    if identity is None:
        return "claim"
    if identity.verified_at:
        return "linked"
    if not identity.words and identity.asked_at and now - identity.asked_at < BUSY_FOR:
        return "busy"
    if not is_running(identity, now):
        return "claim"
    if identity.place == Place.GITHUB:
        return "review"
    return "code" if identity.challenge else "claim"
