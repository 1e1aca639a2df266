"""The administrators' pages: what is saved there is recorded, what is referenced stays, and only they come in."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from incidents.admin import COLUMNS, Shown
from incidents.models import Change, Identity, Incident, LedgerEntry, Seat, Service, Shift
from incidents.models.ledger import first_broken_entry
from incidents.services.clock import database_now
from incidents.services.people import ensure_group, ensure_person, follow_roles
from incidents.services.recording import record_in

PASSWORD = "a-password-of-the-tests"
INLINE = re.compile(r"""<script>|<script (?![^>]*(?:src|type="application/json"))[^>]*>| on\w+="|<style""")
SHOWN = [model._meta.model_name for model, page in site._registry.items() if isinstance(page, Shown)]


@pytest.fixture
def office(db: None, now: datetime) -> User:
    """An administrator as the console makes one: of the group, no superuser."""
    return ensure_person(
        username="office", email="office@example.com", password=PASSWORD, groups=("administrator",), github="", now=now
    )


@pytest.fixture
def desk(office: User, client: Client) -> Client:
    client.force_login(office)
    return client


def page(model: str, what: str, *args: object) -> str:
    app = "auth" if model == "user" else "incidents"
    return reverse(f"admin:{app}_{model}_{what}", args=args)


def form_of(desk: Client, address: str) -> dict[str, object]:
    """What a browser would send back without a change."""
    form = desk.get(address).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    told = {name: value for name, value in fields.items() if value is not None and value is not False}
    told |= {f"initial-{name}": fields[name] for name, field in form.fields.items() if field.show_hidden_initial}
    for name in ("starts_at", "ends_at", "verified_at"):
        if at := told.pop(name, None):
            told |= {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M:%S}"}
    return told


def newest(stream: str) -> LedgerEntry:
    return LedgerEntry.objects.filter(stream_id=stream).order_by("-seq")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/services/", "/people/", "/services/shop/", "/admin/", "/admin/incidents/service/",
        "/admin/incidents/service/add/", "/admin/incidents/shift/add/", "/admin/incidents/identity/add/",
        "/admin/incidents/ledgerentry/", "/admin/incidents/delivery/", "/admin/auth/user/", "/admin/auth/user/add/",
    ],
)  # fmt: skip
def test_an_administrator_s_pages_open_and_need_nothing_inline(desk: Client, service: Service, path: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 200
    assert INLINE.findall(answer.content.decode()) == []


def test_a_saved_service_is_recorded_in_the_catalogue_s_stream(desk: Client, office: User, service: Service) -> None:
    address = page("service", "change", service.pk)
    answer = desk.post(address, {**form_of(desk, address), "name": "The shop", "alert_threshold": "0.1"})
    assert answer.status_code == 302
    service.refresh_from_db()
    entry = newest("catalogue")
    assert (service.name, service.alert_threshold) == ("The shop", 0.1)
    assert (entry.kind, entry.actor) == ("service.changed", office)
    assert entry.data == {"service": "shop", "changed": {"name": "The shop", "alert_threshold": 0.1}}
    assert first_broken_entry("catalogue") is None


def test_a_save_that_changes_nothing_is_no_news(desk: Client, service: Service) -> None:
    address = page("service", "change", service.pk)
    assert desk.post(address, form_of(desk, address)).status_code == 302
    assert not LedgerEntry.objects.filter(stream_id="catalogue").exists()


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("repository", "shop"), ("flags", '"loyalty"'), ("alert_labels", '["shop"]'), ("alert_every_seconds", "0"),
        ("recovery_samples", "0"), ("customer_tables", "[1]"),
    ],
)  # fmt: skip
def test_a_service_is_checked_as_strictly_as_in_the_catalogue_file(
    desk: Client, service: Service, column: str, wrong: str
) -> None:
    address = page("service", "change", service.pk)
    answer = desk.post(address, {**form_of(desk, address), column: wrong})
    assert answer.status_code == 200
    assert column in answer.context["adminform"].form.errors


def test_every_column_that_the_catalogue_rules_over_can_be_edited(desk: Client) -> None:
    shown = set(desk.get(page("service", "add")).context["adminform"].form.fields)
    assert shown == {*COLUMNS, "retired"}


def test_a_shift_is_added_changed_and_removed_in_the_stream_access(
    desk: Client, office: User, service: Service, engineer: User
) -> None:
    begin = database_now() + timedelta(days=1)
    given = {"person": engineer.pk, "seat": Seat.ON_CALL, "service": service.pk, "starts_at_0": f"{begin:%Y-%m-%d}",
             "starts_at_1": "08:00:00", "ends_at_0": f"{begin:%Y-%m-%d}", "ends_at_1": "20:00:00"}  # fmt: skip
    assert desk.post(page("shift", "add"), given).status_code == 302
    shift = Shift.objects.get(person=engineer)
    assert (newest("access").kind, newest("access").actor) == ("shift.added", office)
    desk.post(page("shift", "change", shift.pk), {**given, "ends_at_1": "22:00:00"})
    assert (newest("access").kind, list(newest("access").data["changed"])) == ("shift.changed", ["ends_at"])
    desk.post(page("shift", "delete", shift.pk), {"post": "yes"})
    assert newest("access").kind == "shift.removed"
    assert newest("access").data["person"] == "engineer"
    assert not Shift.objects.filter(pk=shift.pk).exists()


def test_e5_a_shift_that_has_begun_is_kept(desk: Client, oncall: User) -> None:
    shift = Shift.objects.get(person=oncall)
    assert desk.post(page("shift", "delete", shift.pk), {"post": "yes"}).status_code == 403
    assert Shift.objects.filter(pk=shift.pk).exists()


def test_a_shift_that_ends_before_it_starts_is_refused_in_words(desk: Client, oncall: User) -> None:
    address = page("shift", "change", Shift.objects.get(person=oncall).pk)
    answer = desk.post(address, {**form_of(desk, address), "ends_at_0": "2001-01-01"})
    assert answer.status_code == 200
    assert answer.context["errors"]


def test_r3_a_login_elsewhere_is_recorded(desk: Client, engineer: User) -> None:
    given = {"person": engineer.pk, "place": "github", "login": "engineer", "verified_at_0": "", "verified_at_1": ""}
    assert desk.post(page("identity", "add"), given).status_code == 302
    assert newest("access").kind == "identity.added"
    assert Identity.objects.get(person=engineer).login == "engineer"


def test_a_service_is_retired_and_never_deleted(desk: Client, incident: Incident) -> None:
    assert desk.post(page("service", "delete", incident.service.pk), {"post": "yes"}).status_code == 403
    assert Service.objects.filter(pk=incident.service.pk).exists()


@pytest.mark.parametrize("model", SHOWN)
def test_what_comes_from_outside_and_the_record_are_only_shown(desk: Client, incident: Incident, model: str) -> None:
    record_in("access", "access.looked", at=incident.declared_at)
    assert desk.get(page(model, "changelist")).status_code == 200
    assert desk.get(page(model, "add")).status_code == 403
    for row in {"change": Change, "ledgerentry": LedgerEntry}.get(model, Change).objects.all()[:1]:
        if model in ("change", "ledgerentry"):
            assert desk.get(page(model, "change", row.pk)).status_code == 200
            assert desk.post(page(model, "change", row.pk), {}).status_code == 403
            assert desk.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_there_are_pages_that_are_only_shown() -> None:
    assert set(SHOWN) == {"change", "deployment", "alert", "delivery", "ledgerentry"}


def test_a_role_given_is_recorded_and_opens_the_pages(desk: Client, engineer: User) -> None:
    address = page("user", "change", engineer.pk)
    group = ensure_group("administrator")
    answer = desk.post(address, {**form_of(desk, address), "groups": [group.pk]})
    assert answer.status_code == 302
    engineer.refresh_from_db()
    assert engineer.is_staff
    assert newest("access").data == {"person": "engineer", "changed": {"groups": ["administrator"]}}


def test_a_password_given_by_an_administrator_is_recorded_without_it(desk: Client, engineer: User) -> None:
    address = reverse("admin:auth_user_password_change", args=[engineer.pk])
    other = "another-password-of-the-tests"
    assert desk.post(address, {"password1": other, "password2": other, "usable_password": "true"}).status_code == 302
    assert newest("access").kind == "person.given_password"
    assert other not in newest("access").text


def test_nobody_changes_their_own_roles(desk: Client, office: User) -> None:
    answer = desk.post(page("user", "change", office.pk), {"username": "office", "groups": []})
    assert answer.status_code == 403
    assert office.groups.exists()


def test_no_account_is_deleted(desk: Client, engineer: User) -> None:
    assert desk.post(page("user", "delete", engineer.pk), {"post": "yes"}).status_code == 403


def test_an_administrator_cannot_touch_a_superuser(desk: Client) -> None:
    root = User.objects.create_superuser("owner", "owner@example.com", PASSWORD)
    assert desk.post(page("user", "change", root.pk), {"username": "owner"}).status_code == 403


def test_who_is_no_administrator_any_more_is_shut_out(desk: Client, office: User) -> None:
    office.groups.clear()
    follow_roles(person=office)
    assert desk.get(reverse("admin:index")).status_code in (302, 403)


@pytest.mark.parametrize("who", ["oncall", "cto", "auditor", "stranger"])
def test_only_administrators_come_in(request: pytest.FixtureRequest, client: Client, who: str) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_the_admin_pages_have_no_door_of_their_own(db: None, client: Client) -> None:
    answer = client.get(reverse("admin:login"))
    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


def test_the_first_administrator_comes_in_by_the_command_line(
    db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", _Typed(PASSWORD))
    call_command("add_person", "first", "--role=administrator", "--role=cto")
    first = User.objects.get(username="first")
    assert "administrator, cto" in capsys.readouterr().out
    assert (first.is_staff, first.is_superuser, first.check_password(PASSWORD)) == (True, False, True)


def test_a_password_that_is_too_simple_adds_nobody(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", _Typed("secret"))
    with pytest.raises(CommandError, match="at least 12"):
        call_command("add_person", "first")
    assert not User.objects.exists()


class _Typed:
    """Standard input that is no terminal."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        return f"{self._line}\n"
