"""Cloning and pushing over http, as git itself does it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sandbox import secrets
from sandbox.testing import Sandbox

Git = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def git(sandbox: Sandbox, tmp_path: Path) -> Git:
    """Runs git in a blobless clone of the shop."""
    address = sandbox.url.replace("://", f"://x-access-token:{secrets.GITHUB_TOKEN}@") + "/github/git/acme/shop.git"
    who = {f"GIT_{role}_{what}": "somebody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **who}

    def run(*words: str, cwd: Path = tmp_path / "clone") -> subprocess.CompletedProcess:
        return subprocess.run(
            ["git", *words], cwd=cwd, capture_output=True, check=False, text=True, env=env, timeout=30
        )

    assert run("clone", "--quiet", "--filter=blob:none", address, "clone", cwd=tmp_path).returncode == 0
    return run


@pytest.fixture
def branch(git: Git) -> str:
    """A commit on a branch of its own, not pushed yet."""
    git("switch", "--quiet", "--create", "mend")
    git("commit", "--quiet", "--allow-empty", "--message=Mend it")
    return git("rev-parse", "HEAD").stdout.strip()


def test_a_push_takes_place_once_and_pushing_again_changes_nothing(sandbox, git, branch):
    assert git("push", "origin", "mend").returncode == 0
    again = git("push", "origin", "mend")
    assert (again.returncode, "up-to-date" in again.stderr) == (0, True)
    assert len(sandbox.journal.entries(effect="branch.pushed", key=f"mend@{branch}")) == 1


def test_a_lost_answer_does_not_undo_the_push(sandbox, git, branch):
    sandbox.faults.arm("drop_after", part="github", path="*/git-receive-pack")
    assert git("push", "origin", "mend").returncode != 0
    assert len(sandbox.journal.entries(effect="branch.pushed", key=f"mend@{branch}")) == 1
    assert git("push", "origin", "mend").returncode == 0
    assert len(sandbox.journal.entries(effect="branch.pushed")) == 1


def test_a_push_cut_off_beforehand_leaves_nothing(sandbox, git, branch):
    sandbox.faults.arm("drop_before", part="github", path="*/git-receive-pack", times=2)  # curl tries once more
    assert git("push", "origin", "mend").returncode != 0
    assert sandbox.journal.entries(effect="branch.pushed") == []


@pytest.mark.parametrize(
    ("push", "words"),
    [
        (("origin", "mend:master"), "Changes must be made through a pull request"),
        (("--force", "origin", "master~1:master"), "Cannot force-push"),
        (("origin", ":master"), "Cannot delete this branch"),
    ],
)
def test_the_deploy_branch_takes_no_push(sandbox, git, branch, push, words):
    before = sandbox.client.get("/control/state").json()["github"]["head"]
    refused = git("push", *push)
    assert refused.returncode != 0
    assert words in refused.stderr
    assert sandbox.client.get("/control/state").json()["github"]["head"] == before


def test_a_workflow_is_pushed_only_with_the_permission(sandbox, git, branch, tmp_path):
    workflows = tmp_path / "clone" / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "deploy.yml").write_text("name: Deploy\n")
    git("add", ".github")
    git("commit", "--quiet", "--message=Change the workflow")
    sandbox.control("rules", workflows_permission=False)
    refused = git("push", "origin", "mend")
    assert "workflow `.github/workflows/deploy.yml` without `workflows` permission" in refused.stderr
    assert git("push", "origin", f"{branch}:refs/heads/other").returncode == 0
    sandbox.control("rules", workflows_permission=True)
    assert git("push", "origin", "mend").returncode == 0


def test_another_branch_may_be_forced_and_deleted(sandbox, git, branch):
    git("push", "origin", "mend")
    assert git("push", "--force", "origin", "master:mend").returncode == 0
    assert git("push", "origin", ":mend").returncode == 0
    assert sandbox.journal.entries(effect="branch.deleted", key="mend@None")


def test_create_only_refuses_a_branch_with_other_content(git, branch):
    git("push", "origin", "master:mend")
    refused = git("push", "--force-with-lease=refs/heads/mend:", "origin", "mend")
    assert "stale info" in refused.stderr


@pytest.mark.parametrize("auth", [None, ("x-access-token", "wrong")])
def test_a_stranger_is_asked_who_he_is(sandbox, auth):
    address = f"{sandbox.url}/github/git/acme/shop.git/info/refs?service=git-upload-pack"
    answer = httpx.get(address, auth=auth, trust_env=False)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="GitHub"')


def test_another_repository_is_not_found(sandbox):
    address = f"{sandbox.url}/github/git/acme/other.git/info/refs?service=git-upload-pack"
    assert httpx.get(address, auth=("x", secrets.GITHUB_TOKEN), trust_env=False).status_code == 404
