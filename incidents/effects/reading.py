"""Acting on a stored webhook: an alert opens or extends an incident, news wakes whoever waits, a press is an answer."""

from uuid import UUID

from incidents import dispatch
from incidents.effects.following import follow_issue
from incidents.effects.pressing import act_on_press
from incidents.effects.wiring import world
from incidents.integrations import alertmanager, github_events
from incidents.integrations.errors import UnreadableDelivery
from incidents.models.alert import Delivery
from incidents.models.service import Service
from incidents.models.step import Step
from incidents.procedure.steps import StepState
from incidents.services.clock import database_now
from incidents.services.intake import (
    SeenAlert,
    call_unreadable,
    receive_alert,
    receive_failed_deploy,
    settle_delivery,
)
from incidents.services.running import wake_steps

FAILED_STATES = ("failure", "error")


def read(delivery_id: UUID) -> None:
    """Act on a delivery that nobody has settled; every act counts once by itself, so two readers do no harm."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None or delivery.verdict != Delivery.Verdict.RECEIVED:
        return
    try:
        words = _act_on(delivery)
    except UnreadableDelivery as unreadable:
        call_unreadable(delivery=delivery, words=str(unreadable))
        return
    settle_delivery(delivery=delivery, acted=bool(words), words=words or "No service of the catalogue listens to this.")


def _act_on(delivery: Delivery) -> str:
    match delivery.source:
        case "alertmanager":
            return _read_alerts(delivery)
        case "slack":
            return act_on_press(delivery, world())
        case _:
            return _read_news(delivery)


def _read_alerts(delivery: Delivery) -> str:
    now, words = database_now(), []
    for fired in alertmanager.parse(bytes(delivery.body)):
        alert = receive_alert(
            seen=SeenAlert(
                source="alertmanager",
                fingerprint=fired.fingerprint,
                name=fired.name,
                firing=fired.status == "firing",
                labels=fired.labels,
                annotations=fired.annotations,
                started_at=fired.starts_at,
                ended_at=fired.ends_at,
                url=fired.generator_url,
            ),
            now=now,
        )
        if alert is not None:
            words.append(f"{fired.name} {fired.status}: {alert.incident.number if alert.incident else 'no incident'}")
    return "; ".join(words)


def _read_news(delivery: Delivery) -> str:
    news = github_events.parse(delivery.event, bytes(delivery.body))
    if news is None:
        return ""
    services = list(Service.objects.of_repository(news.repository))
    if not services:
        return ""
    if isinstance(news, github_events.IssueSeen):
        named = follow_issue(news.repository, news.number, world())
        return f"issue #{news.number} of {news.repository}: {named} follow-ups" if named else ""
    if isinstance(news, github_events.PushSeen | github_events.DeploymentSeen):
        dispatch.refresh_mirror(news.repository)
    if isinstance(news, github_events.DeploymentSeen) and news.state in FAILED_STATES:
        _failed_deploys(services, news)
    waiting = Step.objects.filter(incident__service__in=services, state=StepState.WATCHING)
    wake_steps(step_ids=list(waiting.values_list("pk", flat=True)))
    return f"{delivery.event} of {news.repository}"


def _failed_deploys(services: list[Service], news: github_events.DeploymentSeen) -> None:
    for service in services:
        if service.environment == news.environment:
            receive_failed_deploy(service=service, sha=news.sha, url=news.run_url, now=database_now())
