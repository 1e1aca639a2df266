"""R3: follow the review on the code host's own page; the on-call engineer's recorded word may stand in (E11)."""

from collections.abc import Sequence

from incidents.effects.fixes import another_patch
from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome, Waiting
from incidents.effects.wiring import World
from incidents.integrations.code_host import PullRequest, Review
from incidents.queries.reviewing import people_who_review


class FollowReview:
    """Done when the rules of the branch are met and somebody whose word counts has approved exactly this head."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        opened = order.proposed
        if opened.get("already_on_branch"):
            return Done("Nothing to review: the change is already undone on the branch.", opened)
        if "number" not in opened:
            return Failed("There is no pull request to review. Record one by hand at the step before (E18).")
        found = world.code_host.pull_request(order.repository, opened["number"])
        if found.state == "closed" and not found.merged:
            return Failed(f"#{found.number} was closed without a merge. Reopen it on the code host, then retry.")
        return another_patch(order, world, found) or _reviewed(order, world, found)

    def act(self, order: Order, world: World) -> Outcome:
        raise AssertionError("A review is only ever watched.")


def _reviewed(order: Order, world: World, found: PullRequest) -> Outcome:
    if found.merged:
        return Done(f"#{found.number} was merged on the code host already.", _evidence(found, []), found.url)
    return _judge(order, world, found)


def _judge(order: Order, world: World, found: PullRequest) -> Outcome:
    reviews = world.code_host.reviews(order.repository, found.number)
    refused = [review.login for review in latest(reviews) if review.state == "CHANGES_REQUESTED"]
    if refused:
        return Waiting(f"{', '.join(refused)} asked for changes on #{found.number}. Talk, then approve there.")
    approvals = [r for r in latest(reviews) if r.state == "APPROVED" and r.commit_sha == found.head_sha]
    missing = world.code_host.branch_rules(order.repository, order.service.branch).required_approvals - len(approvals)
    own_word = order.step.parameters.get("self_approved_by")
    people = people_who_review(order.service)
    counted = [people[r.login.lower()] for r in approvals if r.login.lower() in people]
    if missing <= 0 and (counted or own_word):
        return Done(_approved(counted, own_word), _evidence(found, counted, own_word), found.url)
    return Waiting(_what_is_missing(found, missing, approvals, own_word), None, _evidence(found, counted), found.url)


def latest(reviews: Sequence[Review]) -> list[Review]:
    """Each person's last approving or refusing word; a comment changes nothing."""
    last: dict[str, Review] = {}
    for review in reviews:
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[review.login.lower()] = review
    return list(last.values())


def _approved(counted: Sequence[str], own_word: object) -> str:
    if counted:
        return f"Approved by {', '.join(counted)}."
    return f"Self-approved by {own_word}: no other reviewer was available (E11)."


def _what_is_missing(found: PullRequest, missing: int, approvals: Sequence[Review], own_word: object) -> str:
    if own_word:
        return (
            f"The self-approval is recorded. The branch's rules still ask for {missing} approving review:"
            f" approve #{found.number} on the code host as yourself."
        )
    if missing <= 0 and approvals:
        names = ", ".join(review.login for review in approvals)
        return (
            f"{names} approved #{found.number}, but no login of a reviewer of this service is linked to that name."
            " A linked reviewer approves, or the on-call engineer records that no other is available."
        )
    return (
        f"Waits for a reviewer to approve #{found.number} on the code host."
        " Where no other reviewer is available, the on-call engineer may self-approve."
    )


def _evidence(found: PullRequest, counted: Sequence[str], own_word: object = None) -> dict[str, object]:
    return {
        "number": found.number,
        "head_sha": found.head_sha,
        "approved_by": list(counted),
        "self_approved_by": own_word or "",
    }
