"""The judges: the sandbox's journal says what happened outside, the ledger what the console says happened."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from incidents.models import Plan, Step
from incidents.models.ledger import LedgerEntry, LedgerStream, first_broken_entry, stream_of
from incidents.procedure.steps import FORMS, PASSED, StepKind, StepState
from sandbox.journal import Entry
from tests.faults.rollback import Rollback
from tests.faults.walking import Walk

MESSAGES = (StepKind.ANNOUNCE, StepKind.INFORM_CTO, StepKind.POST_COMMANDS)
WELL_ENDED = ("step.done", "step.recorded_by_hand", "step.attested")
Effect = tuple[str, str]


@dataclass
class Verdict:
    """What is to be said against one rollback; all empty for a clean one."""

    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    record: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.repeated, *self.out_of_order, *self.stuck, *self.record]


def judge(rollback: Rollback) -> Verdict:
    """Every effect once, in order, and the record of it whole."""
    entries = rollback.stage.sandbox.journal.entries(since=rollback.since)
    chain = _chain(rollback)
    verdict = Verdict()
    _count(verdict, entries, [*chain, *_messages(rollback)], asked=_asked_elsewhere(rollback))
    verdict.out_of_order += [*order_faults(entries, chain), *ledger_order_faults(rollback, rollback.plan())]
    verdict.record += record_faults(rollback)
    unsettled = [step for step in rollback.steps() if step.state not in PASSED]
    verdict.stuck += [f"{step.kind} is {step.state}: {step.sentence}" for step in unsettled]
    return verdict


def _chain(rollback: Rollback) -> list[Effect]:
    """What the plan's steps must have done outside, in this order."""
    plan = rollback.plan()
    number = str(rollback.step(StepKind.REVIEW).evidence.get("number", "?"))
    merge = str(rollback.step(StepKind.MERGE).evidence.get("merge_sha", "?"))
    return [
        ("branch.pushed", plan.branch),
        ("pull_request.opened", plan.branch),
        ("review.submitted", f"{number}:reviewer"),
        ("pull_request.merged", number),
        ("run.started", merge),
        ("deployment.succeeded", merge),
    ]


def _messages(rollback: Rollback) -> list[Effect]:
    return [("message.posted", str(step.key)) for step in rollback.steps() if step.kind in MESSAGES]


def _asked_elsewhere(rollback: Rollback) -> list[Effect]:
    """The guard of an earlier incident sees its change merged again, and says so (R4); that, too, once."""
    others = Step.objects.filter(kind__in=MESSAGES).exclude(incident=rollback.incident)
    return [("message.posted", str(step.key)) for step in others]


def _count(verdict: Verdict, entries: Iterable[Entry], wanted: Iterable[Effect], *, asked: list[Effect]) -> None:
    times = Counter((entry.effect, _key(entry)) for entry in entries)
    expected = list(wanted)
    known = {*expected, *asked}
    verdict.lost += [f"{effect} {key} never happened" for effect, key in expected if not times[effect, key]]
    kinds = {effect for effect, _ in expected if effect.startswith(("message.", "pull_request.opened"))}
    for what, count in times.items():
        if what in known and count > 1:
            verdict.repeated.append(f"{what[0]} {what[1]} happened {count} times")
        if what not in known and what[0] in kinds and what[1] not in _people(entries):
            verdict.repeated.append(f"{what[0]} {what[1]} was never asked for")


def _people(entries: Iterable[Entry]) -> set[str]:
    """The pull requests that people of the team opened: the bad merge itself."""
    opened = [entry for entry in entries if entry.effect == "pull_request.opened"]
    return {entry.key for entry in opened if entry.detail["by"] == "engineer"}


def _key(entry: Entry) -> str:
    return entry.key.partition("@")[0] if entry.effect.startswith("branch.") else entry.key


def order_faults(entries: Iterable[Entry], chain: list[Effect]) -> list[str]:
    """Each effect of the chain comes after the one before it, by the journal."""
    numbers = {(entry.effect, _key(entry)): entry.number for entry in reversed(list(entries))}
    known = [effect for effect in chain if effect in numbers]
    return [f"{late[0]} before {early[0]}" for early, late in pairwise(known) if numbers[late] < numbers[early]]


def ledger_order_faults(walk: Walk, plan: Plan) -> list[str]:
    """No step of the plan begins before the plan was executed and the step before it was done (its gate)."""
    first: dict[tuple[str, str], int] = {}
    for entry in LedgerEntry.objects.filter(stream_id=stream_of(walk.incident)).order_by("seq"):
        first.setdefault((entry.kind, str(entry.data.get("step", entry.data.get("plan", "")))), entry.seq)
    steps = list(plan.steps.in_order())
    gates = [("plan.executed", str(plan.number)), *(("step.done", str(step.pk)) for step in steps)]
    return [
        f"{step.kind} began before {gate[0]} of what it waits for"
        for gate, step in zip(gates, steps, strict=False)
        if first.get(("step.started", str(step.pk)), 0) < first.get(gate, 0)
    ]


def record_faults(walk: Walk) -> list[str]:
    """The chain holds, it has no gap, and its head is its last entry."""
    stream = LedgerStream.objects.get(name=stream_of(walk.incident))
    entries = list(LedgerEntry.objects.filter(stream=stream).order_by("seq"))
    broken = first_broken_entry(stream.name)
    faults = [f"the ledger is broken at {broken.seq}"] if broken else []
    if len(entries) != stream.seq or entries[-1].hash != stream.head:
        faults.append(f"the ledger has {len(entries)} entries, its head says {stream.seq}")
    return faults + [
        f"{FORMS[StepKind(step.kind)].title} was never recorded as done"
        for step in walk.steps()
        if step.state == StepState.DONE
        and not any(entry.kind in WELL_ENDED and entry.data["step"] == str(step.pk) for entry in entries)
    ]
