"""Which paths are open, which one is advised, why, and what would change it (D1–D7, under E1's precedence)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from incidents.procedure.answers import QUESTIONS, Answer, Answers, is_asked
from incidents.procedure.overruling import Overruled
from incidents.procedure.readings import (
    brings_credential_back,
    dead_credential_comes_back,
    default_grounds,
    infeasible_grounds,
    missing_for_roll_forward,
    must_escalate,
    old_code_fails,
    state,
    touches_customer_data,
)
from incidents.procedure.refusals import Refusal


class Path(StrEnum):
    """A way out of the incident."""

    ROLLBACK = "rollback"
    ROLL_FORWARD = "roll_forward"
    HOTFIX = "hotfix"
    ISOLATE = "isolate"
    ROTATE_FORWARD = "rotate_forward"
    ESCALATE = "escalate"


PATH_WORDS: Final[Mapping[Path, str]] = MappingProxyType(
    {
        Path.ROLLBACK: "roll back",
        Path.ROLL_FORWARD: "roll forward with the prepared fix",
        Path.HOTFIX: "roll forward with a hotfix that tolerates the new schema",
        Path.ISOLATE: "isolate the failing surface behind a flag while the fix is prepared",
        Path.ROTATE_FORWARD: "rotate forward to a fresh credential",
        Path.ESCALATE: "escalate to the CISO and the CTO",
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that fires, and why; `question` is the answer it rests on, where it rests on one."""

    rule: str
    sentence: str
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Closure:
    """Why a path is closed; `missing` are the questions whose answers keep it closed."""

    rule: str
    sentence: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What one other answer would do to the advice: found by asking again with that answer."""

    field: str
    answer: Answer
    recommended: Path
    open_paths: tuple[Path, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Need:
    """What a path asks for beside the decision; `seats` must all say yes, `holds` says whether execution waits."""

    rule: str
    seats: tuple[str, ...]
    sentence: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What the procedure says to a set of answers. The engineer decides (D6)."""

    recommended: Path
    open_paths: tuple[Path, ...]
    reasons: tuple[Reason, ...]
    closed: Mapping[Path, Closure]
    would_change: tuple[Change, ...]
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An open path, taken; `reason` is never empty where it goes against the advice."""

    path: Path
    against_advice: bool
    reason: str


class PathClosed(Refusal):
    """The procedure closes this path; `missing` names the questions that keep it closed."""

    def __init__(self, rule: str, words: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(rule, words)
        self.missing = missing


class OverrideNeedsReason(Refusal):
    """An open path against the advice is taken with a reason, or not at all."""


def advise(answers: Answers) -> Advice:
    """The advice in full: never without an open path, and the recommended path is always open."""
    recommended = recommend(answers)
    return Advice(
        recommended=recommended,
        open_paths=open_paths(answers),
        reasons=_REASONS[recommended](answers),
        closed=MappingProxyType({path: shut for path in Path if (shut := closure(answers, path))}),
        would_change=what_would_change(answers),
        needs=needs_of(answers, recommended),
    )


def recommend(answers: Answers) -> Path:
    """The advised path: X1 over M2 over D1–D5 (E1); the rollback is the fall-through."""
    if must_escalate(answers):
        return Path.ESCALATE
    if old_code_fails(answers):
        return _way_on(answers)
    if not missing_for_roll_forward(answers):
        return Path.ROLL_FORWARD
    if dead_credential_comes_back(answers):
        return Path.ROTATE_FORWARD
    return Path.ROLLBACK


def open_paths(answers: Answers) -> tuple[Path, ...]:
    """Every path the on-call engineer may take, in the procedure's order."""
    return tuple(path for path in Path if closure(answers, path) is None)


def closure(answers: Answers, path: Path) -> Closure | None:
    """Why the path is closed; None where it is open. Escalating is open always: anyone may call for help (X2)."""
    if path == Path.ESCALATE:
        return None
    if must_escalate(answers):
        return _closed_by_escalation(answers)
    return _CLOSURES[path](answers)


def what_would_change(answers: Answers) -> tuple[Change, ...]:
    """Every single other answer that would move the advice or the open paths, found by asking again."""
    others = (
        (field, answer)
        for field in QUESTIONS
        if is_asked(field, answers)
        for answer in (Answer.YES, Answer.NO)
        if answer != answers.of(field)
    )
    return tuple(change for field, answer in others if (change := _effect_of(answers, field, answer)))


def needs_of(answers: Answers, path: Path, overruled: Sequence[Overruled] = ()) -> tuple[Need, ...]:
    """What taking this path asks for: approvals and confirmations that hold it, and people who are told.

    A rollback that rests on findings set aside also needs the second person for each of them.
    """
    needs = _NEEDS[path](answers) if path in _NEEDS else ()
    return (*needs, *_seconds(overruled)) if path is Path.ROLLBACK else needs


def refuse_path(answers: Answers, path: Path) -> None:
    """Raise `PathClosed` where the procedure closes the path."""
    if shut := closure(answers, path):
        raise PathClosed(shut.rule, shut.sentence, shut.missing)


def check_choice(answers: Answers, path: Path, reason: str = "") -> Choice:
    """The choice of the on-call engineer (D6); raises `PathClosed`, or `OverrideNeedsReason` against the advice."""
    refuse_path(answers, path)
    recommended, reason = recommend(answers), reason.strip()
    if path == recommended:
        return Choice(path, against_advice=False, reason=reason)
    if not reason:
        raise OverrideNeedsReason("D6", f"The advice is to {PATH_WORDS[recommended]}. Say why you decide otherwise.")
    return Choice(path, against_advice=True, reason=reason)


# ── which way on, under M2 ─────────────────────────────────────────────────────────────────────────────────────────


def _way_on(answers: Answers) -> Path:
    """A prepared hotfix ends it; until there is one, the flag keeps customers away from what fails (M2)."""
    prepared = answers.counts("hotfix_tolerates") and answers.counts("fix_prepared")
    return Path.ISOLATE if answers.counts("flag_isolates") and not prepared else Path.HOTFIX


# ── why a path is closed ───────────────────────────────────────────────────────────────────────────────────────────


def _closed_by_escalation(answers: Answers) -> Closure:
    if grounds := infeasible_grounds(answers):
        return Closure("X1", f"{state(answers, *grounds)} Only the escalation is open.", grounds)
    return Closure(
        "X1",
        "The old code cannot run on the new schema, no hotfix is known to tolerate it and no flag to isolate it. "
        "Only the escalation is open.",
        ("hotfix_tolerates", "flag_isolates"),
    )


def _rollback_closed(answers: Answers) -> Closure | None:
    if old_code_fails(answers):
        words = f"{state(answers, 'incompatible')} No reverse migration runs as part of a rollback."
        return Closure("M2", words, ("incompatible",))
    if not dead_credential_comes_back(answers):
        return None
    if answers.credential_still_valid == Answer.NO:
        return Closure("C2", "The previous credential is no longer valid: rotate forward.", ("credential_still_valid",))
    words = "First confirm with Secrets Management that the credential which the rollback brings back is still valid."
    return Closure("C1", words, ("credential_still_valid",))


def _roll_forward_closed(answers: Answers) -> Closure | None:
    if old_code_fails(answers):
        words = "The old code cannot run on the new schema: the way forward is a hotfix that tolerates it."
        return Closure("M2", words, ("incompatible",))
    if missing := missing_for_roll_forward(answers):
        conditions = "; ".join(QUESTIONS[field].statement for field in missing)
        return Closure("D5", f"Roll-forward needs all four of its conditions. Missing: {conditions}.", missing)
    return None


def _hotfix_closed(answers: Answers) -> Closure | None:
    return _only_under_m2(answers, "hotfix_tolerates")


def _isolate_closed(answers: Answers) -> Closure | None:
    return _only_under_m2(answers, "flag_isolates")


def _only_under_m2(answers: Answers, condition: str) -> Closure | None:
    if not old_code_fails(answers):
        words = "This path is for a migration that the old code cannot live with. A flag may go off at any time (S2)."
        return Closure("M2", words, tuple(each for each in ("migration", "incompatible") if not answers.counts(each)))
    if not answers.counts(condition):
        return Closure("M2", f"Not confirmed: {QUESTIONS[condition].statement}.", (condition,))
    return None


def _rotate_forward_closed(answers: Answers) -> Closure | None:
    if old_code_fails(answers):
        return Closure("M2", "Nothing is rolled back here, so no previous credential comes back.", ("incompatible",))
    if not brings_credential_back(answers):
        return Closure("C2", "A rollback brings no previous credential back.", ("credential_restored",))
    if not dead_credential_comes_back(answers):
        return Closure("C2", "The previous credential is confirmed to be valid.", ("credential_still_valid",))
    return None


_CLOSURES: Final[Mapping[Path, Callable[[Answers], Closure | None]]] = MappingProxyType(
    {
        Path.ROLLBACK: _rollback_closed,
        Path.ROLL_FORWARD: _roll_forward_closed,
        Path.HOTFIX: _hotfix_closed,
        Path.ISOLATE: _isolate_closed,
        Path.ROTATE_FORWARD: _rotate_forward_closed,
    }
)


# ── why a path is advised ──────────────────────────────────────────────────────────────────────────────────────────


def _why_rollback(answers: Answers) -> tuple[Reason, ...]:
    if grounds := default_grounds(answers):
        return _resting_on(grounds, answers)
    conditions = "; ".join(QUESTIONS[field].statement for field in missing_for_roll_forward(answers))
    return (Reason("D5", f"Rollback is the default, and roll-forward has not earned its way. Missing: {conditions}."),)


def _why_roll_forward(_: Answers) -> tuple[Reason, ...]:
    words = "The fix is small, well understood and already prepared, and the rollback path itself is risky."
    return (Reason("D5", words),)


def _why_hotfix(answers: Answers) -> tuple[Reason, ...]:
    return _resting_on(("incompatible", "hotfix_tolerates"), answers)


def _why_isolate(answers: Answers) -> tuple[Reason, ...]:
    return _resting_on(("incompatible", "flag_isolates"), answers)


def _why_rotate_forward(answers: Answers) -> tuple[Reason, ...]:
    confirmed = Reason("C2", state(answers, "credential_still_valid"), "credential_still_valid")
    return (*_resting_on(("credential_restored",), answers), confirmed)


def _why_escalate(answers: Answers) -> tuple[Reason, ...]:
    handing_over = Reason("X2", "The CISO and the CTO are called; the Incident Response Plan governs from there.")
    if grounds := infeasible_grounds(answers):
        return (*_resting_on(grounds, answers), handing_over)
    no_way_on = Reason("E2", "No hotfix is known to tolerate the new schema, and no flag to isolate what fails.")
    return (*_resting_on(("incompatible",), answers), no_way_on, handing_over)


_REASONS: Final[Mapping[Path, Callable[[Answers], tuple[Reason, ...]]]] = MappingProxyType(
    {
        Path.ROLLBACK: _why_rollback,
        Path.ROLL_FORWARD: _why_roll_forward,
        Path.HOTFIX: _why_hotfix,
        Path.ISOLATE: _why_isolate,
        Path.ROTATE_FORWARD: _why_rotate_forward,
        Path.ESCALATE: _why_escalate,
    }
)


def _resting_on(questions: tuple[str, ...], answers: Answers) -> tuple[Reason, ...]:
    return tuple(Reason(QUESTIONS[field].rule, state(answers, field), field) for field in questions)


# ── what a path needs ──────────────────────────────────────────────────────────────────────────────────────────────


def _rollback_needs(answers: Answers) -> tuple[Need, ...]:
    needs = []
    if touches_customer_data(answers):
        words = f"{state(answers, 'customer_data')} The CTO and the on-call DBA approve the rollback before it runs."
        needs.append(Need("M3", ("cto", "dba"), words, holds=True))
    if brings_credential_back(answers):
        words = "The previous credential is confirmed with the Secrets Management procedure before the rollback runs."
        needs.append(Need("C1", (), words, holds=True))
    if answers.counts("customer_impact"):
        words = f"{state(answers, 'customer_impact')} The CTO is informed; nothing waits for it."
        needs.append(Need("D7", ("cto",), words, holds=False))
    return tuple(needs)


def _seconds(overruled: Sequence[Overruled]) -> Iterator[Need]:
    """One need for each rule set aside, naming everything that was found under it."""
    for rule in dict.fromkeys(each.second.rule for each in overruled):
        found = [each for each in overruled if each.second.rule == rule]
        second, words = found[0].second, "; ".join(dict.fromkeys(each.evidence for each in found))
        sentence = f"The console found: {words}. It was answered otherwise, so {second.words} agrees before it runs."
        yield Need(rule, (second.role,), sentence, holds=True)


def _escalation_needs(_: Answers) -> tuple[Need, ...]:
    return (Need("X2", ("ciso", "cto"), "The CISO and the CTO are woken, and the plan is theirs.", holds=False),)


_NEEDS: Final[Mapping[Path, Callable[[Answers], tuple[Need, ...]]]] = MappingProxyType(
    {Path.ROLLBACK: _rollback_needs, Path.ESCALATE: _escalation_needs}
)


# ── what would change it ───────────────────────────────────────────────────────────────────────────────────────────


def _effect_of(answers: Answers, field: str, answer: Answer) -> Change | None:
    other = replace(answers, **{field: answer})
    recommended, now_open = recommend(other), open_paths(other)
    effects = "; ".join(_effects(answers, recommended, now_open))
    words = f"“{QUESTIONS[field].text}” If {answer}: {effects}."
    return Change(field, answer, recommended, now_open, words) if effects else None


def _effects(answers: Answers, recommended: Path, now_open: tuple[Path, ...]) -> Iterator[str]:
    before, newly_advised = open_paths(answers), recommended != recommend(answers)
    if newly_advised:
        yield f"the advice would be to {PATH_WORDS[recommended]}"
    for path in now_open:
        if path not in before and not (newly_advised and path == recommended):
            yield f"newly open: {PATH_WORDS[path]}"
    for path in before:
        if path not in now_open:
            yield f"no longer open: {PATH_WORDS[path]}"
