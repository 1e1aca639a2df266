"""What the record has to say to each section of T2, as Markdown that people go on from."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from incidents.models.incident import Incident, Trigger
from incidents.models.retrospective import Retrospective
from incidents.models.step import Step
from incidents.procedure.decision import PATH_WORDS, Path
from incidents.procedure.retrospective import LONGEST_SECTION, Section, Silence
from incidents.procedure.steps import StepState
from incidents.queries.badges import STEPS
from incidents.queries.decisions import decision_view
from incidents.queries.recollection import Recollection
from incidents.queries.shapes import Fact
from incidents.queries.steps import title_of

MOST_ENTRIES: Final = 300


def texts_of(retrospective: Retrospective) -> dict[Section, str]:
    """Every section as it stands: what people wrote, or what the record says where nobody has written yet."""
    written = {each.name: each for each in retrospective.sections.all()}
    recalled = Recollection(retrospective.incident, retrospective.opened_at)
    return {
        name: written[name.value].text
        if name.value in written and written[name.value].version
        else WRITERS[name](recalled)
        for name in Section
    }


def prefilled_text(incident: Incident, section: Section) -> str:
    """What the record says to one section."""
    return WRITERS[section](Recollection(incident, incident.retrospective.opened_at))


def _written(lines: Iterator[str]) -> str:
    return "\n".join(lines)[:LONGEST_SECTION]


def timeline_text(recalled: Recollection) -> str:
    """Every entry on a line of its own, with the silences between them marked."""
    return _written(_timeline(recalled))


def _timeline(recalled: Recollection) -> Iterator[str]:
    incident = recalled.incident
    yield f"{_day(incident.onset_at)}, times in UTC."
    yield ""
    moments = [(incident.onset_at, "Onset, as it was declared")]
    shown = recalled.timeline[:MOST_ENTRIES]
    moments += [(each.at, " ".join(f"{each.who}: {each.words}".removeprefix(": ").split())) for each in shown]
    gaps = {gap.since: gap for gap in recalled.silences}
    for at, words in sorted(moments, key=lambda each: each[0]):
        yield f"- {_time(at)} {words}"
        if gap := gaps.pop(at, None):
            yield f"- **{_minutes(gap.length)} without an entry, to {_time(gap.until)}.** What was done meanwhile?"
    if left := len(recalled.timeline) - len(shown):
        yield f"- … and {left} more entries in the record."


def blast_radius_text(recalled: Recollection) -> str:
    """How long, how badly, and what customers were told."""
    return _written(_blast_radius(recalled))


def _blast_radius(recalled: Recollection) -> Iterator[str]:
    incident = recalled.incident
    felt = "customers felt it" if incident.customer_impact else "customers did not feel it"
    yield f"- SEV {incident.severity}: {felt}."
    yield f"- {_time(incident.onset_at)} to {_time(recalled.end)} UTC: {_minutes(recalled.end - incident.onset_at)}."
    for alert in recalled.alerts:
        until = f" until {_time(alert.ended_at)}" if alert.ended_at else ""
        yield f"- The alert {alert.name} fired from {_time(alert.started_at)}{until} UTC."
    yield "- How many customers, and what could they not do?"
    if recalled.told:
        yield ""
        yield "What customers were told:"
        yield ""
    for update in recalled.told:
        yield f"- {_time(update.posted_at)} {update.phase}: {' '.join(update.message.split())}"


def trigger_text(recalled: Recollection) -> str:
    """What set it off: the rule of the declaring, the change held to be the cause, and what the decision rested on."""
    return _written(_trigger(recalled))


def _trigger(recalled: Recollection) -> Iterator[str]:
    incident = recalled.incident
    yield f"- {incident.trigger}: {Trigger(incident.trigger).label}."
    for suspect in recalled.suspects:
        change, fate = suspect.change, "taken back, and it did not help" if suspect.tried_at else ""
        held = fate or ("held to be the cause" if suspect.chosen else "suspected")
        number = f"#{change.pull_request} " if change.pull_request else ""
        yield f"- {number}{change.title} ({change.short_sha}), by {change.author}, {_moment(change.merged_at)}: {held}."
    for decision in recalled.decisions:
        view = decision_view(decision)
        yield f"- Decided {_time(decision.decided_at)} by {view.by}: {PATH_WORDS[Path(decision.path)]}."
        yield from (f"    - {fired.rule}: {fired.words}" for fired in view.fired)


def action_text(recalled: Recollection) -> str:
    """What was done, step by step, with the references; who approved it stands in the record beside it."""
    return _written(_action(recalled))


def _action(recalled: Recollection) -> Iterator[str]:
    if not recalled.steps:
        yield "Nothing was run by the console. What was done instead?"
        if recalled.incident.closing_words:
            yield ""
            yield recalled.incident.closing_words
    for step in [*recalled.bleed, *recalled.steps]:
        yield f"- {_time(step.finished_at)} {title_of(step)} ({step.rule}): {_outcome(step)}"


def _outcome(step: Step) -> str:
    said = " ".join(step.sentence.split()) or f"{STEPS[step.state][1]}."
    words = said if step.state == StepState.DONE else f"{STEPS[step.state][1]}. {step.sentence}".strip()
    return f"{words} <{step.url}>" if step.url else words


WRITERS: Final[Mapping[Section, Callable[[Recollection], str]]] = {
    Section.TIMELINE: timeline_text,
    Section.BLAST_RADIUS: blast_radius_text,
    Section.TRIGGER: trigger_text,
    Section.ACTION: action_text,
}


def blast_facts(recalled: Recollection) -> tuple[Fact, ...]:
    """The blast radius as figures."""
    incident = recalled.incident
    return (
        Fact("Severity", f"SEV {incident.severity}"),
        Fact("Customers", "affected" if incident.customer_impact else "not affected"),
        Fact("Onset", f"{_time(incident.onset_at)} UTC"),
        Fact("End", f"{_time(recalled.end)} UTC"),
        Fact("Length", _minutes(recalled.end - incident.onset_at)),
    )


def gap_words(gap: Silence) -> str:
    """A silence of the record in words."""
    return f"{_minutes(gap.length)} without an entry"


def _minutes(span: timedelta) -> str:
    minutes = max(1, round(span.total_seconds() / 60))
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else "--:--:--"


def _moment(at: datetime) -> str:
    return f"{_day(at)} {_time(at)} UTC"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %b %Y}"
