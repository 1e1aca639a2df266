"""The retrospective as a whole: opened by itself, registered, completed; each in its time or late (T1, T2, E21)."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from incidents.models import FollowUp, Incident, LedgerEntry, Plan, Retrospective, SeriesSample, Step
from incidents.procedure.retrospective import Section
from incidents.queries.duty import NotPermitted
from incidents.queries.prefilled import texts_of
from incidents.queries.timeline import entry_in_words
from incidents.services.concluding import close_incident, note_recovery
from incidents.services.learning import add_follow_up
from incidents.services.locking import StaleView
from incidents.services.retrospectives import (
    AlreadyComplete,
    AlreadyRegistered,
    NotCompleteYet,
    ReferenceMissing,
    complete_retrospective,
    keep_series,
    note_registration,
    register_by_hand,
)
from incidents.services.writing import Saving, save_section

INTAKE = "https://intake.example/retros"


@pytest.fixture
def recovered(executed: Plan, now: datetime) -> Incident:
    """Rolled back, and recovered 20 minutes after the declaring."""
    note_recovery(incident=executed.incident, now=now + timedelta(minutes=20))
    return Incident.objects.get(pk=executed.incident_id)


def said(kind: str) -> str:
    return entry_in_words(LedgerEntry.objects.get(kind=kind)).words


def complete(incident: Incident, actor: User, at: datetime, **given: str) -> Retrospective:
    version = Retrospective.objects.get(incident=incident).version
    given = {"none_because": "It was tested already."} | given
    return complete_retrospective(incident_id=incident.pk, actor=actor, now=at, version=version, **given)


def test_e21_it_opens_with_both_its_terms(recovered: Incident, now: datetime) -> None:
    opened, over = recovered.retrospective, now + timedelta(minutes=20)
    assert (opened.due_at, opened.complete_by) == (over + timedelta(hours=24), over + timedelta(days=5))


def test_e21_a_service_has_a_term_of_its_own(executed: Plan, now: datetime) -> None:
    service = executed.incident.service
    service.retrospective_days = 2
    service.save()
    note_recovery(incident=executed.incident, now=now)
    assert Retrospective.objects.get().complete_by == now + timedelta(days=2)


def test_e21_it_opens_when_what_replaced_the_rollback_is_done(incident: Incident, plan: Plan, oncall: User) -> None:
    Plan.objects.update(replaced_at=plan.made_at)
    incident.refresh_from_db()
    close_incident(
        incident_id=incident.pk, actor=oncall, now=plan.made_at, version=incident.version, words="Mended by hand."
    )
    assert Retrospective.objects.get().opened_at == plan.made_at


def test_t1_without_an_intake_the_page_itself_is_the_entry(recovered: Incident) -> None:
    assert recovered.retrospective.registered_at == recovered.retrospective.opened_at
    assert said("retrospective.registered") == "The retrospective is registered here: no intake is set"


def test_t1_with_an_address_a_person_registers_it_and_says_where(
    executed: Plan, engineer: User, now: datetime, settings: Settings
) -> None:
    settings.DOCUMENT_RETRO_INTAKE = INTAKE
    note_recovery(incident=executed.incident, now=now)
    assert Retrospective.objects.get().registered_at is None
    with pytest.raises(ReferenceMissing):
        register_by_hand(incident_id=executed.incident_id, actor=engineer, now=now, reference=" ")
    register_by_hand(incident_id=executed.incident_id, actor=engineer, now=now, reference="ECR-7")
    assert said("retrospective.registered") == "The retrospective is registered with the intake by hand: ECR-7"
    with pytest.raises(AlreadyRegistered):
        register_by_hand(incident_id=executed.incident_id, actor=engineer, now=now, reference="ECR-8")


def test_t1_registered_after_24_hours_is_recorded_as_late(
    executed: Plan, engineer: User, now: datetime, settings: Settings
) -> None:
    settings.DOCUMENT_RETRO_INTAKE = INTAKE
    note_recovery(incident=executed.incident, now=now)
    late = now + timedelta(hours=27)
    register_by_hand(incident_id=executed.incident_id, actor=engineer, now=late, reference="ECR-7")
    assert said("retrospective.registered").endswith("by hand: ECR-7, 3 h late")


@pytest.fixture
def asked(executed: Plan, now: datetime, settings: Settings) -> Step:
    """The console is to register it by webhook."""
    settings.RETRO_INTAKE_WEBHOOK_URL = INTAKE
    note_recovery(incident=executed.incident, now=now)
    return Step.objects.get(kind="register_retro")


def test_t1_with_a_webhook_the_console_registers_it(asked: Step, now: datetime) -> None:
    assert Retrospective.objects.get().registered_at is None
    Step.objects.filter(pk=asked.pk).update(url=f"{INTAKE}/7")
    note_registration(asked, now)
    assert Retrospective.objects.get().reference == f"{INTAKE}/7"
    assert said("retrospective.registered").startswith("The retrospective is registered with the intake by the console")


def test_t1_a_person_may_register_what_the_console_could_not(asked: Step, engineer: User, now: datetime) -> None:
    Step.objects.filter(pk=asked.pk).update(state="failed", due_at=None)
    register_by_hand(incident_id=asked.incident_id, actor=engineer, now=now, reference="ECR-7")
    asked.refresh_from_db()
    assert asked.state == "cancelled"
    note_registration(asked, now)  # the answer that had been lost
    assert Retrospective.objects.get().reference == "ECR-7"


def test_t2_every_section_is_filled_in_from_the_record(recovered: Incident) -> None:
    texts = texts_of(recovered.retrospective)
    assert "oncall: Declared: Checkout answers 500" in texts[Section.TIMELINE]
    assert "**20 min without an entry, to 12:20:00.** What was done meanwhile?" in texts[Section.TIMELINE]
    assert "SEV 2: customers felt it" in texts[Section.BLAST_RADIUS]
    assert "#7 Loyalty points (bbbbbbbb), by engineer" in texts[Section.TRIGGER]
    assert "Decided 12:00:00 by oncall: roll back." in texts[Section.TRIGGER]
    assert texts[Section.ACTION]


def test_t2_the_lead_completes_it_and_what_nobody_touched_is_kept_as_it_stood(
    recovered: Incident, oncall: User, now: datetime
) -> None:
    before = texts_of(recovered.retrospective)
    done = complete(recovered, oncall, now + timedelta(days=1))
    assert (done.completed_by, done.none_because) == (oncall, "It was tested already.")
    assert {each.name: (each.text, each.version) for each in done.sections.all()} == {
        name.value: (text, 1) for name, text in before.items()
    }
    assert said("retrospective.completed") == "The retrospective is complete"


def test_e21_completed_after_the_services_term_is_recorded_as_late(
    recovered: Incident, oncall: User, now: datetime
) -> None:
    complete(recovered, oncall, now + timedelta(days=6))
    assert said("retrospective.completed") == "The retrospective is complete, 23 h late"


def test_t2_it_is_not_complete_without_follow_ups_or_a_word_why(
    recovered: Incident, oncall: User, now: datetime
) -> None:
    with pytest.raises(NotCompleteYet, match="Follow-ups"):
        complete(recovered, oncall, now, none_because=" ")
    add_follow_up(incident_id=recovered.pk, kind=FollowUp.Kind.RUNBOOK, words="Name the switch.", actor=oncall, now=now)
    assert complete(recovered, oncall, now, none_because="ignored").none_because == ""


def test_t2_it_is_not_complete_while_a_section_is_empty(recovered: Incident, oncall: User, now: datetime) -> None:
    saving = Saving(incident_id=recovered.pk, section=Section.TRIGGER, actor=oncall, now=now, version=0)
    save_section(saving, text="  ")
    with pytest.raises(NotCompleteYet, match="Trigger"):
        complete(recovered, oncall, now)


def test_it_is_completed_once_and_by_who_saw_it_as_it_is(recovered: Incident, oncall: User, now: datetime) -> None:
    with pytest.raises(StaleView):
        complete_retrospective(incident_id=recovered.pk, actor=oncall, now=now, version=7, none_because="x")
    complete(recovered, oncall, now)
    with pytest.raises(AlreadyComplete):
        complete(recovered, oncall, now)


def test_t2_an_engineer_writes_it_but_does_not_complete_it(recovered: Incident, engineer: User, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        complete(recovered, engineer, now)


def test_t2_changes_after_completion_stay_possible_and_are_recorded_as_such(
    recovered: Incident, oncall: User, now: datetime
) -> None:
    complete(recovered, oncall, now)
    saving = Saving(incident_id=recovered.pk, section=Section.TRIGGER, actor=oncall, now=now, version=1)
    save_section(saving, text="It was the cache.")
    assert said("retrospective.edited") == "Wrote “Trigger” of the retrospective, version 2, after it was complete"


def test_t2_the_alerts_series_is_kept_before_its_samples_are_forgotten(recovered: Incident, now: datetime) -> None:
    at = now + timedelta(minutes=5)
    SeriesSample.objects.create(service=recovered.service, at=at, value=0.4)
    keep_series(now + timedelta(minutes=21))
    assert Retrospective.objects.get().series is None  # the minutes after the end are still to come
    keep_series(now + timedelta(minutes=30))
    assert Retrospective.objects.get().series == [[at.isoformat(), 0.4]]
