"""A push to the deploy branch deploys, unless it was told otherwise."""

import asyncio
import threading

from sandbox.actions import Actions
from sandbox.codehost import CodeHost
from sandbox.testing import await_true, running_sandbox
from tests.sandbox.codehost.past import short_history


def merged(sandbox, title="Raise the price", text="price = 9\n"):
    return sandbox.control("merge", title=title, author="engineer", files={"shop.py": text}).json()["sha"]


def run_of(github, sha):
    runs = github.get("/actions/runs", params={"head_sha": sha, "event": "push"}).json()
    assert runs["total_count"] == len(runs["workflow_runs"])
    return runs["workflow_runs"][0] if runs["workflow_runs"] else None


def await_run(github, sha, **wanted):
    def seen():
        run = run_of(github, sha)
        return run is not None and all(run[name] == value for name, value in wanted.items())

    await_true(seen, f"a run of {sha} with {wanted}")
    return run_of(github, sha)


def states(github, sha):
    """The deployment states of a commit, oldest first."""
    found = github.get("/deployments", params={"sha": sha, "environment": "production"}).json()
    return [status["state"] for one in found for status in github.get(f"/deployments/{one['id']}/statuses").json()][
        ::-1
    ]


def test_a_merge_runs_in_the_shop(sandbox, github, shop):
    sha = merged(sandbox)
    run = await_run(github, sha, status="completed", conclusion="success")
    deployed, files = shop.deployed[-1]
    assert (deployed, files["shop.py"]) == (sha, "price = 9\n")
    assert states(github, sha) == ["in_progress", "success"]
    assert run["path"] == ".github/workflows/deploy.yml"
    job = github.get(f"/actions/runs/{run['id']}/jobs").json()["jobs"][0]
    assert [step["conclusion"] for step in job["steps"]] == ["success"] * 4
    assert len(sandbox.journal.entries(effect="deployment.succeeded", key=sha)) == 1


def test_the_past_was_deployed_and_the_head_really_is(github, shop):
    tips = [commit["sha"] for commit in github.get("/commits").json() if len(commit["parents"]) != 2]
    assert len(github.get("/deployments").json()) == len(short_history())
    assert [sha for sha, _ in shop.deployed] == tips[:1]


def test_a_branch_starts_no_run(sandbox, github):
    sha = sandbox.control("push", branch="mend", title="Mend", files={"a": "1"}).json()["sha"]
    assert run_of(github, sha) is None


def test_a_shop_that_does_not_start_fails_the_deploy(sandbox, github, shop):
    shop.breaks_on = "broken"
    sha = merged(sandbox, text="broken\n")
    await_run(github, sha, conclusion="failure")
    assert states(github, sha) == ["in_progress", "failure"]
    assert sandbox.journal.entries(effect="deployment.failed", key=sha)


def test_told_to_fail_it_fails_once(sandbox, github, shop):
    sandbox.control("actions", next="fail")
    before = len(shop.deployed)
    await_run(github, merged(sandbox), conclusion="failure")
    assert len(shop.deployed) == before
    await_run(github, merged(sandbox, "Again", "price = 10\n"), conclusion="success")


def test_told_never_to_start_there_is_no_run(sandbox, github):
    sandbox.control("actions", next="never")
    assert run_of(github, merged(sandbox)) is None


def test_a_hanging_run_holds_the_next_one_up(sandbox, github):
    sandbox.control("actions", next="hang")
    hanging = merged(sandbox)
    run = await_run(github, hanging, status="in_progress")
    following = merged(sandbox, "Next", "price = 10\n")
    assert run_of(github, following)["status"] == "queued"
    assert github.post(f"/actions/runs/{run['id']}/cancel").status_code == 202
    await_run(github, following, conclusion="success")
    assert run_of(github, hanging)["conclusion"] == "cancelled"
    assert github.post(f"/actions/runs/{run['id']}/cancel").status_code == 409


def test_a_newer_push_takes_the_place_of_one_that_waits(sandbox, github):
    sandbox.control("actions", next="hang")
    run = await_run(github, merged(sandbox), status="in_progress")
    passed_over, newest = merged(sandbox, "Second", "price = 2\n"), merged(sandbox, "Third", "price = 3\n")
    assert run_of(github, passed_over)["conclusion"] == "cancelled"
    sandbox.client.post("/control/cancel-run", json={"run_id": run["id"]})
    await_run(github, newest, conclusion="success")
    assert github.get(f"/compare/{passed_over}...{newest}").json()["status"] == "ahead"


def test_a_run_that_a_newer_push_cancelled_on_its_way_to_the_runner_never_begins(sandbox, github, monkeypatch):
    taken, going_on = threading.Event(), threading.Event()

    async def held(seconds):
        taken.set()
        await asyncio.to_thread(going_on.wait, 10)

    sandbox.await_entry("run.succeeded")
    monkeypatch.setattr(sandbox.world, "pause", held)
    passed_over = merged(sandbox)
    assert taken.wait(10)
    newest = merged(sandbox, "Newer", "price = 10\n")
    going_on.set()
    await_run(github, newest, conclusion="success")
    run = run_of(github, passed_over)
    assert (run["conclusion"], run["run_started_at"]) == ("cancelled", run["created_at"])
    assert [entry.effect for entry in sandbox.journal.entries(part="actions", key=passed_over)] == ["run.cancelled"]


def test_a_gate_waits_for_a_required_reviewer(sandbox, github, oncall):
    sandbox.control("actions", next="gate")
    sha = merged(sandbox)
    run = await_run(github, sha, status="waiting")
    gates = f"/actions/runs/{run['id']}/pending_deployments"
    answer = {"environment_ids": [1], "state": "approved", "comment": "Go"}
    assert [gate["current_user_can_approve"] for gate in github.get(gates).json()] == [False]
    assert github.post(gates, json=answer).status_code == 403
    assert [gate["current_user_can_approve"] for gate in oncall.get(gates).json()] == [True]
    assert oncall.post(gates, json=answer).status_code == 200
    await_run(github, sha, conclusion="success")
    assert github.get(gates).json() == []
    assert oncall.post(gates, json=answer).status_code == 422


def test_a_rejected_gate_fails_the_run(sandbox, github):
    sandbox.control("rules", environment_reviewers=["cto"])
    sha = merged(sandbox)
    run = await_run(github, sha, status="waiting")
    assert sandbox.client.post("/control/approve-gate", json={"run_id": run["id"], "login": "dba"}).status_code == 403
    sandbox.control("approve-gate", run_id=run["id"], login="cto", state="rejected")
    await_run(github, sha, conclusion="failure")
    assert states(github, sha) == []


def test_who_started_the_run_may_be_kept_from_approving_it(sandbox, github):
    sandbox.control("rules", environment_reviewers=["engineer", "cto"], prevent_self_review=True)
    run = await_run(github, merged(sandbox), status="waiting")
    own = sandbox.client.post("/control/approve-gate", json={"run_id": run["id"], "login": "engineer"})
    assert own.status_code == 403
    assert sandbox.control("approve-gate", run_id=run["id"], login="cto").status_code == 201


def test_what_was_cut_off_begins_again_after_a_restart(tmp_path, shop):
    def parts():
        return [shop, CodeHost(short_history), Actions()]

    with running_sandbox(tmp_path / "kept", parts=parts()) as first:
        first.await_entry("deployment.succeeded")
        first.control("actions", next="hang")
        sha = merged(first)
        first.await_entry("deployment.created", key=sha)
        following = merged(first, "Next", "price = 10\n")
        first.control("actions", next="fail")
        number = len(first.journal.entries())
    with running_sandbox(tmp_path / "kept", parts=parts()) as second:
        again = second.await_entry("run.started", since=number)
        assert again.key == sha, "the run that was cut off comes before the one that waited"
        state = second.client.get("/control/state").json()
        assert (state["github"]["head"], state["actions"]["next"]) == (following, "fail")
        assert state["github"]["pull_requests"][0]["state"] == "merged"
