"""Roll-forward, hotfix, isolation, rotation: the other paths on real parts, by the same runner as the rollback."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from incidents.effects import wiring
from incidents.effects.credentials import look_up_credential
from incidents.effects.fixes import look_up_fix
from incidents.models import Incident, Plan
from incidents.queries.plans import confirmation_of
from incidents.services.clock import database_now
from incidents.services.concluding import decide_again
from incidents.services.confirming import Word, confirm_credential, deny_credential
from incidents.services.fixing import name_fix
from incidents.services.steering import Asked, attest_recovery, record_by_hand
from sandbox import secrets
from tests.effects.conftest import Drill

PREPARED = {"fix_small": "yes", "fix_understood": "yes", "fix_prepared": "yes", "rollback_risky": "yes"}
INCOMPATIBLE = {"migration": "yes", "incompatible": "yes", "hotfix_tolerates": "yes"}
VALID = {"credential_restored": "yes", "credential_still_valid": "yes"}
DEAD = {"credential_restored": "yes", "credential_still_valid": "no"}
PAYMENT = "shop/payment-provider"


@pytest.fixture
def broken(drill: Drill) -> Incident:
    """A shop broken by the loyalty points, and its incident."""
    return drill.declare(drill.break_shop())


@pytest.fixture
def fix(drill: Drill, broken: Incident) -> dict[str, Any]:
    """The pull request that would mend it, merged by nobody."""
    return drill.prepare_fix()


@pytest.fixture
def flags(drill: Drill, settings: Settings) -> None:
    settings.UNLEASH_URL = f"{drill.sandbox.url}/unleash"
    settings.UNLEASH_TOKEN = secrets.UNLEASH_TOKEN
    wiring.world.cache_clear()


@pytest.fixture
def vault(drill: Drill, settings: Settings) -> None:
    settings.VAULT_URL = f"{drill.sandbox.url}/vault"
    settings.VAULT_TOKEN = secrets.VAULT_TOKEN
    wiring.world.cache_clear()


def roll_forward(drill: Drill, incident: Incident, fix: dict[str, Any]) -> Plan:
    """Decided, and the fix read by a worker: its plan."""
    look_up_fix(drill.take(incident, "roll_forward", {"fix": fix["url"]}, **PREPARED).pk, wiring.world())
    return plan_of(incident)


def plan_of(incident: Incident) -> Plan:
    return Plan.objects.get(incident=incident, replaced_at__isnull=True)


def name(drill: Drill, incident: Incident, number: int) -> None:
    incident.refresh_from_db()
    name_fix(
        incident_id=incident.pk, reference=f"#{number}", actor=drill.oncall, now=database_now(),
        version=incident.version,
    )  # fmt: skip


def push_again(drill: Drill, fix: dict[str, Any], **files: str | None) -> str:
    body = {f"shop/{file}.txt": text for file, text in files.items()}
    pushed = drill.sandbox.control("push", branch=fix["branch"], title="Once more", author="engineer", files=body)
    return str(pushed.json()["sha"])


def approve(drill: Drill, number: int) -> None:
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    drill.sandbox.control("review", number=number, login="reviewer", state="APPROVED")


def recovering(drill: Drill) -> None:
    drill.work_until(drill.reaches("prove_recovery", "watching"), "recovery is being proved")


def attest(drill: Drill, incident: Incident) -> None:
    step = drill.step("prove_recovery")
    asked = Asked(
        incident_id=incident.pk, step_id=step.pk, actor=drill.oncall, now=database_now(), seen=str(step.state)
    )
    attest_recovery(asked, evidence="Orders go through.")
    incident.refresh_from_db()


def reverts(drill: Drill) -> list[str]:
    return [each.key for each in drill.effects("branch.pushed") if each.key.startswith("revert/")]


@pytest.mark.parametrize(
    ("path", "answers"), [("roll_forward", PREPARED), ("hotfix", {**INCOMPATIBLE, "fix_prepared": "yes"})]
)
def test_d5_m2_a_prepared_fix_goes_through_review_merge_and_deploy(
    drill: Drill, broken: Incident, fix: dict[str, Any], path: str, answers: dict[str, str]
) -> None:
    look_up_fix(drill.take(broken, path, {"fix": fix["url"]}, **answers).pk, wiring.world())
    plan = plan_of(broken)
    shown = plan.steps.get(kind="find_fix").parameters
    assert (shown["number"], shown["head"]) == (fix["pull_request"], fix["sha"])
    drill.execute(plan)
    approve(drill, fix["pull_request"])
    recovering(drill)
    assert list(plan.steps.in_order().values_list("state", flat=True)) == [*["done"] * 4, "watching"]
    assert drill.step("deploy").evidence["sha"] == drill.step("merge").evidence["merge_sha"]
    assert reverts(drill) == []
    attest(drill, broken)
    assert broken.state == "recovered"


def test_m2_a_hotfix_is_named_after_the_decision(drill: Drill, broken: Incident, fix: dict[str, Any]) -> None:
    drill.take(broken, "hotfix", {}, **INCOMPATIBLE)
    drill.refresh()
    assert not Plan.objects.filter(incident=broken).exists()
    name(drill, broken, fix["pull_request"])
    drill.refresh()
    assert plan_of(broken).steps.count() == 5


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"state": "closed"}, "closed without a merge"),
        ({"base_ref": "elsewhere"}, "is aimed at elsewhere; production deploys from master"),
        ({}, "#999 could not be read"),
    ],
)
def test_d5_what_cannot_be_the_fix_is_refused_in_words(
    drill: Drill, broken: Incident, fix: dict[str, Any], spoil: dict[str, str], words: str
) -> None:
    number = fix["pull_request"] if spoil else 999
    for field, value in spoil.items():
        setattr(drill.sandbox.world.parts["github"].forge.store.pulls[number], field, value)  # type: ignore[attr-defined]  # the sandbox's own code host
    decision = drill.take(broken, "roll_forward", {"fix": str(number)}, **PREPARED)
    look_up_fix(decision.pk, wiring.world())
    decision.refresh_from_db()
    assert words in decision.particulars["refused"]
    assert not Plan.objects.filter(incident=broken).exists()


def test_e13_a_push_before_execution_makes_another_plan_and_nothing_new_none(
    drill: Drill, broken: Incident, fix: dict[str, Any]
) -> None:
    first = roll_forward(drill, broken, fix)
    drill.refresh()
    assert plan_of(broken) == first
    sha = push_again(drill, fix, notes="more")
    drill.refresh()
    second = plan_of(broken)
    assert (second.number, second.steps.get(kind="find_fix").parameters["head"]) == (first.number + 1, sha)
    assert second.content_digest != first.content_digest


def test_e13_a_push_after_execution_asks_the_on_call_again_and_nothing_is_merged(
    drill: Drill, broken: Incident, fix: dict[str, Any]
) -> None:
    drill.execute(roll_forward(drill, broken, fix))
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    push_again(drill, fix, notes="more")
    approve(drill, fix["pull_request"])
    drill.work_until(drill.reaches("review", "failed"), "the push is seen")
    assert "another patch than the one executed" in drill.step("review").sentence
    name(drill, broken, fix["pull_request"])
    broken.refresh_from_db()
    assert broken.state == "decided"
    drill.refresh()
    drill.execute(plan_of(broken))
    recovering(drill)
    assert broken.plans.count() == 2


def test_e13_the_same_patch_pushed_anew_goes_on_and_says_so(
    drill: Drill, broken: Incident, fix: dict[str, Any]
) -> None:
    plan = roll_forward(drill, broken, fix)
    push_again(drill, fix, notes="more")
    head = push_again(drill, fix, notes=None)
    drill.execute(plan)
    approve(drill, fix["pull_request"])
    recovering(drill)
    assert "the patch is the same (E13)" in drill.step("find_fix").sentence
    assert drill.step("review").evidence["head_sha"] == head


def test_m2_isolating_turns_the_flag_off_and_the_fix_is_decided_after_it(
    drill: Drill, broken: Incident, fix: dict[str, Any], flags: None
) -> None:
    drill.take(broken, "isolate", {"flag": "loyalty-points"}, **INCOMPATIBLE, flag_isolates="yes")
    drill.execute(plan_of(broken))
    recovering(drill)
    assert drill.step("isolate").evidence["on"] is False
    attest(drill, broken)
    assert broken.state == "recovered"
    decide_again(incident_id=broken.pk, actor=drill.oncall, now=database_now(), version=broken.version)
    answers = {**INCOMPATIBLE, "flag_isolates": "yes", "fix_prepared": "yes"}
    look_up_fix(drill.take(broken, "hotfix", {"fix": fix["url"]}, **answers).pk, wiring.world())
    drill.execute(plan_of(broken))
    approve(drill, fix["pull_request"])
    drill.work_until(drill.reaches("deploy", "done"), "the hotfix is deployed")


def test_c2_rotating_forward_waits_for_a_version_newer_than_the_decision(
    drill: Drill, broken: Incident, vault: None
) -> None:
    drill.take(broken, "rotate_forward", {"credential": PAYMENT}, **DEAD)
    drill.execute(plan_of(broken))
    drill.work_until(drill.reaches("rotate_credential", "watching"), "the rotation is waited for")
    assert "Version 4 is older than the decision" in drill.step("rotate_credential").sentence
    drill.sandbox.control("secrets", path=PAYMENT, act="rotate")
    recovering(drill)
    assert drill.step("rotate_credential").evidence["version"] == "5"


def test_c2_where_no_store_can_be_asked_somebody_says_who_rotated_it_to_which_version(
    drill: Drill, broken: Incident
) -> None:
    drill.take(broken, "rotate_forward", {"credential": PAYMENT}, **DEAD)
    drill.execute(plan_of(broken))
    drill.work_until(drill.reaches("rotate_credential", "watching"), "the rotation is waited for")
    step = drill.step("rotate_credential")
    asked = Asked(incident_id=broken.pk, step_id=step.pk, actor=drill.oncall, now=database_now(), seen="watching")
    record_by_hand(asked, evidence="The key holder did, ticket 4711.", reference="7")
    recovering(drill)
    attest(drill, broken)
    assert (broken.state, drill.step("rotate_credential").evidence["version"]) == ("recovered", "7")


def say(drill: Drill, incident: Incident, *, valid: bool) -> None:
    incident.refresh_from_db()
    act = confirm_credential if valid else deny_credential
    act(
        incident_id=incident.pk, actor=drill.oncall, now=database_now(), version=incident.version,
        word=Word("The old key still signs in.", "the key holder", "ticket 4711"),
    )  # fmt: skip


def test_c1_the_push_waits_for_the_word_although_the_machine_finds_the_credential(
    drill: Drill, broken: Incident, vault: None
) -> None:
    decision = drill.take(broken, "rollback", {"credential": PAYMENT}, **VALID)
    look_up_credential(decision.pk, wiring.world())
    decision.refresh_from_db()
    assert "exists, not proven" in decision.particulars["machine"]
    drill.execute(plan_of(broken))
    drill.work()
    assert (drill.step("push_revert").state, reverts(drill)) == ("gated", [])
    say(drill, broken, valid=True)
    drill.work_until(drill.reaches("push_revert", "done"), "the revert is pushed")


def test_c1_a_no_before_the_merge_ends_the_rollback_and_leads_to_c2(drill: Drill, broken: Incident) -> None:
    decision = drill.take(broken, "rollback", {}, **VALID)
    say(drill, broken, valid=True)
    drill.execute(plan_of(broken))
    drill.work_until(drill.reaches("review", "watching"), "the review waits")
    say(drill, broken, valid=False)
    broken.refresh_from_db()
    decision.refresh_from_db()
    assert (broken.state, decision.particulars["again"]) == ("declared", {"credential_still_valid": "no"})
    assert confirmation_of(decision, "C1") is None
    assert drill.step("merge").state == "cancelled"
    drill.take(broken, "rotate_forward", {"credential": PAYMENT}, **DEAD)
    assert plan_of(broken).steps.filter(kind="rotate_credential").exists()
