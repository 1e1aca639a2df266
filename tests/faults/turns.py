"""The classes of fault that the other paths are put to, and a press of a button on its way to a vote (P2)."""

from collections.abc import Callable, Mapping
from typing import Final

from incidents.procedure.steps import StepKind
from tests.faults.boundaries import KEPT, PRESS, PUT_RIGHT, Boundary, Deed
from tests.faults.classes import (
    LATE,
    MERGE,
    Answer,
    Blow,
    DatabaseGone,
    Disturbed,
    EngineGone,
    Fault,
    Frozen,
    Outlived,
    Struck,
)
from tests.faults.responses import TURN_OFF

PATHS: Final = (StepKind.FIND_FIX, StepKind.ISOLATE, StepKind.ROTATE_CREDENTIAL)
WATCHED: Final = (StepKind.FIND_FIX, StepKind.ROTATE_CREDENTIAL)
PULL, METADATA, UPDATE = "*/pulls/*", "*/metadata/*", "*/chat.update"


def _struck(boundary: Boundary, pages: Boundary) -> Callable[[], Fault]:
    """A worker at every kind, and the pages at the press that they keep."""
    worker = [Blow(boundary, what, Deed.KILL) for what in (*PATHS, PRESS, PUT_RIGHT)]
    return lambda: Struck(*worker, Blow(pages, KEPT, Deed.KILL))


TURNS: Final[Mapping[str, Callable[[], Fault]]] = {
    "paths: worker killed before": _struck(Boundary.BEFORE, Boundary.BEFORE),
    "paths: worker killed during": _struck(Boundary.DURING, Boundary.DOORBELL),
    "paths: worker killed after": _struck(Boundary.AFTER, Boundary.AFTER),
    "paths: worker frozen past its lease": lambda: Frozen(
        *(Blow(Boundary.BEFORE, kind, Deed.FREEZE) for kind in (*WATCHED, PRESS)),
        *(Blow(Boundary.UNASKED, what, Deed.FREEZE) for what in (StepKind.ISOLATE, PUT_RIGHT)),
    ),
    "paths: nobody hears, all workers killed": lambda: Struck(
        *(Blow(Boundary.DOORBELL, kind, Deed.KILL) for kind in PATHS),
        Blow(Boundary.HEARD, "status_update granted", Deed.KILL),
        Blow(Boundary.CONSUMED, "status_update", Deed.KILL),
        Blow(Boundary.AFTER, PRESS, Deed.KILL_GROUP),
        Blow(Boundary.AFTER, PUT_RIGHT, Deed.KILL_GROUP),
        Blow(Boundary.DURING, StepKind.ROTATE_CREDENTIAL, Deed.KILL_GROUP),
    ),
    "paths: answers lost, presses lost, doubled": lambda: Disturbed(
        Answer("drop_after", "unleash", "POST", TURN_OFF),
        Answer("drop_after", "github", "GET", PULL),
        Answer("drop_after", "github", "PUT", MERGE),
        Answer("drop_after", "vault", "GET", METADATA),
        Answer("drop_after", "slack", "POST", UPDATE, times=2),
        Answer("missing_webhook", "slack", "POST", "block_actions"),
        Answer("double_webhook", "slack", "POST", "block_actions"),
    ),
    "paths: 500, 502, 429, hang, never sent": lambda: Disturbed(
        Answer("502", "unleash", "POST", TURN_OFF),
        Answer("429", "unleash", "POST", TURN_OFF),
        Answer("hang", "unleash", "POST", TURN_OFF, seconds=60),
        Answer("500", "github", "GET", PULL),
        Answer("429", "github", "GET", PULL),
        Answer("drop_before", "github", "GET", PULL),
        Answer("500", "vault", "GET", METADATA),
        Answer("hang", "vault", "GET", METADATA, seconds=60),
        Answer("500", "slack", "POST", UPDATE),
        Answer("429", "slack", "POST", UPDATE),
        Answer("hang", "slack", "POST", UPDATE, seconds=60),
    ),
    "paths: worker killed, its call lands later": lambda: Outlived(
        Answer("slow", "unleash", "POST", TURN_OFF, seconds=LATE),
        Answer("slow", "slack", "POST", UPDATE, seconds=LATE),
        blows=[Blow(Boundary.DURING, what, Deed.KILL) for what in (StepKind.ISOLATE, PUT_RIGHT)],
    ),
    "paths: PostgreSQL killed, a call under way": lambda: DatabaseGone(
        Answer("slow", "unleash", "POST", TURN_OFF, seconds=2),
        Answer("slow", "vault", "GET", METADATA, seconds=2),
    ),
    "paths: Redis flushed, killed": lambda: EngineGone(
        {
            StepKind.ISOLATE: lambda stage: stage.flush_redis(),
            StepKind.FIND_FIX: lambda stage: stage.restart_redis(),
            StepKind.ROTATE_CREDENTIAL: lambda stage: stage.flush_redis(),
        }
    ),
}  # fmt: skip
