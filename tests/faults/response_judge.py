"""The judge of a response: each effect once by the sandbox's journal, each after its approval by the ledger."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from incidents.effects.wake_by_mail import message_id
from incidents.models import Step
from incidents.models.ledger import LedgerEntry, stream_of
from incidents.models.words import StatusUpdate
from incidents.procedure.steps import ENDED, PUBLIC_WORDS, StepKind, StepState
from incidents.services.rendering import PAGE, kept_file
from sandbox.journal import Entry
from tests.faults.judge import Effect, Verdict, record_faults
from tests.faults.response import Response

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
    StepKind.FLAG_ON: ("flag.turned_on", "flag"),
    StepKind.DRAIN: ("server.drained", "target"),
    StepKind.UNDRAIN: ("server.put_back", "target"),
    StepKind.PUSH_REAPPLY: ("branch.pushed", "branch"),
    StepKind.PROPOSE_REAPPLY: ("pull_request.opened", "branch"),
}
KNOWN = {*BY_KEY.values(), "page.resolved", "flag.turned_off", "flag.turned_on", "server.drained", "server.put_back"}
FILLED = 2  # the seats of M3: CTO and on-call DBA


def judge_response(walk: Response) -> Verdict:
    """Every effect once, none without its approval, and the record of it whole."""
    entries = walk.stage.sandbox.journal.entries(since=walk.since)
    verdict = Verdict()
    _count(verdict, walk, entries)
    _count_public_words(verdict, walk, entries)
    _count_mails(verdict, walk)
    verdict.lost += _warnings_missing(walk, entries)
    verdict.out_of_order += [*_before_approval(walk), *_before_votes(walk, entries)]
    verdict.record += record_faults(walk)
    unsettled = [step for step in walk.steps() if step.state not in ENDED]
    verdict.stuck += [f"{step.kind} is {step.state}: {step.sentence}" for step in unsettled]
    return verdict


def _count(verdict: Verdict, walk: Response, entries: list[Entry]) -> None:
    times = Counter((entry.effect, entry.key.partition("@")[0]) for entry in entries)
    wanted = list(_wanted(walk))
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


def _wanted(walk: Response) -> Iterator[Effect]:
    """What the rows say has taken place."""
    plan, number = walk.plan(), str(walk.step(StepKind.REVIEW).evidence.get("number", "?"))
    yield from (("branch.pushed", plan.branch), ("pull_request.opened", plan.branch), ("pull_request.merged", number))
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


def _count_public_words(verdict: Verdict, walk: Response, entries: Iterable[Entry]) -> None:
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


def _count_mails(verdict: Verdict, walk: Response) -> None:
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


def _warnings_missing(walk: Response, entries: Iterable[Entry]) -> list[str]:
    """A status set again is the same status: what counts is that it came, and what stands at the end."""
    sha = walk.code_host.forge.store.pull(walk.bystander).head_sha
    told = [entry.key.partition("=")[2] for entry in entries if entry.effect == "commit_status.set"]
    own = [each.partition("@")[0] for each in told if each.endswith(sha)]
    missing = [] if "pending" in own else ["The other pull request was never warned of"]
    return missing if own[-1:] == ["success"] else [*missing, f"The warning stands at {own[-1:]}"]


def _before_approval(walk: Response) -> list[str]:
    """By the ledger: no step that needs an approval begins before that is used."""
    entries = list(LedgerEntry.objects.filter(stream_id=stream_of(walk.incident)).order_by("seq"))
    faults, used, filled = [], set[str](), 0
    updates = {str(step.pk): step.parameters["update"] for step in walk.steps() if step.kind in PUBLIC_WORDS}
    for entry in entries:
        facts = entry.data
        if entry.kind == "approval.approved" and entry.rule == "M3":
            filled += 1
        if entry.kind == "approval.consumed":
            used.add("M3" if entry.rule == "M3" else facts["consumed_by"].partition(":")[2])
        if entry.kind == "step.started" and facts["step_kind"] == StepKind.PUSH_REVERT:
            faults += [] if "M3" in used and filled == FILLED else [f"The push began after {filled} answers (M3)"]
        if entry.kind == "step.started" and facts["step"] in updates and updates[facts["step"]] not in used:
            faults.append("Public words were on their way before they were approved (P2)")
    return faults


def _before_votes(walk: Response, entries: Iterable[Entry]) -> list[str]:
    """By the clocks of one machine: nothing was outside before those who must approve it had voted."""
    outside = {"branch.pushed": "M3", "status.report_posted": "P2"}
    first: dict[str, datetime] = {}
    for entry in entries:
        if entry.effect == "status.report_posted" or entry.key.startswith(walk.plan().branch):
            first.setdefault(entry.effect, datetime.fromisoformat(entry.at))
    return [
        f"{effect} before its approval ({rule})"
        for effect, rule in outside.items()
        if effect in first and first[effect] < _voted_at(walk, rule)
    ]


def _voted_at(walk: Response, rule: str) -> datetime:
    """When the seats were filled for the first time: M3's all, of P2's one."""
    votes = LedgerEntry.objects.filter(stream_id=stream_of(walk.incident), kind="approval.approved", rule=rule)
    moments = list(votes.order_by("seq").values_list("at", flat=True))
    return moments[FILLED - 1] if rule == "M3" else moments[0]
