"""Who is in charge: the on-call engineer by shift, whoever took over (E5), the lead (E6); and declaring (E3)."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from incidents.models import Change, Deployment, Incident, LedgerEntry, Service, Shift, Trigger
from incidents.procedure.duty import AlreadyOnCall, StillOnCall
from incidents.queries.controls import controls_of
from incidents.queries.duty import NotPermitted, on_call_for
from incidents.services.announcing import announce
from incidents.services.declaring import AlreadyClosed, NotTheSameService, declare_incident, merge_incidents
from incidents.services.leading import NotAnEngineerHere, hand_over, note_presence, take_over
from incidents.services.locking import NotInThatState

MINUTE = timedelta(minutes=1)


@pytest.fixture
def unseen(service: Service, oncall: User, engineer: User, now: datetime) -> Incident:
    """Opened by an alert: the on-call engineer has given no sign yet."""
    return declare_incident(service_id=service.pk, trigger=Trigger.ALERT, title="It fires", now=now)


def taken(incident: Incident, actor: User, at: datetime) -> Incident:
    fresh = Incident.objects.get(pk=incident.pk)
    return take_over(incident_id=fresh.pk, actor=actor, now=at, version=fresh.version)


def may_take_over(incident: Incident, person: User, at: datetime) -> bool:
    controls = controls_of(Incident.objects.get(pk=incident.pk), person, at).people
    return controls is not None and controls.may_take_over


def test_e5_with_no_sign_for_five_minutes_another_engineer_takes_over(
    unseen: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    at = now + 5 * MINUTE
    assert may_take_over(unseen, engineer, at)
    incident = taken(unseen, engineer, at)
    assert (incident.lead, on_call_for(incident.service, now=at, incident=incident)) == (engineer, engineer)
    told = LedgerEntry.objects.get(kind="incident.taken_over")
    assert (told.rule, told.data["was"], told.data["why"]) == ("E5", "oncall", "No sign of oncall for 5 min 0 s.")


def test_e5_before_that_it_says_how_long_to_wait(unseen: Incident, engineer: User, now: datetime) -> None:
    at = now + 5 * MINUTE - timedelta(seconds=1)
    assert not may_take_over(unseen, engineer, at)
    with pytest.raises(StillOnCall, match="you may take over in 1 s"):
        taken(unseen, engineer, at)


def test_e5_with_no_shift_an_engineer_takes_over_at_once(unseen: Incident, engineer: User, now: datetime) -> None:
    Shift.objects.all().delete()
    assert taken(unseen, engineer, now).taken_over_by == engineer


def test_e5_with_the_on_call_engineer_inactive_an_engineer_takes_over_at_once(
    unseen: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    User.objects.filter(pk=oncall.pk).update(is_active=False)
    assert taken(unseen, engineer, now).taken_over_by == engineer


def test_e5_a_sign_given_counts_from_then_on(unseen: Incident, engineer: User, oncall: User, now: datetime) -> None:
    assert note_presence(incident=unseen, person=oncall, now=now + 4 * MINUTE)
    assert not may_take_over(unseen, engineer, now + 8 * MINUTE)
    assert may_take_over(unseen, engineer, now + 9 * MINUTE)


def test_e5_every_act_of_the_on_call_engineer_is_a_sign(
    unseen: Incident, engineer: User, oncall: User, now: datetime
) -> None:
    note_presence(incident=unseen, person=oncall, now=now)
    announce(incident_id=unseen.pk, actor=oncall, now=now + 4 * MINUTE, text="Checkout answers 500.")
    assert not may_take_over(unseen, engineer, now + 6 * MINUTE)
    with pytest.raises(StillOnCall):
        taken(unseen, engineer, now + 6 * MINUTE)


def test_e5_the_look_of_another_engineer_is_no_sign(unseen: Incident, engineer: User, now: datetime) -> None:
    assert not note_presence(incident=unseen, person=engineer, now=now)
    assert not LedgerEntry.objects.filter(kind="incident.on_call_seen").exists()


def test_e5_the_first_look_is_recorded_once(unseen: Incident, oncall: User, now: datetime) -> None:
    looks = [note_presence(incident=Incident.objects.get(), person=oncall, now=now) for _ in range(2)]
    assert looks == [True, False]
    assert LedgerEntry.objects.filter(kind="incident.on_call_seen").count() == 1


def test_e5_whoever_is_on_call_has_nothing_to_take_over(unseen: Incident, oncall: User, now: datetime) -> None:
    with pytest.raises(AlreadyOnCall):
        taken(unseen, oncall, now + 5 * MINUTE)


@pytest.mark.parametrize("who", ["stranger", "reviewer", "auditor", "cto", "administrator"])
def test_e5_only_an_engineer_of_the_service_takes_over(
    unseen: Incident, now: datetime, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(NotPermitted) as refusal:
        taken(unseen, request.getfixturevalue(who), now + 5 * MINUTE)
    assert refusal.value.rule == "E5"


def test_e5_a_take_over_outlasts_the_shifts(unseen: Incident, engineer: User, now: datetime) -> None:
    incident = taken(unseen, engineer, now + 5 * MINUTE)
    Shift.objects.all().delete()
    assert on_call_for(incident.service, now=now + 60 * MINUTE, incident=incident) == engineer


def test_e5_who_was_on_call_may_take_it_back(unseen: Incident, engineer: User, oncall: User, now: datetime) -> None:
    taken(unseen, engineer, now + 5 * MINUTE)
    assert taken(unseen, oncall, now + 11 * MINUTE).taken_over_by == oncall


def test_e6_the_lead_hands_over_with_one_click(incident: Incident, oncall: User, engineer: User, now: datetime) -> None:
    given = hand_over(incident_id=incident.pk, actor=oncall, to_id=engineer.pk, now=now, version=incident.version)
    assert given.lead == engineer
    assert on_call_for(given.service, now=now, incident=given) == oncall


def test_e6_nobody_but_the_lead_hands_over(incident: Incident, engineer: User, now: datetime) -> None:
    with pytest.raises(NotPermitted) as refusal:
        hand_over(incident_id=incident.pk, actor=engineer, to_id=engineer.pk, now=now, version=incident.version)
    assert refusal.value.rule == "E6"


@pytest.mark.parametrize("to", ["stranger", "reviewer", "auditor", "gone"])
def test_e6_the_lead_goes_to_an_active_engineer_of_the_service(
    incident: Incident, oncall: User, engineer: User, now: datetime, to: str, request: pytest.FixtureRequest
) -> None:
    person = engineer if to == "gone" else request.getfixturevalue(to)
    User.objects.filter(pk=engineer.pk).update(is_active=False)
    with pytest.raises(NotAnEngineerHere):
        hand_over(incident_id=incident.pk, actor=oncall, to_id=person.pk, now=now, version=incident.version)


def test_e3_any_engineer_declares_and_the_on_call_engineer_leads(
    service: Service, engineer: User, oncall: User, now: datetime
) -> None:
    incident = declare_incident(
        service_id=service.pk, trigger=Trigger.REGRESSION, title="Slow", now=now, actor=engineer
    )
    assert (incident.declared_by, incident.lead, incident.on_call_seen_at) == (engineer, oncall, None)


def test_with_nobody_on_call_whoever_declares_leads(service: Service, engineer: User, now: datetime) -> None:
    incident = declare_incident(
        service_id=service.pk, trigger=Trigger.REGRESSION, title="Slow", now=now, actor=engineer
    )
    assert incident.lead == engineer


def test_somebody_inactive_declares_nothing(service: Service, engineer: User, now: datetime) -> None:
    engineer.is_active = False
    with pytest.raises(NotPermitted):
        declare_incident(service_id=service.pk, trigger=Trigger.REGRESSION, title="x", now=now, actor=engineer)
    assert not Incident.objects.exists()


def test_two_incidents_of_one_service_merge_with_both_records_kept(
    incident: Incident, service: Service, oncall: User, now: datetime
) -> None:
    other = declare_incident(service_id=service.pk, trigger=Trigger.REGRESSION, title="Again", now=now, actor=oncall)
    merged = merge_incidents(incident_id=other.pk, into_id=incident.pk, actor=oncall, now=now, version=other.version)
    assert (merged.state, merged.resolution, merged.merged_into) == ("closed", "merged", incident)
    assert other.entries.filter(kind="incident.declared").exists()
    assert other.entries.get(kind="incident.merged").data == {"into": incident.number}


def test_incidents_of_two_services_do_not_merge(incident: Incident, oncall: User, now: datetime) -> None:
    search = Service.objects.create(slug="search", name="Search", repository="acme/search")
    other = declare_incident(service_id=search.pk, trigger=Trigger.ALERT, title="Other", now=now)
    for into in (other, incident):
        with pytest.raises(NotTheSameService):
            merge_incidents(incident_id=incident.pk, into_id=into.pk, actor=oncall, now=now, version=incident.version)


def test_nothing_merges_into_a_closed_incident(
    incident: Incident, service: Service, oncall: User, now: datetime
) -> None:
    other = declare_incident(service_id=service.pk, trigger=Trigger.REGRESSION, title="Again", now=now, actor=oncall)
    Incident.objects.filter(pk=incident.pk).update(state="closed", closed_at=now, resolution="recovered")
    with pytest.raises(AlreadyClosed):
        merge_incidents(incident_id=other.pk, into_id=incident.pk, actor=oncall, now=now, version=other.version)


def test_nobody_takes_over_what_is_closed(unseen: Incident, engineer: User, now: datetime) -> None:
    Incident.objects.update(state="closed", closed_at=now, resolution="recovered")
    with pytest.raises(NotInThatState):
        taken(unseen, engineer, now + 5 * MINUTE)


def test_a_change_of_another_service_is_never_the_suspect(change: Change, oncall: User, now: datetime) -> None:
    search = Service.objects.create(slug="search", name="Search", repository="acme/shop")
    incident = declare_incident(
        service_id=search.pk, trigger=Trigger.ALERT, title="Other", now=now, change_id=change.pk
    )
    assert not incident.suspects.exists()


@pytest.mark.parametrize(("trigger", "rule"), [(Trigger.DEPLOY_FAILED, "U1"), (Trigger.REGRESSION, "U2")])
def test_u1_u2_an_engineer_declares_with_the_last_deployed_change_as_suspect(
    service: Service, engineer: User, change: Change, now: datetime, trigger: Trigger, rule: str
) -> None:
    begun = now - 10 * MINUTE
    Deployment.objects.create(
        service=service, outside_id=1, sha=change.sha, state="succeeded", started_at=begun, finished_at=begun + MINUTE
    )
    incident = declare_incident(service_id=service.pk, trigger=trigger, title="It broke", now=now, actor=engineer)
    assert incident.suspects.get(chosen=True).change == change
    assert incident.entries.get(kind="incident.declared").rule == rule
