"""What was asked, frozen, and what people answered: rows whose content never changes (migration 0002 sees to it)."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.ports import Matter, Subject
from approvals.quorum import LIVE, Answer, Ballot, How, Question, Rule, Seat, State

_DIGEST = "^[0-9a-f]{64}$"
LIVE_STATES = [state.value for state in LIVE]
ENDED = [state.value for state in State if state not in LIVE]


def rule_as_json(rule: Rule) -> dict[str, Any]:
    """The rule as plain data, kept beside the request."""
    seats = [
        {"role": seat.role, "words": seat.words, "count": seat.count, "self_allowed": seat.self_allowed}
        for seat in rule.seats
    ]
    return {"how": rule.how.value, "seats": seats}


def rule_from_json(identifier: str, kept: Mapping[str, Any]) -> Rule:
    return Rule(identifier, How(kept["how"]), tuple(Seat(**seat) for seat in kept["seats"]))


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    """Requests by their use."""

    def live(self) -> "ApprovalRequestQuerySet":
        """What can still change: open, granted or refused."""
        return self.filter(state__in=LIVE_STATES)

    def about(self, subject: Subject) -> "ApprovalRequestQuerySet":
        """All that was asked about a subject, newest first."""
        return self.filter(subject_type=subject.type, subject_id=subject.id).order_by("-asked_at", "-id")


class ApprovalRequest(models.Model):
    """A question to people in seats, bound to the digest of exactly what will run or be posted (E13)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=100)
    rule_id = models.CharField(max_length=10)
    rule_seats = models.JSONField(help_text="the rule as data: all or any of which seats")
    label = models.CharField(max_length=60, help_text="what people call the subject")
    urgency = models.CharField(max_length=20, blank=True)
    question = models.CharField(max_length=200)
    summary = models.TextField()
    exactly = models.TextField(help_text="what is approved, to the letter")
    otherwise = models.TextField(blank=True, help_text="what happens if nobody answers")
    url = models.CharField(max_length=500, blank=True)
    evidence = models.JSONField(default=dict)
    content_digest = models.CharField(max_length=64, help_text="of what will run or be posted")
    digest = models.CharField(max_length=64, help_text="of all that the approver sees, the content's digest included")
    small_team = models.BooleanField(help_text="E14's switch when it was asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals_asked")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    deputies_from = models.DateTimeField(null=True, blank=True, help_text="when deputies are asked, too (E15)")
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    state = models.CharField(
        max_length=10, choices=[(each.value, each.value) for each in State], default=State.OPEN.value
    )
    version = models.PositiveIntegerField(default=1)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.TextField(blank=True)
    consumed_by = models.CharField(max_length=100, blank=True, help_text="what ran on it, once")
    holds_until = models.DateTimeField(
        null=True, blank=True, help_text="how long a broken glass holds; a grant by votes has no end"
    )
    changes = models.JSONField(
        default=list, help_text="where the content differs from what was asked, if it was voided"
    )
    flags = models.JSONField(default=list, help_text="the exceptions in the seats that are filled now (E11, E14)")

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in State]), name="a_request_is_in_a_known_state"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("asked_at")), name="a_request_expires_after_it_is_asked"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_at__isnull=False) | (~Q(state__in=ENDED) & Q(ended_at__isnull=True)),
                name="an_ended_request_says_when",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.CONSUMED.value) & ~Q(consumed_by=""))
                | (~Q(state=State.CONSUMED.value) & Q(consumed_by="")),
                name="a_consumed_request_says_by_what",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=_DIGEST, content_digest__regex=_DIGEST),
                name="a_request_is_bound_to_its_content",
            ),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "rule_id"],
                condition=Q(state__in=LIVE_STATES),
                name="one_live_request_a_subject_and_rule",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="request_due", condition=Q(state__in=LIVE_STATES)),
            models.Index(fields=["subject_type", "subject_id", "-asked_at"], name="request_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.label} ({self.state})"

    @property
    def subject(self) -> Subject:
        return Subject(self.subject_type, self.subject_id)

    @property
    def rule(self) -> Rule:
        return rule_from_json(self.rule_id, self.rule_seats)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def as_question(self) -> Question:
        """The request as the engine sees it."""
        return Question(
            rule=self.rule,
            asked_by=self.asked_by_id,
            digest=self.digest,
            expires_at=self.expires_at,
            small_team=self.small_team,
            ended=None if self.is_live else State(self.state),
        )

    def as_matter(self) -> Matter:
        """The request as a seat resolver sees it."""
        return Matter(self.pk, self.subject, self.rule_id, self.asked_by_id, self.asked_at, self.deputies_from)


class VoteQuerySet(models.QuerySet["Vote"]):
    """Votes by their use."""

    def as_cast(self) -> "VoteQuerySet":
        """In the order they were cast, with who cast them."""
        return self.select_related("person").order_by("number")

    def live(self) -> "VoteQuerySet":
        """Neither withdrawn nor replaced by a later one of the same person in the same seat."""
        return self.filter(withdrawn_at__isnull=True, superseded_at__isnull=True)


class Vote(models.Model):
    """One answer of one person in one seat, with the digest that was shown; kept for ever."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="votes")
    number = models.PositiveIntegerField(help_text="its place in the order of the request's votes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approval_votes")
    seat = models.CharField(max_length=40, help_text="the role answered as")
    answer = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Answer])
    reason = models.TextField(blank=True)
    digest_seen = models.CharField(max_length=64)
    cast_at = models.DateTimeField()
    second_seat = models.BooleanField(default=False, help_text="the person fills another seat, too (E14's switch)")
    flags = models.JSONField(default=list)
    authentication_method = models.CharField(max_length=40, blank=True)
    authenticated_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True, help_text="the person answered anew")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = VoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=[each.value for each in Answer]), name="a_vote_gives_a_known_answer"
            ),
            models.CheckConstraint(condition=Q(answer=Answer.APPROVE.value) | ~Q(reason=""), name="a_refusal_says_why"),
            models.UniqueConstraint(fields=["request", "number"], name="votes_are_numbered"),
            models.UniqueConstraint(
                fields=["request", "person", "second_seat"],
                condition=Q(withdrawn_at__isnull=True, superseded_at__isnull=True),
                name="one_live_vote_a_person_and_request",
            ),
            models.UniqueConstraint(
                fields=["request", "person", "seat"],
                condition=Q(withdrawn_at__isnull=True, superseded_at__isnull=True),
                name="one_live_vote_a_person_and_seat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.answer} as {self.seat}"

    def as_ballot(self) -> Ballot:
        """The vote as the engine sees it."""
        return Ballot(
            person=self.person_id,
            name=self.person.get_username(),
            role=self.seat,
            answer=Answer(self.answer),
            digest=self.digest_seen,
            withdrawn=self.withdrawn_at is not None,
        )
