"""A broken shop, rolled back on real parts: real git, the sandbox's code host, Actions, metrics and chat."""

import pytest

from incidents.models import Change
from tests.effects.conftest import Drill


def test_the_newest_changes_are_previewed_before_anybody_clicks(drill: Drill) -> None:
    verdicts = set(Change.objects.values_list("assessment__verdict", flat=True))
    assert Change.objects.count() >= 15
    assert {"clean", "conflict"} <= verdicts


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_r1_r2_r3_r4_r5_a_bad_change_is_rolled_back_and_every_effect_is_there_once(drill: Drill, method: str) -> None:
    change = drill.break_shop("errors", method)
    incident = drill.declare(change)
    plan = drill.decide(incident)
    drill.execute(plan)
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    number = drill.step("review").evidence["number"]
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")
    drill.work_until(drill.reaches("prove_recovery", "watching"), "the deploy is done")
    assert [entry.key for entry in drill.effects("pull_request.opened")].count(plan.branch) == 1
    assert len({entry.key for entry in drill.effects("message.posted")}) == len(drill.effects("message.posted"))
    assert drill.step("deploy").evidence["survivors"] == []
    assert drill.step("prove_recovery").sentence.startswith("No alert flagged this incident")
