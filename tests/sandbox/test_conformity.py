"""Every body the sandbox's GitHub answers, in every status, is valid by GitHub's own description of its API.

The models are generated from https://github.com/github/rest-api-description (githubkit_schemas, version 2026-03-10).
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from githubkit_schemas.v2026_03_10 import models
from pydantic import TypeAdapter

from sandbox import secrets
from sandbox.actions import Actions
from sandbox.codehost import CodeHost
from sandbox.codehost.accounts import person_token
from sandbox.testing import Sandbox, running_sandbox
from tests.sandbox.codehost.conftest import RememberingShop
from tests.sandbox.codehost.past import short_history, speaking_as

REPO = "/repos/{owner}/{name}"
PULL, RUN, DEPLOYMENT = f"{REPO}/pulls/{{number}}", f"{REPO}/actions/runs/{{run}}", f"{REPO}/deployments/{{deployment}}"
OPERATIONS = {
    ("POST", "/app/installations/{installation}/access_tokens"),
    ("GET", "/app/installations/{installation}"),
    ("GET", "/rate_limit"),
    ("GET", "/user"),
    ("GET", REPO),
    ("GET", f"{REPO}/commits"),
    ("GET", f"{REPO}/commits/{{sha}}/pulls"),
    ("GET", f"{REPO}/commits/{{ref:path}}"),
    ("GET", f"{REPO}/git/ref/heads/{{branch:path}}"),
    ("GET", f"{REPO}/compare/{{range:path}}"),
    ("POST", f"{REPO}/statuses/{{sha}}"),
    ("GET", f"{REPO}/commits/{{ref:path}}/statuses"),
    ("DELETE", f"{REPO}/git/refs/{{ref:path}}"),
    ("GET", f"{REPO}/rules/branches/{{branch:path}}"),
    ("GET", f"{REPO}/rulesets/{{ruleset}}"),
    ("GET", f"{REPO}/pulls"),
    ("POST", f"{REPO}/pulls"),
    ("GET", PULL),
    ("PATCH", PULL),
    ("GET", f"{PULL}/commits"),
    ("GET", f"{PULL}/reviews"),
    ("POST", f"{PULL}/reviews"),
    ("POST", f"{PULL}/requested_reviewers"),
    ("GET", f"{PULL}/merge"),
    ("PUT", f"{PULL}/merge"),
    ("GET", f"{REPO}/issues"),
    ("POST", f"{REPO}/issues"),
    ("GET", f"{REPO}/issues/{{number}}"),
    ("PATCH", f"{REPO}/issues/{{number}}"),
    ("GET", f"{REPO}/issues/{{number}}/events"),
    ("GET", f"{REPO}/actions/runs"),
    ("GET", RUN),
    ("GET", f"{RUN}/jobs"),
    ("POST", f"{RUN}/cancel"),
    ("GET", f"{RUN}/pending_deployments"),
    ("POST", f"{RUN}/pending_deployments"),
    ("GET", f"{REPO}/deployments"),
    ("GET", DEPLOYMENT),
    ("GET", f"{DEPLOYMENT}/statuses"),
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder: Path = tmp_path_factory.mktemp("conformity")
    with running_sandbox(folder, parts=[RememberingShop(), CodeHost(short_history), Actions()]) as running:
        running.await_entry("deployment.succeeded")
        yield running


@pytest.fixture(scope="module")
def github(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with speaking_as(sandbox) as client:
        yield client


@pytest.fixture(scope="module")
def reviewer(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with speaking_as(sandbox, person_token("reviewer")) as client:
        yield client


@pytest.fixture
def pull(sandbox: Sandbox, github: httpx.Client, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A pull request that is open and reviewed."""
    branch = f"mend-{abs(hash(request.node.name))}"
    sandbox.control("push", branch=branch, title="Mend", files={branch: "1"})
    body = asked(models.ReposOwnerRepoPullsPostBody, title="Revert: it", head=branch, base="master", body="Because.")
    opened = valid(models.PullRequest, github.post("/pulls", json=body), 201)
    sandbox.control("review", number=opened["number"], login="oncall", state="APPROVED")
    return opened


def valid(model: Any, answer: httpx.Response, status: int = 200) -> Any:
    """The answer's body, found valid; a list is checked item by item."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    for item in body if isinstance(body, list) else [body]:
        model.model_validate(item)
    return body


def asked(model: Any, **body: object) -> dict[str, object]:
    """A request's body, found valid."""
    model.model_validate(body)
    return body


def test_repository_commits_and_refs(github):
    valid(models.FullRepository, github.get(str(github.base_url).rstrip("/")))
    commits = valid(models.Commit, github.get("/commits"))
    assert commits
    valid(models.Commit, github.get(f"/commits/{commits[0]['sha']}"))
    assert valid(models.PullRequestSimple, github.get(f"/commits/{commits[0]['sha']}/pulls"))
    valid(models.GitRef, github.get("/git/ref/heads/master"))


@pytest.mark.parametrize("ends", ["master~1...master", "master...master~1", "master...master"])
def test_comparisons(github, ends):
    older, newer = (github.get(f"/commits/{end}").json()["sha"] for end in ends.split("..."))
    valid(models.CommitComparison, github.get(f"/compare/{older}...{newer}"))


def test_pull_requests_and_reviews(github, reviewer, pull):
    address = f"/pulls/{pull['number']}"
    for _ in range(3):
        valid(models.PullRequest, github.get(address))
    assert valid(models.PullRequestSimple, github.get("/pulls", params={"state": "all"}))
    assert valid(models.Commit, github.get(f"{address}/commits"))
    review = asked(models.ReposOwnerRepoPullsPullNumberReviewsPostBody, event="COMMENT", body="Seen.")
    valid(models.PullRequestReview, reviewer.post(f"{address}/reviews", json=review))
    assert valid(models.PullRequestReview, github.get(f"{address}/reviews"))
    ask = asked(models.ReposOwnerRepoPullsPullNumberRequestedReviewersPostBodyAnyof0, reviewers=["cto"])
    valid(models.PullRequestSimple, github.post(f"{address}/requested_reviewers", json=ask), 201)
    edit = asked(models.ReposOwnerRepoPullsPullNumberPatchBody, state="closed")
    valid(models.PullRequest, github.patch(address, json=edit))


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge(github, pull, method):
    address, events = f"/pulls/{pull['number']}", f"/issues/{pull['number']}/events"
    assert github.get(events).json() == []
    wanted = {"merge_method": method, "sha": pull["head"]["sha"]}
    merge = asked(models.ReposOwnerRepoPullsPullNumberMergePutBody, **wanted)
    merged = valid(models.PullRequestMergeResult, github.put(f"{address}/merge", json=merge))
    valid(models.PullRequest, github.get(address))
    assert [event["commit_id"] for event in valid(models.IssueEvent, github.get(events))] == [merged["sha"]]


@pytest.mark.parametrize("address", ["/pulls/1", "/pulls?state=all", "/commits/master/pulls"])
def test_a_pull_request_tells_nothing_that_this_version_took_away(github, address):
    """https://docs.github.com/en/rest/about-the-rest-api/breaking-changes"""
    body = github.get(address).json()
    found = body if isinstance(body, list) else [body]
    assert found
    assert not any("merge_commit_sha" in pull for pull in found)


def test_whether_it_is_merged(github, pull):
    address = f"/pulls/{pull['number']}/merge"
    valid(models.BasicError, github.get(address), 404)
    github.put(address, json={}).raise_for_status()
    merged = github.get(address)
    assert (merged.status_code, merged.content) == (204, b"")


def test_a_merge_that_is_refused(sandbox, github, pull):
    address = f"/pulls/{pull['number']}/merge"
    moved = github.put(address, json={"sha": "0" * 40})
    valid(models.ReposOwnerRepoPullsPullNumberMergePutResponse409, moved, 409)
    sandbox.control("review", number=pull["number"], login="oncall", state="CHANGES_REQUESTED")
    valid(models.ReposOwnerRepoPullsPullNumberMergePutResponse405, github.put(address, json={}), 405)
    valid(models.ValidationError, github.put(address, json={"merge_method": "octopus"}), 422)


def test_refusals(sandbox, github, pull):
    again = {"title": "Again", "head": pull["head"]["ref"], "base": "master"}
    valid(models.ValidationError, github.post("/pulls", json=again), 422)
    valid(models.ValidationError, github.post("/pulls", json={"title": "No ends"}), 422)
    valid(models.ValidationError, github.get(f"/commits/{'0' * 40}"), 422)
    approval = {"event": "APPROVE"}
    valid(models.ValidationErrorSimple, github.post(f"/pulls/{pull['number']}/reviews", json=approval), 422)
    for nowhere in ("pulls/999", "pulls/x", "git/ref/heads/nowhere", "actions/runs/9", "deployments/9", "rulesets/9"):
        valid(models.BasicError, github.get(f"/{nowhere}"), 404)
    with speaking_as(sandbox, "wrong") as stranger:
        valid(models.BasicError, stranger.get("/pulls"), 401)
    valid(models.BasicError, github.post("/pulls", content=b"{"), 400)


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("primary_rate_limit", 403), ("secondary_rate_limit", 403)])
def test_rate_limits(sandbox, github, kind, status):
    sandbox.faults.arm(kind, part="github")
    refused = github.get("/pulls")
    valid(models.BasicError, refused, status)
    assert ("retry-after" in refused.headers) is (kind != "primary_rate_limit")
    assert refused.headers.get("x-ratelimit-remaining", "0") == "0"


def test_the_rules_of_the_branch(sandbox, github):
    every_rule = {"required_checks": ["tests"], "signed_commits": True, "merge_queue": True}
    sandbox.control("rules", **every_rule, bypass="pull_requests_only")
    try:
        rules = github.get("/rules/branches/master").json()
        assert len(rules) == 6
        adapter = TypeAdapter(_any_of("RepositoryRuleDetailedOneof"))
        for rule in rules:
            adapter.validate_python(rule)
        assert github.get("/rules/branches/mend").json() == []
        ruleset = valid(models.RepositoryRuleset, github.get(f"/rulesets/{rules[0]['ruleset_id']}"))
        assert ruleset["current_user_can_bypass"] == "pull_requests_only"
    finally:
        sandbox.control("rules", required_checks=[], signed_commits=False, merge_queue=False, bypass="never")


def _any_of(prefix: str) -> Any:
    union: Any = None
    for name in dir(models):
        if name.startswith(prefix):
            model = getattr(models, name)
            union = model if union is None else union | model
    return union


@pytest.mark.parametrize("behaviour", ["ok", "fail", "hang", "gate"])
def test_runs_jobs_gates_and_deployments(sandbox, github, reviewer, behaviour):
    sandbox.control("actions", next=behaviour)
    files = {behaviour: str(time.time())}
    sha = sandbox.control("merge", title="Change", author="engineer", files=files).json()["sha"]
    waited_for = {"ok": "run.succeeded", "fail": "run.failed", "hang": "deployment.created", "gate": "run.waiting"}
    sandbox.await_entry(waited_for[behaviour], key=sha)
    run = valid(models.ReposOwnerRepoActionsRunsGetResponse200, github.get("/actions/runs", params={"head_sha": sha}))
    address = f"/actions/runs/{run['workflow_runs'][0]['id']}"
    valid(models.WorkflowRun, github.get(address))
    valid(models.ReposOwnerRepoActionsRunsRunIdJobsGetResponse200, github.get(f"{address}/jobs"))
    gates = valid(models.PendingDeployment, github.get(f"{address}/pending_deployments"))
    assert len(gates) == (behaviour == "gate")
    if gates:
        answer = {"environment_ids": [1], "state": "rejected", "comment": "No."}
        asked(models.ReposOwnerRepoActionsRunsRunIdPendingDeploymentsPostBody, **answer)
        valid(models.BasicError, github.post(f"{address}/pending_deployments", json=answer), 403)
        valid(models.Deployment, reviewer.post(f"{address}/pending_deployments", json=answer))
    for deployment in valid(models.Deployment, github.get("/deployments", params={"sha": sha})):
        valid(models.Deployment, github.get(f"/deployments/{deployment['id']}"))
        assert valid(models.DeploymentStatus, github.get(f"/deployments/{deployment['id']}/statuses"))
    if behaviour == "hang":
        valid(models.EmptyObject, github.post(f"{address}/cancel"), 202)
        sandbox.await_entry("run.cancelled", key=sha)
    if behaviour != "gate":
        valid(models.BasicError, github.post(f"{address}/cancel"), 409)


def test_who_one_is_and_how_much_is_left(sandbox, github):
    root = f"{sandbox.url}/github/api"
    valid(models.RateLimitOverview, github.get(f"{root}/rate_limit"))
    valid(models.PublicUser, github.get(f"{root}/user"))


def test_commit_statuses(sandbox, github):
    sha = github.get("/commits/master").json()["sha"]
    whole = {"context": "c", "description": "Frozen.", "target_url": "https://console.example/"}
    for words in ({"state": "failure", **whole}, {"state": "success"}):
        body = asked(models.ReposOwnerRepoStatusesShaPostBody, **words)
        valid(models.Status, github.post(f"/statuses/{sha}", json=body), 201)
    listed = valid(models.Status, github.get(f"/commits/{sha}/statuses"))
    assert [(each["context"], each["state"]) for each in listed] == [("default", "success"), ("c", "failure")]
    valid(models.ValidationError, github.post(f"/statuses/{sha}", json={"state": "sad"}), 422)
    too_long = {"state": "error", "description": "x" * 141}
    valid(models.ValidationError, github.post(f"/statuses/{sha}", json=too_long), 422)
    nowhere = github.post(f"/statuses/{'0' * 40}", json={"state": "error"})
    valid(models.ValidationErrorSimple, nowhere, 422)
    valid(models.ValidationErrorSimple, github.get(f"/commits/{'0' * 40}/statuses"), 422)
    sandbox.control("rules", statuses_permission=False)
    valid(models.BasicError, github.post(f"/statuses/{sha}", json={"state": "error"}), 403)
    sandbox.control("rules", statuses_permission=True)


def test_a_ref_is_removed(sandbox, github):
    sandbox.control("push", branch="throw-away", title="Throw away", files={"x": "1"})
    gone = github.delete("/git/refs/heads/throw-away")
    assert (gone.status_code, gone.content) == (204, b"")
    valid(models.ValidationErrorSimple, github.delete("/git/refs/heads/throw-away"), 422)
    valid(models.ValidationErrorSimple, github.delete("/git/refs/heads/master"), 422)
    assert github.get("/git/ref/heads/master").status_code == 200


def app_headers(sandbox: Sandbox) -> dict[str, str]:
    now = int(time.time())
    claims = {"iat": now, "exp": now + 300, "iss": secrets.GITHUB_APP_ID}
    return {"Authorization": f"Bearer {jwt.encode(claims, sandbox.world.app_private_key, algorithm='RS256')}"}


def test_an_installation_says_what_it_may(sandbox):
    address = f"{sandbox.url}/github/api/app/installations/{secrets.GITHUB_INSTALLATION_ID}"
    sandbox.control("rules", workflows_permission=False)
    told = valid(models.Installation, httpx.get(address, headers=app_headers(sandbox), trust_env=False))
    sandbox.control("rules", workflows_permission=True)
    assert (told["permissions"]["statuses"], "workflows" in told["permissions"]) == ("write", False)
    valid(models.BasicError, httpx.get(address, headers={"Authorization": "Bearer wrong"}, trust_env=False), 401)


def test_an_installation_token(sandbox):
    address = f"{sandbox.url}/github/api/app/installations/{secrets.GITHUB_INSTALLATION_ID}/access_tokens"
    body = asked(models.AppInstallationsInstallationIdAccessTokensPostBody, permissions={"contents": "write"})
    answer = httpx.post(address, json=body, headers=app_headers(sandbox), trust_env=False)
    valid(models.InstallationToken, answer, 201)
    refused = httpx.post(address, headers={"Authorization": "Bearer wrong"}, trust_env=False)
    valid(models.BasicError, refused, 401)


def test_an_issue_is_opened_listed_and_closed(github):
    body = asked(models.ReposOwnerRepoIssuesPostBody, title="Test the checkout", body="It was not.")
    opened = valid(models.Issue, github.post("/issues", json=body), 201)
    address = f"/issues/{opened['number']}"
    assert valid(models.Issue, github.get(address))["state"] == "open"
    listed = valid(models.Issue, github.get("/issues", params={"state": "open"}))
    assert opened["number"] in [one["number"] for one in listed]
    closing = asked(models.ReposOwnerRepoIssuesIssueNumberPatchBody, state="closed", state_reason="completed")
    assert valid(models.Issue, github.patch(address, json=closing))["state"] == "closed"
    valid(models.ValidationError, github.post("/issues", json={"title": " "}), 422)
    valid(models.BasicError, github.get("/issues/999999"), 404)


def test_every_operation_of_the_code_host_is_driven_here(sandbox):
    """A new operation without a test of its shape fails here."""
    offered = {
        (method, route.path.partition("/github/api")[2])
        for part in ("github", "actions")
        for route in sandbox.world.parts[part].routes(sandbox.world)
        if route.path.startswith("/github/api")
        for method in route.methods - {"HEAD"}
    }
    assert offered == OPERATIONS
