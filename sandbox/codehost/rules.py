"""What the protected branch demands, changeable by `/control/rules`."""

from dataclasses import asdict, dataclass, fields
from typing import Any

MERGE_METHODS = ("merge", "squash", "rebase")
BYPASSES = ("never", "always", "pull_requests_only", "exempt")


class UnknownRule(Exception):
    """A rule was given a name or a value that does not exist."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`bypass` is the App's. `red_checks` are the required checks that have not succeeded, where no status tells.

    Without `workflows_permission` a push that touches .github/workflows/ is refused, and without
    `statuses_permission` a commit status, as an App without them meets.
    """

    required_approvals: int = 1
    merge_methods: tuple[str, ...] = MERGE_METHODS
    required_checks: tuple[str, ...] = ()
    red_checks: tuple[str, ...] = ()
    signed_commits: bool = False
    merge_queue: bool = False
    bypass: str = "never"
    dismiss_stale_reviews: bool = False
    environment_reviewers: tuple[str, ...] = ()
    prevent_self_review: bool = False
    workflows_permission: bool = True
    statuses_permission: bool = True

    def __post_init__(self) -> None:
        if self.bypass not in BYPASSES:
            raise UnknownRule(f"bypass is one of {', '.join(BYPASSES)}.")
        if not self.merge_methods or not set(self.merge_methods) <= set(MERGE_METHODS):
            raise UnknownRule(f"merge_methods are of {', '.join(MERGE_METHODS)}.")

    def changed(self, **wanted: object) -> "Rules":
        """These rules with some replaced; raises UnknownRule."""
        unknown = wanted.keys() - {rule.name for rule in fields(self)}
        if unknown:
            raise UnknownRule(f"There is no rule {', '.join(sorted(unknown))}.")
        fresh: dict[str, Any] = {name: _frozen(value) for name, value in wanted.items()}
        wrong = [name for name, value in fresh.items() if type(value) is not type(getattr(self, name))]
        if wrong:
            raise UnknownRule(f"{', '.join(wrong)}: a value of another kind is needed.")
        return Rules(**{**asdict(self), **fresh})


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
