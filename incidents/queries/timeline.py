"""The ledger in words: what an on-call reads, newest first, each entry with its rule and its number."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from incidents.models.checkpoint import StreamCheck
from incidents.models.incident import Incident
from incidents.models.ledger import LedgerEntry, stream_of
from incidents.procedure.decision import PATH_WORDS, Path
from incidents.procedure.retrospective import SECTIONS, Section
from incidents.procedure.steps import FORMS, StepKind
from incidents.queries.deputies import ROLE_WORDS
from incidents.queries.shapes import IntactView, Link, TimelineEntry, TimelinePanel, Tone

PAGE: Final = 40
Facts = Mapping[str, Any]


def _step(facts: Facts) -> str:
    kind = facts.get("step_kind", "")
    return FORMS[StepKind(kind)].title if kind in list(StepKind) else "Step"


def _said(what: str) -> Callable[[Facts], str]:
    return lambda facts: f"{_step(facts)}: {what}"


def _with_words(what: str) -> Callable[[Facts], str]:
    return lambda facts: f"{_step(facts)}: {facts.get('words') or what}"


def _woken(facts: Facts) -> str:
    """Who is being woken, and which roles nobody can fill."""
    names = ", ".join(f"{each['person']} ({_part(each)})" for each in facts["woken"])
    nobody = ", ".join(ROLE_WORDS.get(role, role) for role in facts["nobody"])
    sentences = (f"Woken: {names}." if names else "", f"Nobody can answer as {nobody}." if nobody else "")
    return " ".join(filter(None, sentences))


def _part(each: Facts) -> str:
    role = ROLE_WORDS[each["role"]]
    return f"deputy of the {role}" if each["deputy"] else role


def _seat(facts: Facts) -> str:
    return ROLE_WORDS.get(str(facts["seat"]), str(facts["seat"]))


def _seats(facts: Facts) -> str:
    asked = facts["seats"]
    return (" and " if asked["how"] == "all" else " or ").join(str(seat["words"]) for seat in asked["seats"])


def _approvers(facts: Facts) -> str:
    said = [f"{each['person']} as {_seat(each)}{_flagged(each)}" for each in facts["approvers"]]
    return " and ".join(said)


def _flagged(approver: Facts) -> str:
    return f" ({', '.join(approver['flags'])})" if approver["flags"] else ""


def _section(facts: Facts) -> str:
    return SECTIONS[Section(facts["section"])].title


def _registered(facts: Facts) -> str:
    if facts["how"] == "here":
        return "here: no intake is set"
    return f"with the intake {facts['how']}{': ' if facts['reference'] else ''}{facts['reference']}"


def _late(facts: Facts) -> str:
    """By how much the term was missed, in the largest unit that says it."""
    late = int(facts.get("late_seconds") or 0)
    if not late:
        return ""
    words = f"{late // 3600} h" if late >= 7200 else f"{max(1, late // 60)} min"
    return f", {words} late"


def _after(facts: Facts) -> str:
    return ", after it was complete" if facts["after_completion"] else ""


def _by_issue(facts: Facts) -> str:
    return f" with issue #{facts['issue']}" if facts.get("issue") else ""


def _on(base: str) -> str:
    return f" on {base[:8]}" if base else ""


def _reminded(facts: Facts) -> str:
    """Who was told of what is due, how late, and whom nothing reached."""
    what = f"{facts['words']}, due {facts['due_at'][:16].replace('T', ' ')} UTC"
    late = f" This was {_minutes(facts['late_by'])} late." if facts["late_by"] else ""
    missed = f" Passed over: {', '.join(facts['passed_over'])}." if facts["passed_over"] else ""
    return f"{what}. {_reached(facts['told'])}{late}{missed}"


def _reached(told: Sequence[Facts]) -> str:
    if not told:
        return "There is nobody to tell."
    return "".join(f"Told {each['person']}{_by(each['ways'])}." for each in told)


def _by(ways: Sequence[str]) -> str:
    return f" by {' and '.join(ways)}" if ways else " on this page alone: no way is known to reach them"


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _exported(facts: Facts) -> str:
    if facts.get("of"):
        return str(facts["of"])
    if not (facts.get("since") or facts.get("until")):
        return "the whole record"
    return f"the record from {facts.get('since') or 'its beginning'} to {facts.get('until') or 'then'}"


WORDS: Final[Mapping[str, Callable[[Facts], str]]] = {
    "incident.declared": lambda f: f"Declared: {f['title']}",
    "incident.on_call_seen": lambda _: "The on-call engineer is here",
    "incident.taken_over": lambda f: f"Took over. {f.get('why', '')}".strip(),
    "incident.handed_over": lambda f: f"Handed the lead to {f['to']}",
    "incident.recovered": lambda _: "Recovered",
    "incident.not_helped": lambda f: f"It did not help. {f.get('words') or 'Back to the decision.'}",
    "incident.merged": lambda f: f"Merged into {f['into']}",
    "incident.closed": lambda f: f"Closed: {f['resolution'].replace('_', ' ')}. {f.get('words') or ''}".strip(),
    "people.woken": _woken,
    "retrospective.opened": lambda _: "The retrospective is open, to be registered within 24 hours",
    "retrospective.registered": lambda f: f"The retrospective is registered {_registered(f)}{_late(f)}",
    "retrospective.edited": lambda f: f"Wrote “{_section(f)}” of the retrospective, version {f['version']}{_after(f)}",
    "retrospective.set_aside": lambda f: f"Set own words for “{_section(f)}” aside for version {f['version']}",
    "retrospective.completed": lambda f: f"The retrospective is complete{_late(f)}",
    "drill.acted": lambda f: f"A stand-in plays the {f['part']}: {f['act']}",
    "drill.refused": lambda f: f"Refused: {f['words']}",
    "deadline.reminded": lambda f: f"Reminded: {_reminded(f)}",
    "deadline.escalated": lambda f: f"Escalated to the {ROLE_WORDS[f['ear']]}: {_reminded(f)}",
    "deadline.done": lambda f: f"{'Done late' if f['late'] else 'Done in time'}: {f['words']}",
    "incident.drafting_handed_over": lambda f: f"Handed the drafting of public words to {f['to']}",
    "status.drafted": lambda f: f"Public words drafted ({f['phase']}): {f['message']}",
    "status.posted": lambda f: f"Told the public ({f['phase']}): {f['message']}",
    "status.withdrawn": lambda _: "Drafted words taken back",
    "follow_up.added": lambda f: f"Follow-up: {f['words']}",
    "follow_up.changed": lambda f: f"Follow-up changed: {f['words']}",
    "follow_up.done": lambda f: f"Follow-up done{_by_issue(f)}: {f['words']}",
    "follow_up.given_up": lambda f: f"Follow-up given up{_by_issue(f)}: {f['words']}",
    "suspect.named": lambda f: f"Suspected: {f['change'][:8]} {f['title']}",
    "suspect.asked": lambda f: f"Asked about {f['reference'][:12]}: being looked up",
    "suspect.refused": lambda f: f["words"],
    "assessment.computed": lambda f: f"Preview of {f['change'][:8]}: {f['words']}",
    "alert.fired": lambda f: f"Alert {f['alert']} fires",
    "alert.resolved": lambda f: f"Alert {f['alert']} is over",
    "guard.shipped_again": lambda f: f["words"],
    "change.reapplied": lambda f: f"Reapplied: {f['change'][:8]} “{f['title']}” is back with {f['sha'][:8]}",
    "deploy.by_others": lambda f: " ".join(
        filter(None, ["Another deploy went out:", f["sha"][:8], f"“{f['title']}”" if f["title"] else "", f["author"]])
    ),
    "deploy.failed": lambda f: f"The deploy of {f['sha'][:8]} failed",
    "decision.taken": lambda f: f"Decided: {PATH_WORDS[Path(f['path'])]}",
    "approval.asked": lambda f: f"Asked {_seats(f)}: {f['question']}",
    "approval.approved": lambda f: f"Approved as {_seat(f)}",
    "approval.refused": lambda f: f"Refused as {_seat(f)}: {f['reason']}",
    "approval.vote_withdrawn": lambda f: f"Took the answer as {_seat(f)} back",
    "approval.request_withdrawn": lambda f: f"Question taken back: {f.get('reason') or 'by who asked'}",
    "approval.voided": lambda _: "Approval voided: what would run has changed",
    "approval.kept": lambda f: f"Approval kept. {f['words']}",
    "approval.consumed": lambda f: f"Approval used: {_approvers(f)}",
    "approval.glass_broken": lambda f: f"Broke the glass: it runs without the approval. {f['reason']}",
    "approval.expired": lambda _: "The question to the approvers expired",
    "approval.press_refused": lambda f: f"A press in the chat did not count. {f['words']}",
    "approval.judged_again": lambda f: f"Judged again: {f.get('why') or 'approved'}",
    "plan.made": lambda f: f"Plan {f['plan']} made: {len(f['steps'])} steps{_on(f['base'])}",
    "decision.reopened": lambda f: f"Decides again: {PATH_WORDS[Path(f['path'])]} was decided before",
    "fix.named": lambda f: f"Named the fix: pull request #{f['number']}",
    "fix.refused": lambda f: f["words"],
    "confirmation.looked_up": lambda f: f["words"],
    "confirmation.given": lambda f: f"Confirmed with {f['asked']}: the previous credential is valid. {f['checked']}",
    "confirmation.denied": lambda f: f"The previous credential is no longer valid, says {f['asked']}. {f['checked']}",
    "plan.executed": lambda f: f"Executed plan {f['plan']}",
    "plan.frozen": lambda f: f"Plan {f['plan']} is frozen: nothing further of it starts",
    "escalation.seen": lambda _: "Has opened the escalated room",
    "escalation.acknowledged": lambda _: "Has it: the escalation is answered",
    "plan.stopped": lambda f: f"Stopped plan {f['plan']} before its next step",
    "plan.resumed": lambda f: f"Goes on with plan {f['plan']}",
    "plan.replaced": lambda f: f"Plan {f['plan']} was replaced",
    "step.asked": lambda f: f"{_step(f)}: {f['said']}" if f.get("said") else f"{_step(f)}: asked for",
    "step.ready": _said("ready to start"),
    "step.cancelled": _with_words("cancelled"),
    "step.held": _with_words("held"),
    "step.started": lambda f: f"{_step(f)}: attempt {f['attempt']}",
    "step.watching": _with_words("watching"),
    "step.postponed": _with_words("tried again later"),
    "step.done": _with_words("done"),
    "step.failed": _with_words("failed"),
    "step.unknown": _with_words("outcome unknown"),
    "step.retried": _said("tried again"),
    "step.skipped": lambda f: f"{_step(f)}: skipped. {f['reason']}",
    "step.recorded_by_hand": lambda f: f"{_step(f)}: done by hand. {f['evidence']}",
    "step.self_approved": lambda _: "Self-approved: no other reviewer is available",
    "step.attested": lambda f: f"Recovery attested: {f['evidence']}",
    "export.asked": lambda f: f"Asked for an export of {_exported(f)}",
    "export.made": lambda f: f"Export of {_exported(f)} made: {f['rows']} entries. {f['words']}".strip(),
    "export.failed": lambda f: f"Export of {_exported(f)} failed. {f['words']}",
    "export.downloaded": lambda f: f"Downloaded the export of {_exported(f)}",
    "export.expired": lambda f: f"Export of {_exported(f)} removed, its time was over",
    "record.not_intact": lambda f: f"The record is not intact: entry {f['entry']} of {f['of']}",
    "record.redacted": lambda f: f"Redacted {f['texts']} personal texts in {f['entries']} entries. {f['reason']}",
    "access.sign_ins_failed": lambda f: f"{f['times']} sign-ins failed, {f['throttled']} of them put off",
    "step.adopted": lambda f: f"Adopted {f['branch']}",
}
TONES: Final[Mapping[str, Tone]] = {
    "incident.declared": "danger",
    "incident.recovered": "ok",
    "incident.not_helped": "warn",
    "alert.fired": "danger",
    "alert.resolved": "ok",
    "deploy.by_others": "danger",
    "guard.shipped_again": "danger",
    "record.not_intact": "danger",
    "export.failed": "danger",
    "deploy.failed": "danger",
    "decision.taken": "accent",
    "people.woken": "accent",
    "deadline.reminded": "wait",
    "deadline.escalated": "warn",
    "approval.asked": "wait",
    "approval.approved": "ok",
    "approval.refused": "danger",
    "approval.voided": "warn",
    "approval.glass_broken": "danger",
    "approval.press_refused": "warn",
    "approval.expired": "warn",
    "plan.executed": "accent",
    "plan.frozen": "warn",
    "escalation.acknowledged": "ok",
    "plan.stopped": "warn",
    "retrospective.completed": "ok",
    "follow_up.done": "ok",
    "step.done": "ok",
    "step.failed": "danger",
    "step.unknown": "danger",
    "step.postponed": "warn",
    "step.self_approved": "warn",
}
QUIET: Final = ("step.ready", "step.started", "deadline.set", "deadline.dropped", "retrospective.edited")


def timeline_of(incident: Incident, *, before: int | None = None) -> TimelinePanel:
    """The newest entries, or those older than the number `before`; the noise of the runner is left to the record."""
    entries = LedgerEntry.objects.filter(stream_id=stream_of(incident)).exclude(kind__in=QUIET)
    if before is not None:
        entries = entries.filter(seq__lt=before)
    found = list(entries.select_related("personal", "stream__check_made").order_by("-seq")[: PAGE + 1])
    shown = found[:PAGE]
    return TimelinePanel(
        entries=tuple(entry_in_words(each) for each in shown),
        intact=_intact(shown[0]) if shown else IntactView(),
        before=shown[-1].seq if len(found) > PAGE else None,
    )


def _intact(entry: LedgerEntry) -> IntactView:
    """How far a worker has read the entry's stream and found it intact; it is never done in the request."""
    made: StreamCheck | None = getattr(entry.stream, "check_made", None)
    return IntactView(made.seq, made.at, made.broken) if made else IntactView()


def said_of(entry: LedgerEntry) -> str:
    """What happened, in words; the kind's name where an entry lacks what it should say, as one tampered with may."""
    try:
        return entry_in_words(entry).words
    except (LookupError, TypeError, ValueError, AttributeError):
        return entry.kind


def entry_in_words(entry: LedgerEntry) -> TimelineEntry:
    """One entry; a kind that nobody taught this page shows its name."""
    facts = entry.data
    say = WORDS.get(entry.kind)
    words = say(facts) if say else entry.kind.replace(".", " ").replace("_", " ")
    return TimelineEntry(
        seq=entry.seq,
        at=entry.at,
        kind="people" if entry.actor_id else "console",
        words=words,
        who=entry.who,
        rules=(entry.rule,) if entry.rule else (),
        detail=str(facts.get("reason") or ""),
        link=Link("open", facts["url"]) if facts.get("url") else None,
        short_hash=entry.hash[:8],
        tone=TONES.get(entry.kind, "idle"),
    )
