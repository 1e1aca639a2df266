"""The metrics: does the flagging alert's own series answer, so that recovery can be proved on it (R5, E12)."""

from collections.abc import Iterator
from functools import partial

from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.integrations.metrics import Metrics
from incidents.models.service import Service


def checks(world: World, services: list[Service]) -> Iterator[Check]:
    """One a service."""
    for each in services:
        attempt = partial(series, each, world.metrics)
        yield Check(f"metrics.series:{each.slug}", f"{each.name}: the alert's series answers", "R5", attempt)


def series(service: Service, metrics: Metrics) -> Finding:
    """An empty answer is a fault now, and would be no recovery then."""
    if not service.has_alert:
        return caveat("The catalogue names no alert: recovery will be attested by hand, with evidence (E12).")
    sample = metrics.value(service.alert_query)
    if sample is None or sample.value is None:
        return missing(
            f"The query of {service.alert_name} has no data: correct the alert in the catalogue. {service.alert_query}"
        )
    state = metrics.alert_state(service.alert_name, labels=service.alert_labels)
    return ready(f"{service.alert_name} is {state}; its series stands at {sample.value:g} {service.alert_unit}.")
