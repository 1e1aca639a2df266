"""R5: recovery proved on the flagging alert's own series, newer than the mending; silence is never recovery (E12)."""

from datetime import datetime, timedelta

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.metrics import Sample as Measured
from incidents.procedure.recovery import Recovery, Sample, judge
from incidents.procedure.steps import StepKind
from incidents.services.clock import database_now

LOOK_AGAIN = 5.0
BEFORE = timedelta(minutes=5)
KEPT = 240


class ProveRecovery:
    """Done when the alert is inactive and its last N samples since the deploy are good."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        deployed = _mended_at(order)
        if not _flagged_by_its_alert(order) or not deployed:
            return Waiting(_attest_instead(order), 60)
        now, deployed_at = database_now(), datetime.fromisoformat(deployed)
        samples = _series(order, world, deployed_at - BEFORE, now)
        recovery = _judge(order, world, samples, deployed_at, now)
        if recovery.state == "recovered":
            return Done(recovery.sentence, _evidence(samples, recovery), order.service.dashboard_url)
        judged = {
            "good": recovery.good,
            "needed": recovery.needed,
            "judged": recovery.state,
            "judged_at": now.isoformat(),
        }
        return Waiting(recovery.sentence, min(LOOK_AGAIN, float(order.service.alert_every_seconds)), judged)

    def act(self, order: Order, world: World) -> Outcome:
        raise AssertionError("Recovery is only ever watched.")


def _mended_at(order: Order) -> str:
    """When it took effect: the deploy; where none is part of the path, the flag read back as off, or the rotation."""
    moments = (
        order.before(StepKind.DEPLOY).get("deployed_at"),
        order.before(StepKind.ISOLATE).get("read_back_at"),
        order.before(StepKind.ROTATE_CREDENTIAL).get("rotated_at"),
    )
    return str(next((moment for moment in moments if moment), ""))


def _flagged_by_its_alert(order: Order) -> bool:
    return order.service.has_alert and order.incident.alerts.exists()


def _attest_instead(order: Order) -> str:
    why = (
        "The moment from which it counts is not known"
        if _flagged_by_its_alert(order)
        else "No alert flagged this incident"
    )
    return f"{why}: the on-call engineer attests the recovery with evidence."


def _series(order: Order, world: World, start: datetime, end: datetime) -> list[Measured]:
    every = order.service.alert_every_seconds
    return world.metrics.series(order.service.alert_query, start=start, end=end, step_seconds=every)


def _judge(order: Order, world: World, samples: list[Measured], deployed_at: datetime, now: datetime) -> Recovery:
    service = order.service
    return judge(
        [Sample(each.at, each.value) for each in samples],
        threshold=service.alert_threshold or 0.0,
        above=service.alert_above,
        deployed_at=deployed_at,
        needed=service.recovery_samples,
        alert_state=world.metrics.alert_state(service.alert_name, labels=service.alert_labels).value,
        now=now,
        every=timedelta(seconds=service.alert_every_seconds),
    )


def _evidence(samples: list[Measured], recovery: Recovery) -> dict[str, object]:
    kept = [[each.at.isoformat(), each.value] for each in samples[-KEPT:]]
    return {"good": recovery.good, "needed": recovery.needed, "series": kept}
