"""An outside world in memory: it keeps what took place and loses answers; workers die and oversleep in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.integrations.errors import IntegrationError
from incidents.procedure.steps import Promise, StepKind, promise_of
from incidents.services.publishing import publish_update

WATCHED = (StepKind.REVIEW, StepKind.DEPLOY, StepKind.PROVE_RECOVERY)
BY_BRANCH = (StepKind.PUSH_REVERT, StepKind.OPEN_PULL_REQUEST, StepKind.MERGE)
LANDS_LATE = timedelta(seconds=8)


class Died(BaseException):
    """The worker's process is gone: nothing of it is heard again."""


class Clock:
    """The database's own clock, which stands still until it is moved: it hides the real one in this transaction."""

    def __init__(self, now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS simulated")
            cursor.execute(
                "CREATE OR REPLACE FUNCTION simulated.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
                " AS $$ SELECT current_setting('simulated.now')::timestamptz $$"
            )
            cursor.execute("SET search_path = simulated, pg_catalog, public")
        self.set(now)

    def set(self, now: datetime) -> None:
        self.now = now
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('simulated.now', %s, false)", [now.isoformat()])

    def pass_(self, seconds: float) -> None:
        self.set(self.now + timedelta(seconds=seconds))


@dataclass(frozen=True)
class Happened:
    """One effect as the world keeps it; `forbidden` is what the procedure had to say at the claim behind it."""

    kind: StepKind
    key: str
    at: datetime
    forbidden: str
    said: str = ""


@dataclass
class Outside:
    """`shows`: what has come that is watched. `fault`: what befalls the next call. `hooks`: what happens meanwhile."""

    clock: Clock
    patch: str
    happened: list[Happened] = field(default_factory=list)
    shows: set[StepKind] = field(default_factory=set)
    fault: str = ""
    hooks: dict[str, Callable[[], None]] = field(default_factory=dict)
    verdicts: list[str] = field(default_factory=list)
    said_by_series: bool = False

    def at(self, moment: str) -> None:
        """A worker has come to this moment of its work; what was planned for it happens, once."""
        if hook := self.hooks.pop(moment, None):
            hook()

    def stands(self, key: str) -> bool:
        return any(each.key == key and each.at <= self.clock.now for each in self.happened)

    def take_place(self, kind: StepKind, key: str, said: str) -> None:
        late = LANDS_LATE if self.fault == "late" and may_land_late(kind) else timedelta(0)
        self.happened.append(Happened(kind, key, self.clock.now + late, self.verdicts[-1], said))


def key_of(order: Order) -> str:
    """By what the world tells one effect from another: a branch has one of each kind, all else bears our key."""
    return f"{order.step.kind} {order.plan.branch}" if order.step.kind in BY_BRANCH else order.key


@dataclass(frozen=True)
class Judged:
    """The effect of a kind with the contract of the real ones: look, ask the lease, send."""

    kind: StepKind
    outside: Outside

    def look_up(self, order: Order, _: object) -> Outcome | None:
        self.outside.at("claimed")
        found = self._watch(order) if self.kind in WATCHED else self._look(order)
        self.outside.at("looked")
        return found

    def _watch(self, order: Order) -> Outcome:
        if self.outside.fault == "refuses":
            self.outside.fault = ""
            return Failed("It was closed out there.")
        if self.kind in self.outside.shows:
            return Done("It is seen.", {"number": 1, "deployed_at": self.outside.clock.now.isoformat()})
        told = {"judged": "bad", "judged_at": self.outside.clock.now.isoformat()} if self.outside.said_by_series else {}
        return Waiting("Not yet.", 5, told)

    def _look(self, order: Order) -> Outcome | None:
        return Done("It stands.", {"branch": "b", "number": 1}) if self.outside.stands(key_of(order)) else None

    def act(self, order: Order, _: object) -> Outcome:
        if self.kind == StepKind.PUSH_REVERT and order.plan.patch_id != self.outside.patch:
            return Failed("The revert is another patch by now.")
        order.ask_lease()
        self.outside.at("asked")
        self._fail("refuses", retryable=False)
        self._fail("is down", retryable=True)
        self.outside.take_place(self.kind, key_of(order), str(order.step.parameters.get("digest", "")))
        if self.kind == StepKind.PUBLISH_STATUS:
            publish_update(
                update_id=order.step.parameters["update"], digest=order.step.parameters["digest"],
                now=self.outside.clock.now,
            )  # fmt: skip
        self.outside.at("acted")
        self._fail("loses the answer", retryable=True)
        if may_land_late(self.kind):
            self._fail("late", retryable=True)
        return Done("It was done.", {"branch": "b", "number": 1})

    def _fail(self, how: str, *, retryable: bool) -> None:
        if self.outside.fault == how:
            self.outside.fault = ""
            in_doubt = how in ("loses the answer", "late")
            raise IntegrationError(f"The world {how}.", retryable=retryable, in_doubt=in_doubt)


def may_land_late(kind: StepKind) -> bool:
    """What is keyed and sent again takes effect once; all else may still land when nobody waits for it any more."""
    return promise_of(kind) is not Promise.KEYED
