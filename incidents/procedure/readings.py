"""What a set of answers amounts to: which rules of M, C, X and D hold. "Don't know" counts as the careful answer."""

from typing import Final

from incidents.procedure.answers import QUESTIONS, Answer, Answers

DEFAULT_TO_ROLLBACK: Final = ("threshold_exceeded", "correctness_defect", "compounding_operation")
ROLL_FORWARD_NEEDS: Final = ("fix_small", "fix_understood", "fix_prepared", "rollback_risky")
NOT_FEASIBLE: Final = ("data_gone", "irreversible_call", "customer_state_changed")


def default_grounds(answers: Answers) -> tuple[str, ...]:
    """The questions whose answers call for the default, a rollback (D1–D4)."""
    grounds = tuple(field for field in DEFAULT_TO_ROLLBACK if answers.counts(field))
    return grounds if answers.counts("root_cause_identified") else (*grounds, "root_cause_identified")


def missing_for_roll_forward(answers: Answers) -> tuple[str, ...]:
    """The conditions of D5 that do not hold; none missing means that roll-forward is open."""
    return tuple(field for field in ROLL_FORWARD_NEEDS if not answers.counts(field))


def old_code_fails(answers: Answers) -> bool:
    """M2: there is a migration, and the old code cannot run on the schema it leaves."""
    return answers.counts("migration") and answers.counts("incompatible")


def touches_customer_data(answers: Answers) -> bool:
    """M3: there is a migration, and it touches customer data."""
    return answers.counts("migration") and answers.counts("customer_data")


def brings_credential_back(answers: Answers) -> bool:
    """C1: a rollback restores a previous credential, which has to be confirmed."""
    return answers.counts("credential_restored")


def dead_credential_comes_back(answers: Answers) -> bool:
    """C2: a rollback would restore a credential that nobody has confirmed to be valid."""
    return brings_credential_back(answers) and not answers.counts("credential_still_valid")


def infeasible_grounds(answers: Answers) -> tuple[str, ...]:
    """The questions whose answers make a rollback infeasible (X1)."""
    return tuple(field for field in NOT_FEASIBLE if answers.counts(field))


def no_way_on(answers: Answers) -> bool:
    """E2: an incompatible migration that no hotfix tolerates and no flag isolates is X1's destructive migration."""
    return old_code_fails(answers) and not answers.counts("hotfix_tolerates") and not answers.counts("flag_isolates")


def must_escalate(answers: Answers) -> bool:
    """X1: rollback is not feasible, and nothing of ours may stand in for it."""
    return bool(infeasible_grounds(answers)) or no_way_on(answers)


def state(answers: Answers, *questions: str) -> str:
    """The sentences for answers that weigh; those where nobody knows say so, and that the careful answer was taken."""
    known = [sentence(QUESTIONS[field].statement) for field in questions if answers.of(field) != Answer.UNKNOWN]
    return " ".join((*known, *_taken_carefully([field for field in questions if answers.of(field) == Answer.UNKNOWN])))


def sentence(words: str) -> str:
    """The words with a capital and a full stop."""
    return f"{words[0].upper()}{words[1:]}."


def _taken_carefully(unknown: list[str]) -> list[str]:
    """One sentence for each careful answer, not one for each question: there may be many, at 3 a.m."""
    by_answer = {answer: [each for each in unknown if QUESTIONS[each].careful == answer] for answer in Answer}
    return [
        f"Not known, so it counts as {answer}: {'; '.join(QUESTIONS[each].statement for each in fields)}."
        for answer, fields in by_answer.items()
        if fields
    ]
