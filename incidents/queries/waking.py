"""Who was woken for what, by which ways, and who has answered; whom nothing reached must be called by hand (E15)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from approvals.models import ApprovalRequest
from approvals.quorum import State
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry
from incidents.models.step import Step
from incidents.procedure.steps import StepKind, StepState
from incidents.queries.badges import STEPS
from incidents.queries.deputies import ROLE_WORDS
from incidents.queries.shapes import Badge, WokenLine

WOKEN: Final = "people.woken"
WAKES: Final[Mapping[str, str]] = {
    StepKind.WAKE_BY_PHONE: "phone",
    StepKind.WAKE_BY_CHAT: "chat",
    StepKind.WAKE_BY_MAIL: "mail",
}
ICONS: Final = {"phone": "phone", "chat": "message-square", "mail": "mail"}


@dataclass(frozen=True, slots=True)
class Answers:
    """Who has opened what they were woken for, and who has answered it; by person, with the moment."""

    seen: Mapping[int, datetime] = field(default_factory=dict)
    acknowledged: Mapping[int, datetime] = field(default_factory=dict)


def woken_lines(
    incident: Incident, steps: Iterable[Step], *, rule: str, url: str = "", answers: Answers | None = None
) -> tuple[WokenLine, ...]:
    """Everybody who was woken under a rule (for one question where its `url` is given), and who must be called."""
    entries = list(LedgerEntry.objects.filter(incident=incident, kind=WOKEN, rule=rule).order_by("seq"))
    return _lines(entries, steps, rule=rule, url=url, answers=answers)


def _lines(
    entries: Sequence[LedgerEntry], steps: Iterable[Step], *, rule: str, url: str, answers: Answers | None = None
) -> tuple[WokenLine, ...]:
    told = [facts for entry in entries if (facts := entry.data)["question"].endswith(url)]
    sent = [step for step in steps if step.kind in WAKES and step.rule == rule and step.parameters["url"].endswith(url)]
    lines = [_line(each, sent, answers or Answers()) for facts in told for each in facts["woken"]]
    missing = dict.fromkeys(role for facts in told for role in facts["nobody"])
    return (*lines, *(WokenLine("", ROLE_WORDS[role], by_hand="nobody can fill this role") for role in missing))


def to_call_by_hand(incident: Incident, steps: Sequence[Step]) -> tuple[WokenLine, ...]:
    """Whom a person must ring for a question that still waits, because nothing of the console's reached them."""
    waiting = ApprovalRequest.objects.filter(state=State.OPEN.value).values_list("pk", flat=True)
    told = list(LedgerEntry.objects.filter(incident=incident, kind=WOKEN).exclude(rule="X2").order_by("seq"))
    by_rule = {rule: [entry for entry in told if entry.rule == rule] for rule in {entry.rule for entry in told}}
    asked = dict.fromkeys((entry.rule, str(entry.data["question"])) for entry in told)
    live = [(rule, url) for rule, url in asked if any(str(pk) in url for pk in waiting)]
    found = (line for rule, url in live for line in _lines(by_rule[rule], steps, rule=rule, url=url))
    return tuple(line for line in found if line.by_hand)


def _line(each: Mapping[str, Any], sent: Sequence[Step], answers: Answers) -> WokenLine:
    own = sorted((step for step in sent if step.parameters["person"] == each["id"]), key=_place)
    role = ROLE_WORDS[each["role"]]
    answered, at = _answer(each["id"], own, answers)
    return WokenLine(
        name=each["person"],
        part=f"deputy of the {role}" if each["deputy"] else role,
        ways=tuple(_way(step) for step in own),
        answer=answered,
        at=at,
        by_hand="" if answered else _by_hand(each, own),
    )


def _place(step: Step) -> int:
    """The loudest way first."""
    return list(WAKES).index(step.kind)


def _way(step: Step) -> Badge:
    """One way with what became of it: an answer that is awaited is no failure."""
    way, (tone, words) = WAKES[step.kind], STEPS[step.state]
    sent = step.state in (StepState.DONE, StepState.WATCHING)
    if step.kind == StepKind.WAKE_BY_PHONE and step.state == StepState.WATCHING:
        answered = step.evidence.get("acknowledged_by") or step.parameters.get("over")
        return Badge("phone answered", "ok", ICONS[way]) if answered else Badge("phone rings", "wait", ICONS[way])
    return Badge(f"{way} sent" if sent else f"{way}: {words}", "ok" if sent else tone, ICONS[way])


def _answer(person: int, own: Sequence[Step], answers: Answers) -> tuple[str, datetime | None]:
    if person in answers.acknowledged:
        return "has it", answers.acknowledged[person]
    if person in answers.seen:
        return "has opened the room", answers.seen[person]
    by = next((step.evidence["acknowledged_by"] for step in own if step.evidence.get("acknowledged_by")), "")
    return (f"page acknowledged by {by}" if by else ""), None


def _by_hand(each: Mapping[str, Any], own: Sequence[Step]) -> str:
    """Why somebody must ring this person; empty where their phone rings."""
    failed = next((step.sentence for step in own if step.state in (StepState.FAILED, StepState.UNKNOWN)), "")
    if "phone" in each["missing"]:
        return "the console cannot ring this phone: no policy or number is set"
    return failed if each["ways"] else "the console has no way to reach them"
