"""What the style guide shows: every component once in every state, with invented content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, get_args

from django import forms, template
from django.utils import timezone

from incidents.queries import charts
from incidents.queries.shapes import (
    Action,
    AdviceView,
    Badge,
    ChangeRow,
    ChartView,
    Clock,
    Evidence,
    FileLine,
    FindingView,
    FiredRule,
    IncidentCard,
    Link,
    Meanwhile,
    PathView,
    PreviewView,
    Question,
    RefusalView,
    SeatView,
    StepRow,
    StepState,
    TimelineEntry,
    Tone,
)

register = template.Library()

_STATES: Final[dict[StepState, tuple[Tone, str]]] = {
    "blocked": ("idle", ""),
    "gated": ("wait", "waits for approval"),
    "ready": ("accent", "next"),
    "running": ("accent", "running"),
    "watching": ("accent", "in progress"),
    "done": ("ok", "done"),
    "failed": ("danger", "failed"),
    "unknown": ("warn", "unknown"),
    "skipped": ("idle", "skipped: not needed"),
    "cancelled": ("idle", "cancelled"),
}
_TONES: Final[tuple[tuple[Tone, str], ...]] = (
    ("danger", "siren"),
    ("warn", "triangle-alert"),
    ("ok", "check"),
    ("wait", "hourglass"),
    ("idle", "circle-dashed"),
    ("accent", "rotate-ccw"),
)
_VERDICTS: Final = (
    PreviewView("clean", Badge("reverts cleanly", "ok", "check"), "", files=(FileLine("shop/totals.py", 4, 88),)),
    PreviewView(
        "conflict", Badge("conflict in 1 file", "danger", "git-merge-conflict"), "", conflicts=("shop/cart.py",)
    ),
    PreviewView("already_undone", Badge("already undone", "idle", "undo-2"), ""),
    PreviewView("not_an_ancestor", Badge("never deployed from here", "warn", "git-branch"), ""),
    PreviewView("error", Badge("could not be computed", "danger", "x"), ""),
    PreviewView("pending", Badge("being computed", "idle", "loader"), ""),
)


class SampleForm(forms.Form):
    """One field of each kind, two of them wrong."""

    title = forms.CharField(label="What is broken", help_text="As a customer would say it.")
    service = forms.ChoiceField(choices=[("shop", "Shop")])
    words = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    severity = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("1", "SEV 1: a main function is gone"), ("2", "SEV 2: degraded for many")]
    )
    affected = forms.BooleanField(label="Customers are affected")


@dataclass(frozen=True, slots=True)
class Guide:
    """Everything on the style guide's page."""

    badges: tuple[Badge, ...]
    actions: tuple[Action, ...]
    clocks: tuple[Clock, ...]
    steps: tuple[StepRow, ...]
    findings: tuple[FindingView, ...]
    entries: tuple[TimelineEntry, ...]
    changes: tuple[ChangeRow, ...]
    cards: tuple[IncidentCard, ...]
    questions: tuple[Question, ...]
    advice: AdviceView
    chart: ChartView
    silent: ChartView
    refusal: RefusalView
    form: forms.Form


@register.simple_tag
def style_guide() -> Guide:
    """The guide's content, as of now."""
    now = timezone.now()
    return Guide(
        badges=tuple(Badge(tone, tone, icon, solid) for solid in (False, True) for tone, icon in _TONES),
        actions=_actions(),
        clocks=_clocks(now),
        steps=_steps(now),
        findings=_findings(),
        entries=_entries(now),
        changes=_changes(now),
        cards=_cards(now),
        questions=_questions(),
        advice=_advice(),
        chart=charts.draw(
            _series(now), title="Error ratio", threshold=0.01, moments=[("deployed", now - timedelta(minutes=12))]
        ),
        silent=charts.draw([], title="Error ratio"),
        refusal=RefusalView("This plan was executed already.", "E14", (Meanwhile("oncall", "executed plan 1", now),)),
        form=SampleForm({"service": "shop", "severity": "2"}),
    )


def _actions() -> tuple[Action, ...]:
    return (
        Action("Primary", "primary", "jump", target="buttons", icon="play", shortcut="e"),
        Action("Plain", "plain", "jump", target="buttons"),
        Action("Danger", "danger", "jump", target="buttons", icon="octagon-pause"),
        Action("Quiet", "quiet", "jump", target="buttons"),
    )


def _clocks(now: datetime) -> tuple[Clock, ...]:
    return (
        Clock("Since onset", since=now - timedelta(minutes=11, seconds=42)),
        Clock("Retrospective due", until=now + timedelta(hours=23)),
        Clock("Declared → decided", seconds=68),
        Clock("Error rate now", value="7.4 %", tone="danger"),
    )


def _steps(now: datetime) -> tuple[StepRow, ...]:
    return tuple(_step(now, place, state, *_STATES[state]) for place, state in enumerate(get_args(StepState), start=1))


def _step(now: datetime, place: int, state: StepState, tone: Tone, words: str) -> StepRow:
    plain = StepRow(str(place), place, f"A step that is {state}", ("R4",), state, tone, words)
    more: dict[StepState, StepRow] = {
        "gated": replace(plain, rules=("M3",), seats=(SeatView("CTO", "cto", now), SeatView("on-call DBA"))),
        "running": replace(plain, started_at=now - timedelta(seconds=2)),
        "watching": replace(plain, started_at=now - timedelta(seconds=112), progress=45, command="gh run watch 4471"),
        "done": replace(plain, seconds=0.7, evidence=(Evidence("", "#steps", "c0ffe41"), Evidence("on master"))),
        "failed": replace(plain, attempts=3, error="GitHub refused the merge: a required check is red."),
        "unknown": replace(
            plain,
            error="GitHub dropped the answer after the request was sent.",
            waiting="The console asks again until it knows.",
            waiting_since=now - timedelta(seconds=40),
        ),
    }
    return more.get(state, plain)


def _findings() -> tuple[FindingView, ...]:
    code = 'AddField("order", "points", IntegerField(null=True))'
    return (
        FindingView("No credential comes back", "ok", ("C1",), "no name removed or rotated"),
        FindingView("Additive, but on customer data", "warn", ("M1", "M3"), "", "0042_points.py:14", code=code),
        FindingView("A column is dropped", "danger", ("M2",), "the old code reads it"),
        FindingView("An operation the console does not know", "wait", ("E9",), "one question for you"),
    )


def _entries(now: datetime) -> tuple[TimelineEntry, ...]:
    return (
        TimelineEntry(3, now, "console", "Merged", rules=("R4",), link=Link("#1191", "#timeline"), tone="ok"),
        TimelineEntry(2, now, "people", "decided: roll back #1187", "oncall", ("D1", "D4"), tone="accent"),
        TimelineEntry(1, now, "console", "Declared: an alert fired", rules=("U3",), detail="ErrorRatio", tone="danger"),
    )


def _changes(now: datetime) -> tuple[ChangeRow, ...]:
    return tuple(
        ChangeRow(
            sha=f"{number:040x}",
            short_sha=f"{number:07x}",
            title="A change of the cart",
            author="engineer",
            service="shop",
            url="#rows",
            page_url="#rows",
            preview=preview,
            number=number,
            deployed_at=now - timedelta(hours=1),
            roll_back_url="#rows" if preview.clean else "",
        )
        for number, preview in enumerate(_VERDICTS, start=1180)
    )


def _cards(now: datetime) -> tuple[IncidentCard, ...]:
    burning = IncidentCard(
        number="INC-2026-0042",
        url="#rows",
        title="Checkout answers 500",
        service="shop",
        severity=Badge("SEV 1", "danger", "flame", solid=True),
        state=Badge("rolling back", "accent", "rotate-ccw"),
        customers_affected=True,
        onset_at=now - timedelta(minutes=12),
        declared_at=now - timedelta(minutes=11),
        lead="oncall",
        now="The revert is on its way to production.",
        tone="accent",
    )
    over = replace(
        burning,
        number="INC-2026-0041",
        severity=Badge("SEV 3", "idle", "info", solid=True),
        state=Badge("recovered", "ok", "check"),
        now="",
        is_open=False,
        seconds_to_recover=842.0,
    )
    return burning, over


def _questions() -> tuple[Question, ...]:
    return (
        Question(
            "sample_threshold", "Has the alert crossed its threshold?", ("D1",), "yes", "", "7.4 % over 1 %", True
        ),
        Question("sample_cause", "Do you know the root cause?", ("D4",), "", "Known, not suspected."),
    )


def _advice() -> AdviceView:
    return AdviceView(
        words="The procedure says: roll back.",
        tone="accent",
        advised="rollback",
        act="Roll back #1187",
        fired=(FiredRule("D1", "the error-rate threshold is exceeded", "7.4 % > 1 %"),),
        paths=(
            PathView("rollback", "Roll back #1187", True, "The default.", advised=True),
            PathView("roll_forward", "Roll forward", False, "Only with all of D5.", missing=("the fix is prepared",)),
        ),
        blockers=(FiredRule("M3", "The migration touches customer data."),),
        unanswered=1,
    )


def _series(now: datetime) -> list[charts.Point]:
    """Twenty quiet minutes with a break in them, then an outage."""
    return [
        charts.Point(
            now - timedelta(minutes=30 - minute),
            None if 8 < minute < 11 else 0.002 + 0.001 * (minute % 2) + max(0, min(minute - 18, 6)) * 0.012,
        )
        for minute in range(31)
    ]
