"""What the database itself refuses: every constraint of the console's tables meets its violation."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction

from incidents.models import (
    Alert,
    Assessment,
    Change,
    Checkpoint,
    CheckpointHead,
    Confirmation,
    Deadline,
    Decision,
    Delivery,
    Deployment,
    Drill,
    Export,
    FailedSignIn,
    FollowUp,
    Identity,
    Incident,
    LedgerEntry,
    LedgerStream,
    Plan,
    Rehearsal,
    Reminder,
    Retrospective,
    RetrospectiveSection,
    Reversion,
    Seat,
    SectionDraft,
    SeriesSample,
    Service,
    Shift,
    StatusUpdate,
    Step,
    Suspect,
)
from tests.incidents.conftest import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def rows(service: Service, change: Change, incident: Incident, oncall: User) -> SimpleNamespace:
    """One lawful row of every table, for the violations to lean on."""
    decision = Decision.objects.create(
        incident=incident, number=1, answers={}, advice={}, path="rollback", change=change, decided_by=oncall,
        decided_at=NOW, procedure_version="1.0",
    )  # fmt: skip
    plan = Plan.objects.create(
        incident=incident, decision=decision, number=1, content_digest="c", instance_digest="i", base="b", tree="t",
        patch_id="p", branch="revert/x", made_at=NOW,
    )  # fmt: skip
    found = SimpleNamespace(service=service, change=change, incident=incident, person=oncall, plan=plan)
    found.decision = decision
    found.step = step(found)
    return found


def step(rows: SimpleNamespace, **other: object) -> Step:
    values = {"kind": "push_revert", "rule": "R1", "state": "blocked", "position": 1, "asked_at": NOW} | other
    return Step.objects.create(incident=rows.incident, **({"plan": rows.plan} | values))


def confirmation(rows: SimpleNamespace) -> Confirmation:
    return Confirmation.objects.create(
        incident=rows.incident, decision=rows.decision, rule="C1", question="credential_still_valid", words="asked",
        confirmed_at=NOW,
    )  # fmt: skip


def reversion(rows: SimpleNamespace) -> Reversion:
    return Reversion.objects.create(change=rows.change, incident=rows.incident, revert_sha="7" * 40, reverted_at=NOW)


def incident(rows: SimpleNamespace, **other: object) -> Incident:
    values = {
        "number": "INC-2026-9999", "service": rows.service, "title": "x", "trigger": "U2", "onset_at": NOW,
        "declared_at": NOW,
    }  # fmt: skip
    return Incident.objects.create(**(values | other))


def decision(rows: SimpleNamespace, **other: object) -> Decision:
    values = {
        "number": 2, "answers": {}, "advice": {}, "path": "rollback", "decided_by": rows.person, "decided_at": NOW,
        "procedure_version": "1.0",
    }  # fmt: skip
    return Decision.objects.create(incident=rows.incident, **(values | other))


def plan(rows: SimpleNamespace, **other: object) -> Plan:
    values = {
        "decision": decision(rows), "number": 2, "content_digest": "c", "instance_digest": "i", "base": "b",
        "tree": "t", "patch_id": "p", "branch": "revert/y", "made_at": NOW, "replaced_at": NOW,
    }  # fmt: skip
    return Plan.objects.create(incident=rows.incident, **(values | other))


def alert(rows: SimpleNamespace, **other: object) -> Alert:
    values = {"source": "a", "fingerprint": "f", "name": "n", "state": "firing", "started_at": NOW}
    return Alert.objects.create(service=rows.service, **(values | other))


def delivery(**other: object) -> Delivery:
    return Delivery.objects.create(**({"source": "github", "key": "k", "body": b"{}", "received_at": NOW} | other))


def deployment(rows: SimpleNamespace, **other: object) -> Deployment:
    values = {"outside_id": 1, "sha": "a" * 40, "started_at": NOW}
    return Deployment.objects.create(service=rows.service, **(values | other))


def shift(rows: SimpleNamespace, **other: object) -> Shift:
    values = {"person": rows.person, "seat": Seat.ON_CALL, "service": rows.service, "starts_at": NOW, "ends_at": LATER}
    return Shift.objects.create(**(values | other))


def words(rows: SimpleNamespace, **other: object) -> StatusUpdate:
    values = {"phase": "resolved", "message": "x", "drafted_by": rows.person, "drafted_at": NOW}
    return StatusUpdate.objects.create(incident=rows.incident, **(values | other))


def entry(rows: SimpleNamespace, **other: object) -> LedgerEntry:
    stream, _ = LedgerStream.objects.get_or_create(name="procedure")
    return LedgerEntry.objects.create(**({"stream": stream, "seq": 1, "at": NOW, "kind": "k", "text": "{}"} | other))


def twice(make: Callable[[], object]) -> None:
    make()
    make()


Violation = Callable[[SimpleNamespace], object]
VIOLATIONS: Mapping[str, Violation] = {
    "a_delivery_counts_once": lambda r: twice(delivery),
    "one_row_a_firing": lambda r: twice(lambda: alert(r)),
    "an_alert_fires_or_is_over": lambda r: alert(r, state="perhaps"),
    "one_change_a_commit_and_service": lambda r: Change.objects.create(
        service=r.service, sha=r.change.sha, title="x", merged_at=NOW
    ),
    "one_row_a_deployment": lambda r: twice(lambda: deployment(r)),
    "an_ended_deployment_says_when": lambda r: deployment(r, state="succeeded"),
    "a_clean_revert_has_a_tree": lambda r: Assessment.objects.filter(change=r.change).update(tree=""),
    "decisions_are_numbered": lambda r: decision(r, number=1),
    "a_decision_takes_a_known_path": lambda r: decision(r, path="pray"),
    "against_the_advice_says_why": lambda r: decision(r, against_advice=True),
    "plans_are_numbered": lambda r: plan(r, number=1),
    "one_plan_at_a_time": lambda r: plan(r, replaced_at=None),
    "an_executed_plan_says_by_whom": lambda r: plan(r, executed_at=NOW),
    "a_shift_ends_after_it_starts": lambda r: shift(r, ends_at=NOW),
    "a_shift_is_for_a_known_seat": lambda r: shift(r, seat="sofa"),
    "an_on_call_shift_names_its_service": lambda r: shift(r, service=None),
    "one_person_a_login": lambda r: Identity.objects.create(
        person=User.objects.create(username="another"), place="github", login="oncall"
    ),
    "one_login_a_place": lambda r: Identity.objects.create(person=r.person, place="github", login="other"),
    "an_incident_is_in_a_known_state": lambda r: incident(r, state="lost"),
    "severity_is_one_to_three": lambda r: incident(r, severity=4),
    "an_incident_has_a_trigger": lambda r: incident(r, trigger="U4"),
    "closed_says_when_and_how": lambda r: incident(r, state="closed"),
    "merged_names_the_other": lambda r: incident(r, state="closed", closed_at=NOW, resolution="merged"),
    "a_change_is_suspected_once": lambda r: Suspect.objects.create(incident=r.incident, change=r.change, named_at=NOW),
    "one_chosen_suspect": lambda r: Suspect.objects.create(
        incident=r.incident, chosen=True, named_at=NOW,
        change=Change.objects.create(service=r.service, sha="9" * 40, title="x", merged_at=NOW),
    ),
    "a_stream_has_no_twins": lambda r: twice(lambda: entry(r)),
    "a_stream_begins_at_one": lambda r: entry(r, seq=0),
    "one_sample_a_moment": lambda r: twice(lambda: SeriesSample.objects.create(service=r.service, at=NOW)),
    "a_step_is_in_a_known_state": lambda r: step(r, position=2, state="dreaming"),
    "a_step_is_of_a_known_kind": lambda r: step(r, position=2, kind="pray"),
    "steps_of_a_plan_are_ordered": step,
    "what_moves_is_due_and_what_rests_is_not": lambda r: step(r, position=2, state="ready"),
    "an_ended_step_says_when": lambda r: step(r, position=2, state="done"),
    "confirmed_once_for_a_decision": lambda r: twice(lambda: confirmation(r)),
    "a_change_is_taken_back_once_an_incident": lambda r: twice(lambda: reversion(r)),
    "one_row_a_check": lambda r: twice(lambda: Rehearsal.objects.create(check_name="flags.read", title="Flags")),
    "a_rehearsal_has_a_known_verdict": lambda r: Rehearsal.objects.create(check_name="x", title="x", verdict="fine"),
    "a_posted_update_says_when": lambda r: words(r, state="posted"),
    "public_words_are_of_a_known_phase": lambda r: words(r, phase="fixed"),
    "one_update_in_work_an_incident": lambda r: twice(lambda: words(r)),
    "a_section_is_one_of_t2": lambda r: section(r, name="blame"),
    "a_section_stands_once": lambda r: twice(lambda: section(r)),
    "one_draft_a_person": lambda r: twice(partial(draft, section(r), r.person)),
    "done_or_given_up_not_both": lambda r: FollowUp.objects.create(
        retrospective=retrospective(r), kind="runbook", words="x", done_at=NOW, cancelled_at=NOW
    ),
    "a_deadline_is_of_a_known_kind": lambda r: deadline(r, kind="someday"),
    "one_deadline_a_thing_and_moment": lambda r: twice(lambda: deadline(r, ended_at=NOW, end="done")),
    "one_standing_deadline_a_thing": lambda r: [deadline(r), deadline(r, due_at=LATER + timedelta(hours=1))],
    "an_ended_deadline_says_how": lambda r: deadline(r, ended_at=NOW),
    "a_mark_is_settled_once": lambda r: twice(lambda: reminder(r)),
    "nobody_is_reminded_before_the_moment": lambda r: reminder(r, planned_for=LATER),
    "a_drill_is_of_a_known_scenario": lambda r: drill(r, scenario="earthquake"),
    "one_drill_at_a_time": lambda r: twice(lambda: drill(r)),
    "an_ended_drill_says_when": lambda r: drill(r, state="done"),
    "checkpoints_begin_at_one": lambda r: checkpoint(0),
    "a_head_is_told_once": lambda r: [head(checkpoint(1)), head(checkpoint(2))],
    "a_checkpoint_tells_a_head_once": lambda r: [head(checkpoint(1)), head(Checkpoint(number=1), seq=2)],
    "an_export_has_a_known_form": lambda r: export(r, form="poem"),
    "an_export_has_a_known_state": lambda r: export(r, state="lost"),
    "one_row_a_knock": lambda r: twice(knock),
}  # fmt: skip


def retrospective(rows: SimpleNamespace) -> Retrospective:
    found, _ = Retrospective.objects.get_or_create(incident=rows.incident, defaults={"opened_at": NOW, "due_at": LATER})
    return found


def section(rows: SimpleNamespace, **other: object) -> RetrospectiveSection:
    return RetrospectiveSection.objects.create(retrospective=retrospective(rows), **({"name": "trigger"} | other))


def draft(of: RetrospectiveSection, person: User) -> SectionDraft:
    return SectionDraft.objects.create(section=of, person=person, based_on=0, saved_at=NOW)


def deadline(rows: SimpleNamespace, **other: object) -> Deadline:
    values = {"kind": "retrospective", "subject": rows.incident.pk, "since": NOW, "due_at": LATER} | other
    return Deadline.objects.create(incident=rows.incident, **values)


def reminder(rows: SimpleNamespace, **other: object) -> Reminder:
    found = Deadline.objects.first() or deadline(rows)
    return Reminder.objects.create(deadline=found, mark="due", **({"planned_for": NOW, "settled_at": NOW} | other))


def drill(rows: SimpleNamespace, **other: object) -> Drill:
    values = {"scenario": "clean_revert", "started_by": rows.person, "started_at": NOW} | other
    return Drill.objects.create(service=rows.service, **values)


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint.objects.create(number=number, at=NOW, text="{}", hash="h", signature="s")


def head(of: Checkpoint, seq: int = 1) -> CheckpointHead:
    return CheckpointHead.objects.create(checkpoint=of, stream="access", seq=seq, hash="h")


def export(rows: SimpleNamespace, **other: object) -> Export:
    return Export.objects.create(asked_by=rows.person, asked_at=NOW, moved_at=NOW, **({"form": "csv"} | other))


def knock() -> FailedSignIn:
    return FailedSignIn.objects.create(login="x", address="y", how="password", first_at=NOW, last_at=NOW)


def constraints() -> set[str]:
    tables: list[type[models.Model]] = list(apps.get_app_config("incidents").get_models())
    return {each.name for table in tables for each in table._meta.constraints}


def test_every_constraint_has_its_violation() -> None:
    assert constraints() == set(VIOLATIONS)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(rows: SimpleNamespace, name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        VIOLATIONS[name](rows)


@pytest.mark.parametrize(
    "lawful",
    [
        lambda r: incident(r, state="closed", closed_at=NOW, resolution="merged", merged_into=r.incident),
        lambda r: step(r, position=2, state="ready", due_at=NOW),
        lambda r: step(r, position=2, state="done", finished_at=NOW),
        lambda r: shift(r, seat=Seat.DBA, service=None),
        lambda r: plan(r, executed_at=NOW, executed_by=r.person),
        lambda r: [delivery(verdict="refused") for _ in range(2)],
        words,
    ],
)
def test_what_is_lawful_passes(rows: SimpleNamespace, lawful: Violation) -> None:
    assert lawful(rows)
