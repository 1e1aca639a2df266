"""What a branch asks of a merge: rulesets, classic protection and the repository's own settings, as one answer."""

from collections.abc import Iterable, Mapping
from typing import Final

from incidents.integrations.code_host import BranchRules
from incidents.integrations.fields import Fields
from incidents.integrations.github_answers import MERGE_METHODS

# From the least to the most that our account may; GitHub names these four (RepositoryRuleset.current_user_can_bypass).
BYPASSES: Final = ("never", "pull_requests_only", "always", "exempt")
_SETTINGS: Final[Mapping[str, str]] = {
    "merge": "allow_merge_commit",
    "squash": "allow_squash_merge",
    "rebase": "allow_rebase_merge",
}


def branch_rules(
    rules: list[Fields], bypasses: Iterable[str], repository: Fields, classic: Fields | None
) -> BranchRules:
    """All of them together: the strictest number, every check, only the merge methods that each of them allows."""
    named = [(rule.text("type"), rule) for rule in rules]
    kinds = {kind for kind, _ in named}
    reviews = [rule for kind, rule in named if kind == "pull_request"]
    checks = [rule for kind, rule in named if kind == "required_status_checks"]
    return BranchRules(
        required_approvals=max([_approvals(rule) for rule in reviews] + [_classic_approvals(classic)]),
        merge_methods=_merge_methods(kinds, reviews, repository, classic),
        required_checks=_checks(checks, classic),
        signed_commits="required_signatures" in kinds or _classic_flag(classic, "required_signatures"),
        merge_queue="merge_queue" in kinds,
        bypass=_least(bypasses, classic),
    )


def _approvals(rule: Fields) -> int:
    return rule.number("parameters", "required_approving_review_count", default=0)


def _classic_approvals(classic: Fields | None) -> int:
    path = ("required_pull_request_reviews", "required_approving_review_count")
    return classic.number(*path, default=0) if classic else 0


def _classic_flag(classic: Fields | None, name: str) -> bool:
    return classic is not None and classic.flag(name, "enabled")


def _merge_methods(
    kinds: set[str], reviews: list[Fields], repository: Fields, classic: Fields | None
) -> tuple[str, ...]:
    """A setting we may not see counts as allowed; linear history forbids merge commits."""
    allowed = {method for method in MERGE_METHODS if repository.flag(_SETTINGS[method], default=True)}
    for rule in reviews:
        allowed &= set(rule.texts("parameters", "allowed_merge_methods")) or allowed
    if "required_linear_history" in kinds or _classic_flag(classic, "required_linear_history"):
        allowed.discard("merge")
    return tuple(method for method in MERGE_METHODS if method in allowed)


def _checks(rules: list[Fields], classic: Fields | None) -> tuple[str, ...]:
    named = [check.text("context") for rule in rules for check in rule.each("parameters", "required_status_checks")]
    older = classic.texts("required_status_checks", "contexts") if classic else ()
    return tuple(dict.fromkeys([*named, *older]))


def _least(bypasses: Iterable[str], classic: Fields | None) -> str:
    """An answer that we do not know counts as never, and so does classic protection, whose exceptions are not told."""
    ranks = [BYPASSES.index(bypass) if bypass in BYPASSES else 0 for bypass in bypasses]
    return "never" if classic else BYPASSES[min(ranks, default=0)]
