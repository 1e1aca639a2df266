"""Eight people at once, on connections of their own: one wins, seven are told who."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import close_old_connections, connection

from approvals.models import ApprovalRequest, Vote
from approvals.quorum import Answer
from approvals.refusals import AlreadyEnded, AlreadyGranted, Refusal, SeatTaken
from approvals.services.consuming import consume
from approvals.services.voting import vote
from tests.approvals.conftest import account
from tests.approvals.people import Notebook
from tests.approvals.questions import FOUR_EYES, P2

EIGHT = 8
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act, people):
    """Everybody acts at the same moment; the result, or the refusal, of each."""
    gate = Barrier(len(people))

    def press(person):
        close_old_connections()
        try:
            gate.wait(timeout=20)
            return act(person)
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as crowd:
        return list(crowd.map(press, people))


@pytest.mark.parametrize(("spec", "role", "refusal"), [(FOUR_EYES, "cto", SeatTaken), (P2, "ciso", AlreadyGranted)])
def test_eight_vote_on_one_seat_at_once_and_seven_are_told_who_won(asked, now, spec, role, refusal):
    people = [account(f"approver {number}", role) for number in range(EIGHT)]
    request = asked(spec)

    def press(person):
        return vote(
            request_id=request.pk, actor=person, seat=role, answer=Answer.APPROVE, reason="", digest=request.digest,
            version=request.version, now=now,
        )  # fmt: skip

    results = at_once(press, people)
    (winner,) = [result for result in results if isinstance(result, Vote)]
    told = [result for result in results if isinstance(result, refusal)]
    assert len(told) == EIGHT - 1
    assert all(winner.person.username in refused.words for refused in told)
    assert Vote.objects.count() == 1
    assert Counter(line.kind for line in Notebook.lines)["approval.approved"] == 1


def test_one_person_with_eight_phones_votes_once(asked, now):
    person = account("cto", "cto")
    request = asked()

    def press(_):
        return vote(
            request_id=request.pk, actor=person, seat="cto", answer=Answer.APPROVE, reason="", digest=request.digest,
            version=request.version, now=now,
        )  # fmt: skip

    results = at_once(press, range(EIGHT))
    assert sum(isinstance(result, Vote) for result in results) == 1
    assert ApprovalRequest.objects.get().version == request.version + 1


def test_a_grant_is_used_once_by_eight_workers(asked, votes, now):
    request = asked(P2)
    votes(request, account("cto", "cto"), "cto")

    def use(number):
        return consume(
            request_id=request.pk, content_digest=request.content_digest, consumed_by=f"plan {number}", actor=None,
            now=now,
        )  # fmt: skip

    results = at_once(use, range(EIGHT))
    assert sum(isinstance(result, ApprovalRequest) for result in results) == 1
    assert sum(isinstance(result, AlreadyEnded) for result in results) == EIGHT - 1
