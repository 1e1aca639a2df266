"""GitHub through its client: what is asked, what is understood, what is refused."""

from contextlib import nullcontext, suppress
from datetime import UTC, datetime

import httpx
import pytest
from githubkit_schemas.v2026_03_10 import models as github

from incidents.integrations.code_host import CodeHost, StatusState
from incidents.integrations.credentials import TokenCredentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.github import GitHub
from tests.integrations.worlds import Answer, Table, ok

REPO = "acme/shop"
AT = "/api/repos/acme/shop"
SHA = "a" * 40
NOON = "2026-11-23T12:00:00Z"
PULL = {
    "number": 7,
    "title": "Revert: fast checkout",
    "html_url": "https://github.example/acme/shop/pull/7",
    "state": "open",
    "merged": False,
    "mergeable": None,
    "mergeable_state": "unknown",
    "head": {"sha": SHA, "ref": "revert/INC-2026-0001-p1-abc"},
    "base": {"ref": "master"},
    "user": {"login": "rollback-console[bot]"},
}
COMMIT = {
    "sha": SHA,
    "parents": [{"sha": "b" * 40}, {"sha": "c" * 40}],
    "commit": {"message": "Merge", "author": {"name": "An engineer"}, "committer": {"date": NOON}},
    "author": {"login": "engineer"},
}
RUN = {"id": 5, "status": "queued", "head_sha": SHA, "path": ".github/workflows/deploy.yml@refs/heads/master"}
RUN |= {"run_attempt": 2, "created_at": NOON, "updated_at": NOON, "conclusion": None}


def routed(answers: dict[str, Answer | list[Answer]]) -> tuple[CodeHost, Table]:
    """`GET /pulls/7` answers GET …/repos/acme/shop/pulls/7."""
    table = Table({f"{key.split()[0]} {AT}{key.split()[1]}": answer for key, answer in answers.items()})
    return GitHub("https://host.example/api", TokenCredentials("t0ken"), transport=table.transport), table


def test_every_request_names_its_version_and_itself():
    code, table = routed({"GET /pulls/7": ok(PULL)})
    code.pull_request(REPO, 7)
    headers = table.asked[0].headers
    assert headers["x-github-api-version"] == "2026-03-10"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["user-agent"] == "rollback-console"
    assert headers["authorization"] == "Bearer t0ken"


def test_the_smallest_pull_request_is_read():
    code, _ = routed({"GET /pulls/7": ok(PULL)})
    pull = code.pull_request(REPO, 7)
    assert (pull.mergeable, pull.merged, pull.merge_sha, pull.author) == (None, False, None, "rollback-console[bot]")


def test_the_rehearsal_of_an_open_pull_requests_merge_is_not_its_merge():
    code, _ = routed({"GET /pulls/7": ok(PULL | {"merge_commit_sha": SHA})})
    assert code.pull_request(REPO, 7).merge_sha is None


def test_the_merge_is_found_in_the_events_since_the_pull_request_does_not_tell_it():
    events = [{"event": "labeled"}, {"event": "merged", "commit_id": "d" * 40}, {"event": "closed", "commit_id": None}]
    code, _ = routed({"GET /pulls/7": ok(PULL | {"merged": True}), "GET /issues/7/events": ok(events)})
    assert code.pull_request(REPO, 7).merge_sha == "d" * 40


def test_an_older_servers_own_word_on_the_merge_is_taken():
    code, table = routed({"GET /pulls/7": ok(PULL | {"merged": True, "merge_commit_sha": "d" * 40})})
    assert code.pull_request(REPO, 7).merge_sha == "d" * 40
    assert len(table.asked) == 1


@pytest.mark.parametrize("field", ["number", "title", "state", "head", "base"])
def test_a_missing_field_that_is_used_is_an_error_that_names_it(field):
    code, _ = routed({"GET /pulls/7": ok({key: value for key, value in PULL.items() if key != field})})
    with pytest.raises(IntegrationError, match=field):
        code.pull_request(REPO, 7)


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"[]", b"null", b"\xff\xfe", b""])
def test_an_answer_that_is_not_githubs_is_an_error_worth_another_try(body):
    code, _ = routed({"GET /pulls/7": httpx.Response(200, content=body)})
    with pytest.raises(IntegrationError, match="cannot read") as caught:
        code.pull_request(REPO, 7)
    assert caught.value.retryable


def test_a_write_answered_in_riddles_is_in_doubt():
    code, _ = routed({"PUT /pulls/7/merge": httpx.Response(200, content=b"<html>")})
    with pytest.raises(IntegrationError) as caught:
        code.merge(REPO, 7, sha=SHA, method="merge")
    assert (caught.value.in_doubt, caught.value.retryable) == (True, False)


def test_the_bodies_that_the_console_sends_are_githubs():
    code, table = routed(
        {
            "POST /pulls": ok(PULL, 201),
            "POST /pulls/7/requested_reviewers": ok(PULL, 201),
            "PUT /pulls/7/merge": ok({"sha": "d" * 40, "merged": True, "message": "ok"}),
        }
    )
    code.open_pull_request(REPO, head="revert/x", base="master", title="Revert: x", body="why")
    code.request_reviewers(REPO, 7, ["reviewer", "cto"])
    assert code.merge(REPO, 7, sha=SHA, method="squash") == "d" * 40
    opened, reviewers = table.bodies("POST")
    assert opened == {"title": "Revert: x", "head": "revert/x", "base": "master", "body": "why"}
    github.ReposOwnerRepoPullsPostBody.model_validate(opened)
    github.ReposOwnerRepoPullsPullNumberRequestedReviewersPostBodyAnyof0.model_validate(reviewers)
    assert reviewers == {"reviewers": ["reviewer", "cto"]}
    assert table.bodies("PUT") == [{"sha": SHA, "merge_method": "squash"}]
    github.ReposOwnerRepoPullsPullNumberMergePutBody.model_validate(table.bodies("PUT")[0])


def test_a_merge_without_the_reviewed_head_is_never_sent():
    code, table = routed({})
    with pytest.raises(IntegrationError, match="R4"):
        code.merge(REPO, 7, sha="", method="merge")
    assert table.asked == []


@pytest.mark.parametrize(
    ("status", "message", "retryable"),
    [
        (405, "At least 1 approving review is required by reviewers with write access.", False),
        (405, "Pull Request is not mergeable", False),
        (405, "Base branch was modified. Review and try the merge again.", True),
        (409, "Head branch was modified. Review and try the merge again.", False),
        (422, "Merge commits are not allowed on this repository.", False),
    ],
)
def test_a_refused_merge_tells_githubs_reason(status, message, retryable):
    code, _ = routed({"PUT /pulls/7/merge": ok({"message": message}, status)})
    with pytest.raises(IntegrationError) as caught:
        code.merge(REPO, 7, sha=SHA, method="merge")
    error = caught.value
    assert (error.status, error.retryable, error.in_doubt) == (status, retryable, False)
    assert message.rstrip(".") in error.words


def test_a_second_pull_request_for_a_head_is_refused_with_422():
    refusal = {
        "message": "Validation Failed",
        "errors": [{"message": "A pull request already exists for acme:revert/x."}],
    }
    code, _ = routed({"POST /pulls": ok(refusal, 422)})
    with pytest.raises(IntegrationError, match="already exists") as caught:
        code.open_pull_request(REPO, head="revert/x", base="master", title="t", body="b")
    assert caught.value.status == 422


@pytest.mark.parametrize("head", ["revert/INC-2026-0001-p1-abc", "acme:revert/INC-2026-0001-p1-abc"])
def test_a_pull_request_is_found_by_its_head_open_or_not(head):
    other = PULL | {"number": 9, "head": {"sha": SHA, "ref": "something-else"}}
    older = PULL | {"number": 3, "state": "closed"}
    code, table = routed({"GET /pulls": ok([other, PULL, older]), "GET /pulls/7": ok(PULL)})
    found = code.find_pull_request(REPO, head=head)
    assert found is not None
    assert found.number == 7
    query = table.asked[0].url.params
    assert query["head"] == "acme:revert/INC-2026-0001-p1-abc"
    assert query["state"] == "all"


def test_no_pull_request_is_none():
    code, _ = routed({"GET /pulls": ok([])})
    assert code.find_pull_request(REPO, head="revert/x") is None


def test_a_branch_that_is_not_there_is_none_and_one_with_a_slash_is_found():
    code, table = routed({"GET /git/ref/heads/revert%2Fx": ok({"object": {"sha": SHA}})})
    assert code.branch_head(REPO, "revert/x") == SHA
    assert code.branch_head(REPO, "revert/y") is None
    assert len(table.asked) == 2


@pytest.mark.parametrize(
    "ref", ["", "..", "../../user", "a/../../x", "-x", "/etc", ".hidden", "a b", "a\nb", "HEAD^", "x:y", "a\x00b"]
)
def test_a_name_that_leads_elsewhere_is_never_asked_for(ref):
    code, table = routed({})
    for ask in (lambda: code.commit(REPO, ref), lambda: code.branch_head(REPO, ref)):
        with pytest.raises(IntegrationError, match="no commit, branch or tag"):
            ask()
    assert table.asked == []


@pytest.mark.parametrize("repository", ["", "shop", "acme/shop/pulls", "acme/..", "../x", "acme/sh op", "acme/shop?x"])
def test_a_name_that_is_no_repository_is_never_asked_for(repository):
    code, table = routed({})
    with pytest.raises(IntegrationError, match="owner/name"):
        code.pull_request(repository, 7)
    assert table.asked == []


def test_a_sha_that_is_no_commit_is_refused_with_githubs_word():
    code, _ = routed({f"GET /commits/{SHA}": ok({"message": f"No commit found for SHA: {SHA}"}, 422)})
    with pytest.raises(IntegrationError, match="No commit found"):
        code.commit(REPO, SHA)


def test_a_commit_is_read():
    code, _ = routed({"GET /commits/master": ok(COMMIT)})
    commit = code.commit(REPO, "master")
    assert commit.parents == ("b" * 40, "c" * 40)
    assert (commit.author, commit.at) == ("engineer", datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_a_commit_of_nobodys_account_bears_its_authors_name():
    code, _ = routed({"GET /commits/master": ok(COMMIT | {"author": None})})
    assert code.commit(REPO, "master").author == "An engineer"


def paged(items: list[object], size: int) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        following = str(request.url.copy_merge_params({"page": str(page + 1)}))
        more = page * size < len(items)
        headers = {"Link": f'<{following}>; rel="next", <{following}>; rel="last"'} if more else {}
        return httpx.Response(200, json=items[(page - 1) * size : page * size], headers=headers)

    return answer


def review(number: int) -> dict[str, object]:
    return {"state": "approved", "user": {"login": f"u{number}"}, "commit_id": SHA, "submitted_at": NOON, "id": number}


def test_every_page_of_the_reviews_is_read():
    code, table = routed({"GET /pulls/7/reviews": paged([review(n) for n in range(25)], 10)})
    reviews = code.reviews(REPO, 7)
    assert [each.login for each in reviews] == [f"u{n}" for n in range(25)]
    assert {each.state for each in reviews} == {"APPROVED"}
    assert len(table.asked) == 3


def test_a_review_of_a_deleted_account_is_read():
    code, _ = routed({"GET /pulls/7/reviews": ok([{"state": "APPROVED", "user": None, "commit_id": None}])})
    assert [(each.login, each.submitted_at) for each in code.reviews(REPO, 7)] == [("ghost", None)]


def test_a_list_too_long_to_read_is_an_error_instead_of_a_part():
    code, _ = routed({"GET /pulls/7/reviews": paged([review(n) for n in range(1200)], 100)})
    with pytest.raises(IntegrationError, match="more than 1000"):
        code.reviews(REPO, 7)


def test_a_next_page_on_another_host_does_not_get_the_token():
    answer = httpx.Response(200, json=[COMMIT], headers={"Link": '<https://elsewhere.example/x>; rel="next"'})
    code, table = routed({"GET /commits": answer})
    with pytest.raises(IntegrationError, match="another host"):
        code.recent_commits(REPO, "master", limit=5)
    assert {request.url.host for request in table.asked} == {"host.example"}


@pytest.mark.parametrize("link", ["<http://[nowhere>; rel=next", "<;;;>>>", '<>; rel="next"', "no link at all"])
def test_a_link_that_leads_nowhere_fails_softly(link):
    code, table = routed({"GET /commits": httpx.Response(200, json=[COMMIT], headers={"Link": link})})
    with suppress(IntegrationError):
        assert len(code.recent_commits(REPO, "master", limit=5)) == 1
    assert len(table.asked) == 1


def test_a_next_page_that_never_ends_ends():
    code, table = routed(
        {
            "GET /commits": httpx.Response(
                200, json=[], headers={"Link": '<https://host.example/api/repos/acme/shop/commits>; rel="next"'}
            )
        }
    )
    assert code.recent_commits(REPO, "master", limit=5) == []
    assert len(table.asked) == 1


def test_no_more_commits_are_read_than_asked_for():
    code, table = routed({"GET /commits": paged([COMMIT] * 50, 10)})
    assert len(code.recent_commits(REPO, "master", limit=15)) == 15
    assert len(table.asked) == 2
    assert table.asked[0].url.params["sha"] == "master"


def test_the_commits_of_a_pull_request_come_in_order():
    code, _ = routed({"GET /pulls/7/commits": ok([{"sha": "1" * 40}, {"sha": "2" * 40}])})
    assert code.commits_of(REPO, 7) == ["1" * 40, "2" * 40]


def test_as_many_commits_as_github_lists_may_not_be_all():
    code, _ = routed({"GET /pulls/7/commits": paged([{"sha": SHA}] * 250, 100)})
    with pytest.raises(IntegrationError, match="250 commits or more"):
        code.commits_of(REPO, 7)


def test_the_pull_requests_of_a_commit_are_read_in_full():
    simple = {key: value for key, value in PULL.items() if not key.startswith("merge")}
    code, _ = routed({f"GET /commits/{SHA}/pulls": ok([simple]), "GET /pulls/7": ok(PULL | {"mergeable": True})})
    assert [pull.mergeable for pull in code.pull_requests_of(REPO, SHA)] == [True]


def test_a_runs_path_is_its_file():
    code, table = routed({"GET /actions/runs": ok({"total_count": 1, "workflow_runs": [RUN]})})
    runs = code.runs(REPO, head_sha=SHA)
    assert [(run.path, run.attempt, run.conclusion) for run in runs] == [(".github/workflows/deploy.yml", 2, None)]
    assert dict(table.asked[0].url.params) == {"per_page": "100", "head_sha": SHA, "event": "push"}


def test_no_run_is_an_empty_list():
    code, _ = routed({"GET /actions/runs": ok({"total_count": 0, "workflow_runs": []})})
    assert code.runs(REPO, head_sha=SHA) == []


def test_a_runs_jobs_and_gates_are_read():
    gate = {
        "environment": {"id": 1, "name": "production"},
        "current_user_can_approve": False,
        "reviewers": [{"type": "User", "reviewer": {"login": "oncall"}}, {"type": "Team", "reviewer": {"slug": "sre"}}],
    }
    code, _ = routed(
        {
            "GET /actions/runs/5": ok(RUN),
            "GET /actions/runs/5/jobs": ok(
                {"jobs": [{"name": "deploy", "status": "completed", "conclusion": "failure"}]}
            ),
            "GET /actions/runs/5/pending_deployments": ok([gate]),
        }
    )
    assert code.run(REPO, 5).status == "queued"
    assert [(job.name, job.conclusion) for job in code.jobs(REPO, 5)] == [("deploy", "failure")]
    assert [(each.environment, each.reviewers) for each in code.pending_gates(REPO, 5)] == [
        ("production", ("oncall", "sre"))
    ]


def test_a_deployment_is_in_the_state_of_its_newest_status_whatever_the_order():
    deployment = {"id": 3, "sha": SHA, "environment": "production", "created_at": NOON, "updated_at": NOON}
    statuses = [
        {"id": 1, "state": "in_progress", "created_at": NOON, "updated_at": NOON, "log_url": "https://run"},
        {
            "id": 2,
            "state": "success",
            "created_at": NOON,
            "updated_at": "2026-11-23T12:05:00Z",
            "log_url": "https://run",
        },
    ]
    for order in (statuses, statuses[::-1]):
        code, _ = routed({"GET /deployments": ok([deployment]), "GET /deployments/3/statuses": ok(order)})
        [found] = code.deployments(REPO, environment="production", sha=SHA)
        assert (found.state, found.url, found.updated_at.minute) == ("success", "https://run", 5)


def test_a_deployment_without_a_status_is_pending():
    deployment = {"id": 3, "sha": SHA, "environment": "production", "created_at": NOON, "updated_at": NOON}
    code, table = routed({"GET /deployments": ok([deployment]), "GET /deployments/3/statuses": ok([])})
    assert [each.state for each in code.deployments(REPO, environment="production", limit=5)] == ["pending"]
    assert dict(table.asked[0].url.params) == {"per_page": "5", "environment": "production"}


@pytest.mark.parametrize(
    ("status", "held"), [("ahead", True), ("identical", True), ("behind", False), ("diverged", False)]
)
def test_history_is_asked_by_comparison(status, held):
    code, _ = routed({f"GET /compare/{'b' * 40}...{SHA}": ok({"status": status})})
    assert code.contains(REPO, sha=SHA, ancestor="b" * 40) is held


def test_an_unchanged_answer_is_asked_for_by_its_etag():
    unchanged = httpx.Response(304, headers={"ETag": '"1"'})
    code, table = routed(
        {"GET /actions/runs/5": [ok(RUN, ETag='"1"'), unchanged, ok(RUN | {"status": "completed"}, ETag='"2"')]}
    )
    assert [code.run(REPO, 5).status for _ in range(3)] == ["queued", "queued", "completed"]
    assert [request.headers.get("if-none-match") for request in table.asked] == [None, '"1"', '"1"']


def test_mergeability_is_never_asked_conditionally():
    code, table = routed({"GET /pulls/7": ok(PULL, ETag='"1"')})
    code.pull_request(REPO, 7)
    code.pull_request(REPO, 7)
    assert all("if-none-match" not in request.headers for request in table.asked)


def test_the_clients_own_words_hold_no_token():
    code, _ = routed({})
    assert "t0ken" not in f"{code!r} {vars(code)!r}"


STATUS = {"context": "rollback-console/freeze", "state": "failure", "updated_at": NOON, "creator": {"login": "bot"}}


def test_a_status_is_githubs_and_its_words_are_cut_to_what_github_takes():
    code, table = routed({f"POST /statuses/{SHA}": ok(STATUS, 201)})
    asked = {"context": "rollback-console/freeze", "state": StatusState.FAILURE, "url": "https://console.example/"}
    set_to = code.set_status(REPO, SHA, description="x " * 100, **asked)
    assert (set_to.state, set_to.by, set_to.description) == ("failure", "bot", "")
    [body] = table.bodies("POST")
    github.ReposOwnerRepoStatusesShaPostBody.model_validate(body)
    assert (len(body["description"]), body["description"][-1], body["target_url"]) == (140, "…", asked["url"])


def test_of_each_context_the_newest_status_counts():
    older = {"context": "ci", "state": "pending", "updated_at": NOON}
    code, _ = routed({f"GET /commits/{SHA}/statuses": ok([STATUS | {"state": "success"}, STATUS, older])})
    assert [(each.context, each.state) for each in code.statuses(REPO, SHA)] == [
        ("rollback-console/freeze", "success"), ("ci", "pending"),
    ]  # fmt: skip


def test_open_pull_requests_are_those_into_the_branch():
    elsewhere = PULL | {"number": 8, "base": {"ref": "release"}}
    code, table = routed({"GET /pulls": ok([PULL, elsewhere])})
    assert [pull.number for pull in code.open_pull_requests(REPO, base="master")] == [7]
    assert dict(table.asked[0].url.params) | {"state": "open", "base": "master"} == dict(table.asked[0].url.params)


@pytest.mark.parametrize("name", ["../heads/master", "x/../../heads/master", "", "-d"])
def test_no_branch_can_be_removed(name):
    code, table = routed({})
    with pytest.raises(IntegrationError):
        code.delete_own_ref(REPO, name)
    assert table.asked == []


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (httpx.Response(204), False),
        (ok({"message": "Reference does not exist"}, 422), False),
        (ok({"message": "Not Found"}, 404), True),
        (ok({"message": "Repository rule violations found"}, 422), True),
    ],
)
def test_a_ref_that_is_gone_needs_no_removal(answer, refused):
    code, table = routed({"DELETE /git/refs/rollback-console/r1": answer})
    with pytest.raises(IntegrationError) if refused else nullcontext():
        code.delete_own_ref(REPO, "r1")
    assert len(table.asked) == 1


def test_a_plain_token_tells_nothing_of_what_it_may_do():
    code, table = routed({})
    assert (code.grants(), table.asked) == (None, [])
