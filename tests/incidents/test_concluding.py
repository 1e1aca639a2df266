"""How an incident ends, or goes back to the decision (E17), and what follows from the end (T1)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from incidents.models import Assessment, Change, Incident, LedgerEntry, Plan, Retrospective, Service, Step
from incidents.queries.duty import NotPermitted
from incidents.services.concluding import (
    StillRunning,
    close_as_false_alarm,
    close_incident,
    note_recovery,
    say_it_did_not_help,
)
from incidents.services.deciding import NoPathChosen, NoSuspect, NotRevertible, decide
from incidents.services.declaring import name_suspect
from incidents.services.executing import NothingToExecute, execute_plan
from incidents.services.locking import NotInThatState
from incidents.services.running import claim_step
from incidents.services.suspecting import NoCommitId, settle_suspect, suspect_change

Fill = Callable[..., dict[str, str]]


def fresh(plan: Plan) -> Incident:
    return Incident.objects.get(pk=plan.incident_id)


def not_helped(plan: Plan, actor: User, now: datetime) -> Incident:
    return say_it_did_not_help(incident_id=plan.incident_id, actor=actor, now=now, version=fresh(plan).version)


def another(service: Service, now: datetime) -> Change:
    change = Change.objects.create(service=service, sha="e" * 40, commits=["e" * 40], title="Gift wrap", merged_at=now)
    Assessment.objects.create(
        change=change, base="a" * 40, verdict="clean", tree="1" * 40, patch_id="2" * 40, words="Clean.", computed_at=now
    )
    return change


@pytest.mark.parametrize("state", ["executing", "recovered"])
def test_e17_the_tried_change_is_marked_and_the_next_suspect_chosen(
    executed: Plan, service: Service, oncall: User, now: datetime, state: str
) -> None:
    following = another(service, now)
    name_suspect(fresh(executed), following, now=now, actor=None, why="it, too", chosen=False)
    Incident.objects.update(state=state, recovered_at=now if state == "recovered" else None)
    incident = not_helped(executed, oncall, now)
    assert (incident.state, incident.recovered_at) == ("declared", None)
    assert incident.suspects.get(chosen=True).change == following
    assert incident.suspects.get(chosen=False).tried_at == now


def test_e17_before_anything_ran_nothing_counts_as_tried(plan: Plan, oncall: User, now: datetime) -> None:
    incident = not_helped(plan, oncall, now)
    assert incident.suspects.get().tried_at is None
    assert incident.suspects.get().chosen


def test_e17_the_second_decision_makes_a_second_plan(
    executed: Plan, service: Service, oncall: User, answers: Fill, now: datetime
) -> None:
    name_suspect(fresh(executed), another(service, now), now=now, actor=None, why="it, too", chosen=False)
    incident = not_helped(executed, oncall, now)
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=answers(), path="rollback")
    second = incident.plans.get(replaced_at=None)
    assert (second.number, second.branch) == (2, f"revert/{incident.number}-p2-{'e' * 12}")
    executed.refresh_from_db()
    assert executed.replaced_at == now


def test_e17_while_a_step_is_at_work_nobody_leads_back(executed: Plan, oncall: User, now: datetime) -> None:
    assert claim_step(step_id=executed.steps.get(kind="push_revert").pk)
    with pytest.raises(StillRunning, match="push revert"):
        not_helped(executed, oncall, now)
    assert fresh(executed).state == "executing"


def test_e17_a_step_of_a_replaced_plan_never_starts(executed: Plan, oncall: User, now: datetime) -> None:
    not_helped(executed, oncall, now)
    assert claim_step(step_id=executed.steps.get(kind="push_revert").pk) is None


def test_e17_a_false_alarm_closes_with_its_reason(plan: Plan, oncall: User, now: datetime) -> None:
    closed = close_as_false_alarm(
        incident_id=plan.incident_id, actor=oncall, now=now, version=fresh(plan).version, reason=" a test alert "
    )
    assert (closed.state, closed.resolution, closed.closing_words) == ("closed", "false_alarm", "a test alert")
    assert set(Step.objects.values_list("state", flat=True)) == {"cancelled"}


def test_e17_what_was_executed_is_no_false_alarm(executed: Plan, oncall: User, now: datetime) -> None:
    with pytest.raises(NotInThatState):
        close_as_false_alarm(
            incident_id=executed.incident_id, actor=oncall, now=now, version=fresh(executed).version, reason="oh"
        )


def test_t1_recovery_opens_the_retrospective_once(executed: Plan, now: datetime) -> None:
    for minutes in (0, 5):
        note_recovery(incident=fresh(executed), now=now + timedelta(minutes=minutes))
    assert Retrospective.objects.get().due_at == now + timedelta(hours=24)
    assert LedgerEntry.objects.filter(kind="incident.recovered").count() == 1


def test_e21_the_retrospective_opens_by_itself_when_the_rollback_is_done(executed: Plan, now: datetime) -> None:
    assert not Retrospective.objects.exists()
    note_recovery(incident=fresh(executed), now=now)
    opened = Retrospective.objects.get(incident=executed.incident)
    assert (opened.opened_at, opened.completed_at) == (now, None)
    told = LedgerEntry.objects.get(kind="retrospective.opened")
    assert (told.actor, told.rule, told.data["due_at"]) == (None, "T1", (now + timedelta(hours=24)).isoformat())


@pytest.mark.parametrize(("state", "resolution"), [("recovered", "recovered"), ("escalated", "escalated")])
def test_what_is_over_is_closed_as_what_it_was(
    executed: Plan, oncall: User, now: datetime, state: str, resolution: str
) -> None:
    Incident.objects.update(state=state)
    closed = close_incident(incident_id=executed.incident_id, actor=oncall, now=now, version=fresh(executed).version)
    assert (closed.state, closed.resolution, closed.closed_at) == ("closed", resolution, now)


@pytest.mark.parametrize("state", ["declared", "executing"])
def test_what_is_not_over_is_not_closed(executed: Plan, oncall: User, now: datetime, state: str) -> None:
    Incident.objects.update(state=state)
    with pytest.raises(NotInThatState):
        close_incident(incident_id=executed.incident_id, actor=oncall, now=now, version=fresh(executed).version)


def test_a_decided_rollback_is_executed_or_decided_again_but_not_closed(
    plan: Plan, oncall: User, now: datetime
) -> None:
    with pytest.raises(StillRunning, match="There is a plan"):
        close_incident(
            incident_id=plan.incident_id, actor=oncall, now=now, version=fresh(plan).version, words="by hand"
        )


def test_x2_an_escalation_has_no_plan_and_tells_cto_and_ciso(
    incident: Incident, oncall: User, cto: User, answers: Fill, now: datetime
) -> None:
    given = answers(irreversible_call="yes")
    decide(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, answers=given, path="escalate")
    incident.refresh_from_db()
    assert (incident.state, incident.plans.count()) == ("escalated", 0)
    assert incident.steps.get(kind="announce").rule == "X2"
    assert set(incident.steps.filter(kind="wake_by_mail").values_list("parameters__name", flat=True)) == {"cto"}
    with pytest.raises(NotInThatState):
        execute_plan(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, digest="x")


@pytest.mark.parametrize("path", ["", "rollbak", "ROLLBACK"])
def test_d6_a_decision_names_a_path(incident: Incident, oncall: User, answers: Fill, now: datetime, path: str) -> None:
    with pytest.raises(NoPathChosen):
        decide(incident_id=incident.pk, actor=oncall, now=now, version=1, answers=answers(), path=path)


def test_r1_without_a_suspect_nothing_is_rolled_back(
    incident: Incident, oncall: User, answers: Fill, now: datetime
) -> None:
    incident.suspects.update(chosen=False)
    with pytest.raises(NoSuspect):
        decide(incident_id=incident.pk, actor=oncall, now=now, version=1, answers=answers(), path="rollback")


@pytest.mark.parametrize("verdict", ["not_an_ancestor", "error", None])
def test_r1_a_change_never_deployed_or_never_read_is_not_rolled_back(
    incident: Incident, oncall: User, answers: Fill, now: datetime, verdict: str | None
) -> None:
    assessment = Assessment.objects.filter(change=incident.suspects.get().change)
    assessment.update(verdict=verdict) if verdict else assessment.delete()
    with pytest.raises(NotRevertible):
        decide(incident_id=incident.pk, actor=oncall, now=now, version=1, answers=answers(), path="rollback")
    assert not Plan.objects.exists()


def test_d6_without_a_plan_there_is_nothing_to_execute(incident: Incident, oncall: User, now: datetime) -> None:
    Incident.objects.update(state="decided")
    with pytest.raises(NothingToExecute):
        execute_plan(incident_id=incident.pk, actor=oncall, now=now, version=incident.version, digest="x")


@pytest.mark.parametrize("reference", ["", "HEAD", "abc", "g" * 40, "a" * 65, "--upload-pack", "a" * 7 + "\n;ls"])
def test_what_is_no_commit_is_refused_in_words(incident: Incident, oncall: User, now: datetime, reference: str) -> None:
    with pytest.raises(NoCommitId):
        suspect_change(incident_id=incident.pk, reference=reference, actor=oncall, now=now, version=incident.version)


def test_a_commit_nobody_knows_yet_is_looked_up_and_the_record_says_why_not(
    incident: Incident, oncall: User, now: datetime
) -> None:
    suspect_change(incident_id=incident.pk, reference="9" * 40, actor=oncall, now=now, version=incident.version)
    assert LedgerEntry.objects.get(kind="suspect.asked").data == {"reference": "9" * 40}
    words = "There is no commit here."
    settle_suspect(incident_id=incident.pk, reference="9" * 40, change=None, words=words, actor=oncall, now=now)
    assert LedgerEntry.objects.get(kind="suspect.refused").data["words"] == words


def test_whoever_is_deactivated_decides_nothing(plan: Plan, oncall: User, now: datetime) -> None:
    oncall.is_active = False
    with pytest.raises(NotPermitted):
        not_helped(plan, oncall, now)
