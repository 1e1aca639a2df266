"""The judge of a response: each effect once by the sandbox's journal, each after its approval by the ledger."""

from collections.abc import Iterable
from datetime import datetime

from incidents.models.ledger import LedgerEntry, stream_of
from incidents.procedure.steps import StepKind
from sandbox.journal import Entry
from tests.faults.counting import (
    count_effects,
    count_mails,
    count_public_words,
    entries_of,
    unsettled,
    wanted_of,
    words_before_approval,
)
from tests.faults.judge import Verdict, record_faults
from tests.faults.response import Response

FILLED = 2  # the seats of M3: CTO and on-call DBA


def judge_response(walk: Response) -> Verdict:
    """Every effect once, none without its approval, and the record of it whole."""
    entries = walk.stage.sandbox.journal.entries(since=walk.since)
    verdict = Verdict()
    number = str(walk.step(StepKind.REVIEW).evidence.get("number", "?"))
    branch = walk.plan().branch
    chain = [("branch.pushed", branch), ("pull_request.opened", branch), ("pull_request.merged", number)]
    count_effects(verdict, walk, entries, [*chain, *wanted_of(walk)])
    count_public_words(verdict, walk, entries)
    count_mails(verdict, walk)
    verdict.lost += _warnings_missing(walk, entries)
    verdict.out_of_order += [*_before_approval(walk), *words_before_approval(walk), *_before_votes(walk, entries)]
    verdict.record += record_faults(walk)
    verdict.stuck += unsettled(walk)
    return verdict


def _warnings_missing(walk: Response, entries: Iterable[Entry]) -> list[str]:
    """A status set again is the same status: what counts is that it came, and what stands at the end."""
    sha = walk.code_host.forge.store.pull(walk.bystander).head_sha
    told = [entry.key.partition("=")[2] for entry in entries if entry.effect == "commit_status.set"]
    own = [each.partition("@")[0] for each in told if each.endswith(sha)]
    missing = [] if "pending" in own else ["The other pull request was never warned of"]
    return missing if own[-1:] == ["success"] else [*missing, f"The warning stands at {own[-1:]}"]


def _before_approval(walk: Response) -> list[str]:
    """By the ledger: the push does not begin before both have answered, and their grant is used."""
    faults, used, filled = [], False, 0
    for entry in entries_of(walk):
        filled += entry.kind == "approval.approved" and entry.rule == "M3"
        used = used or (entry.kind == "approval.consumed" and entry.rule == "M3")
        if entry.kind == "step.started" and entry.data["step_kind"] == StepKind.PUSH_REVERT:
            faults += [] if used and filled == FILLED else [f"The push began after {filled} answers (M3)"]
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
