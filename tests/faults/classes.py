"""The classes of fault, one injected at a time: what is armed, how *execute* is pressed, what happens meanwhile."""

import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from incidents.procedure.steps import StepKind, StepState
from tests.faults.boundaries import PRESS, Boundary, Deed
from tests.faults.browsers import press_execute, press_twice_at_once

if TYPE_CHECKING:
    from tests.faults.stage import Stage
    from tests.faults.walking import Walk

KEYED: Final = (StepKind.PUSH_REVERT, StepKind.OPEN_PULL_REQUEST, StepKind.MERGE)
MESSAGES: Final = (StepKind.ANNOUNCE, StepKind.INFORM_CTO, StepKind.POST_COMMANDS)
WATCHED: Final = (StepKind.REVIEW, StepKind.DEPLOY, StepKind.PROVE_RECOVERY)
KINDS: Final = (*MESSAGES, *KEYED, *WATCHED)
PULLS, MERGE, PUSH = "*/pulls", "*/merge", "*/git-receive-pack"
POST_MESSAGE: Final = "*/chat.postMessage"
LATE: Final = 7.5  # seconds: when another worker has taken the step up, and is about to call


class Fault:
    """No fault: the main path as it is."""

    def __init__(self) -> None:
        self.injected = 0

    def arm(self, walk: "Walk") -> None:
        """Before anybody announces or decides anything."""

    def execute(self, walk: "Walk") -> None:
        walk.execute()

    def meanwhile(self, walk: "Walk") -> None:
        """At every look at the rows, until all are settled."""

    def is_through(self, walk: "Walk") -> bool:
        """Whether everything this fault meant to do has been done, so that the rollback may be judged."""
        return True

    def missed(self, walk: "Walk") -> list[str]:
        """What was to be injected and was not; a campaign that injects nothing proves nothing."""
        return []


@dataclass(frozen=True, slots=True)
class Blow:
    boundary: Boundary
    what: str
    deed: Deed


class Struck(Fault):
    """Processes struck at marked boundaries."""

    def __init__(self, *blows: Blow) -> None:
        super().__init__()
        self.blows = blows

    def arm(self, walk: "Walk") -> None:
        for blow in self.blows:
            walk.stage.boundaries.arm(blow.boundary, blow.what, blow.deed)

    def missed(self, walk: "Walk") -> list[str]:
        self.injected += len(walk.stage.boundaries.struck())
        return walk.stage.boundaries.armed()


class Frozen(Struck):
    """Workers stopped past their lease, and woken as soon as another holds the step."""

    def __init__(self, *blows: Blow) -> None:
        super().__init__(*blows)
        self._leases: dict[str, int | None] = {}
        self._woken: set[str] = set()

    def meanwhile(self, walk: "Walk") -> None:
        for place, process_id in walk.stage.boundaries.struck().items():
            if place not in self._woken and self._is_taken_over(walk, place):
                self._woken.add(place)
                os.kill(process_id, signal.SIGCONT)

    def _is_taken_over(self, walk: "Walk", place: str) -> bool:
        from incidents.models import Delivery, Step

        about = walk.stage.boundaries.about(place) or None
        if place.endswith(PRESS):
            return Delivery.objects.filter(pk=about).exclude(verdict=Delivery.Verdict.RECEIVED).exists()
        step = Step.objects.filter(pk=about).first()
        if step is None:
            return False  # the mark is made, and not written yet
        return self._leases.setdefault(place, step.lease) != step.lease or step.state == StepState.DONE

    def is_through(self, walk: "Walk") -> bool:
        boundaries = walk.stage.boundaries
        return all(boundaries.is_over(process_id) for process_id in boundaries.struck().values())


class Killed(Struck):
    """As struck at boundaries, and beat killed once as well."""

    def meanwhile(self, walk: "Walk") -> None:
        if not self.injected and walk.began(StepKind.PUSH_REVERT):
            walk.stage.kept["beat"].kill()
            self.injected += 1


class WebKilled(Struck):
    """The pages die between COMMIT and the doorbell: the person sees a broken connection, the work goes on."""

    def execute(self, walk: "Walk") -> None:
        assert press_execute(walk) is None, "The pages answered although they were killed."


class TwoBrowsers(Fault):
    """Two browsers press *execute* at once: exactly one is told that it did."""

    def execute(self, walk: "Walk") -> None:
        answers = press_twice_at_once(walk)
        self.injected += 1
        assert sorted(answers, key=str) == [200, 409], f"Two browsers at once were answered {answers}."


@dataclass(frozen=True, slots=True)
class Answer:
    """One fault of the sandbox, as its switch takes it."""

    kind: str
    part: str
    method: str
    path: str
    times: int = 1
    seconds: float = 1.0


class Disturbed(Fault):
    """The outside answers wrongly, late, or not at all."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = answers

    def arm(self, walk: "Walk") -> None:
        for each in self.answers:
            where = {"part": each.part, "method": each.method, "path": each.path}
            walk.stage.sandbox.faults.arm(each.kind, times=each.times, seconds=each.seconds, **where)

    def missed(self, walk: "Walk") -> list[str]:
        left = walk.stage.sandbox.faults.armed()
        self.injected += sum(each.times for each in self.answers) - sum(int(str(each["times"])) for each in left)
        return [f"{each['kind']} {each['path']}" for each in left]


class Outlived(Disturbed):
    """A call outlives its worker, and takes effect when another worker holds the step already."""

    def __init__(self, *answers: Answer, blows: Iterable[Blow]) -> None:
        super().__init__(*answers)
        self._struck = Struck(*blows)

    def arm(self, walk: "Walk") -> None:
        super().arm(walk)
        self._struck.arm(walk)

    def missed(self, walk: "Walk") -> list[str]:
        missed = [*super().missed(walk), *self._struck.missed(walk)]
        self.injected += self._struck.injected
        return missed


class DatabaseGone(Disturbed):
    """PostgreSQL is killed and started again while the outside takes its time over a call."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(*answers)
        self._to_come = len(answers)

    def meanwhile(self, walk: "Walk") -> None:
        if len(walk.stage.sandbox.faults.armed()) < self._to_come:
            self._to_come -= 1
            walk.stage.restart_postgres()


class EngineGone(Fault):
    """An engine is killed or emptied when a step has begun, once each."""

    def __init__(self, moments: Mapping[StepKind, Callable[["Stage"], None]]) -> None:
        super().__init__()
        self._waiting = dict(moments)

    def meanwhile(self, walk: "Walk") -> None:
        for kind in [kind for kind in self._waiting if walk.began(kind)]:
            self._waiting.pop(kind)(walk.stage)
            self.injected += 1

    def missed(self, walk: "Walk") -> list[str]:
        return [f"engine gone at {kind}" for kind in self._waiting]


class RedisGone(EngineGone):
    """Redis away while *execute* is pressed, then flushed, then killed: dispatch fails nobody's request."""

    def execute(self, walk: "Walk") -> None:
        walk.stage.kill_redis()
        self.injected += 1
        answer = press_execute(walk)
        walk.stage.start_redis()
        assert answer == 200, f"Without Redis, execute was answered {answer}."


def _everywhere(boundary: Boundary, deed: Deed = Deed.KILL) -> Callable[[], Fault]:
    return lambda: Struck(*(Blow(boundary, kind, deed) for kind in KINDS))


CLASSES: Final[Mapping[str, Callable[[], Fault]]] = {
    "worker killed before the effect": _everywhere(Boundary.BEFORE),
    "worker killed during the effect": _everywhere(Boundary.DURING),
    "worker killed after the effect": _everywhere(Boundary.AFTER),
    "all workers killed, and beat": lambda: Killed(
        Blow(Boundary.AFTER, StepKind.ANNOUNCE, Deed.KILL_GROUP),
        Blow(Boundary.DURING, StepKind.PUSH_REVERT, Deed.KILL_GROUP),
        Blow(Boundary.AFTER, StepKind.MERGE, Deed.KILL_GROUP),
    ),
    "web killed between COMMIT and doorbell": lambda: WebKilled(Blow(Boundary.DOORBELL, "pages", Deed.KILL)),
    "worker killed between COMMIT and doorbell": lambda: Struck(
        *(Blow(Boundary.DOORBELL, kind, Deed.KILL) for kind in (*KEYED, StepKind.DEPLOY))
    ),
    "worker frozen past its lease": lambda: Frozen(
        *(Blow(Boundary.UNASKED, kind, Deed.FREEZE) for kind in (StepKind.ANNOUNCE, *KEYED))
    ),
    "worker frozen with its lease just asked": lambda: Frozen(
        *(Blow(Boundary.BEFORE, kind, Deed.FREEZE) for kind in KEYED)
    ),
    "answer lost after the effect": lambda: Disturbed(
        Answer("drop_after", "github", "POST", PUSH),
        Answer("drop_after", "github", "POST", PULLS),
        Answer("drop_after", "github", "PUT", MERGE),
        Answer("drop_after", "slack", "POST", POST_MESSAGE, times=3),
    ),
    "worker killed, its slow call lands later": lambda: Outlived(
        Answer("slow", "github", "POST", PUSH, seconds=LATE),
        Answer("slow", "github", "POST", PULLS, seconds=LATE),
        Answer("slow", "github", "PUT", MERGE, seconds=LATE),
        Answer("slow", "slack", "POST", POST_MESSAGE, seconds=LATE),
        blows=[Blow(Boundary.DURING, kind, Deed.KILL) for kind in (StepKind.ANNOUNCE, *KEYED)],
    ),
    "GitHub and Slack answer 500 and 502": lambda: Disturbed(
        Answer("502", "github", "POST", PUSH),
        Answer("500", "github", "POST", PULLS),
        Answer("502", "github", "PUT", MERGE),
        Answer("500", "github", "GET", "*/deployments"),
        Answer("500", "slack", "POST", POST_MESSAGE, times=2),
    ),
    "GitHub and Slack answer 429": lambda: Disturbed(
        Answer("429", "github", "POST", PUSH),
        Answer("429", "github", "POST", PULLS),
        Answer("429", "github", "PUT", MERGE),
        Answer("429", "slack", "POST", POST_MESSAGE, times=2),
    ),
    "GitHub and Slack hang": lambda: Disturbed(
        Answer("hang", "github", "POST", PULLS, seconds=60),
        Answer("hang", "github", "PUT", MERGE, seconds=60),
        Answer("hang", "slack", "POST", POST_MESSAGE, seconds=60),
    ),
    "Redis away, flushed, killed": lambda: RedisGone(
        {
            StepKind.PUSH_REVERT: lambda stage: stage.flush_redis(),
            StepKind.REVIEW: lambda stage: stage.restart_redis(),
            StepKind.DEPLOY: lambda stage: stage.flush_redis(),
        }
    ),
    "PostgreSQL killed while a call is under way": lambda: DatabaseGone(
        Answer("slow", "github", "POST", PUSH, seconds=2),
        Answer("slow", "github", "POST", PULLS, seconds=2),
        Answer("slow", "github", "PUT", MERGE, seconds=2),
    ),
    "two browsers press execute at once": TwoBrowsers,
}  # fmt: skip
