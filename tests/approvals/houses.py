"""The house of approvals as the state machine uses it: once of bare engine and lists, once of services and rows."""

from dataclasses import replace
from datetime import datetime
from itertools import count
from types import ModuleType
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User

from approvals import quorum
from approvals.models import ApprovalRequest
from approvals.ports import Subject
from approvals.quorum import Answer, Seated
from approvals.refusals import Refusal
from approvals.services.asking import Content, ask, ask_again, withdraw_request
from approvals.services.consuming import consume, expire_due, reconsider
from approvals.services.settling import weigh_now
from approvals.services.voting import vote, withdraw_vote
from tests.approvals import questions
from tests.approvals.people import Roster
from tests.approvals.questions import EDITED, EXPIRES_AT, SHOWN, Case, Vote

_numbers = count()


class House(Protocol):
    """What the machine does to a house; acts answer with the name of the refusal, or ""."""

    def ask(self, case: Case) -> None: ...
    def vote(self, cast: Vote, now: datetime) -> tuple[str, frozenset[str]]: ...
    def withdraw_vote(self, person: int, role: str, now: datetime) -> str: ...
    def withdraw_request(self, now: datetime) -> str: ...
    def edit(self, now: datetime) -> str: ...
    def consume(self, content: str, now: datetime) -> str: ...
    def hold(self, held: tuple[tuple[int, str, bool], ...], now: datetime) -> None: ...
    def sweep(self, now: datetime) -> None: ...
    def weigh(self, now: datetime) -> Any: ...


class BareHouse:
    """The engine and a list of votes."""

    def __init__(self, engine: ModuleType = quorum) -> None:
        self.engine = engine

    def ask(self, case: Case) -> None:
        self.case = case

    def vote(self, cast: Vote, now: datetime) -> tuple[str, frozenset[str]]:
        answer = questions.cast(self.case.but(now=now), cast, self.engine)
        if not answer[0]:
            self.case = self.case.but(votes=(*self.case.votes, cast))
        return answer

    def withdraw_vote(self, person: int, role: str, now: datetime) -> str:
        return self._live(now) or self._withdraw(person, role)

    def _withdraw(self, person: int, role: str) -> str:
        question = questions.question_of(self.engine, self.case)
        ballots = [questions.ballot_of(self.engine, each) for each in self.case.votes]
        if not any((each.person, each.role) == (person, role) for each in self.engine.live(question, ballots)):
            return "NothingToWithdraw"
        self.case = with_vote_withdrawn(self.case, person, role)
        return ""

    def withdraw_request(self, now: datetime) -> str:
        return self._end("withdrawn", now)

    def edit(self, now: datetime) -> str:
        if refused := self._live(now):
            return refused
        self.case = with_other_content(self.case)
        return ""

    def consume(self, content: str, now: datetime) -> str:
        return questions.use(self.case.but(now=now), content, self.engine) or self._end("consumed", now)

    def hold(self, held: tuple[tuple[int, str, bool], ...], now: datetime) -> None:
        self.case = self.case.but(held=held)

    def sweep(self, now: datetime) -> None:
        if now >= EXPIRES_AT and not self.case.ended:
            self.case = self.case.but(ended="expired")

    def weigh(self, now: datetime) -> Any:
        return questions.weigh(self.case.but(now=now), self.engine)

    def _live(self, now: datetime) -> str:
        try:
            self.engine.check_live(questions.question_of(self.engine, self.case), now)
        except Refusal as refusal:
            return type(refusal).__name__
        return ""

    def _end(self, state: str, now: datetime) -> str:
        if refused := self._live(now):
            return refused
        self.case = self.case.but(ended=state)
        return ""


def with_vote_withdrawn(case: Case, person: int, role: str) -> Case:
    """The last vote of that person in that seat, withdrawn."""
    votes = list(case.votes)
    place = max(n for n, each in enumerate(votes) if (each.person, each.role, each.digest) == (person, role, SHOWN))
    votes[place] = replace(votes[place], withdrawn=True)
    return case.but(votes=tuple(votes))


def with_other_content(case: Case) -> Case:
    """The votes so far were on other content."""
    return case.but(votes=tuple(replace(each, digest=EDITED) for each in case.votes))


class RealHouse:
    """The services, the rows and their constraints; the roster is the tests'."""

    def __init__(self, people: dict[int, User]) -> None:
        self.people = people
        self.numbers = {person.pk: number for number, person in people.items()}
        self.edits = 0

    def ask(self, case: Case) -> None:
        self.asker, self.edits = self.people[case.asker], 0
        self._seat(case.held)
        settings.SMALL_TEAM = case.small_team
        self.request_id = ask(
            subject=Subject("plan", f"plan {next(_numbers)}"), rule=questions.rule_of(quorum, case.rule),
            content=self._content(), asked_by=self.asker, now=case.now, expires_at=EXPIRES_AT,
        ).pk  # fmt: skip

    def _content(self) -> Content:
        return content_of(f"{self.edits:064x}")

    @property
    def row(self) -> ApprovalRequest:
        return ApprovalRequest.objects.get(pk=self.request_id)

    def vote(self, cast: Vote, now: datetime) -> tuple[str, frozenset[str]]:
        shown = self.row.digest if cast.digest == SHOWN else EDITED
        try:
            kept = vote(
                request_id=self.request_id, actor=self.people[cast.person], seat=cast.role, answer=Answer(cast.answer),
                reason="because", digest=shown, version=self.row.version, now=now,
            )  # fmt: skip
        except Refusal as refusal:
            return type(refusal).__name__, frozenset()
        return "", frozenset(kept.flags)

    def withdraw_vote(self, person: int, role: str, now: datetime) -> str:
        return self._try(
            withdraw_vote, actor=self.people[person], seat=role, version=self.row.version, now=now
        )  # fmt: skip

    def withdraw_request(self, now: datetime) -> str:
        return self._try(withdraw_request, actor=self.asker, now=now)

    def edit(self, now: datetime) -> str:
        if not self.row.is_live or now >= EXPIRES_AT:
            return "AlreadyEnded"
        self.edits += 1
        new = ask_again(
            request_id=self.request_id, content=self._content(), asked_by=self.asker, now=now, expires_at=EXPIRES_AT
        )
        self.request_id: UUID = new.pk
        return ""

    def consume(self, content: str, now: datetime) -> str:
        digest = self.row.content_digest if content == SHOWN else EDITED
        return self._try(consume, content_digest=digest, consumed_by="plan 1", actor=None, now=now)

    def hold(self, held: tuple[tuple[int, str, bool], ...], now: datetime) -> None:
        self._seat(held)
        reconsider(request_id=self.request_id, now=now)

    def _seat(self, held: tuple[tuple[int, str, bool], ...]) -> None:
        Roster.held = {(self.people[person].username, role, deputy) for person, role, deputy in held}

    def sweep(self, now: datetime) -> None:
        expire_due(now=now)

    def weigh(self, now: datetime) -> Any:
        row = self.row
        weighing = weigh_now(row, now)
        assert row.state == weighing.state or now >= EXPIRES_AT
        assert row.flags == sorted(weighing.flags) or not row.is_live
        return replace(weighing, seated=tuple(map(self._by_number, weighing.seated)))

    def _by_number(self, seated: Seated) -> Seated:
        """The reckoning knows people by their numbers, the rows by their keys, which are whatever the database gave."""
        return replace(seated, person=self.numbers[seated.person])

    def _try(self, act: Any, **arguments: Any) -> str:
        try:
            act(request_id=self.request_id, **arguments)
        except Refusal as refusal:
            return type(refusal).__name__
        return ""


def content_of(digest: str = SHOWN, **other: Any) -> Content:
    """A question like the console's."""
    words = {
        "label": "INC-2026-0042",
        "question": "May checkout be rolled back over customer data?",
        "summary": "The revert of #1187 leaves the added column orders.points in place.",
        "exactly": "Revert tree b77e02f1 on master at a90d11c, then merge and deploy.",
        "evidence": {"Migrations": ["0042_points: AddField orders.points"]},
    }
    return Content(**{"content_digest": digest, **words, **other})
