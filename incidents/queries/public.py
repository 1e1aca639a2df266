"""What the public is told (P1, P2): nothing but approved words that were posted, and the states that they name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from incidents.models.incident import Incident
from incidents.models.service import Service
from incidents.models.words import StatusUpdate
from incidents.procedure.public_words import Audience, ComponentState, Phase, PublicWords
from incidents.queries.shapes import Badge
from incidents.queries.shapes.public import ComponentView, PublicPage, PublicReport, PublicService, PublicUpdate

KEPT: Final = timedelta(days=30)
MOST_RECENT: Final = 20
WORST: Final = tuple(ComponentState)

COMPONENTS: Final[Mapping[ComponentState, Badge]] = {
    ComponentState.OPERATIONAL: Badge("operational", "ok", "circle-check"),
    ComponentState.DEGRADED: Badge("degraded", "warn", "triangle-alert"),
    ComponentState.DOWN: Badge("down", "danger", "circle-x"),
}
PHASES: Final[Mapping[Phase, Badge]] = {
    Phase.INVESTIGATING: Badge("investigating", "danger", "search"),
    Phase.IDENTIFIED: Badge("identified", "warn", "crosshair"),
    Phase.MONITORING: Badge("monitoring", "accent", "eye"),
    Phase.RESOLVED: Badge("resolved", "ok", "circle-check"),
}
SUMMARIES: Final[Mapping[ComponentState, Badge]] = {
    ComponentState.OPERATIONAL: Badge("Everything works", "ok", "circle-check"),
    ComponentState.DEGRADED: Badge("Some things are degraded", "warn", "triangle-alert"),
    ComponentState.DOWN: Badge("Some things are down", "danger", "circle-x"),
}
WATCHED: Final = Badge("A report is open", "accent", "eye")


def audiences() -> tuple[Audience, ...]:
    """Where an approved update is posted: the console's own page always, the outside one where it is configured."""
    better_stack = settings.BETTER_STACK_TOKEN and settings.BETTER_STACK_STATUS_PAGE
    webhook = settings.SIGNED_WEBHOOK_URL and settings.SIGNED_WEBHOOK_SECRET
    return (Audience.CONSOLE, Audience.OUTSIDE) if better_stack or webhook else (Audience.CONSOLE,)


def title_of(incident: Incident) -> str:
    """The title of the incident's public report; empty while nothing was posted. It stays: pages cannot change it."""
    return incident.status_updates.posted().values_list("title", flat=True).first() or ""


def last_told(incident: Incident) -> StatusUpdate | None:
    """What the public was told last about an incident."""
    return incident.status_updates.posted().last()


def left_standing(incident: Incident) -> Phase | None:
    """What the public page stands at, while that is not *resolved*; None where nothing is left to say."""
    newest = last_told(incident)
    return Phase(newest.phase) if newest and newest.phase != Phase.RESOLVED else None


def public_page(now: datetime) -> PublicPage:
    """The page as it stands: the parts of every service in use, open reports first, then those of the last weeks."""
    posted = list(StatusUpdate.objects.posted().filter(incident__in=_told_of(now)).select_related("incident__service"))
    posted.sort(key=lambda each: (str(each.incident_id), each.posted_at, each.pk))
    threads = [list(group) for _, group in groupby(posted, key=lambda each: each.incident_id)]
    threads.sort(key=lambda thread: thread[0].posted_at or now, reverse=True)
    running = [thread for thread in threads if thread[-1].phase != Phase.RESOLVED]
    over = [thread for thread in threads if thread[-1].phase == Phase.RESOLVED]
    worst = _worst_states(running)
    return PublicPage(
        summary=_summary(worst.values(), running),
        services=tuple(_services(worst)),
        open_reports=tuple(_report(thread) for thread in running),
        recent_reports=tuple(_report(thread) for thread in over[:MOST_RECENT]),
        changed_at=max((each.posted_at for each in posted if each.posted_at), default=None),
        feed_url=reverse("incidents:status-feed"),
    )


def _told_of(now: datetime) -> list[UUID]:
    """Incidents of which something was told lately, and those whose report is open however old."""
    posted = StatusUpdate.objects.filter(state="posted")
    newest = posted.order_by("incident_id", "-posted_at", "-id").distinct("incident_id")
    told = newest.values_list("incident_id", "phase", "posted_at")
    return [pk for pk, phase, at in told if phase != Phase.RESOLVED or (at and at > now - KEPT)]


def _worst_states(running: Sequence[Sequence[StatusUpdate]]) -> dict[tuple[object, str], ComponentState]:
    """By service and component: the worst that an open report's newest message says."""
    found: dict[tuple[object, str], ComponentState] = {}
    for thread in running:
        for each in thread[-1].as_words().components:
            place = (thread[-1].incident.service_id, each.name)
            found[place] = max(found.get(place, ComponentState.OPERATIONAL), each.state, key=WORST.index)
    return found


def _summary(states: Iterable[ComponentState], running: Sequence[object]) -> Badge:
    worst = max(states, key=WORST.index, default=ComponentState.OPERATIONAL)
    return WATCHED if running and worst is ComponentState.OPERATIONAL else SUMMARIES[worst]


def _services(worst: Mapping[tuple[object, str], ComponentState]) -> Iterable[PublicService]:
    for service in Service.objects.in_use().filter(customer_facing=True):
        names = service.status_components
        states = [(name, worst.get((service.pk, name), ComponentState.OPERATIONAL)) for name in names]
        if states:
            yield PublicService(service.name, tuple(ComponentView(name, COMPONENTS[state]) for name, state in states))


def _report(thread: Sequence[StatusUpdate]) -> PublicReport:
    first, newest = thread[0], thread[-1]
    corrected = {each.corrects_id: each.posted_at for each in thread if each.corrects_id}
    return PublicReport(
        id=str(first.pk),
        title=newest.title,
        service=newest.incident.service.name,
        phase=PHASES[Phase(newest.phase)],
        began_at=first.posted_at,
        changed_at=newest.posted_at,
        updates=tuple(_update(each, corrected.get(each.pk)) for each in reversed(thread)),
    )


def _update(update: StatusUpdate, corrected_at: datetime | None) -> PublicUpdate:
    return as_public(update.as_words(), key=str(update.pk), at=update.posted_at, corrected_at=corrected_at)


def as_public(
    words: PublicWords, *, key: str = "", at: datetime | None = None, corrected_at: datetime | None = None
) -> PublicUpdate:
    """Words as the public reads them; `at` is None in a preview."""
    return PublicUpdate(
        id=key,
        phase=words.phase,
        message=words.message,
        at=at,
        components=tuple(ComponentView(each.name, COMPONENTS[each.state]) for each in words.components),
        corrects=bool(words.corrects),
        corrected_at=corrected_at,
    )
