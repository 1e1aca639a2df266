"""Words for customers are the lead's to draft, or whom the drafting was handed to (P1, E6), until they are approved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from guardian.shortcuts import assign_perm, remove_perm

from incidents.models import Incident, LedgerEntry, Service, StatusUpdate
from incidents.procedure.public_words import LONGEST_MESSAGE, LONGEST_TITLE
from incidents.queries.duty import NotPermitted
from incidents.services.drafting import (
    Draft,
    NotADraft,
    NothingSaid,
    NoWords,
    WordsNeedALook,
    draft_update,
    hand_drafting,
)
from incidents.services.leading import NotAnEngineerHere
from incidents.services.locking import NotInThatState, StaleView

Write = Callable[..., StatusUpdate]
GOOD: dict[str, Any] = {
    "phase": "investigating",
    "title": "Disruption of Checkout",
    "message": "Some orders fail.",
    "components": {"Checkout": "degraded"},
    "notify": True,
}


@pytest.fixture
def service(service: Service) -> Service:
    service.status_components = ["Storefront", "Checkout"]
    service.save()
    return service


@pytest.fixture
def write(incident: Incident, oncall: User, now: datetime) -> Write:
    """Draft as the lead, or as `actor`."""

    def written(actor: User = oncall, **other: Any) -> StatusUpdate:
        return draft_update(incident_id=incident.pk, draft=Draft(**(GOOD | other)), actor=actor, now=now)

    return written


def told(incident: Incident, at: datetime, phase: str = "investigating") -> StatusUpdate:
    """Something that the public was told before."""
    return StatusUpdate.objects.create(
        incident=incident, phase=phase, state="posted", posted_at=at, title="Orders are disturbed", message="We look.",
        drafted_by=incident.lead, drafted_at=at,
    )  # fmt: skip


def test_p1_the_lead_drafts_and_it_stands_in_the_record(write: Write, incident: Incident) -> None:
    drafted = write()
    entry = LedgerEntry.objects.get(incident=incident, kind="status.drafted")
    assert (drafted.state, drafted.version, drafted.audiences) == ("draft", 1, ["console"])
    assert (entry.rule, entry.data["message"], entry.data["digest"]) == (
        "P1",
        "Some orders fail.",
        drafted.as_words().digest,
    )


@pytest.mark.parametrize("who", ["engineer", "reviewer", "cto", "auditor", "administrator", "stranger"])
def test_p1_nobody_but_the_lead_drafts(write: Write, request: pytest.FixtureRequest, who: str) -> None:
    with pytest.raises(NotPermitted) as refusal:
        write(actor=request.getfixturevalue(who))
    assert refusal.value.rule == "P1"
    assert not StatusUpdate.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"message": "  "}, "what customers notice"),
        ({"message": "x" * (LONGEST_MESSAGE + 3)}, "3 characters too long"),
        ({"title": " "}, "Give the report a title"),
        ({"title": "x" * (LONGEST_TITLE + 1)}, "1 characters too long"),
        ({"phase": "fixed"}, "how far it has come"),
        ({"components": {"Ledger": "down"}}, "no component “Ledger”"),
        ({"components": {"Checkout": "wobbly"}}, "operational, degraded or down"),
        ({"phase": "resolved"}, "cannot be resolved while Checkout is not operational"),
        ({"corrects": uuid4()}, "was not posted for this incident"),
    ],
)
def test_p1_what_makes_no_public_words_is_refused(write: Write, typed: dict[str, Any], words: str) -> None:
    with pytest.raises(NoWords, match=words):
        write(**typed)
    assert not StatusUpdate.objects.exists()


@pytest.mark.parametrize("message", ["It is probably the network.", "Back in 5 minutes.", "Because of a change."])
def test_s4_what_reads_like_a_guess_a_promise_or_a_cause_is_kept_only_knowingly(write: Write, message: str) -> None:
    with pytest.raises(WordsNeedALook) as refusal:
        write(message=message)
    assert refusal.value.rule == "S4"
    assert write(message=message, knowingly=True).message == message


def test_s4_names_of_engineers_are_marked(write: Write, oncall: User) -> None:
    oncall.first_name, oncall.last_name = "Role", "Holder"
    oncall.save()
    with pytest.raises(WordsNeedALook, match="names a person"):
        write(message="Role Holder is on it.")


def test_p1_a_draft_is_edited_freely_by_its_version(write: Write) -> None:
    first = write()
    second = write(message="Orders fail.", update_id=first.pk, version=first.version)
    assert (second.pk, second.message, second.version) == (first.pk, "Orders fail.", 2)
    with pytest.raises(StaleView):
        write(message="Nothing fails.", update_id=first.pk, version=first.version)
    assert StatusUpdate.objects.get().message == "Orders fail."


def test_p1_one_update_is_in_work_at_a_time(write: Write) -> None:
    write()
    with pytest.raises(StaleView, match="oncall is at a draft since 12:00:00 UTC"):
        write()


@pytest.mark.parametrize("state", ["approved", "posted", "withdrawn"])
def test_p2_what_was_approved_is_not_edited_any_more(write: Write, now: datetime, state: str) -> None:
    drafted = write()
    StatusUpdate.objects.update(state=state, posted_at=now if state == "posted" else None)
    with pytest.raises(NotADraft):
        write(update_id=drafted.pk, version=drafted.version)


def test_p1_a_report_keeps_its_title_and_a_correction_names_what_it_puts_right(
    write: Write, incident: Incident, now: datetime
) -> None:
    earlier = told(incident, now)
    correction = write(title="Another title", corrects=earlier.pk)
    assert (correction.title, correction.corrects) == ("Orders are disturbed", earlier)


def test_p1_only_the_catalogues_components_in_its_order(write: Write) -> None:
    drafted = write(components={"Checkout": "down", "Storefront": "operational"})
    assert drafted.components == [
        {"name": "Storefront", "state": "operational"},
        {"name": "Checkout", "state": "down"},
    ]


@pytest.mark.parametrize("state", ["escalated", "recovered"])
def test_e20_words_go_on_after_escalation_and_recovery(write: Write, incident: Incident, state: str) -> None:
    Incident.objects.filter(pk=incident.pk).update(state=state)
    assert write().state == "draft"


def test_p1_after_the_close_words_go_on_where_something_was_said(
    write: Write, incident: Incident, now: datetime
) -> None:
    Incident.objects.filter(pk=incident.pk).update(state="closed", resolution="recovered", closed_at=now)
    with pytest.raises(NothingSaid):
        write()
    told(incident, now - timedelta(minutes=5))
    assert write().state == "draft"


def test_e6_the_lead_hands_the_drafting_to_another_engineer_and_takes_it_back(
    write: Write, incident: Incident, oncall: User, engineer: User, now: datetime
) -> None:
    handed = hand_drafting(incident_id=incident.pk, actor=oncall, to_id=engineer.pk, now=now, version=incident.version)
    assert handed.lead == oncall
    assert LedgerEntry.objects.get(kind="incident.drafting_handed_over").data["to"] == "engineer"
    drafted = write(actor=engineer)
    assert write(message="Orders fail.", update_id=drafted.pk, version=1).version == 2, "the lead drafts still"
    hand_drafting(incident_id=incident.pk, actor=oncall, to_id=oncall.pk, now=now, version=handed.version)
    with pytest.raises(NotPermitted):
        write(actor=engineer, update_id=drafted.pk, version=2)


def test_e6_only_the_lead_hands_the_drafting_over_and_only_to_an_engineer_of_the_service(
    incident: Incident, oncall: User, engineer: User, stranger: User, now: datetime
) -> None:
    given = {"incident_id": incident.pk, "now": now, "version": incident.version}
    with pytest.raises(NotPermitted):
        hand_drafting(actor=engineer, to_id=engineer.pk, **given)
    with pytest.raises(NotAnEngineerHere):
        hand_drafting(actor=oncall, to_id=stranger.pk, **given)
    with pytest.raises(NotInThatState, match="oncall drafts already"):
        hand_drafting(actor=oncall, to_id=oncall.pk, **given)


def test_e6_who_is_no_engineer_any_more_drafts_no_more(
    write: Write, incident: Incident, oncall: User, engineer: User, service: Service, now: datetime
) -> None:
    assign_perm("respond_service", engineer, service)
    hand_drafting(incident_id=incident.pk, actor=oncall, to_id=engineer.pk, now=now, version=incident.version)
    remove_perm("respond_service", engineer, service)
    with pytest.raises(NotPermitted):
        write(actor=User.objects.get(pk=engineer.pk))
