"""The room's doors for public words: they work, keep what was typed, refuse strangers and readers, show who waits."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from approvals.models import ApprovalRequest
from incidents.models import Incident, Service, StatusUpdate, Step
from incidents.queries.lists import dashboard
from incidents.queries.room import room_of

FORM = {
    "phase": "investigating", "title": "Disruption of Checkout", "message": "Some orders fail.",
    "component-Checkout": "down", "component-Storefront": "", "notify": "yes", "what": "ask",
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    settings.STATUS_FOLDER = str(tmp_path / "status")


@pytest.fixture
def service(service: Service) -> Service:
    service.status_components = ["Storefront", "Checkout"]
    service.save()
    return service


def post(client: Client, person: User, incident: Incident, door: str, **form: str) -> tuple[int, str]:
    client.force_login(person)
    answer = client.post(f"/incidents/{incident.number}/{door}", form, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def told(incident: Incident, at: datetime, phase: str = "investigating") -> StatusUpdate:
    return StatusUpdate.objects.create(
        incident=incident, phase=phase, state="posted", posted_at=at, title="Orders are disturbed", message="We look.",
        drafted_by=incident.lead, drafted_at=at,
    )  # fmt: skip


def test_p1_one_press_keeps_what_was_typed_and_asks(client: Client, incident: Incident, oncall: User) -> None:
    assert post(client, oncall, incident, "words", **FORM)[0] == 204
    update = StatusUpdate.objects.get()
    assert (update.state, update.notify, update.components) == (
        "asked",
        True,
        [{"name": "Checkout", "state": "down"}],
    )
    assert ApprovalRequest.objects.get().rule_id == "P2"


def test_p1_a_draft_is_kept_without_asking(client: Client, incident: Incident, oncall: User) -> None:
    assert post(client, oncall, incident, "words", **(FORM | {"what": "draft"}))[0] == 204
    assert StatusUpdate.objects.get().state == "draft"
    assert not ApprovalRequest.objects.exists()


def test_s4_a_guess_comes_back_marked_with_all_that_was_typed_and_is_asked_knowingly(
    client: Client, incident: Incident, oncall: User
) -> None:
    typed = FORM | {"message": "It is probably\r\nthe network."}
    status, shown = post(client, oncall, incident, "words", **typed)
    assert status == 422
    assert "<mark" in shown
    assert 'value="Disruption of Checkout"' in shown
    assert '<option value="down" selected>' in shown
    assert "checked" in shown.partition('name="notify"')[2][:40]
    seen = "Disruption of Checkout It is probably the network."
    assert f'name="knowingly" value="{seen}"' in shown
    assert post(client, oncall, incident, "words", **(typed | {"knowingly": "something else"}))[0] == 422
    assert post(client, oncall, incident, "words", **(typed | {"knowingly": seen}))[0] == 204


@pytest.mark.parametrize("missing", ["message", "title", "phase"])
def test_p1_what_is_missing_is_said_in_the_form(client: Client, incident: Incident, oncall: User, missing: str) -> None:
    status, shown = post(client, oncall, incident, "words", **(FORM | {missing: ""}))
    assert status == 422
    assert 'role="alert"' in shown


def test_a_stale_form_is_told_who_was_faster(client: Client, incident: Incident, oncall: User) -> None:
    post(client, oncall, incident, "words", **FORM)
    status, shown = post(client, oncall, incident, "words", **FORM)
    assert (status, "oncall" in shown) == (409, True)
    update = StatusUpdate.objects.get()
    stale = FORM | {"update": str(update.pk), "seen": str(update.version + 1), "message": "New."}
    assert post(client, oncall, incident, "words", **stale)[0] == 409


@pytest.mark.parametrize("form", [{"update": "x"}, {"corrects": "x"}])
def test_a_form_that_names_nonsense_is_bad(
    client: Client, incident: Incident, oncall: User, form: dict[str, str]
) -> None:
    assert post(client, oncall, incident, "words", **(FORM | form))[0] == 400


@pytest.mark.parametrize("door", ["words", "words/fields", "words/preview", "hand-drafting"])
@pytest.mark.parametrize("who", ["stranger", "auditor", "engineer", "reviewer"])
def test_p1_only_who_drafts_comes_in(
    client: Client, incident: Incident, request: pytest.FixtureRequest, who: str, door: str
) -> None:
    person = request.getfixturevalue(who)
    assert post(client, person, incident, door, **FORM, to="1", version="1")[0] == 403
    assert not StatusUpdate.objects.exists()
    assert client.get(f"/incidents/{incident.number}/{door}").status_code == 405


def test_p1_the_preview_is_what_the_public_will_read(client: Client, incident: Incident, oncall: User) -> None:
    _, shown = post(client, oncall, incident, "words/preview", **(FORM | {"message": "It is <b>probably</b> fine."}))
    assert "It is &lt;b&gt;probably&lt;/b&gt; fine." in shown
    assert "Checkout" in shown
    assert "Storefront" not in shown
    assert "Subscribers are notified." in shown
    assert "<mark" in shown


def test_p1_another_phase_brings_its_template_unless_the_words_are_ones_own(
    client: Client, incident: Incident, oncall: User
) -> None:
    client.force_login(oncall)
    room = client.get(f"/incidents/{incident.number}/").content.decode()
    template = "We are investigating a disruption of Storefront and Checkout"
    assert template in room
    typed = FORM | {"component-Storefront": "degraded", "message": "", "phase": "monitoring"}
    _, shown = post(client, oncall, incident, "words/fields", **typed)
    assert "Normal service of Storefront and Checkout is restored." in shown
    assert shown.count('value="operational" selected') == 2
    _, shown = post(client, oncall, incident, "words/fields", **(typed | {"message": "Our own words."}))
    assert "Our own words." in shown
    assert '<option value="down" selected>' in shown


def test_e6_the_lead_hands_the_drafting_over(client: Client, incident: Incident, oncall: User, engineer: User) -> None:
    given = {"to": str(engineer.pk), "version": str(incident.version)}
    assert post(client, oncall, incident, "hand-drafting", **given)[0] == 204
    assert post(client, engineer, incident, "words", **FORM)[0] == 204
    assert post(client, oncall, incident, "hand-drafting", to="nobody", version="2")[0] == 400


def test_words_are_taken_back_by_their_door(client: Client, incident: Incident, oncall: User) -> None:
    post(client, oncall, incident, "words", **FORM)
    update = StatusUpdate.objects.get()
    door = f"words/{update.pk}"
    assert post(client, oncall, incident, f"{door}/post", version=str(update.version))[0] == 409
    assert post(client, oncall, incident, f"{door}/shout", version="1")[0] == 404
    assert post(client, oncall, incident, f"{door}/withdraw", version=str(update.version))[0] == 204
    assert post(client, oncall, incident, f"{door}/withdraw", version=str(update.version))[0] == 409


def test_p1_the_room_reminds_until_resolved_and_louder_once_recovered(incident: Incident, now: datetime) -> None:
    silent = room_of(incident, now).words.standing
    assert silent is not None
    assert silent.words == "Customers feel this, and nothing has been said in public yet."
    told(incident, now)
    standing = room_of(incident, now).words.standing
    assert standing is not None
    assert (standing.tone, standing.words) == ("warn", "The public page still says “investigating”.")
    incident.state, incident.recovered_at = "recovered", now
    standing = room_of(incident, now).words.standing
    assert standing is not None
    assert (standing.tone, standing.since) == ("danger", now)
    assert standing.words == "The service has recovered, and the public page still says “investigating”."
    told(incident, now + timedelta(seconds=1), "resolved")
    assert room_of(incident, now).words.standing is None


def test_p1_the_dashboard_reminds_of_closed_incidents_too(incident: Incident, oncall: User, now: datetime) -> None:
    told(incident, now)
    Incident.objects.filter(pk=incident.pk).update(state="closed", resolution="recovered", closed_at=now)
    (report,) = dashboard(oncall, now).left_standing
    assert (report.number, report.standing.tone) == (incident.number, "danger")
    told(incident, now + timedelta(seconds=1), "resolved")
    assert dashboard(oncall, now).left_standing == ()


def test_p2_everybody_in_the_room_sees_for_whom_it_waits(
    client: Client, incident: Incident, oncall: User, auditor: User
) -> None:
    post(client, oncall, incident, "words", **FORM)
    client.force_login(auditor)
    shown = client.get(f"/incidents/{incident.number}/").content.decode()
    assert "Not approved yet by CTO or CISO." in shown
    assert "Some orders fail." in shown
    assert 'id="words-form"' not in shown


def test_e17_the_closing_dialog_asks_for_the_word_on_the_public_page(
    client: Client, incident: Incident, oncall: User, now: datetime
) -> None:
    told(incident, now)
    client.force_login(oncall)
    assert 'name="public_stays"' in client.get(f"/incidents/{incident.number}/").content.decode()
    given = {"version": str(incident.version), "reason": "It was a test."}
    assert post(client, oncall, incident, "false-alarm", **given)[0] == 409
    assert post(client, oncall, incident, "false-alarm", **given, public_stays="yes")[0] == 204


def test_p1_in_doubt_a_person_is_offered_both_answers(
    client: Client, incident: Incident, oncall: User, now: datetime
) -> None:
    update = told(incident, now)
    step = Step.objects.create(
        incident=incident, kind="post_status", rule="P1", state="unknown", asked_at=now, sentence="Look, then say.",
        parameters={"update": str(update.pk), "digest": "x", "published_at": now.isoformat()},
    )  # fmt: skip
    client.force_login(oncall)
    shown = client.get(f"/incidents/{incident.number}/").content.decode()
    assert "It is not there: post it" in shown
    assert "It is posted" in shown
    evidence = {"seen": "unknown", "evidence": "https://status.example/reports/1"}
    assert post(client, oncall, incident, f"steps/{step.pk}/record", **evidence)[0] == 204
    assert 'href="https://status.example/reports/1"' in client.get(f"/incidents/{incident.number}/").content.decode()
