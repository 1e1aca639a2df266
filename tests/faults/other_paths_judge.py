"""The judge of the other paths: each effect once by the journal, in order, and every press one vote."""

from approvals.models import ApprovalRequest, Vote
from incidents.models import Delivery, Plan, Step
from incidents.models.words import StatusUpdate
from incidents.procedure.steps import StepKind
from incidents.queries import words
from incidents.services.pressing import BY_CHAT
from sandbox.journal import Entry
from sandbox.slack_press import buttons_of
from tests.faults.counting import (
    count_effects,
    count_mails,
    count_public_words,
    unsettled,
    wanted_of,
    words_before_approval,
)
from tests.faults.judge import Effect, Verdict, ledger_order_faults, order_faults, record_faults
from tests.faults.other_paths import APPROVERS, FLAG, OtherPaths

PLANS = 3


def judge_other_paths(walk: OtherPaths) -> Verdict:
    """What the three plans did outside, what the presses came to, and the record of it all."""
    entries, chain = walk.stage.sandbox.journal.entries(since=walk.since), _chain(walk)
    plans = Plan.objects.filter(incident=walk.incident).order_by("number")
    verdict = Verdict()
    count_effects(verdict, walk, entries, [*chain, *wanted_of(walk)])
    count_public_words(verdict, walk, entries)
    count_mails(verdict, walk)
    _count_presses(verdict, walk)
    verdict.repeated += _own_pull_requests(entries)
    verdict.out_of_order += [*order_faults(entries, chain), *words_before_approval(walk)]
    verdict.out_of_order += [fault for plan in plans for fault in ledger_order_faults(walk, plan)]
    verdict.record += [*record_faults(walk), *_rotation_faults(walk)]
    verdict.record += [] if len(plans) == PLANS else [f"There are {len(plans)} plans, not {PLANS}"]
    verdict.stuck += [*unsettled(walk), *_unread(walk)]
    return verdict


def _chain(walk: OtherPaths) -> list[Effect]:
    """What the paths must have done outside, in this order; the rotation is people's."""
    number, merge = _found(walk, StepKind.FIND_FIX, "number"), _found(walk, StepKind.MERGE, "merge_sha")
    return [
        ("flag.turned_off", FLAG),
        ("review.submitted", f"{number}:reviewer"),
        ("pull_request.merged", number),
        ("run.started", merge),
        ("deployment.succeeded", merge),
    ]


def _found(walk: OtherPaths, kind: StepKind, what: str) -> str:
    """The evidence of the one of its kind, whatever became of its plan since."""
    step = Step.objects.filter(incident=walk.incident, kind=kind).first()
    return str(step.evidence.get(what, "?")) if step else "?"


def _own_pull_requests(entries: list[Entry]) -> list[str]:
    """Nothing is reverted: every pull request is a person's."""
    opened = [entry for entry in entries if entry.effect == "pull_request.opened"]
    return [f"{entry.key} was never asked for" for entry in opened if entry.detail["by"] != "engineer"]


def _rotation_faults(walk: OtherPaths) -> list[str]:
    found = _found(walk, StepKind.ROTATE_CREDENTIAL, "version")
    return [] if found == walk.rotated else [f"The rotation to {walk.rotated} is recorded as one to {found}"]


def _count_presses(verdict: Verdict, walk: OtherPaths) -> None:
    """However often the button was pressed and its press delivered: one vote, by the chat; no button is left."""
    for update in StatusUpdate.objects.filter(incident=walk.incident):
        asked = ApprovalRequest.objects.about(words.subject_of(update.pk)).get(rule_id="P2")
        votes = Vote.objects.filter(request=asked)
        if votes.count() != 1:
            (verdict.repeated if votes else verdict.lost).append(f"The press came to {votes.count()} votes")
        verdict.record += [f"A vote came by {vote.authentication_method}" for vote in votes if not _by_chat(vote)]
    verdict.lost += [
        f"The buttons of “{message['text'][:60]}” still stand"
        for name in APPROVERS
        for message in walk.messages_to(name)
        if walk.incident.number in message["text"] and buttons_of(message)
    ]


def _by_chat(vote: Vote) -> bool:
    return vote.authentication_method == BY_CHAT


def _unread(walk: OtherPaths) -> list[str]:
    waiting = Delivery.objects.filter(source="slack", verdict=Delivery.Verdict.RECEIVED)
    return [f"The press of {delivery.received_at:%H:%M:%S} was never answered" for delivery in waiting]
