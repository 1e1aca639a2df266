"""The decision as a page shows it: the advice to a set of answers, the form, and the record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Self

from incidents.models.change import Assessment
from incidents.models.decision import Decision
from incidents.models.incident import Incident
from incidents.procedure.answers import QUESTIONS, Answer, Answers, Group, is_asked
from incidents.procedure.answers import Question as Asked
from incidents.procedure.decision import PATH_WORDS, Advice, Path, advise, needs_of, recommend
from incidents.procedure.gates import execution_holds
from incidents.procedure.overruling import Found, overruled_by
from incidents.procedure.readings import DEFAULT_TO_ROLLBACK, brings_credential_back
from incidents.queries.findings import found_in
from incidents.queries.plans import asks_for_credential, confirmation_of
from incidents.queries.shapes import (
    AdviceView,
    AnsweredQuestion,
    ConfirmationView,
    DecisionView,
    FiredRule,
    OpenQuestion,
    PathAsks,
    PathView,
    Question,
    QuestionGroup,
    Tone,
)
from incidents.queries.switches import switches_then

GROUPS: Final[Mapping[Group, tuple[str, str]]] = {
    Group.DECIDE: ("What is happening", "any yes calls for a rollback"),
    Group.IRREVERSIBLE: ("What cannot be taken back", "don’t know counts as yes"),
    Group.MIGRATIONS: ("Migrations", "does the old code run on the new schema"),
    Group.CREDENTIALS: ("Credentials", "would an old secret come back"),
    Group.ROLL_FORWARD: ("A fix instead", "roll-forward needs all four"),
    Group.CUSTOMERS: ("Customers", ""),
}
GUARDS: Final = (Group.IRREVERSIBLE, Group.MIGRATIONS, Group.CREDENTIALS)
TONES: Final[Mapping[Path, Tone]] = {
    Path.ROLLBACK: "accent",
    Path.ROLL_FORWARD: "accent",
    Path.HOTFIX: "warn",
    Path.ISOLATE: "warn",
    Path.ROTATE_FORWARD: "warn",
    Path.ESCALATE: "danger",
}


@dataclass(frozen=True)
class Form:
    """The answers as they stand, and which of them have been given: by the console, or by the person."""

    answers: Answers
    given: frozenset[str]

    @classmethod
    def of(cls, words: Mapping[str, str]) -> Self:
        """Read a form's words by field; raises `UnreadableAnswers`."""
        return cls(Answers.from_form(words), frozenset(field for field, word in words.items() if word))

    def shows(self, field: str) -> bool:
        """Whether the question stands on the form: one that follows another waits for its yes or "don't know"."""
        parent = QUESTIONS[field].follows
        return parent is None or (
            self.shows(parent) and parent in self.given and self.answers.of(parent) is not Answer.NO
        )

    def open_in(self, *groups: Group) -> tuple[Asked, ...]:
        """The questions of these groups that stand on the form without an answer."""
        asked = (q for group in groups for q in QUESTIONS.values() if q.group is group)
        return tuple(q for q in asked if q.field not in self.given and self.shows(q.field))

    @property
    def hoped(self) -> Answers:
        """The same answers, were every open guard to be answered in the rollback's favour."""
        others = {Answer.YES: Answer.NO, Answer.NO: Answer.YES}
        return replace(self.answers, **{q.field: others[q.careful] for q in self.open_in(*GUARDS)})

    @property
    def pending(self) -> bool:
        """Whether the advice rests on guards that nobody has answered yet."""
        return recommend(self.answers) is not recommend(self.hoped) or _rules(self.answers) != _rules(self.hoped)


def _rules(answers: Answers) -> tuple[str, ...]:
    """What closes the rollback, or else what holds it until people have spoken (M3, C1)."""
    closes = tuple(hold.rule for hold in execution_holds(answers, path=Path.ROLLBACK))
    return closes or tuple(need.rule for need in needs_of(answers, Path.ROLLBACK) if need.holds)


def words_of(path: Path) -> str:
    """The path as a command, with a capital."""
    words = PATH_WORDS[path]
    return words[0].upper() + words[1:]


def known_answers(incident: Incident, *, firing: bool, assessment: Assessment | None) -> dict[str, Found]:
    """What the console can say by itself, each with its evidence; a person confirms or overrules it."""
    known = found_in(assessment)
    if firing:
        known["threshold_exceeded"] = Found(Answer.YES, "the service's alert has fired for this incident")
    if incident.customer_impact:
        known["customer_impact"] = Found(Answer.YES, "the service is marked as customer-facing")
    return known


def advice_view(
    form: Form, *, change: str = "", typed: Mapping[str, str] = MappingProxyType({}), flags: Sequence[str] = (),
    known: Mapping[str, Found] = MappingProxyType({}),
) -> AdviceView:  # fmt: skip
    """The advice to these answers, rule by rule, and what would change it; `change`: what a rollback takes back.

    `typed` is what was typed for the paths to go by, `flags` those that the catalogue names, `known` what the console
    found.
    """
    answers, pending = form.answers, form.pending
    advice = advise(answers)
    best = advice.recommended
    return AdviceView(
        words=_verdict(form, best),
        tone="wait" if pending else TONES[best],
        advised=best.value,
        act=f"Roll back {change}" if best is Path.ROLLBACK and change else words_of(best),
        fired=() if pending else _fired(advice, form),
        paths=tuple(replace(_path(path, advice), asks=_asks(path, answers, typed, flags)) for path in Path),
        would_change=()
        if pending
        else tuple(FiredRule(QUESTIONS[c.field].rule, c.sentence) for c in advice.would_change),
        blockers=() if pending else blockers_of(answers, best),
        pending=tuple(OpenQuestion(q.field, q.text, q.rule) for q in form.open_in(*GUARDS)) if pending else (),
        closes=_rules(answers)[0] if pending else "",
        nameless=best is Path.ROLLBACK and not change,
        overruled=_set_aside(answers, known),
        unanswered=len(form.open_in(Group.DECIDE, Group.ROLL_FORWARD, Group.CUSTOMERS)),
    )


def _set_aside(answers: Answers, known: Mapping[str, Found]) -> tuple[FiredRule, ...]:
    """The findings that these answers overrule, and who must agree before a rollback runs."""
    return tuple(
        FiredRule(each.second.rule, f"The console found: {each.evidence}. Your answer says otherwise.",
                  f"{each.second.words} must agree")
        for each in overruled_by(answers, known)
    )  # fmt: skip


def _fired(advice: Advice, form: Form) -> tuple[FiredRule, ...]:
    """The rules that fire on answers given; those on careful answers only where nothing else fires."""
    known = [each for each in advice.reasons if each.question in form.given]
    return tuple(FiredRule(each.rule, each.sentence) for each in known or advice.reasons)


def _verdict(form: Form, best: Path) -> str:
    if not form.pending:
        return f"The procedure says: {PATH_WORDS[best]}."
    number = len(form.open_in(*GUARDS))
    return "1 question still open." if number == 1 else f"{number} questions still open."


def blockers_of(answers: Answers, path: Path) -> tuple[FiredRule, ...]:
    """The rules that close *execute* on the path although it is open."""
    return tuple(FiredRule(each.rule, each.sentence) for each in execution_holds(answers, path=path))


GOES_BY: Final[Mapping[Path, PathAsks]] = {
    Path.ROLLBACK: PathAsks(
        "credential",
        "The credential that comes back",
        "Its name or path, so that it can be looked up. Never its value.",
        "C1",
        optional=True,
    ),
    Path.ROLL_FORWARD: PathAsks(
        "fix", "The fix’s pull request", "Its number or address; exactly its head is merged.", "D5"
    ),
    Path.HOTFIX: PathAsks(
        "fix", "The hotfix’s pull request", "Its number or address. It may be named later.", "M2", optional=True
    ),
    Path.ISOLATE: PathAsks("flag", "The flag that isolates it", "It is turned off, and read back as off.", "M2"),
    Path.ROTATE_FORWARD: PathAsks(
        "credential",
        "The credential to rotate",
        "Its name or path, as Secrets Management calls it. Never its value.",
        "C2",
    ),
}


def _asks(path: Path, answers: Answers, typed: Mapping[str, str], flags: Sequence[str]) -> PathAsks | None:
    """What the path goes by; a rollback asks for a credential only where it brings one back."""
    asks = GOES_BY.get(path)
    if asks is None or (path is Path.ROLLBACK and not brings_credential_back(answers)):
        return None
    choices = tuple(flags) if asks.name == "flag" else ()
    value = typed.get(asks.name, "") or (choices[0] if len(choices) == 1 else "")
    return replace(asks, value=value, choices=choices)


def _path(path: Path, advice: Advice) -> PathView:
    shut = advice.closed.get(path)
    return PathView(
        value=path.value,
        words=words_of(path),
        open=shut is None,
        why=shut.sentence if shut else "",
        rules=(shut.rule,) if shut else (),
        advised=path is advice.recommended,
    )


def question_groups(form: Form, known: Mapping[str, Found]) -> tuple[QuestionGroup, ...]:
    """The form's questions in their groups; those that need nobody now are folded to one line."""
    return tuple(_group(group, form, known) for group in GROUPS)


def _group(group: Group, form: Form, known: Mapping[str, Found]) -> QuestionGroup:
    title, words = GROUPS[group]
    fields = [field for field, question in QUESTIONS.items() if question.group is group]
    complete, settled = not form.open_in(group), _settled(group, form)
    return QuestionGroup(
        key=group.value,
        title=title,
        questions=tuple(_question(QUESTIONS[field], form, known) for field in fields),
        words=settled or words,
        folded=complete or bool(settled),
        said=", ".join(_said(fields, form)),
        complete=complete,
        many=sum(QUESTIONS[field].follows is None for field in fields) > 1,
    )


def _settled(group: Group, form: Form) -> str:
    """Why the group's open questions can wait: their careful answer is the way already taken."""
    if group is Group.DECIDE and any(form.answers.of(field) is Answer.YES for field in DEFAULT_TO_ROLLBACK):
        return "that is enough for a rollback"
    untouched = not any(QUESTIONS[field].group is group for field in form.given)
    if group is Group.ROLL_FORWARD and untouched:
        return "until answered they count as no, which closes roll-forward (D5)"
    return ""


def _said(fields: list[str], form: Form) -> Iterator[str]:
    """The answers of a group in a few words: `all no`, `1 yes, 2 open`."""
    given = [form.answers.of(field) for field in fields if field in form.given and form.shows(field)]
    unsaid = sum(form.shows(field) for field in fields) - len(given)
    if given and not unsaid and set(given) == {Answer.NO}:
        yield "no" if len(given) == 1 else "all no"
        return
    for answer, words in ((Answer.YES, "yes"), (Answer.NO, "no"), (Answer.UNKNOWN, "not known")):
        if number := given.count(answer):
            yield words if number == len(given) == 1 and not unsaid else f"{number} {words}"
    if unsaid:
        yield f"{unsaid} open"


def _question(asked: Asked, form: Form, known: Mapping[str, Found]) -> Question:
    found = known.get(asked.field)
    return Question(
        key=asked.field,
        words=asked.text,
        rules=(asked.rule,),
        answer=form.answers.of(asked.field).value if asked.field in form.given else "",
        help=asked.help,
        evidence=found.evidence if found else "",
        filled=found is not None,
        follows=asked.follows or "",
        asked=form.shows(asked.field),
    )


def decision_view(decision: Decision, *, informed: str = "") -> DecisionView:
    """A recorded decision with the advice as it was shown then."""
    path, answers = Path(decision.path), Answers.from_form(decision.answers)
    change = decision.change
    return DecisionView(
        path_words=words_of(path),
        tone=TONES[path],
        by=decision.decided_by.username,
        at=decision.decided_at,
        procedure_version=decision.procedure_version,
        fired=_fired_then(decision.advice.get("reasons", []), answers),
        answers=tuple(_answered(field, answers) for field in QUESTIONS if is_asked(field, answers)),
        against_advice=decision.against_advice,
        reason=decision.reason,
        informed=informed,
        change=f"#{change.pull_request} {change.title}"
        if change and change.pull_request
        else (change.title if change else ""),
        blockers=blockers_of(answers, path),
        switches=switches_then(decision.switches),
    )


def confirmation_view(decision: Decision) -> ConfirmationView | None:
    """C1's word, given or still waited for; None where the path asks for none."""
    if not asks_for_credential(decision):
        return None
    given, machine = confirmation_of(decision, "C1"), decision.particulars.get("machine", "")
    if given is None:
        words = "Waits for a word: is the credential that comes back still valid?"
        return ConfirmationView(given=False, words=words, machine=machine)
    return ConfirmationView(
        given=True,
        words=given.words,
        by=given.confirmed_by.username if given.confirmed_by else "the console",
        at=given.confirmed_at,
        asked=given.evidence.get("asked", ""),
        evidence=given.evidence.get("evidence", ""),
        machine=machine,
    )


def _fired_then(reasons: list[Mapping[str, Any]], answers: Answers) -> tuple[FiredRule, ...]:
    """As `_fired`, of the advice as it was recorded."""
    known = [each for each in reasons if each["question"] and answers.of(each["question"]) is not Answer.UNKNOWN]
    return tuple(FiredRule(str(each["rule"]), str(each["sentence"])) for each in known or reasons)


def _answered(field: str, answers: Answers) -> AnsweredQuestion:
    question, answer = QUESTIONS[field], answers.of(field)
    words = "don’t know" if answer is Answer.UNKNOWN else answer.value
    return AnsweredQuestion(question.text, words, (question.rule,), careful=answer is Answer.UNKNOWN)
