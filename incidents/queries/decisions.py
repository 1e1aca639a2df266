"""The decision as a page shows it: the advice to a set of answers, the form, and the record."""

from collections.abc import Mapping
from typing import Any, Final

from incidents.models.decision import Decision
from incidents.models.incident import Incident
from incidents.procedure.answers import QUESTIONS, Answer, Answers, Group, is_asked, unanswered
from incidents.procedure.answers import Question as Asked
from incidents.procedure.decision import PATH_WORDS, Advice, Path, advise
from incidents.procedure.gates import execution_holds
from incidents.queries.plans import BUILT
from incidents.queries.shapes import (
    AdviceView,
    AnsweredQuestion,
    DecisionView,
    FiredRule,
    PathView,
    Question,
    QuestionGroup,
    Tone,
)

GROUPS: Final[Mapping[Group, tuple[str, str]]] = {
    Group.DECIDE: ("What is happening", "any yes of these calls for a rollback"),
    Group.ROLL_FORWARD: ("Is there a fix instead", "roll-forward needs all four"),
    Group.MIGRATIONS: ("Migrations", "does the old code run on the new schema"),
    Group.CREDENTIALS: ("Credentials", "would an old secret come back"),
    Group.IRREVERSIBLE: ("What cannot be taken back", "don't know counts as yes"),
    Group.CUSTOMERS: ("Customers", ""),
}
TONES: Final[Mapping[Path, Tone]] = {
    Path.ROLLBACK: "accent",
    Path.ROLL_FORWARD: "accent",
    Path.HOTFIX: "warn",
    Path.ISOLATE: "warn",
    Path.ROTATE_FORWARD: "warn",
    Path.ESCALATE: "danger",
}


def words_of(path: Path) -> str:
    """The path as a command, with a capital."""
    words = PATH_WORDS[path]
    return words[0].upper() + words[1:]


def known_answers(incident: Incident, *, firing: bool) -> dict[str, tuple[Answer, str]]:
    """What the console can say by itself, each with its evidence; a person confirms or overrules it."""
    known: dict[str, tuple[Answer, str]] = {}
    if firing:
        known["threshold_exceeded"] = (Answer.YES, "the service's alert has fired for this incident")
    if incident.customer_impact:
        known["customer_impact"] = (Answer.YES, "the service is marked as customer-facing")
    return known


def advice_view(answers: Answers) -> AdviceView:
    """The advice to these answers, rule by rule, and what would change it."""
    advice = advise(answers)
    return AdviceView(
        words=f"The procedure says: {PATH_WORDS[advice.recommended]}.",
        tone=TONES[advice.recommended],
        advised=words_of(advice.recommended),
        fired=tuple(FiredRule(each.rule, each.sentence) for each in advice.reasons),
        paths=tuple(_path(path, advice) for path in Path),
        would_change=tuple(FiredRule(QUESTIONS[c.field].rule, c.sentence) for c in advice.would_change),
        blockers=blockers_of(answers, advice.recommended),
        unanswered=len(unanswered(answers)),
    )


def blockers_of(answers: Answers, path: Path) -> tuple[FiredRule, ...]:
    """The rules that close *execute* on the path although it is open."""
    if path is not Path.ROLLBACK:
        return ()
    return tuple(FiredRule(each.rule, each.sentence) for each in execution_holds(answers, path=path, built=BUILT))


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


def question_groups(
    answers: Answers, known: Mapping[str, tuple[Answer, str]], given: bool
) -> tuple[QuestionGroup, ...]:
    """The form's questions in their groups; `given`: the answers come from a person, not from a blank page."""
    return tuple(
        QuestionGroup(
            title, tuple(_question(q, answers, known, given) for q in QUESTIONS.values() if q.group is group), words
        )
        for group, (title, words) in GROUPS.items()
    )


def _question(asked: Asked, answers: Answers, known: Mapping[str, tuple[Answer, str]], given: bool) -> Question:
    filled = asked.field in known
    answer = answers.of(asked.field)
    return Question(
        key=asked.field,
        words=asked.text,
        rules=(asked.rule,),
        answer=answer.value if given or answer is not Answer.UNKNOWN else "",
        help=asked.help,
        evidence=known[asked.field][1] if filled else "",
        filled=filled,
        follows=asked.follows or "",
        asked=is_asked(asked.field, answers),
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
        fired=tuple(_reason(each) for each in decision.advice.get("reasons", [])),
        answers=tuple(_answered(field, answers) for field in QUESTIONS if is_asked(field, answers)),
        against_advice=decision.against_advice,
        reason=decision.reason,
        informed=informed,
        change=f"#{change.pull_request} {change.title}"
        if change and change.pull_request
        else (change.title if change else ""),
        blockers=blockers_of(answers, path),
    )


def _reason(each: Mapping[str, Any]) -> FiredRule:
    return FiredRule(str(each["rule"]), str(each["sentence"]))


def _answered(field: str, answers: Answers) -> AnsweredQuestion:
    question, answer = QUESTIONS[field], answers.of(field)
    words = "don’t know" if answer is Answer.UNKNOWN else answer.value
    return AnsweredQuestion(question.text, words, (question.rule,), careful=answer is Answer.UNKNOWN)
