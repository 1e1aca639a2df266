"""What every page writes alike: rule tags, icons, moments, clocks and figures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django import template
from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

from incidents.procedure.rules import RULES
from incidents.queries.procedure import documents_for
from incidents.queries.spans import in_words

register = template.Library()

_MOMENT_FORMATS: Final = {"time": "%H:%M:%S", "minute": "%H:%M", "day": "%-d %b %H:%M", "date": "%-d %b %Y"}
_MARKDOWN: Final = (
    (r"\*\*(.+?)\*\*", r"<strong>\1</strong>"),
    (r"\*(.+?)\*", r"<em>\1</em>"),
    (r"`(.+?)`", r"<code>\1</code>"),
)
_RULE_ID: Final = re.compile(r"\b[A-Z][1-9]\d?\b")
_CITATION: Final = re.compile(r"\([A-Z][1-9]\d?(?:, [A-Z][1-9]\d?)*\)")
_STEP_ICONS: Final = {
    "done": "check",
    "failed": "x",
    "unknown": "circle-question-mark",
    "watching": "eye",
    "gated": "lock",
    "ready": "play",
    "skipped": "skip-forward",
    "cancelled": "ban",
}
_PERCENT_DIGITS: Final = ((0.1, 0), (0.01, 1), (0.0, 2))


@lru_cache(maxsize=256)
def _drawing(name: str, size: int) -> SafeString:
    try:
        return mark_safe(lucide(name, size=size, aria_hidden="true", focusable="false", **{"class": "icon"}))  # noqa: S308 - the package draws it
    except IconDoesNotExist:
        return SafeString("")  # the word beside it says the same; a drawing must not take the incident room down


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """A lucide icon, hidden from screen readers: a word beside it always says the same."""
    return _drawing(str(name), size) if name else SafeString("")


@register.simple_tag
def step_mark(state: str, place: int) -> SafeString:
    """What stands in a step's mark: an icon by its state, its place before its turn, nothing while it turns."""
    if state == "running":
        return SafeString("")
    name = _STEP_ICONS.get(state)
    return _drawing(name, 13) if name else SafeString(str(place))


@register.simple_tag
def rule(identifier: str) -> SafeString:
    """A rule as a small tag that leads to its text, and shows it on hover or tap."""
    return _rule_tag(str(identifier))


@register.simple_tag
def rules(identifiers: Iterable[str]) -> SafeString:
    """Several rules as small tags."""
    return format_html_join(" ", "{}", ((_rule_tag(str(identifier)),) for identifier in identifiers))


@register.simple_tag
def documents(identifiers: Iterable[str]) -> SafeString:
    """The organisation's own documents that these rules lean on, linked; nothing where no address is set."""
    found = {each.title: each.url for identifier in identifiers for each in documents_for(str(identifier))}
    return format_html_join(" ", '<a class="document" href="{}">{}</a>', ((url, title) for title, url in found.items()))


@lru_cache(maxsize=256)
def _rule_tag(identifier: str) -> SafeString:
    if not identifier:
        return SafeString("")
    return format_html(
        '<a class="rule" href="{}#{}" title="{}">{}</a>',
        reverse("incidents:procedure"),
        identifier,
        _plain(RULES[identifier].text) if identifier in RULES else "",
        identifier,
    )


def _plain(text: str) -> str:
    return text.replace("*", "").replace("`", "")


@register.filter
def emphasised(text: str) -> SafeString:
    """A rule's text with its three kinds of Markdown (strong, emphasis, code) as HTML, and rules it names as tags."""
    html = str(escape(text))
    for found, shown in _MARKDOWN:
        html = re.sub(found, shown, html)
    return _tagged(html)


@register.filter
def cited(text: str) -> SafeString:
    """A sentence of the console in which rules cited in brackets, `(M3)` or `(S1, E4)`, are tags that lead to them."""
    return mark_safe(_CITATION.sub(_citation, str(conditional_escape(text))))  # noqa: S308 - escaped here


def _citation(found: re.Match[str]) -> str:
    ids = _RULE_ID.findall(found[0])
    return " ".join(map(_rule_tag, ids)) if RULES.keys() >= set(ids) else found[0]


def _tagged(html: str) -> SafeString:
    """Every id of a rule as its tag; for HTML of our own texts, where `S3` is never anything else."""
    return mark_safe(_RULE_ID.sub(lambda found: _rule_tag(found[0]) if found[0] in RULES else found[0], html))  # noqa: S308 - escaped by the caller


@register.simple_tag
def moment(at: datetime | None, form: str = "time") -> SafeString:
    """A moment: in UTC as written here, turned into local time by clocks.js, UTC on hover (`settled.md`, Time)."""
    if at is None:
        return SafeString("–")
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-moment="{}" title="{}">{}</time>',
        utc.isoformat(timespec="seconds"),
        form,
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        utc.strftime(_MOMENT_FORMATS[form]),
    )


@register.simple_tag
def public_moment(at: datetime | None) -> SafeString:
    """A moment for readers without JavaScript and of every time zone: “8 May 2026, 14:02 UTC”."""
    if at is None:
        return SafeString("–")
    utc = at.astimezone(UTC)
    form = '<time datetime="{}">{}</time>'
    return format_html(form, utc.isoformat(timespec="seconds"), utc.strftime("%-d %b %Y, %H:%M UTC"))


@register.filter
def iso_moment(at: datetime | None) -> str:
    """A moment as a feed wants it; the epoch where there is none yet."""
    return (at or datetime.fromtimestamp(0, UTC)).astimezone(UTC).isoformat(timespec="seconds")


@register.simple_tag
def elapsed(since: datetime | None) -> SafeString:
    """A clock that runs since a moment; without JavaScript it says how long it had been when the page was made."""
    return _ticking(since, "elapsed", 1)


@register.simple_tag
def countdown(until: datetime | None) -> SafeString:
    """A clock that runs down to a moment, then counts how late it is."""
    return _ticking(until, "countdown", -1)


def _ticking(at: datetime | None, way: str, sign: int) -> SafeString:
    if at is None:
        return SafeString("–")
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-clock="{}" title="{}">{}</time>',
        utc.isoformat(timespec="seconds"),
        way,
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        clock_words(sign * (timezone.now() - utc).total_seconds()),
    )


@register.filter
def clock_words(seconds: float | None) -> str:
    """A running clock: `11:42`, `1:02:09`, `2 d 04:10`; a minus when it is past its end."""
    if seconds is None:
        return "–"
    whole = int(abs(seconds))
    sign = "−" if seconds <= -1 else ""
    days, rest = divmod(whole, 86_400)
    hours, minutes, left = rest // 3600, rest % 3600 // 60, rest % 60
    if days:
        return f"{sign}{days} d {hours:02}:{minutes:02}"
    return f"{sign}{hours}:{minutes:02}:{left:02}" if hours else f"{sign}{minutes:02}:{left:02}"


@register.filter
def span(seconds: float | None) -> str:
    """A finished span: `0.7 s`, `48 s`, `1 min 16 s`, `2 h 05 min`, `3 d 4 h`."""
    return in_words(seconds)


@register.filter
def percent(ratio: float | None) -> str:
    """A ratio as a percentage with as many digits as tell something: `0.12 %`, `7.4 %`, `31 %`."""
    if ratio is None:
        return "no data"
    digits = next(digits for floor, digits in _PERCENT_DIGITS if ratio >= floor)
    figure = f"{ratio * 100:.{digits}f}"
    return f"{figure.rstrip('0').rstrip('.') if digits else figure} %"


@register.filter
def words(text: str) -> list[str]:
    """A text as its words."""
    return text.split()


@register.filter
def beginning(digest: str) -> str:
    """The first eight signs of a digest or commit id."""
    return digest[:8]


@register.simple_tag(name="input")
def input_of(field: BoundField) -> SafeString:
    """A form field's own control, dressed as ours."""
    return field.as_widget(attrs={"class": "input"})


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], *names: str) -> SafeString:
    """`aria-current="page"` where the page shown is one of these addresses."""
    match = getattr(context.get("request"), "resolver_match", None)
    return mark_safe(' aria-current="page"') if match and match.view_name in names else SafeString("")
