"""Which way to R3's approval the code host's own rules leave open, said before it is needed."""

from dataclasses import dataclass
from enum import StrEnum


class Bypass(StrEnum):
    """What the console's own account may do about the branch's rules, in GitHub's words."""

    NEVER = "never"
    PULL_REQUESTS_ONLY = "pull_requests_only"
    ALWAYS = "always"
    EXEMPT = "exempt"

    @classmethod
    def known(cls, word: str) -> "Bypass":
        """An answer that we do not know counts as never."""
        return cls(word) if word in set(cls) else cls.NEVER


@dataclass(frozen=True, slots=True)
class ReviewPath:
    """One sentence on who opens the way; not `plain` where something about it is worth mending."""

    plain: bool
    words: str


def review_path(*, approvals: int, as_app: bool, bypass: Bypass) -> ReviewPath:
    """R3 and E11 against the host's rules: a review on the host, the console's own record, or a bypass."""
    if bypass is not Bypass.NEVER:
        return _past_the_rules(approvals, bypass)
    if approvals == 0:
        return ReviewPath(
            plain=True,
            words="GitHub asks for no review: the approval, or the on-call engineer's recorded word, opens the merge.",
        )
    if not as_app:
        return ReviewPath(
            plain=False,
            words=f"GitHub asks for {_reviews(approvals)}, and the pull request will be the token's account's own:"
            " that person can never approve it. Let the console act as an App, so that everybody can.",
        )
    return _reviewed_as_oneself(approvals)


def _reviewed_as_oneself(approvals: int) -> ReviewPath:
    if approvals == 1:
        return ReviewPath(
            plain=True,
            words="GitHub asks for one review: the console's App opens the pull request, so a reviewer, or the on-call"
            " engineer alone, approves it there as themselves.",
        )
    return ReviewPath(
        plain=False,
        words=f"GitHub asks for {_reviews(approvals)}: the on-call engineer alone cannot open the merge."
        " Keep a second person at hand, or ask for one review.",
    )


def _past_the_rules(approvals: int, bypass: Bypass) -> ReviewPath:
    needed = f"GitHub asks for {_reviews(approvals)}, yet" if approvals else "GitHub"
    if bypass is Bypass.EXEMPT:
        return ReviewPath(
            plain=False,
            words=f"{needed} exempts the console from its rules, which leaves no trace of it there: a bypass for pull"
            " requests only would. The console itself still asks for R3's approval.",
        )
    if bypass is Bypass.ALWAYS:
        return ReviewPath(
            plain=False,
            words=f"{needed} lets the console past its rules always, a push to the branch included: a bypass for pull"
            " requests only is enough. The console itself still asks for R3's approval.",
        )
    return ReviewPath(
        plain=True,
        words=f"{needed} lets the console's pull request past its rules: the approval, or the on-call engineer's"
        " recorded word, opens the merge.",
    )


def _reviews(count: int) -> str:
    return "one review" if count == 1 else f"{count} reviews"
