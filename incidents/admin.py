"""The administrators' pages: what they look after may be edited and is recorded, all else is only shown."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet, URLField
from django.http import HttpRequest, HttpResponse

from incidents.models import Alert, Change, Delivery, Deployment, Deputy, Identity, LedgerEntry, Service, Shift
from incidents.procedure.refusals import Refusal
from incidents.queries.linking import RULES
from incidents.services import catalogue, catalogue_file
from incidents.services.catalogue_file import Field
from incidents.services.clock import database_now
from incidents.services.people import follow_roles
from incidents.services.recording import record_in
from incidents.services.redacting import redact_entries

Row = TypeVar("Row", bound=Model)

admin.site.site_header = admin.site.site_title = "Rollback Console"
# One door to sign in by: throttled, with second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth's documentation does
admin.site.unregister([User, Group])

COLUMNS: Final[Mapping[str, Field]] = {
    **{name: catalogue_file.SERVICE[name] for name in ("slug", *catalogue.PLAIN)},
    **{column: catalogue_file.ALERT[name] for name, column in catalogue.ALERT.items()},
    **{column: catalogue_file.CHANNEL[name] for name, column in catalogue.CHANNEL.items()},
}
"""What a column of a service may hold: the same as in the catalogue file."""


class Recorded(admin.ModelAdmin[Row]):
    """Each save stands in the ledger, in the transaction that saves; nothing is deleted by the dozen."""

    stream = "access"
    noun = ""
    actions = None

    def about(self, row: Row) -> dict[str, Any]:
        """What names the row in its entry."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = {name: plain(form.cleaned_data[name]) for name in form.changed_data if "password" not in name}
        if changed or not change:
            self.tell(request, "changed" if change else "added", **self.about(obj), changed=changed)

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        self.tell(request, "removed", **self.about(obj))
        super().delete_model(request, obj)

    def tell(self, request: HttpRequest, what: str, **facts: Any) -> None:
        """Append to the ledger what this person did."""
        record_in(self.stream, f"{self.noun}.{what}", at=database_now(), actor=cast("User", request.user), **facts)


def plain(value: Any) -> Any:
    """A form's value as it stands in an entry: rows by their names."""
    if isinstance(value, QuerySet):
        return sorted(str(each) for each in value)
    return str(value) if isinstance(value, Model) else value


class Shown(admin.ModelAdmin[Row]):
    """Rows that come from outside, or that must not change: to be read, never edited."""

    actions = None
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


class ServiceForm(forms.ModelForm[Service]):
    """A service as strict as the catalogue file is."""

    dashboard_url = forms.URLField(required=False, max_length=200, assume_scheme="https")

    class Meta:
        model = Service
        fields = (*COLUMNS, "retired")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for name, field in COLUMNS.items():
            held = self.cleaned_data.get(name)
            if held not in (None, "", [], {}) and not field.reads(held):
                self.add_error(name, f"It wants {field.wants}.")
        return cleaned


@admin.register(Service)
class ServiceAdmin(Recorded[Service]):
    """Services are retired, never deleted: incidents point at them. The catalogue file wins when it is loaded again."""

    form = ServiceForm
    stream = "catalogue"
    noun = "service"
    list_display = ("name", "repository", "branch", "environment", "customer_facing", "retired")
    list_filter = ("retired", "customer_facing")
    search_fields = ("slug", "name", "repository")
    fieldsets = (
        (None, {"fields": ("slug", "name", "production", "customer_facing", "retired")}),
        ("Code and deploy", {"fields": ("repository", "branch", "workflow", "environment")}),
        ("Alert and recovery (R5, E12)", {"fields": (*catalogue.ALERT.values(), "recovery_samples", "dashboard_url")}),
        ("Retrospective (E21)", {"fields": ("retrospective_days",)}),
        ("Stop the bleed (S)", {"fields": ("flags", "drain_targets", "minimum_healthy", "channel_id", "channel_name")}),
        ("Customers (M3, P1)", {"fields": ("customer_tables", "status_components")}),
        ("Reading a change (M1, D5)", {"fields": ("database", "flag_wrappers")}),
    )

    def about(self, row: Service) -> dict[str, Any]:
        return {"service": row.slug}

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        """The slug stands in addresses and in the catalogue file."""
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:
        return False


@admin.register(Shift)
class ShiftAdmin(Recorded[Shift]):
    """Who is on call (E5). A shift that has begun is ended by its end, and kept; only a coming one may be removed."""

    noun = "shift"
    list_display = ("person", "seat", "service", "starts_at", "ends_at")
    list_filter = ("seat", "service")
    list_select_related = ("person", "service")
    date_hierarchy = "starts_at"
    fields = ("person", "seat", "service", "starts_at", "ends_at")

    def about(self, row: Shift) -> dict[str, Any]:
        service = row.service.slug if row.service else None
        return {"rule": "E5", "person": row.person.username, "seat": row.seat, "service": service,
                "starts_at": row.starts_at, "ends_at": row.ends_at}  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Shift | None = None) -> bool:
        begun = obj is not None and obj.starts_at <= database_now()
        return not begun and super().has_delete_permission(request, obj)


@admin.register(Identity)
class IdentityAdmin(Recorded[Identity]):
    """A person's login elsewhere, verified by an administrator's word. Only a verified one counts (R3, P2, E15)."""

    noun = "identity"
    list_display = ("person", "place", "login", "verified_at")
    list_filter = ("place",)
    search_fields = ("login", "person__username")
    list_select_related = ("person",)
    fields = ("person", "place", "login", "verified_at")

    def about(self, row: Identity) -> dict[str, Any]:
        return {"rule": RULES[row.place], "person": row.person.username, "place": row.place, "login": row.login}

    def has_change_permission(self, request: HttpRequest, obj: Identity | None = None) -> bool:
        """An administrator's word links others; their own login they prove like everybody, under “You elsewhere”."""
        return (obj is None or obj.person != request.user) and super().has_change_permission(request, obj)


@admin.register(Deputy)
class DeputyAdmin(Recorded[Deputy]):
    """Who stands in for a role's holder who cannot, or does not, answer (E14, E15)."""

    noun = "deputy"
    list_display = ("role", "person")
    list_select_related = ("person",)
    fields = ("role", "person")

    def about(self, row: Deputy) -> dict[str, Any]:
        return {"rule": "E14", "role": row.role, "person": row.person.username}


@admin.register(User)
class PersonAdmin(Recorded[User], UserAdmin[User]):
    """People and their roles: nobody changes their own or makes a superuser; accounts are switched off, not deleted."""

    noun = "person"
    list_display = ("username", "email", "is_active", "is_staff")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "email")
    ordering = ("username",)
    fieldsets = ((None, {"fields": ("username", "password", "email", "is_active", "groups")}),)
    add_fieldsets = ((None, {"fields": ("username", "email", "usable_password", "password1", "password2")}),)

    def about(self, row: User) -> dict[str, Any]:
        return {"person": row.username}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        follow_roles(person=form.instance)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            self.tell(request, "given_password", person=User.objects.get(pk=id).username)
        return answer

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        theirs = obj is not None and (obj == request.user or obj.is_superuser) and not request.user.is_superuser
        return not theirs and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Change)
class ChangeAdmin(Shown[Change]):
    list_display = ("short_sha", "title", "service", "kind", "author", "merged_at")
    list_filter = ("service", "kind")
    search_fields = ("sha", "title")
    list_select_related = ("service",)


@admin.register(Deployment)
class DeploymentAdmin(Shown[Deployment]):
    list_display = ("outside_id", "service", "sha", "state", "started_at", "finished_at")
    list_filter = ("service", "state")
    search_fields = ("sha",)
    list_select_related = ("service",)


@admin.register(Alert)
class AlertAdmin(Shown[Alert]):
    list_display = ("name", "service", "state", "incident", "started_at", "ended_at")
    list_filter = ("service", "state")
    list_select_related = ("service", "incident")


@admin.register(Delivery)
class DeliveryAdmin(Shown[Delivery]):
    """Webhooks as they came, and what became of them."""

    list_display = ("received_at", "source", "event", "verdict", "words")
    list_filter = ("source", "verdict", "event")
    ordering = ("-received_at",)
    fields = ("source", "key", "event", "verdict", "words", "received_at", "sent")

    @admin.display(description="body")
    def sent(self, delivery: Delivery) -> str:
        """The body as text."""
        return bytes(delivery.body).decode("utf-8", "replace")


class RedactionForm(ActionForm):
    """The action asks why."""

    reason = forms.CharField(required=False, max_length=300, label="Reason")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(Shown[LedgerEntry]):
    """The record, newest first. Nothing of it changes; personal texts may be taken out, with a reason."""

    actions = ("redact",)  # type: ignore[assignment]  # None means that there are none
    action_form = RedactionForm

    list_display = ("at", "stream", "seq", "kind", "rule", "who")
    list_filter = ("kind", "rule")
    search_fields = ("actor__username", "incident__number")
    list_select_related = ("stream",)
    ordering = ("-id",)
    show_full_result_count = False

    @admin.action(description="Redact the personal texts of the selected entries")
    def redact(self, request: HttpRequest, chosen: QuerySet[LedgerEntry]) -> None:
        """Take them out, or say why not."""
        reason, ids = request.POST.get("reason", ""), list(chosen.values_list("pk", flat=True))
        try:
            count = redact_entries(entry_ids=ids, reason=reason, actor=cast("User", request.user), now=database_now())
        except Refusal as refusal:
            self.message_user(request, refusal.words, messages.ERROR)
        else:
            self.message_user(request, f"{count} personal texts redacted.")
