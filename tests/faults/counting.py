"""What judges of a walk count beside its plan: effects by their keys, public words, mails; and rows left behind."""

from collections import Counter
from collections.abc import Iterable, Iterator

from incidents.effects.wake_by_mail import message_id
from incidents.models import Step
from incidents.models.ledger import LedgerEntry, stream_of
from incidents.models.words import StatusUpdate
from incidents.procedure.steps import ENDED, PUBLIC_WORDS, StepKind, StepState
from incidents.services.rendering import PAGE, kept_file
from sandbox.journal import Entry
from tests.faults.judge import Effect, Verdict
from tests.faults.walking import Walk

BY_KEY = {
    StepKind.PAGE_ON_CALL: "page.opened",
    StepKind.WAKE_BY_PHONE: "page.opened",
    StepKind.WAKE_BY_CHAT: "message.posted",
    StepKind.ANNOUNCE: "message.posted",
    StepKind.INFORM_CTO: "message.posted",
    StepKind.POST_COMMANDS: "message.posted",
}
BY_NAME = {
    StepKind.FLAG_OFF: ("flag.turned_off", "flag"),
    StepKind.ISOLATE: ("flag.turned_off", "flag"),
    StepKind.FLAG_ON: ("flag.turned_on", "flag"),
    StepKind.DRAIN: ("server.drained", "target"),
    StepKind.UNDRAIN: ("server.put_back", "target"),
    StepKind.PUSH_REAPPLY: ("branch.pushed", "branch"),
    StepKind.PROPOSE_REAPPLY: ("pull_request.opened", "branch"),
}
KNOWN = {*BY_KEY.values(), "page.resolved", "flag.turned_off", "flag.turned_on", "server.drained", "server.put_back"}


def unsettled(walk: Walk) -> list[str]:
    """Rows that have not ended."""
    return [f"{step.kind} is {step.state}: {step.sentence}" for step in walk.steps() if step.state not in ENDED]


def count_effects(verdict: Verdict, walk: Walk, entries: list[Entry], wanted: list[Effect]) -> None:
    """Each once, nothing else of these kinds, and no row denies what took place."""
    times = Counter((entry.effect, entry.key.partition("@")[0]) for entry in entries)
    verdict.lost += [f"{effect} {key} never happened" for effect, key in wanted if not times[effect, key]]
    asked = {*wanted, *(("message.posted", str(step.key)) for step in Step.objects.all())}
    for (effect, key), count in times.items():
        if (effect, key) in asked and count > 1:
            verdict.repeated.append(f"{effect} {key} happened {count} times")
        if effect in KNOWN and (effect, key) not in asked:
            verdict.repeated.append(f"{effect} {key} was never asked for")
    verdict.record += [
        f"{step.kind} {step.key} took place, and its row denies it"
        for step in walk.steps()
        if times[BY_KEY.get(StepKind(step.kind), ""), str(step.key)] and _denies(step)
    ]


def _denies(step: Step) -> bool:
    return step.state == StepState.CANCELLED and "may have been sent" not in step.sentence


def wanted_of(walk: Walk) -> Iterator[Effect]:
    """What the rows outside the main path say has taken place."""
    for step in walk.steps():
        kind = StepKind(step.kind)
        if step.state != StepState.DONE:
            continue
        if kind in BY_KEY and not step.sentence.startswith("Nobody was rung"):
            yield BY_KEY[kind], str(step.key)
            if kind is StepKind.WAKE_BY_PHONE:
                yield "page.resolved", str(step.key)
        if kind in BY_NAME:
            effect, parameter = BY_NAME[kind]
            yield effect, str(step.parameters[parameter])


def count_public_words(verdict: Verdict, walk: Walk, entries: Iterable[Entry]) -> None:
    """At most once outside, whatever was in doubt; and once on the console's own page."""
    outside = Counter(entry.detail["message"] for entry in entries if entry.effect.startswith("status."))
    page = (kept_file(PAGE) or b"").decode()
    for update in StatusUpdate.objects.filter(incident=walk.incident):
        for where, count in (("outside", outside.pop(update.message, 0)), ("here", page.count(update.message))):
            if not count:
                verdict.lost.append(f"“{update.message}” never stood {where}")
            if count > 1:
                verdict.repeated.append(f"“{update.message}” stands {count} times {where}")
    verdict.repeated += [f"“{message}” was never asked for" for message in outside]


def count_mails(verdict: Verdict, walk: Walk) -> None:
    """The same mail twice is the same mail to its reader, and the row says that it may be there twice."""
    taken = walk.stage.post_office.taken
    for step in walk.steps():
        if step.kind != StepKind.WAKE_BY_MAIL:
            continue
        count = taken[message_id(str(step.key))]
        if step.state == StepState.DONE and not count:
            verdict.lost.append(f"The mail to {step.parameters['to']} was never given")
        if count > 1 and "twice" not in step.sentence:
            verdict.repeated.append(f"The mail to {step.parameters['to']} was given {count} times, unsaid")
        if count and _denies(step):
            verdict.record.append(f"The mail to {step.parameters['to']} was given, and its row denies it")


def words_before_approval(walk: Walk) -> list[str]:
    """By the ledger: no public words were on their way before their approval was used (P2)."""
    faults, used = [], set[str]()
    updates = {str(step.pk): step.parameters["update"] for step in walk.steps() if step.kind in PUBLIC_WORDS}
    for entry in entries_of(walk):
        if entry.kind == "approval.consumed":
            used.add(entry.data["consumed_by"].partition(":")[2])
        if entry.kind == "step.started" and entry.data["step"] in updates and updates[entry.data["step"]] not in used:
            faults.append("Public words were on their way before they were approved (P2)")
    return faults


def entries_of(walk: Walk) -> list[LedgerEntry]:
    """The incident's record, in order."""
    return list(LedgerEntry.objects.filter(stream_id=stream_of(walk.incident)).order_by("seq"))
