"""The classes of fault that the response is put to: every effect beside the rollback, and what its people say."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from incidents.procedure.steps import StepKind
from tests.faults.boundaries import Boundary, Deed
from tests.faults.classes import POST_MESSAGE, PULLS, PUSH, Answer, Blow, Disturbed, Fault, Frozen, Struck

if TYPE_CHECKING:
    from tests.faults.walking import Walk

BLEEDING: Final = (
    StepKind.PAGE_ON_CALL, StepKind.FLAG_OFF, StepKind.FLAG_ON, StepKind.DRAIN, StepKind.UNDRAIN, StepKind.ANNOUNCE,
)  # fmt: skip
WAKING: Final = (StepKind.WAKE_BY_PHONE, StepKind.WAKE_BY_CHAT, StepKind.WAKE_BY_MAIL)
TELLING: Final = (StepKind.PUBLISH_STATUS, StepKind.POST_STATUS)
GUARDING: Final = (StepKind.FREEZE, StepKind.UNFREEZE, StepKind.PUSH_REAPPLY, StepKind.PROPOSE_REAPPLY)
KINDS: Final = (*BLEEDING, *WAKING, *TELLING, *GUARDING)
PAGES, RESOLVE = "*/v3/incidents", "*/incidents/*/resolve"
REPORTS, UPDATES = "*/status-reports", "*/status-updates"
STATUSES, TURN_OFF, TURN_ON = "*/statuses/*", "*/environments/*/off", "*/environments/*/on"
DRAIN, PUT_BACK = "set server * state drain", "set server * state ready"


def _page(kind: str, path: str, times: int = 1, seconds: float = 1.0) -> Answer:
    return Answer(kind, "betterstack", "POST", path, times, seconds)


def _flag(kind: str, path: str, seconds: float = 1.0) -> Answer:
    return Answer(kind, "unleash", "POST", path, seconds=seconds)


def _door(kind: str, line: str) -> Answer:
    return Answer(kind, "haproxy", "SET", line)


class MailDisturbed(Disturbed):
    """As the rest of the outside, the mail server answers wrongly, or not at all."""

    def __init__(self, *answers: Answer, lost: int = 0, put_off: int = 0) -> None:
        super().__init__(*answers)
        self._lost, self._put_off = lost, put_off

    def arm(self, walk: "Walk") -> None:
        super().arm(walk)
        walk.stage.post_office.to_lose, walk.stage.post_office.to_put_off = self._lost, self._put_off

    def missed(self, walk: "Walk") -> list[str]:
        office = walk.stage.post_office
        left = office.to_lose + office.to_put_off
        self.injected += self._lost + self._put_off - left
        return [*super().missed(walk), *([f"{left} answers of the mail server"] if left else [])]


def _everywhere(boundary: Boundary) -> Callable[[], Fault]:
    return lambda: Struck(*(Blow(boundary, kind, Deed.KILL) for kind in KINDS))


RESPONSES: Final[Mapping[str, Callable[[], Fault]]] = {
    "response: worker killed before": _everywhere(Boundary.BEFORE),
    "response: worker killed during": _everywhere(Boundary.DURING),
    "response: worker killed after": _everywhere(Boundary.AFTER),
    "response: worker frozen past its lease": lambda: Frozen(
        *(Blow(Boundary.UNASKED, kind, Deed.FREEZE) for kind in KINDS)
    ),
    "response: nobody hears the answer": lambda: Struck(
        Blow(Boundary.HEARD, "status_update granted", Deed.KILL),
        Blow(Boundary.HEARD, "rollback open", Deed.KILL),
        Blow(Boundary.HEARD, "rollback granted", Deed.KILL),
        Blow(Boundary.CONSUMED, "status_update", Deed.KILL),
        Blow(Boundary.CONSUMED, "rollback", Deed.KILL),
        Blow(Boundary.DOORBELL, StepKind.PUSH_REAPPLY, Deed.KILL),
    ),
    "response: answers lost after the effect": lambda: MailDisturbed(
        _page("drop_after", PAGES, times=3),
        _page("drop_after", RESOLVE, times=2),
        _page("drop_after", REPORTS),
        _page("drop_after", UPDATES),
        _flag("drop_after", TURN_OFF),
        _flag("drop_after", TURN_ON),
        _door("drop_after", DRAIN),
        _door("drop_after", PUT_BACK),
        Answer("drop_after", "slack", "POST", POST_MESSAGE, times=4),
        Answer("drop_after", "github", "POST", STATUSES, times=3),
        Answer("drop_after", "github", "POST", PUSH, times=2),
        Answer("drop_after", "github", "POST", PULLS, times=2),
        lost=2,
    ),
    "response: 500, 502, 429, hang, never sent": lambda: MailDisturbed(
        _page("500", PAGES),
        _page("429", PAGES),
        _page("hang", PAGES, seconds=60),
        _page("502", RESOLVE),
        _page("500", REPORTS),
        _page("drop_before", REPORTS),
        _page("429", UPDATES),
        _page("hang", UPDATES, seconds=60),
        _flag("502", TURN_OFF),
        _flag("429", TURN_OFF),
        _flag("hang", TURN_ON, seconds=60),
        _door("drop_before", DRAIN),
        _door("hang", PUT_BACK),
        Answer("500", "slack", "POST", POST_MESSAGE, times=2),
        Answer("429", "slack", "POST", POST_MESSAGE),
        Answer("hang", "slack", "POST", POST_MESSAGE, seconds=60),
        Answer("502", "github", "POST", STATUSES),
        Answer("429", "github", "POST", STATUSES),
        put_off=2,
    ),
}  # fmt: skip
