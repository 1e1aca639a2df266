"""The questions of the decision form, and the answers an on-call engineer gives to them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from incidents.procedure.refusals import Refusal


class Answer(StrEnum):
    """Yes, no, or "don't know"; what was not answered is not known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Group(StrEnum):
    """Where on the form a question stands."""

    DECIDE = "decide"
    ROLL_FORWARD = "roll_forward"
    MIGRATIONS = "migrations"
    CREDENTIALS = "credentials"
    IRREVERSIBLE = "irreversible"
    CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class Question:
    """One plain question. `careful` is what "don't know" counts as (E2, E9); `statement` says the weighing answer.

    `follows` names the question that makes this one pointless when answered no.
    """

    field: str
    rule: str
    group: Group
    text: str
    help: str
    careful: Answer
    statement: str
    follows: str | None = None


_YES, _NO = Answer.YES, Answer.NO

_FORM: Final = (
    Question(
        "threshold_exceeded",
        "D1",
        Group.DECIDE,
        "Has the error-rate, latency or saturation alert crossed its threshold?",
        "Yes as soon as it crossed, even if it has dipped since.",
        careful=_YES,
        statement="the alert's threshold has been exceeded",
    ),
    Question(
        "correctness_defect",
        "D2",
        Group.DECIDE,
        "Do customers get wrong results, or could they?",
        "Wrong prices, wrong balances, somebody else's page: anything answered wrongly, even without an error.",
        careful=_YES,
        statement="a defect produces, or could produce, wrong customer-facing output",
    ),
    Question(
        "compounding_operation",
        "D3",
        Group.DECIDE,
        "Does the change do something that gets worse each time it is tried again?",
        "Charging, sending, deleting, counting: an operation that destroys, or that is not safe to repeat.",
        careful=_YES,
        statement="a destructive or non-idempotent operation is likely to compound on retry",
    ),
    Question(
        "root_cause_identified",
        "D4",
        Group.DECIDE,
        "Do you know the root cause?",
        "Known, not suspected: you could point at the line.",
        careful=_NO,
        statement="no root cause has been identified yet",
    ),
    Question(
        "fix_small",
        "D5",
        Group.ROLL_FORWARD,
        "Is the fix small?",
        "A few lines that one person reads in a minute.",
        careful=_NO,
        statement="the fix is small",
    ),
    Question(
        "fix_understood",
        "D5",
        Group.ROLL_FORWARD,
        "Is the fix well understood?",
        "You can say why it cures this, and what else it touches.",
        careful=_NO,
        statement="the fix is well understood",
    ),
    Question(
        "fix_prepared",
        "D5",
        Group.ROLL_FORWARD,
        "Is the fix already prepared?",
        "Written and pushed: a pull request, not an idea.",
        careful=_NO,
        statement="the fix is already prepared",
    ),
    Question(
        "rollback_risky",
        "D5",
        Group.ROLL_FORWARD,
        "Is rolling back itself risky?",
        "For example a database migration that cannot be cleanly reversed.",
        careful=_NO,
        statement="the rollback path itself is risky",
    ),
    Question(
        "migration",
        "M1",
        Group.MIGRATIONS,
        "Does the change contain a database migration?",
        "A change of the schema, or of stored rows.",
        careful=_YES,
        statement="the change contains a migration",
    ),
    Question(
        "incompatible",
        "M2",
        Group.MIGRATIONS,
        "Would the old code fail on the new schema?",
        "Yes for a renamed, dropped or retyped column, and for a new required column without a database default.",
        careful=_YES,
        statement="the old code cannot run on the new schema",
        follows="migration",
    ),
    Question(
        "customer_data",
        "M3",
        Group.MIGRATIONS,
        "Does the migration touch customer data?",
        "Any table that holds what customers gave or own.",
        careful=_YES,
        statement="the migration touches customer data",
        follows="migration",
    ),
    Question(
        "hotfix_tolerates",
        "M2",
        Group.MIGRATIONS,
        "Can a hotfix live with the new schema?",
        "New code on the schema as it is now; it need not be written yet.",
        careful=_NO,
        statement="a hotfix can tolerate the new schema",
        follows="incompatible",
    ),
    Question(
        "flag_isolates",
        "M2",
        Group.MIGRATIONS,
        "Can a feature flag switch off what fails?",
        "The flag exists already, and turning it off keeps customers away from the failing surface.",
        careful=_NO,
        statement="a flag can isolate the failing surface",
        follows="incompatible",
    ),
    Question(
        "credential_restored",
        "C1",
        Group.CREDENTIALS,
        "Would rolling back bring an earlier password, key or token into use again?",
        "Yes if the change rotated a secret, or moved to another one.",
        careful=_YES,
        statement="a rollback brings a previous credential back",
    ),
    Question(
        "credential_still_valid",
        "C1",
        Group.CREDENTIALS,
        "Is that earlier credential still valid?",
        "Confirmed with the Secrets Management procedure, not remembered.",
        careful=_NO,
        statement="the previous credential is no longer valid",
        follows="credential_restored",
    ),
    Question(
        "data_gone",
        "X1",
        Group.IRREVERSIBLE,
        "Has data been deleted or overwritten that the old code needs?",
        "A dropped column is yes if its contents are gone and the old code reads them.",
        careful=_YES,
        statement="data is gone that the old code needs",
    ),
    Question(
        "irreversible_call",
        "X1",
        Group.IRREVERSIBLE,
        "Has the change called somebody outside in a way that cannot be taken back?",
        "Payments taken, orders placed, mails sent, accounts closed at a third party.",
        careful=_YES,
        statement="a third party was called in a way that cannot be taken back",
    ),
    Question(
        "customer_state_changed",
        "X1",
        Group.IRREVERSIBLE,
        "Has the change altered something on the customers' side?",
        "Stored in their browser, app or systems, where a revert does not reach.",
        careful=_YES,
        statement="something changed on the customers' side that a revert does not reach",
    ),
    Question(
        "customer_impact",
        "D7",
        Group.CUSTOMERS,
        "Do customers feel this service?",
        "Then the CTO is informed of the rollback.",
        careful=_YES,
        statement="the rollback affects a customer-impacting service",
    ),
)

QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType({each.field: each for each in _FORM})


class UnreadableAnswers(Refusal):
    """The form cannot be read as answers; `problems` says for each field what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("D6", " ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the on-call engineer answered; what was not answered is unknown, and counts as the careful answer."""

    threshold_exceeded: Answer = Answer.UNKNOWN
    correctness_defect: Answer = Answer.UNKNOWN
    compounding_operation: Answer = Answer.UNKNOWN
    root_cause_identified: Answer = Answer.UNKNOWN
    fix_small: Answer = Answer.UNKNOWN
    fix_understood: Answer = Answer.UNKNOWN
    fix_prepared: Answer = Answer.UNKNOWN
    rollback_risky: Answer = Answer.UNKNOWN
    migration: Answer = Answer.UNKNOWN
    incompatible: Answer = Answer.UNKNOWN
    customer_data: Answer = Answer.UNKNOWN
    hotfix_tolerates: Answer = Answer.UNKNOWN
    flag_isolates: Answer = Answer.UNKNOWN
    credential_restored: Answer = Answer.UNKNOWN
    credential_still_valid: Answer = Answer.UNKNOWN
    data_gone: Answer = Answer.UNKNOWN
    irreversible_call: Answer = Answer.UNKNOWN
    customer_state_changed: Answer = Answer.UNKNOWN
    customer_impact: Answer = Answer.UNKNOWN

    def __post_init__(self) -> None:
        for each in fields(self):
            if not isinstance(self.of(each.name), Answer):
                raise TypeError(f"{each.name} is no Answer; read words by `from_form`.")

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """Read `yes`, `no` or `unknown` by field; what is missing or empty is unknown, other keys are ignored.

        Raises `UnreadableAnswers` for any other word, and for a contradiction: no migration, yet an incompatible one.
        """
        given = {field: form.get(field, "") or Answer.UNKNOWN.value for field in QUESTIONS}
        problems = {field: _unreadable(field) for field, word in given.items() if word not in list(Answer)}
        if problems:
            raise UnreadableAnswers(problems)
        answers = cls(**{field: Answer(word) for field, word in given.items()})
        if contradictions := _contradictions(answers):
            raise UnreadableAnswers(contradictions)
        return answers

    def of(self, field: str) -> Answer:
        """The answer as it was given."""
        answer: Answer = getattr(self, field)
        return answer

    def counts(self, field: str) -> bool:
        """Whether the answer counts as yes; "don't know" counts as the careful answer (E2, E9)."""
        given = self.of(field)
        return (QUESTIONS[field].careful if given == Answer.UNKNOWN else given) == Answer.YES

    def by_field(self) -> dict[str, str]:
        """The answers as they are recorded: a word for each field, readable again by `from_form`."""
        return {each.name: self.of(each.name).value for each in fields(self)}


def is_asked(field: str, answers: Answers) -> bool:
    """Whether the question has a point: the one it follows was asked, and not answered no."""
    follows = QUESTIONS[field].follows
    return follows is None or (answers.of(follows) != Answer.NO and is_asked(follows, answers))


def unanswered(answers: Answers) -> tuple[Question, ...]:
    """The questions that have a point and no answer yet, in the form's order."""
    return tuple(
        question
        for field, question in QUESTIONS.items()
        if answers.of(field) == Answer.UNKNOWN and is_asked(field, answers)
    )


def _unreadable(field: str) -> str:
    return f"“{QUESTIONS[field].text}” is answered by yes, no or don't know."


def _contradictions(answers: Answers) -> dict[str, str]:
    if answers.migration != Answer.NO:
        return {}
    return {
        field: f"You answered that there is no migration, and also that {QUESTIONS[field].statement}: which is it?"
        for field in ("incompatible", "customer_data")
        if answers.of(field) == Answer.YES
    }
