"""Opening, reviewing and merging, with GitHub's refusals (documented beside the code that makes them)."""

import pytest

from sandbox.codehost.accounts import APP, person_token
from tests.sandbox.codehost.past import speaking_as


@pytest.fixture
def mend(sandbox):
    """A branch with one commit; returns its head."""
    return sandbox.control("push", branch="mend", title="Mend it", files={"shop.py": "price = 2\n"}).json()["sha"]


@pytest.fixture
def number(github, mend):
    return opened(github).json()["number"]


def opened(client, head="mend", base="master"):
    return client.post("/pulls", json={"title": "Revert: it", "head": head, "base": base, "body": "Because."})


def approved(sandbox, number, login="oncall"):
    sandbox.control("review", number=number, login=login, state="APPROVED")


def merge(client, number, **body):
    return client.put(f"/pulls/{number}/merge", json={"merge_method": "merge", **body})


def test_the_app_opens_it_and_is_its_author(github, mend):
    pull = opened(github).json()
    assert (pull["user"]["login"], pull["head"]["sha"], pull["state"]) == (APP, mend, "open")


def test_a_second_one_for_the_same_head_is_refused(sandbox, github, number):
    again = opened(github)
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "A pull request already exists for acme:mend."
    assert len(sandbox.journal.entries(effect="pull_request.opened", key="mend")) == 1


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ({"head": "nowhere"}, "Head does not exist"),
        ({"base": "nowhere"}, "Base does not exist"),
        ({"head": "master"}, "No commits between master and master"),
    ],
)
def test_an_end_that_leads_nowhere_is_refused(github, mend, ends, words):
    refused = opened(github, **ends)
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (422, words)


def test_it_is_found_by_its_head_also_after_the_merge(sandbox, github, number):
    approved(sandbox, number)
    merge(github, number)
    found = github.get("/pulls", params={"head": "acme:mend", "state": "all"}).json()
    assert [pull["number"] for pull in found] == [number]
    assert github.get("/pulls", params={"head": "acme:mend"}).json() == []


def test_it_is_not_known_at_first_whether_it_can_be_merged(github, number):
    seen = [github.get(f"/pulls/{number}").json() for _ in range(3)]
    assert [pull["mergeable"] for pull in seen] == [None, True, True]
    assert [pull["mergeable_state"] for pull in seen] == ["unknown", "blocked", "blocked"]


def test_nobody_approves_their_own(sandbox, github, number):
    review = {"event": "APPROVE"}
    refused = github.post(f"/pulls/{number}/reviews", json=review)
    assert (refused.status_code, "Can not approve your own" in refused.json()["message"]) == (422, True)
    by_hand = sandbox.control("push", branch="own", title="Own", author="oncall", files={"a": "1"})
    assert by_hand.status_code == 201
    with speaking_as(sandbox, person_token("oncall")) as oncall:
        own = opened(oncall, head="own").json()["number"]
        assert oncall.post(f"/pulls/{own}/reviews", json=review).status_code == 422


def test_the_oncall_approves_what_the_app_opened(github, oncall, number):
    assert oncall.post(f"/pulls/{number}/reviews", json={"event": "APPROVE"}).status_code == 200
    assert [review["state"] for review in github.get(f"/pulls/{number}/reviews").json()] == ["APPROVED"]
    assert merge(github, number).status_code == 200


def test_without_a_review_it_does_not_merge(github, number):
    refused = merge(github, number)
    assert (refused.status_code, "approving review is required" in refused.json()["message"]) == (405, True)


def test_a_review_that_asks_for_changes_takes_the_approval_back(sandbox, github, number):
    approved(sandbox, number)
    sandbox.control("review", number=number, login="oncall", state="CHANGES_REQUESTED")
    assert merge(github, number).status_code == 405
    approved(sandbox, number)
    sandbox.control("review", number=number, login="oncall", state="COMMENTED")
    assert merge(github, number).status_code == 200


@pytest.mark.parametrize("bypass", ["always", "pull_requests_only", "exempt"])
def test_the_app_may_pass_the_rules_where_they_say_so(sandbox, github, number, bypass):
    sandbox.control("rules", bypass=bypass)
    assert merge(github, number).status_code == 200


def test_a_person_may_not_pass_by_the_apps_leave(sandbox, oncall, number):
    sandbox.control("rules", bypass="always")
    assert merge(oncall, number).status_code == 405


def test_a_moved_head_is_refused(sandbox, github, number, mend):
    approved(sandbox, number)
    newer = sandbox.control("push", branch="mend", title="More", files={"more": "1"}).json()["sha"]
    refused = merge(github, number, sha=mend)
    assert (refused.status_code, "Head branch was modified" in refused.json()["message"]) == (409, True)
    assert merge(github, number, sha=newer).status_code == 200


def test_an_approval_of_an_older_head_counts_only_where_the_rules_allow_it(sandbox, github, number):
    approved(sandbox, number)
    sandbox.control("push", branch="mend", title="More", files={"more": "1"})
    sandbox.control("rules", dismiss_stale_reviews=True)
    assert merge(github, number).status_code == 405
    sandbox.control("rules", dismiss_stale_reviews=False)
    assert merge(github, number).status_code == 200


def test_it_merges_once(sandbox, github, number):
    approved(sandbox, number)
    assert merge(github, number).json()["merged"] is True
    assert merge(github, number).status_code == 405
    assert github.get(f"/pulls/{number}/merge").status_code == 204
    assert len(sandbox.journal.entries(effect="pull_request.merged", key=str(number))) == 1


def test_a_lost_answer_does_not_undo_the_merge(sandbox, github, number):
    approved(sandbox, number)
    sandbox.faults.arm("drop_after", part="github", method="PUT", path="*/merge")
    with pytest.raises(Exception, match="disconnected"):
        merge(github, number)
    assert github.get(f"/pulls/{number}").json()["merged"] is True


def test_a_conflict_shows_and_does_not_merge(sandbox, github, number):
    approved(sandbox, number)
    sandbox.control("push", branch="master", title="Meanwhile", files={"shop.py": "price = 3\n"})
    for _ in range(3):
        pull = github.get(f"/pulls/{number}").json()
    assert (pull["mergeable"], pull["mergeable_state"]) == (False, "dirty")
    assert merge(github, number).json()["message"] == "Pull Request is not mergeable"


@pytest.mark.parametrize(
    ("method", "parents", "kept"), [("merge", 2, True), ("squash", 1, False), ("rebase", 1, False)]
)
def test_each_method_lands_as_git_does_it(sandbox, github, number, mend, method, parents, kept):
    sandbox.control("push", branch="mend", title="And more", files={"more.py": "more = 1\n"})
    sandbox.control("push", branch="master", title="Meanwhile", files={"other.py": "other = 1\n"})
    approved(sandbox, number)
    sha = merge(github, number, merge_method=method).json()["sha"]
    landed = github.get(f"/commits/{sha}").json()
    assert len(landed["parents"]) == parents
    assert github.get("/git/ref/heads/master").json()["object"]["sha"] == sha
    assert github.get(f"/compare/{mend}...master").json()["status"] == ("ahead" if kept else "diverged")
    assert [pull["number"] for pull in github.get(f"/commits/{sha}/pulls").json()] == [number]


def test_every_commit_of_a_rebase_belongs_to_its_pull_request(sandbox, github, number):
    sandbox.control("push", branch="mend", title="And more", files={"more.py": "more = 1\n"})
    approved(sandbox, number)
    last = merge(github, number, merge_method="rebase").json()["sha"]
    first = github.get(f"/commits/{last}").json()["parents"][0]["sha"]
    assert [pull["number"] for pull in github.get(f"/commits/{first}/pulls").json()] == [number]
    assert len(github.get(f"/pulls/{number}/commits").json()) == 2


@pytest.mark.parametrize(
    "rule",
    [
        {"merge_methods": ["squash"]},
        {"signed_commits": True},
        {"merge_queue": True},
        {"required_checks": ["tests"], "red_checks": ["tests"]},
        {"required_approvals": 2},
    ],
)
def test_what_the_rules_forbid_does_not_merge(sandbox, github, number, rule):
    approved(sandbox, number)
    sandbox.control("rules", **rule)
    assert merge(github, number).status_code == 405


def test_the_author_is_not_asked_for_a_review_and_others_once(sandbox, github, number):
    ask = f"/pulls/{number}/requested_reviewers"
    assert github.post(ask, json={"reviewers": [APP]}).status_code == 422
    for _ in range(2):
        answer = github.post(ask, json={"reviewers": ["reviewer"]})
    assert [user["login"] for user in answer.json()["requested_reviewers"]] == ["reviewer"]
    assert len(sandbox.journal.entries(effect="review.requested")) == 1


def test_a_deleted_branch_closes_its_pull_request(sandbox, github, number):
    closed = github.patch(f"/pulls/{number}", json={"state": "closed"}).json()
    assert (closed["state"], closed["merged"]) == ("closed", False)
    assert merge(github, number).status_code == 405


@pytest.mark.parametrize("ref", ["0" * 40, "nowhere", "--all"])
def test_a_sha_that_is_no_commit_is_refused(github, ref):
    refused = github.get(f"/commits/{ref}")
    assert (refused.status_code, refused.json()["message"]) == (422, f"No commit found for SHA: {ref}")


def test_lists_come_in_pages(github):
    first = github.get("/commits", params={"per_page": 2})
    second = github.get(first.links["next"]["url"].partition("/acme/shop")[2])
    assert len(first.json()) == 2
    assert "next" not in second.links
    assert {commit["sha"] for commit in first.json()}.isdisjoint(commit["sha"] for commit in second.json())


def test_nothing_new_is_answered_without_a_body(github, number):
    known = github.get("/commits")
    again = github.get("/commits", headers={"If-None-Match": known.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
