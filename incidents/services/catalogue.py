"""The catalogue in the database follows the file named in settings; what left the file is retired, never deleted."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from incidents.models.service import Service
from incidents.queries.duty import holders_of
from incidents.services.admitting import grant_by_group
from incidents.services.recording import record_in

PLAIN = (
    "name", "repository", "branch", "workflow", "environment", "production", "customer_facing", "dashboard_url",
    "flags", "drain_targets", "minimum_healthy", "recovery_samples", "retrospective_days", "customer_tables",
    "status_components", "database", "flag_wrappers",
)  # fmt: skip
ALERT = {"name": "alert_name", "labels": "alert_labels", "query": "alert_query", "threshold": "alert_threshold",
         "unit": "alert_unit", "above": "alert_above", "every_seconds": "alert_every_seconds"}  # fmt: skip
CHANNEL = {"id": "channel_id", "name": "channel_name"}
GRANTS = {"engineers": "respond_service", "reviewers": "review_service"}


@transaction.atomic
def apply_catalogue(
    *, services: Iterable[Mapping[str, Any]], now: datetime, actor: User | None = None
) -> list[Service]:
    """Bring the services and their people in line with the file, each change recorded; twice changes nothing."""
    kept = [_apply(entry, now, actor) for entry in services]
    for service in Service.objects.in_use().exclude(pk__in=[each.pk for each in kept]):
        Service.objects.filter(pk=service.pk).update(retired=True)
        record_in("catalogue", "service.retired", at=now, actor=actor, about=service, service=service.slug)
    grant_by_group(now=now, actor=actor)
    return kept


def _apply(entry: Mapping[str, Any], now: datetime, actor: User | None) -> Service:
    columns = _columns(entry)
    known = Service.objects.filter(slug=entry["slug"]).first()
    service = known or Service(slug=entry["slug"])
    changed = {name: value for name, value in columns.items() if getattr(service, name) != value}
    if known is None or changed:
        for name, value in changed.items():
            setattr(service, name, value)
        service.save()
        record_in(
            "catalogue", "service.changed", at=now, actor=actor, about=service, service=service.slug, changed=changed
        )
    for field, permission in GRANTS.items():
        _grant(service, permission, set(entry.get(field, [])), now, actor)
    return service


def _columns(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Every column the file rules over: what it does not name stands at its default, also when it was named before."""
    ruled = (*PLAIN, *ALERT.values(), *CHANNEL.values())
    blank = Service()
    defaults = {name: getattr(blank, name) for name in ruled}
    plain = {name: entry[name] for name in PLAIN if name in entry}
    alert = {ALERT[name]: value for name, value in entry.get("alert", {}).items()}
    channel = {CHANNEL[name]: value for name, value in entry.get("channel", {}).items()}
    return {**defaults, **plain, **alert, **channel, "retired": False}


def _grant(service: Service, permission: str, wanted: set[str], now: datetime, actor: User | None) -> None:
    held = {each.username: each for each in holders_of(service, permission, by_group=False)}
    for name in sorted(held.keys() - wanted):
        remove_perm(permission, held[name], service)
        record_in(
            "access", "grant.removed", at=now, actor=actor, about=service, service=service.slug, right=permission,
            person=name,
        )  # fmt: skip
    for person in User.objects.filter(username__in=wanted - held.keys()).order_by("username"):
        assign_perm(permission, person, service)
        record_in(
            "access", "grant.given", at=now, actor=actor, about=service, service=service.slug, right=permission,
            person=person.username,
        )  # fmt: skip
