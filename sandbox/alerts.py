"""Evaluates the alert rules over the shop's series and tells the console, as Alertmanager does (webhook version 4).

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from starlette.routing import BaseRoute

from sandbox import promql, secrets
from sandbox.alert_rules import FIRING, INACTIVE, Rule, Status, read_rules
from sandbox.deliveries import Delivery
from sandbox.parts import Memory, Part
from sandbox.series import Series, series_of, watching_pace
from sandbox.world import World

REPEAT_SECONDS = 30.0
RETRY_SECONDS = 2.0
_EVALUATION_SECONDS = 0.5
_NEVER = "0001-01-01T00:00:00Z"


class AlertsPart:
    name = "alerts"
    world: World
    series: Series
    memory: Memory

    def __init__(self) -> None:
        self.rules = read_rules()
        self.statuses: dict[str, Status] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._heard: dict[str, bool] = {}

    def routes(self, world: World) -> list[BaseRoute]:
        return []

    async def start(self, world: World) -> None:
        self.world, self.series, self.memory = world, series_of(world), world.memory(self.name)
        self.statuses = {name: Status(**status) for name, status in self.memory.read().items()}
        self._telling = {}
        for rule in self.rules:
            if self.status(rule).state == FIRING:
                self._tell(rule, self.status(rule))
        world.spawn(self._watch())

    async def stop(self, world: World) -> None:
        """The world ends what it was asked to run."""

    def status(self, rule: Rule) -> Status:
        return self.statuses.get(rule.name, Status())

    def active(self) -> list[dict[str, object]]:
        """Pending and firing alerts, as `/api/v1/alerts` lists them."""
        return [
            {
                "labels": rule.all_labels,
                "annotations": dict(rule.annotations),
                "state": self.status(rule).state,
                "activeAt": _moment(self.status(rule).since),
                "value": f"{self.status(rule).value:e}",
            }
            for rule in self.rules
            if self.status(rule).state != INACTIVE
        ]

    def state(self) -> dict[str, object]:
        return {
            "alerts": [
                {
                    "name": rule.name,
                    "threshold": rule.threshold,
                    "heard": self._heard.get(rule.name, False),
                    **asdict(self.status(rule)),
                }
                for rule in self.rules
            ]
        }

    async def _watch(self) -> None:
        while True:
            for rule in self.rules:
                self._evaluate(rule, time.time())
            await asyncio.sleep(_EVALUATION_SECONDS * watching_pace(self.world))

    def _evaluate(self, rule: Rule, now: float) -> None:
        before = self.status(rule)
        points = self.series.at(promql.parse(rule.query), now)
        value = points[0].value if points and math.isfinite(points[0].value) else None
        after = before.after(rule, value, now, pace=watching_pace(self.world))
        self.statuses[rule.name] = after
        if (before.state == FIRING) is not (after.state == FIRING):
            self._changed(rule, before, after)

    def _changed(self, rule: Rule, before: Status, after: Status) -> None:
        """The alert began or ceased to fire: write it down, and tell the console until it has heard."""
        self.memory.write({name: asdict(status) for name, status in self.statuses.items()})
        began = after if after.state == FIRING else before
        effect = "alert.firing" if after.state == FIRING else "alert.resolved"
        self.world.journal.record(
            self.name, effect, key=f"{rule.fingerprint}@{_moment(began.since)}", alert=rule.name, value=after.value
        )
        self._tell(rule, began, ended=0.0 if after.state == FIRING else time.time())

    def _tell(self, rule: Rule, began: Status, *, ended: float = 0.0) -> None:
        if earlier := self._telling.get(rule.name):
            earlier.cancel()
        self._heard[rule.name] = False
        self._telling[rule.name] = self.world.spawn(self._tell_until_heard(rule, began, ended))

    async def _tell_until_heard(self, rule: Rule, began: Status, ended: float) -> None:
        """Firing: again every repeat interval. Resolved: once. Either: every two seconds until accepted."""
        while True:
            heard = self._heard[rule.name] = await self._deliver(rule, began, ended)
            if heard and ended:
                return
            seconds = REPEAT_SECONDS if heard else RETRY_SECONDS
            await asyncio.sleep(seconds * watching_pace(self.world))

    async def _deliver(self, rule: Rule, began: Status, ended: float) -> bool:
        """Whether Alertmanager would think it was accepted: a delivery lost on the way counts, as in the real world."""
        if not self.world.console:
            return True
        event = "resolved" if ended else "firing"
        seen = len(self.world.journal.entries())
        key = f"{rule.fingerprint}@{_moment(began.since)}/{event}/{seen}"
        body = json.dumps(webhook_body(rule, began, ended, address=self.world.address)).encode()
        headers = {"Authorization": f"Bearer {secrets.ALERT_WEBHOOK_TOKEN}", "User-Agent": "Alertmanager/0.28.1"}
        await self.world.deliveries.deliver(Delivery(self.name, event, key, "/hooks/alertmanager", headers, body))
        tried = self.world.journal.entries(since=seen, part=self.name, key=key)
        return any(entry.effect == "webhook.lost" or _accepted(entry.detail) for entry in tried)


def part() -> Part:
    return AlertsPart()


def webhook_body(rule: Rule, began: Status, ended: float, *, address: str) -> dict[str, object]:
    status = "resolved" if ended else "firing"
    alert = {
        "status": status,
        "labels": rule.all_labels,
        "annotations": dict(rule.annotations),
        "startsAt": _moment(began.since),
        "endsAt": _moment(ended) if ended else _NEVER,
        "generatorURL": f"{address}/#signals",
        "fingerprint": rule.fingerprint,
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{rule.name}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "rollback-console",
        "groupLabels": {"alertname": rule.name},
        "commonLabels": rule.all_labels,
        "commonAnnotations": dict(rule.annotations),
        "externalURL": address,
        "alerts": [alert],
    }


def _accepted(detail: Mapping[str, object]) -> bool:
    status = detail.get("status")
    return isinstance(status, int) and 200 <= status < 300


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
