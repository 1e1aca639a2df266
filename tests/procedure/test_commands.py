"""E19: the commands by hand really do what the plan would have done."""

import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from incidents.procedure.commands import as_message, manual_commands
from incidents.procedure.planning import ROLLBACK_STEPS, revert_branch
from incidents.procedure.steps import StepKind, rule_of
from tests.procedure.test_planning import FACTS

BRANCH = "revert/INC-2026-0042-p1-4be19c0a77d2"


def commands(facts=FACTS, **more):
    return {each.kind: each for each in manual_commands(facts, revert_branch=BRANCH, **more)}


def test_e19_every_step_has_its_command_under_its_rule():
    assert [(each.kind, each.rule) for each in commands().values()] == [
        (kind, rule_of(kind)) for kind in ROLLBACK_STEPS
    ]


def test_e19_only_what_remains_is_posted():
    remaining = {StepKind.MERGE, StepKind.DEPLOY}
    assert set(commands(remaining=remaining)) == remaining


def test_r1_no_command_forces_or_deletes():
    words = {word for each in commands().values() for word in shlex.split(each.command, comments=True)}
    assert words.isdisjoint({"--force", "-f", "--delete", "--admin", "--force-with-lease"})


def test_r4_the_merge_by_hand_names_the_head_that_was_reviewed():
    assert f'--match-head-commit "$(git rev-parse origin/{BRANCH})"' in commands()[StepKind.MERGE].command


def test_a_hostile_title_stays_one_word_of_the_command():
    title = "'; rm -rf / #$(id)`id`"
    command = commands(replace(FACTS, change_title=title))[StepKind.OPEN_PULL_REQUEST].command
    assert f"Revert: {title}" in shlex.split(command)


def test_r5_the_dashboard_is_the_alerts_own():
    assert commands(dashboard_url="https://dash.example/d/1")[StepKind.PROVE_RECOVERY].command.endswith("/d/1")


def test_e19_the_message_is_stamped_and_holds_every_command():
    at = datetime(2026, 5, 8, 3, 4, 5, tzinfo=UTC)
    text = as_message("INC-2026-0042", tuple(commands().values()), at)
    assert text.startswith("03:04:05 UTC · INC-2026-0042")
    assert all(each.command in text for each in commands().values())


# ── the commands of R1 on a real repository ────────────────────────────────────────────────────────────────────────


def git(folder, *words):
    identity = ["-c", "user.name=engineer", "-c", "user.email=engineer@example.com", "-c", "init.defaultBranch=master"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder, name, text):
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "--message", f"change {name}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path):
    """A clone of a repository with one good commit on master."""
    git(tmp_path, "init", "--bare", "origin.git")
    git(tmp_path, "clone", "origin.git", "clone")
    folder = tmp_path / "clone"
    git(folder, "config", "user.name", "engineer")
    git(folder, "config", "user.email", "engineer@example.com")
    git(folder, "switch", "--create", "master")
    commit(folder, "shop.txt", "good\n")
    return folder


def squash(clone):
    return (commit(clone, "shop.txt", "bad\n"),), None


def rebase(clone):
    return (commit(clone, "shop.txt", "bad\n"), commit(clone, "shop.txt", "worse\n"))[::-1], None


def merge(clone):
    git(clone, "switch", "--create", "topic")
    commit(clone, "shop.txt", "bad\n")
    git(clone, "switch", "master")
    git(clone, "merge", "--no-ff", "topic", "--message", "merge topic")
    return (git(clone, "rev-parse", "HEAD"),), 1


@pytest.mark.parametrize("merged", [squash, rebase, merge])
def test_r1_the_revert_by_hand_is_one_commit_of_its_own_on_its_own_branch(clone, merged):
    shas, mainline = merged(clone)
    commit(clone, "later.txt", "later\n")
    git(clone, "push", "origin", "master")
    tip, branch = git(clone, "rev-parse", "master"), revert_branch("INC-2026-0042", 1, shas[0])
    facts = replace(FACTS, commits=shas, mainline=mainline)
    push = manual_commands(facts, revert_branch=branch)[0]
    subprocess.run(["bash", "-euc", push.command], cwd=clone, check=True, capture_output=True)
    pushed = clone.parent / "origin.git"
    assert git(pushed, "show", f"{branch}:shop.txt") == "good"
    assert git(pushed, "show", f"{branch}:later.txt") == "later"
    assert git(pushed, "rev-parse", f"{branch}^") == tip == git(pushed, "rev-parse", "master")
