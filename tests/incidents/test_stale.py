"""Two browsers, one click each: whoever comes second is told who did what, and changes nothing (compare-and-set)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from incidents.models import Incident, LedgerEntry, Plan, Step
from incidents.services import steering
from incidents.services.concluding import close_as_false_alarm, close_incident, say_it_did_not_help
from incidents.services.deciding import decide
from incidents.services.declaring import choose_suspect, merge_incidents
from incidents.services.escalating import escalate
from incidents.services.executing import execute_plan, resume_plan, stop_plan
from incidents.services.leading import hand_over, take_over
from incidents.services.locking import StaleView
from incidents.services.steering import Asked
from incidents.services.suspecting import suspect_change

Act = Callable[..., Any]
NOBODY = UUID(int=0)

ACTS: Mapping[str, tuple[Act, dict[str, Any]]] = {
    "choose_suspect": (choose_suspect, {"change_id": NOBODY}),
    "suspect_change": (suspect_change, {"reference": "b" * 40}),
    "merge_incidents": (merge_incidents, {"into_id": NOBODY}),
    "decide": (decide, {"answers": {}, "path": "rollback"}),
    "execute_plan": (execute_plan, {"digest": "x"}),
    "stop_plan": (stop_plan, {}),
    "resume_plan": (resume_plan, {}),
    "adopt_outside": (steering.adopt_outside, {"reference": "a-branch"}),
    "take_over": (take_over, {}),
    "hand_over": (hand_over, {"to_id": 1}),
    "say_it_did_not_help": (say_it_did_not_help, {}),
    "close_as_false_alarm": (close_as_false_alarm, {"reason": "nothing"}),
    "close_incident": (close_incident, {}),
    "escalate": (escalate, {"reason": "the old rows are gone"}),
}
STEP_ACTS: Mapping[str, tuple[Act, dict[str, str]]] = {
    "retry": (steering.retry_step, {}),
    "skip": (steering.skip_step, {"reason": "not needed"}),
    "record by hand": (steering.record_by_hand, {"evidence": "seen", "reference": "a-branch"}),
    "self-approve": (steering.self_approve, {}),
    "attest": (steering.attest_recovery, {"evidence": "seen"}),
    "adopt knowingly": (steering.accept_difference, {}),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("off_by", [-1, 1])
def test_an_act_from_another_version_is_refused_and_told_who_acted(
    plan: Plan, oncall: User, now: datetime, act: str, off_by: int
) -> None:
    service, given = ACTS[act]
    incident = Incident.objects.get(pk=plan.incident_id)
    before = LedgerEntry.objects.count()
    with pytest.raises(StaleView, match=r"Meanwhile oncall: Decided: roll back, 12:00:00 UTC\."):
        service(incident_id=incident.pk, actor=oncall, now=now, version=incident.version + off_by, **given)
    assert LedgerEntry.objects.count() == before
    assert Incident.objects.get(pk=incident.pk).version == incident.version


@pytest.mark.parametrize("act", STEP_ACTS)
def test_an_act_on_a_step_that_moved_on_is_refused_and_told_where_it_is(
    executed: Plan, oncall: User, now: datetime, act: str
) -> None:
    service, given = STEP_ACTS[act]
    step = executed.steps.get(kind="push_revert")
    Step.objects.filter(pk=step.pk).update(sentence="Pushing.")
    before = LedgerEntry.objects.count()
    asked = Asked(incident_id=executed.incident_id, step_id=step.pk, actor=oncall, now=now, seen="failed")
    with pytest.raises(StaleView, match=r"The step is ready by now: Pushing\."):
        service(asked, **given)
    assert LedgerEntry.objects.count() == before


def test_the_second_of_two_equal_clicks_is_refused(plan: Plan, oncall: User, now: datetime) -> None:
    incident = Incident.objects.get(pk=plan.incident_id)
    click = {
        "incident_id": incident.pk, "actor": oncall, "now": now, "version": incident.version,
        "digest": plan.instance_digest,
    }  # fmt: skip
    execute_plan(**click)
    with pytest.raises(StaleView, match="Meanwhile oncall: Executed plan 1"):
        execute_plan(**click)
    assert LedgerEntry.objects.filter(kind="plan.executed").count() == 1


def test_another_plan_than_the_one_shown_is_not_executed(plan: Plan, oncall: User, now: datetime) -> None:
    incident = Incident.objects.get(pk=plan.incident_id)
    with pytest.raises(StaleView, match="not the one this page showed"):
        execute_plan(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, digest="0" * 64)
