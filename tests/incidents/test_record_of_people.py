"""What the record says of people: sign-ins that failed, told together; and texts that are taken out on request."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from incidents.models import FailedSignIn, Incident, LedgerEntry
from incidents.models.ledger import first_broken_entry, stream_of
from incidents.queries.duty import NotPermitted
from incidents.queries.timeline import entry_in_words
from incidents.services.knocking import note_failed_sign_in, tell_failed_sign_ins
from incidents.services.redacting import NothingToRedact, redact_entries, redact_name, without

pytestmark = pytest.mark.django_db


def test_a_sign_in_that_failed_is_told_within_a_minute_with_name_and_address(engineer: User, now: datetime) -> None:
    client = Client(REMOTE_ADDR="192.0.2.9")
    for _ in range(2):
        client.post("/accounts/login/", {"login": "engineer", "password": "wrong"})
    assert not LedgerEntry.objects.filter(stream_id="access").exists()
    assert tell_failed_sign_ins(now=now) == 2
    told = LedgerEntry.objects.get(kind="access.sign_ins_failed")
    (knock,) = told.data["tries"]
    assert (knock["login"], knock["address"], knock["how"], knock["times"]) == ("engineer", "192.0.2.9", "password", 2)
    assert "engineer" not in told.text
    assert tell_failed_sign_ins(now=now) == 0


def test_an_attack_makes_one_entry_and_names_the_most_frequent(now: datetime) -> None:
    for number in range(60):
        note_failed_sign_in(login=f"somebody{number}", address="192.0.2.9", how="password", now=now)
    for _ in range(9):
        note_failed_sign_in(login="cto", address="192.0.2.9", how="throttled", now=now)
    tell_failed_sign_ins(now=now)
    told = LedgerEntry.objects.get(kind="access.sign_ins_failed")
    assert (told.data["times"], told.data["throttled"], told.data["untold"]) == (69, 9, 11)
    assert told.data["tries"][0]["login"] == "cto"
    assert entry_in_words(told).words == "69 sign-ins failed, 9 of them put off"
    assert not FailedSignIn.objects.exists()


def test_a_name_is_redacted_wherever_it_stands_and_the_chain_holds(
    incident: Incident, administrator: User, now: datetime
) -> None:
    assert redact_name(name="oncall", reason="they asked for it", actor=administrator, now=now) > 0
    entries = LedgerEntry.objects.filter(stream_id=stream_of(incident))
    assert {entry.who for entry in entries if entry.actor_id} == {"redacted"}
    assert first_broken_entry(stream_of(incident)) is None
    told = LedgerEntry.objects.get(kind="record.redacted")
    assert (told.who, told.data["reason"]) == ("administrator", "they asked for it")
    assert "oncall" not in told.text
    with pytest.raises(NothingToRedact):
        redact_name(name="oncall", reason="once more", actor=administrator, now=now)


@pytest.mark.parametrize(
    ("text", "gone"),
    [("oncall", True), ("No sign of oncall for 5 min.", True), ("ONCALL", True), ("oncallers", False), ("cto", False)],
)
def test_a_name_counts_where_it_is_a_word_of_its_own(text: str, gone: bool) -> None:
    assert (without({"c": ["00", text]}, "oncall")["c"] is None) == gone


def test_only_an_administrator_redacts_and_says_why(
    incident: Incident, oncall: User, auditor: User, administrator: User, now: datetime
) -> None:
    for person in (oncall, auditor):
        with pytest.raises(NotPermitted):
            redact_name(name="oncall", reason="so", actor=person, now=now)
    ids = LedgerEntry.objects.values_list("pk", flat=True)
    with pytest.raises(NothingToRedact, match="Say why"):
        redact_entries(entry_ids=ids, reason=" ", actor=administrator, now=now)


def test_chosen_entries_are_redacted_on_the_administration_page(incident: Incident, administrator: User) -> None:
    User.objects.filter(pk=administrator.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(administrator)
    entry = LedgerEntry.objects.filter(stream_id=stream_of(incident)).earliest("seq")
    form = {"action": "redact", "_selected_action": [entry.pk], "reason": "they asked for it"}
    client.post("/admin/incidents/ledgerentry/", form)
    assert LedgerEntry.objects.get(pk=entry.pk).who == "redacted"
