"""What people in seats were asked, as the room shows it to everybody."""

from datetime import datetime

from django.urls import reverse

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer, How, Seat, State, Weighing, why_not_granted
from approvals.services.settling import votes_of, weigh_now
from incidents.models.decision import Plan
from incidents.queries.grants import approvals_needed, grant_of, open_question
from incidents.queries.grants import subject_of as rollback_of
from incidents.queries.shapes import Badge, QuestionView, SeatView

BADGES = {
    State.OPEN: Badge("waits for approval", "wait", "hourglass"),
    State.GRANTED: Badge("approved", "ok", "check"),
    State.REFUSED: Badge("refused", "danger", "circle-x"),
    State.CONSUMED: Badge("approved and used", "ok", "check"),
    State.EXPIRED: Badge("expired", "warn", "clock"),
    State.WITHDRAWN: Badge("taken back", "idle", "undo-2"),
    State.VOIDED: Badge("voided: it changed", "warn", "circle-alert"),
}


def questions_about(plan: Plan, now: datetime) -> tuple[QuestionView, ...]:
    """The newest question under each rule that the plan's decision needs (M3)."""
    needed = [need.rule for need in approvals_needed(plan)]
    found = (_newest(plan, rule) for rule in needed)
    return tuple(question_view(each, now) for each in found if each is not None)


def _newest(plan: Plan, rule: str) -> ApprovalRequest | None:
    asked = ApprovalRequest.objects.about(rollback_of(plan.incident)).filter(rule_id=rule)
    return open_question(rollback_of(plan.incident), rule) or grant_of(plan, rule) or asked.first()


def question_view(request: ApprovalRequest, now: datetime) -> QuestionView:
    """One question with its seats, who filled them, and what was said against it."""
    weighing, votes = weigh_now(request, now), votes_of(request)
    refused = [vote for vote in votes if vote.answer == Answer.REFUSE and not (vote.withdrawn_at or vote.superseded_at)]
    state = State(request.state) if not request.is_live else weighing.state
    return QuestionView(
        rule=request.rule_id,
        words=request.question,
        badge=BADGES[state],
        url=reverse("approvals:detail", args=[request.pk]),
        since=request.asked_at,
        seats=tuple(seat for each in request.rule.seats for seat in _seats(each, weighing, votes)),
        glue="and" if request.rule.how is How.ALL else "or",
        flags=tuple(sorted(weighing.flags)),
        why=" ".join(f"{vote.person.get_username()}: {vote.reason}" for vote in refused)
        or ("" if state in (State.CONSUMED, State.GRANTED) else why_not_granted(request.rule, weighing)),
    )


def _seats(seat: Seat, weighing: Weighing, votes: list[Vote]) -> list[SeatView]:
    seated = [each for each in weighing.seated if each.seat == seat]
    said = {(vote.person_id, vote.seat): vote.cast_at for vote in votes}
    filled = [SeatView(seat.words, each.name, said.get((each.person, seat.role))) for each in seated]
    return [*filled, *[SeatView(seat.words)] * (seat.count - len(filled))]
