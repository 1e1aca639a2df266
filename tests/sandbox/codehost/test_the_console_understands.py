"""The console's own client and the sandbox, end to end: what one says the other understands."""

import httpx
import pytest

from incidents.integrations.credentials import AppCredentials, TokenCredentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.git import Mirror
from incidents.integrations.github import GitHub
from incidents.integrations.github_events import DeploymentSeen, PullRequestSeen, PushSeen, ReviewSeen, RunSeen, parse
from sandbox import secrets
from sandbox.testing import await_true

SHOP = "acme/shop"


@pytest.fixture
def wire():
    with httpx.HTTPTransport() as transport:
        yield transport


def as_app(sandbox, wire):
    api = f"{sandbox.url}/github/api"
    key, installation = sandbox.world.app_private_key, secrets.GITHUB_INSTALLATION_ID
    return AppCredentials(secrets.GITHUB_APP_ID, key, installation, api_url=api, transport=wire)


def by_token(sandbox, wire):
    return TokenCredentials(secrets.GITHUB_TOKEN)


@pytest.mark.parametrize("credentials", [as_app, by_token])
def test_a_branch_becomes_a_deploy(sandbox, wire, credentials):
    host = GitHub(f"{sandbox.url}/github/api", credentials(sandbox, wire), transport=wire)
    before = host.branch_head(SHOP, "master")
    sandbox.control("push", branch="mend", title="Mend", files={"shop.py": "price = 3\n"})
    assert host.find_pull_request(SHOP, head="acme:mend") is None
    opened = host.open_pull_request(SHOP, head="mend", base="master", title="Revert: it", body="")
    assert host.find_pull_request(SHOP, head="acme:mend").number == opened.number
    with pytest.raises(IntegrationError, match="approving review is required"):
        host.merge(SHOP, opened.number, sha=opened.head_sha, method="merge")
    sandbox.control("review", number=opened.number, login="oncall", state="APPROVED")
    assert [review.login for review in host.reviews(SHOP, opened.number)] == ["oncall"]
    sandbox.control("actions", next="gate")
    merged = host.merge(SHOP, opened.number, sha=opened.head_sha, method="merge")
    sandbox.await_entry("run.waiting", key=merged)
    (run,) = host.runs(SHOP, head_sha=merged)
    assert [gate.reviewers for gate in host.pending_gates(SHOP, run.id)] == [("reviewer", "cto", "oncall")]
    sandbox.control("approve-gate", run_id=run.id, login="cto")
    sandbox.await_entry("run.succeeded", key=merged)
    assert host.run(SHOP, run.id).conclusion == "success"
    assert [one.state for one in host.deployments(SHOP, environment="production", sha=merged)] == ["success"]
    assert host.contains(SHOP, sha=merged, ancestor=before)
    assert not host.contains(SHOP, sha=before, ancestor=merged)


def test_a_review_that_only_says_something_says_it_by_its_author(sandbox, wire):
    host = GitHub(f"{sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN), transport=wire)
    merged = sandbox.control("merge", title="Faster", author="engineer", files={"a": "2"}).json()["pull_request"]
    sandbox.client.post(f"/github/{SHOP}/pull/{merged}/comment", data={"login": "engineer", "body": "I am <engineer>."})
    said = host.reviews(SHOP, merged)[-1]
    assert (said.login, said.state, said.body) == ("engineer", "COMMENTED", "I am <engineer>.")
    assert "I am &lt;engineer&gt;." in sandbox.client.get(f"/github/{SHOP}/pull/{merged}").text


def test_a_lost_answer_leaves_the_merge_in_doubt_and_a_look_settles_it(sandbox, wire):
    host = GitHub(f"{sandbox.url}/github/api", TokenCredentials(secrets.GITHUB_TOKEN), transport=wire)
    sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    opened = host.open_pull_request(SHOP, head="mend", base="master", title="Revert: it", body="")
    sandbox.control("review", number=opened.number, login="oncall", state="APPROVED")
    sandbox.faults.arm("drop_after", part="github", method="PUT", path="*/merge")
    with pytest.raises(IntegrationError) as lost:
        host.merge(SHOP, opened.number, sha=opened.head_sha, method="merge")
    assert lost.value.in_doubt
    assert host.pull_request(SHOP, opened.number).merged


def test_the_mirror_pushes_once_and_never_over_something_else(sandbox, tmp_path):
    address = f"{sandbox.url}/github/git/acme/shop.git"
    mirror = Mirror(tmp_path / "mirror.git", address, lambda: secrets.GITHUB_TOKEN)
    mirror.refresh()
    head = mirror.head("master")
    other = sandbox.control("push", branch="other", title="Other", files={"a": "1"}).json()["sha"]
    mirror.refresh()
    for _ in range(2):
        mirror.push(head, "revert/one", objects=None)
    with pytest.raises(IntegrationError, match="exists with other content"):
        mirror.push(other, "revert/one", objects=None)
    assert len(sandbox.journal.entries(effect="branch.pushed", key=f"revert/one@{head}")) == 1


def test_every_webhook_is_understood(heard_sandbox, console):
    heard_sandbox.control("revert", sha="master", branch="back", author="oncall", open_pull_request=True)
    sha = heard_sandbox.control("merge", title="Break it", author="engineer", files={"c": "1"}).json()["sha"]
    wanted = {PushSeen, RunSeen, DeploymentSeen, PullRequestSeen, ReviewSeen}

    def understood():
        return [seen for one in console[1] if (seen := parse(one.event, one.body)) is not None]

    await_true(lambda: {type(seen) for seen in understood()} == wanted, "one of every kind")
    await_true(
        lambda: any(
            isinstance(one, DeploymentSeen) and (one.sha, one.state) == (sha, "success") for one in understood()
        ),
        "the deploy is told",
    )
    assert {seen.repository for seen in understood()} == {SHOP}
