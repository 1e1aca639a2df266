"""People act outside the console, and the plan goes on from there: adopted, compared, never done twice (E18, R1)."""

import pytest

from incidents import tasks
from incidents.effects import wiring
from incidents.effects.previewing import refresh
from incidents.effects.suspecting import look_up_suspect
from incidents.models import Change, Incident, LedgerEntry, Plan, Step
from incidents.services.clock import database_now
from incidents.services.executing import stop_plan
from incidents.services.steering import Asked, accept_difference, adopt_outside
from tests.effects.conftest import Drill


def decided(drill: Drill, method: str = "merge") -> Plan:
    """A broken shop, and a plan that nobody has started."""
    return drill.decide(drill.declare(drill.break_shop("errors", method)))


def adopt(drill: Drill, plan: Plan, reference: str) -> Step:
    """Stop right after the start, name what was made outside, and go on: the console pushes nothing of its own."""
    version = Incident.objects.get(pk=plan.incident_id).version
    return adopt_outside(
        incident_id=plan.incident_id, reference=reference, actor=drill.oncall, now=database_now(), version=version
    )


def pushed_by_the_console(drill: Drill, plan: Plan) -> int:
    return [entry.key for entry in drill.effects("branch.pushed")].count(plan.branch)


@pytest.mark.parametrize("named", ["branch", "pull request", "commit"])
def test_e18_a_revert_made_outside_is_adopted_by_whatever_name(drill: Drill, named: str) -> None:
    plan = decided(drill)
    assert plan.decision.change is not None
    made = drill.sandbox.control(
        "revert", sha=plan.decision.change.sha, author="engineer", branch="undo-it", open_pull_request=True
    ).json()
    drill.execute(plan)
    adopt(drill, plan, {"branch": "undo-it", "pull request": f"#{made['pull_request']}", "commit": made["sha"]}[named])
    drill.work_until(drill.reaches("review", "watching"), "the review of the adopted pull request waits")
    push, opened = drill.step("push_revert"), drill.step("open_pull_request")
    assert (push.state, push.evidence["branch"], push.evidence["adopted"]) == ("done", "undo-it", True)
    assert opened.evidence["number"] == made["pull_request"]
    assert pushed_by_the_console(drill, plan) == 0
    assert len([each for each in drill.effects("pull_request.opened") if each.key == "undo-it"]) == 1


def test_e18_a_branch_that_differs_from_the_preview_is_adopted_only_knowingly(drill: Drill) -> None:
    plan = decided(drill)
    assert plan.decision.change is not None
    drill.sandbox.control("revert", sha=plan.decision.change.sha, author="oncall", branch="my-fix")
    drill.sandbox.control("push", branch="my-fix", title="And a note", files={"NOTE.md": "kept\n"}, author="oncall")
    drill.execute(plan)
    adopt(drill, plan, "my-fix")
    drill.work_until(drill.reaches("push_revert", "failed"), "the difference is found")
    step = drill.step("push_revert")
    assert "differs from the preview" in step.sentence
    accept_difference(
        Asked(incident_id=plan.incident_id, step_id=step.pk, actor=drill.oncall, now=database_now(), seen="failed")
    )
    drill.work_until(drill.reaches("open_pull_request", "done"), "the pull request is open")
    assert "a resolution that the on-call engineer accepted" in drill.step("push_revert").sentence


def test_e18_a_conflict_is_resolved_on_ones_own_branch_and_adopted(drill: Drill) -> None:
    change = Change.objects.filter(assessment__verdict="conflict").first()
    assert change is not None
    plan = drill.decide(drill.declare(change))
    drill.execute(plan)
    drill.work_until(drill.reaches("push_revert", "failed"), "the conflict is told")
    assert "adopt that branch here (E18)" in drill.step("push_revert").sentence
    drill.sandbox.control("push", branch="resolved", title="Undo it", files={"NOTE.md": "undone\n"}, author="oncall")
    adopt(drill, plan, "resolved")
    drill.work_until(lambda: "found_patch" in drill.step("push_revert").evidence, "the resolution is compared")
    step = drill.step("push_revert")
    accept_difference(
        Asked(incident_id=plan.incident_id, step_id=step.pk, actor=drill.oncall, now=database_now(), seen=step.state)
    )
    drill.work_until(drill.reaches("open_pull_request", "done"), "the pull request is open")


def test_a_change_undone_on_the_deploy_branch_already_is_adopted_as_it_is(drill: Drill) -> None:
    plan = decided(drill)
    assert plan.decision.change is not None
    drill.sandbox.control("revert", sha=plan.decision.change.sha, author="engineer", merge=True)
    drill.execute(plan)
    drill.work_until(drill.reaches("deploy", "done"), "the revert made outside is in production")
    assert drill.step("push_revert").evidence["already_on_branch"]
    assert pushed_by_the_console(drill, plan) == 0
    assert set(Step.objects.filter(plan=plan, position__lt=6).values_list("state", flat=True)) == {"done"}


def test_a_name_nobody_knows_is_told_and_nothing_is_pushed(drill: Drill) -> None:
    plan = decided(drill)
    drill.execute(plan)
    adopt(drill, plan, "no-such-branch")
    drill.work_until(drill.reaches("push_revert", "failed"), "the name is refused")
    assert "knows no revert by the name no-such-branch" in drill.step("push_revert").sentence
    assert pushed_by_the_console(drill, plan) == 0


def test_e17_a_merge_that_waits_for_the_code_host_begins_nothing_after_a_stop(drill: Drill) -> None:
    plan = decided(drill)
    drill.execute(plan)
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    number = drill.step("review").evidence["number"]
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    drill.work_until(drill.reaches("review", "done"), "the review is granted")
    Step.objects.filter(plan=plan, kind="merge").update(state="watching", due_at=database_now(), lease=None)
    version = Incident.objects.get(pk=plan.incident_id).version
    stop_plan(incident_id=plan.incident_id, actor=drill.oncall, now=database_now(), version=version)
    drill.work_until(drill.reaches("merge", "blocked"), "the stop holds the merge")
    assert not drill.sandbox.client.get(f"/github/acme/shop/pull/{number}").text.count("merged as")
    assert LedgerEntry.objects.filter(kind="step.held", rule="E17").exists()


@pytest.mark.parametrize("reference", ["0" * 40, "f" * 12])
def test_a_commit_of_another_repository_is_refused_in_the_record(drill: Drill, reference: str) -> None:
    incident = drill.declare(Change.objects.latest("merged_at"))
    look_up_suspect(incident.pk, reference, drill.oncall.pk, wiring.world())
    told = LedgerEntry.objects.get(kind="suspect.refused")
    assert told.data["words"] == f"There is no commit {reference} in acme/shop."


def test_where_the_code_host_is_away_the_record_and_the_log_say_so_and_no_task_breaks(drill: Drill) -> None:
    incident = drill.declare(Change.objects.latest("merged_at"))
    drill.sandbox.control("faults", part="*", method="*", path="/github/*", kind="500", times=50)
    refresh("acme/shop", wiring.world())
    tasks.look_up_suspect(str(incident.pk), "0" * 40, drill.oncall.pk)
    assert "could not be looked up" in LedgerEntry.objects.get(kind="suspect.refused").data["words"]
