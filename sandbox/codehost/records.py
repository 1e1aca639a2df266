"""Pull requests, reviews, issues and statuses as the code host remembers them."""

from dataclasses import asdict, dataclass, field
from typing import Any

APPROVED, CHANGES_REQUESTED, COMMENTED = "APPROVED", "CHANGES_REQUESTED", "COMMENTED"


@dataclass(slots=True)
class Review:
    """`commit_sha` is the head the reviewer saw."""

    id: int
    login: str
    state: str
    body: str
    commit_sha: str
    submitted_at: str


@dataclass(slots=True)
class PullRequest:
    """`head_sha` follows the branch until the pull request is closed; `landed` are the commits it put on the base."""

    number: int
    title: str
    body: str
    head_ref: str
    base_ref: str
    head_sha: str
    base_sha: str
    author: str
    created_at: str
    updated_at: str
    state: str = "open"
    closed_at: str | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    landed: list[str] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    requested_reviewers: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state == "open"

    @property
    def merged(self) -> bool:
        return self.merge_sha is not None

    def newest_reviews(self) -> dict[str, Review]:
        """Each reviewer's newest word that counts; a comment takes no approval back."""
        return {review.login: review for review in self.reviews if review.state != COMMENTED}

    def approvals(self, *, of_head_only: bool) -> int:
        """How many people approve; the author's own word never counts."""
        return sum(
            review.state == APPROVED
            and login != self.author
            and (review.commit_sha == self.head_sha or not of_head_only)
            for login, review in self.newest_reviews().items()
        )

    def changes_requested(self) -> bool:
        return any(review.state == CHANGES_REQUESTED for review in self.newest_reviews().values())

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(content: dict[str, Any]) -> "PullRequest":
        reviews = [Review(**review) for review in content["reviews"]]
        return PullRequest(**{**content, "reviews": reviews})


@dataclass(slots=True)
class Issue:
    """`state_reason` says why it was closed: completed, not_planned."""

    number: int
    title: str
    body: str
    author: str
    created_at: str
    updated_at: str
    state: str = "open"
    state_reason: str | None = None
    closed_at: str | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What somebody says about a commit; the newest of a context counts."""

    id: int
    sha: str
    context: str
    state: str
    description: str
    target_url: str
    creator: str
    at: str
