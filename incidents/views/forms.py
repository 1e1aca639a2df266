"""The forms that are more than a button: declaring, and narrowing lists."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from incidents.models.incident import Trigger
from incidents.models.service import Service
from incidents.procedure.exporting import FORM_WORDS
from incidents.procedure.rules import RULES
from incidents.procedure.severity import SEVERITIES
from incidents.procedure.steps import IncidentState
from incidents.queries.audit import kinds_recorded
from incidents.queries.duty import services_for, visible_services
from incidents.queries.measures import MEASURES

SEVERITY_CHOICES = [(str(each.level), f"{each.name}: {each.meaning}") for each in SEVERITIES]


class DeclareForm(forms.Form):
    """Declare an incident by hand (U1, U2): a title and a service are enough."""

    title = forms.CharField(max_length=200, help_text="What is seen, not why: “Checkout answers 500”.")
    service = forms.ModelChoiceField(Service.objects.none(), to_field_name="slug", empty_label=None)
    severity = forms.ChoiceField(choices=SEVERITY_CHOICES, initial="2", widget=forms.RadioSelect)
    trigger = forms.ChoiceField(
        choices=[(Trigger.REGRESSION, "A regression was detected"), (Trigger.DEPLOY_FAILED, "A deploy failed")],
        initial=Trigger.REGRESSION,
        widget=forms.RadioSelect,
        label="What makes you use the procedure",
    )
    customers_affected = forms.BooleanField(required=False, initial=True, label="Customers feel it")
    suspect = forms.RegexField(
        r"^\s*[0-9a-fA-F]{7,64}\s*$", required=False, label="Suspected change",
        help_text="A commit id. It can be named later, too.",
        error_messages={"invalid": "This is no commit id: 7 to 64 hexadecimal digits, as git shows them."},
    )  # fmt: skip
    onset_at = forms.DateTimeField(
        required=False, label="Since when (UTC)", help_text="Empty means now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )  # fmt: skip

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = services_for(person, "respond_service").filter(retired=False).order_by("name")


class IncidentListForm(forms.Form):
    """Narrow the list of incidents."""

    q = forms.CharField(required=False, label="Search", max_length=100)
    state = forms.ChoiceField(
        required=False,
        choices=[("", "any state"), ("open", "open"), *[(each.value, each.value) for each in IncidentState]],
    )
    service = forms.ChoiceField(required=False)
    severity = forms.ChoiceField(required=False, choices=[("", "any severity"), *[(n, f"SEV {n}") for n in "123"]])

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_services(self, person)


class ChangeListForm(forms.Form):
    """Narrow the list of changes."""

    q = forms.CharField(required=False, label="Search", max_length=100)
    service = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_services(self, person)


_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class RecordForm(forms.Form):
    """Narrow the record to what is looked for; times are UTC, as in every entry."""

    person = forms.CharField(required=False, max_length=150)
    service = forms.ChoiceField(required=False)
    incident = forms.RegexField(
        r"^(?i:INC)-\d{4}-\d{1,9}$", required=False,
        error_messages={"invalid": "An incident’s number looks like INC-2026-0042."},
    )  # fmt: skip
    rule = forms.ChoiceField(required=False, choices=[("", "any rule"), *[(name, name) for name in RULES]])
    kind = forms.ChoiceField(required=False)
    since = forms.DateTimeField(required=False, label="From (UTC)", widget=_MOMENT)
    until = forms.DateTimeField(required=False, label="To (UTC)", widget=_MOMENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = Service.objects.order_by("name").values_list("slug", "name")
        _offer(self, "service", [("", "any service"), *services])
        _offer(self, "kind", _by_noun(kinds_recorded()))
        self.fields["person"].widget.attrs["list"] = "people"

    def clean_incident(self) -> str:
        """As it is written everywhere else."""
        return str(self.cleaned_data["incident"]).upper()


class ExportAskForm(forms.Form):
    """What to export: one incident, a period, or everything; times are UTC."""

    incident = forms.RegexField(
        r"^(?i:INC)-\d{4}-\d{1,9}$", required=False, help_text="Empty: everything.",
        error_messages={"invalid": "An incident’s number looks like INC-2026-0042."},
    )  # fmt: skip
    since = forms.DateTimeField(required=False, label="From (UTC)", widget=_MOMENT)
    until = forms.DateTimeField(required=False, label="To (UTC)", widget=_MOMENT)
    form = forms.ChoiceField(label="As", choices=[(each.value, words) for each, words in FORM_WORDS.items()])

    def clean_incident(self) -> str:
        """As it is written everywhere else."""
        return str(self.cleaned_data["incident"]).upper()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("incident") and (self.cleaned_data.get("since") or self.cleaned_data.get("until")):
            self.add_error("incident", "An incident is exported whole: leave the times empty, or the incident.")
        return cleaned


def _by_noun(kinds: Iterable[str]) -> list[Any]:
    """Kinds of entries under what they are about, as a select shows them."""
    nouns = groupby(kinds, key=lambda kind: kind.partition(".")[0])
    return [("", "any kind"), *[(noun.replace("_", " "), [(k, k) for k in found]) for noun, found in nouns]]


PERIODS = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("1095", "three years")]


class InsightsForm(forms.Form):
    """What the figures are made of."""

    days = forms.ChoiceField(required=False, label="Declared within", choices=PERIODS, initial="365")
    service = forms.ChoiceField(required=False)
    severity = forms.ChoiceField(required=False, choices=[("", "any severity"), *[(n, f"SEV {n}") for n in "123"]])
    measure = forms.ChoiceField(
        required=False,
        label="By month, service, severity",
        choices=[(key, each.name) for key, each in MEASURES.items()],
    )

    def __init__(self, data: QueryDict, *, person: User) -> None:
        super().__init__({"days": "365", "measure": "whole"} | {name: value for name, value in data.items() if value})
        _offer_services(self, person)


def _offer(form: forms.Form, name: str, choices: list[Any]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _offer_services(form: forms.Form, person: User) -> None:
    services = visible_services(person).order_by("name").values_list("slug", "name")
    _offer(form, "service", [("", "any service"), *services])
