"""The past is written as if people had made it: commits, pull requests, reviews, deploys."""

from tests.sandbox.codehost.past import merge_of


def test_each_step_landed_the_way_it_says(github):
    commits = {commit["commit"]["message"].partition("\n")[0]: commit for commit in github.get("/commits").json()}
    merge = commits["Merge pull request #1 from acme/engineer/add-a-basket"]
    assert [len(merge["parents"]), len(commits["Say hello (#2)"]["parents"])] == [2, 1]
    assert commits["Open the shop"]["parents"] == []
    assert commits["Say hello (#2)"]["author"]["login"] == "oncall"
    for number, landed in ((1, merge), (2, commits["Say hello (#2)"])):
        pull = github.get(f"/pulls/{number}").json()
        assert (pull["merged"], merge_of(github, number)) == (True, landed["sha"])
        assert [found["number"] for found in github.get(f"/commits/{landed['sha']}/pulls").json()] == [number]
        assert [review["state"] for review in github.get(f"/pulls/{number}/reviews").json()] == ["APPROVED"]


def test_the_files_are_those_of_the_last_step(sandbox, shop):
    assert set(shop.deployed[-1][1]) == {"shop.py", "README.md", "basket.py", "hello.py"}


def test_the_past_is_no_effect(sandbox):
    sandbox.await_entry("run.succeeded")
    effects = {entry.effect for entry in sandbox.journal.entries()}
    assert effects == {"run.started", "deployment.created", "deployment.succeeded", "run.succeeded"}
