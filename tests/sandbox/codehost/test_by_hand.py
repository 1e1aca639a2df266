"""What people do beside the console: buttons, control endpoints, pages."""

import httpx
import pytest

from tests.sandbox.codehost.past import merge_of


def page(sandbox, path):
    return sandbox.client.get(f"/github/acme/shop{path}")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_by_hand_leaves_a_pull_request_a_review_and_a_deploy(sandbox, github, method):
    answer = sandbox.control("merge", title="Break it", author="engineer", files={"a": "1"}, method=method).json()
    pull = github.get(f"/pulls/{answer['pull_request']}").json()
    assert (merge_of(github, pull["number"]), pull["user"]["login"]) == (answer["sha"], "engineer")
    assert [review["user"]["login"] for review in github.get(f"/pulls/{pull['number']}/reviews").json()] == ["reviewer"]
    sandbox.await_entry("deployment.succeeded", key=answer["sha"])


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_revert_by_hand_undoes_whatever_way_it_came(sandbox, github, shop, method):
    files = {"shop.py": "price = -1\n", "README.md": None}
    bad = sandbox.control("merge", title="Break it", author="engineer", files=files, method=method).json()["sha"]
    reverted = sandbox.control("revert", sha=bad, author="oncall", merge=True).json()["merged_as"]
    sandbox.await_entry("deployment.succeeded", key=reverted)
    assert {name: shop.deployed[-1][1][name] for name in files} == {"shop.py": "price = 1\n", "README.md": "The shop\n"}


def test_a_revert_straight_onto_the_deploy_branch_deploys(sandbox, github):
    answer = sandbox.control("revert", sha="master", author="oncall", branch="master").json()
    sandbox.await_entry("deployment.succeeded", key=answer["sha"])
    message = github.get("/commits/master").json()["commit"]["message"]
    assert message.startswith('Revert "')


def test_a_revert_that_conflicts_says_so(sandbox):
    change = {"title": "Change", "author": "engineer"}
    bad = sandbox.control("merge", **change, files={"shop.py": "price = 5\n"}).json()["sha"]
    sandbox.control("merge", **change, files={"shop.py": "price = 6\n"})
    refused = sandbox.client.post("/control/revert", json={"sha": bad})
    assert (refused.status_code, "does not revert cleanly" in refused.json()["message"]) == (409, True)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("merge", {"files": {"a": "1"}}),
        ("merge", {"title": "No files"}),
        ("merge", {"title": "No such", "files": {"a": "1"}, "method": "octopus"}),
        ("push", {"title": "No branch", "files": {"a": "1"}}),
        ("review", {"number": 1, "login": "oncall", "state": "SHRUGGED"}),
        ("revert", {"sha": "nowhere"}),
        ("rules", {"bypass": "sometimes"}),
        ("rules", {"no_such_rule": 1}),
        ("rules", {"merge_methods": []}),
        ("rules", {"required_approvals": "many"}),
        ("merge", {"number": "one"}),
        ("push", {"branch": "../out", "title": "Out", "files": {"a": "1"}}),
        ("push", {"branch": "out", "title": "Out", "files": {"../a": "1"}}),
        ("actions", {"next": "explode"}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(sandbox, what, body):
    assert sandbox.client.post(f"/control/{what}", json=body).status_code == 422


def test_the_page_of_a_pull_request_approves_at_the_press_of_a_button(sandbox, github):
    sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    opened = {"title": "Revert: <b>it</b>", "head": "mend", "base": "master"}
    pull = github.post("/pulls", json=opened).json()
    shown = httpx.get(pull["html_url"], trust_env=False).text
    assert "This is not GitHub" in shown
    assert "Revert: &lt;b&gt;it" in shown
    assert "Approve as oncall" in shown
    pressed = sandbox.client.post(f"/github/acme/shop/pull/{pull['number']}/approve", data={"login": "oncall"})
    assert (pressed.status_code, pressed.headers["location"]) == (303, pull["html_url"])
    assert [review["user"]["login"] for review in github.get(f"/pulls/{pull['number']}/reviews").json()] == ["oncall"]


def test_the_page_shows_a_refused_approval(sandbox, oncall):
    sandbox.control("push", branch="mend", title="Mend", files={"a": "1"})
    number = oncall.post("/pulls", json={"title": "Mine", "head": "mend", "base": "master"}).json()["number"]
    refused = sandbox.client.post(f"/github/acme/shop/pull/{number}/approve", data={"login": "oncall"})
    assert "Can not approve your own pull request" in refused.text
    stranger = sandbox.client.post(f"/github/acme/shop/pull/{number}/approve", data={"login": "stranger"})
    assert stranger.status_code == 400


def test_every_address_github_shows_a_person_leads_to_a_page(sandbox, github):
    run = github.get("/actions/runs").json()["workflow_runs"][0]
    commit = github.get("/commits").json()[0]
    addresses = [run["html_url"], commit["html_url"], github.get("/pulls/1").json()["html_url"]]
    pages = [httpx.get(address, trust_env=False) for address in addresses]
    assert [(shown.status_code, "This is not GitHub" in shown.text) for shown in pages] == [(200, True)] * 3
    assert page(sandbox, "/pull/99").status_code == page(sandbox, "/actions/runs/99").status_code == 404
    assert page(sandbox, "").status_code == 200
    assert page(sandbox, "/commit/nowhere").status_code == 404


def test_a_waiting_run_is_approved_on_its_page(sandbox, github):
    sandbox.control("actions", next="gate")
    sha = sandbox.control("merge", title="Wait", author="engineer", files={"a": "1"}).json()["sha"]
    run = sandbox.await_entry("run.waiting", key=sha).detail["run"]
    assert "Approve as cto" in page(sandbox, f"/actions/runs/{run}").text
    refused = sandbox.client.post(f"/github/acme/shop/actions/runs/{run}/approve", data={"login": "engineer"})
    assert refused.status_code == 403
    pressed = sandbox.client.post(f"/github/acme/shop/actions/runs/{run}/approve", data={"login": "cto"})
    assert pressed.status_code == 303
    sandbox.await_entry("deployment.succeeded", key=sha)
