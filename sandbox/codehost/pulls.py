"""Pull requests: opening, reviewing, merging, with GitHub's refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.codehost import merging
from sandbox.codehost.accounts import APP, OWNER, signature_of
from sandbox.codehost.records import APPROVED, CHANGES_REQUESTED, COMMENTED, PullRequest, Review
from sandbox.codehost.refusals import Refused, invalid
from sandbox.codehost.repository import GitCommit, Repository, Stamp
from sandbox.codehost.store import Store, moment
from sandbox.journal import Journal

# As long as this many reads, GitHub has not computed yet whether a pull request can be merged.
READS_BEFORE_KNOWN = 2
REVIEW_EVENTS = {"APPROVE": APPROVED, "REQUEST_CHANGES": CHANGES_REQUESTED, "COMMENT": COMMENTED}


@dataclass(frozen=True, slots=True)
class Announcements:
    """Whom to tell, and of what: (action, pull request, by whom), (pull request, review), and of what landed.

    `landed` gets the pull request, the base before and after, and by whom.
    """

    pull_request: Callable[[str, PullRequest, str], None]
    review: Callable[[PullRequest, Review], None]
    landed: Callable[[PullRequest, str, str, str], None]


class Pulls:
    """Every public method holds the store's lock."""

    def __init__(self, store: Store, repository: Repository, journal: Journal, tell: Announcements) -> None:
        self._store = store
        self._repository = repository
        self._journal = journal
        self._tell = tell
        self._reads: dict[tuple[int, str, str], int] = {}

    # Reading

    def get(self, number: int) -> PullRequest:
        return self._store.pull(number)

    def listed(self, *, state: str = "open", head: str = "", base: str = "") -> list[PullRequest]:
        """Newest first; `head` is OWNER:BRANCH, as GitHub filters it."""
        return [
            pull
            for pull in sorted(self._store.pulls.values(), key=lambda pull: -pull.number)
            if state in ("all", pull.state)
            and (not head or head == f"{OWNER}:{pull.head_ref}")
            and (not base or base == pull.base_ref)
        ]

    def containing(self, sha: str) -> list[PullRequest]:
        """The pull request that brought a commit, or the open ones that hold it."""
        return [
            pull
            for pull in self.listed(state="all")
            if sha in pull.landed or (sha in (commit.sha for commit in self.commits(pull)) and pull.open | pull.merged)
        ]

    def commits(self, pull: PullRequest) -> list[GitCommit]:
        """The commits of the branch, oldest first."""
        if pull.merged:
            return [self._repository.commit(sha) for sha in pull.commits]
        return self._repository.log(f"{pull.base_sha}..{pull.head_sha}")[::-1]

    def mergeable(self, pull: PullRequest) -> bool | None:
        """None on the first reads after head or base moved, as GitHub does while it computes.

        https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
        """
        base = self._repository.head(pull.base_ref) or pull.base_sha
        seen = self._reads.get((pull.number, pull.head_sha, base), 0)
        self._reads[pull.number, pull.head_sha, base] = seen + 1
        if not pull.open or seen < READS_BEFORE_KNOWN:
            return None
        return merging.merges_cleanly(self._repository, base, pull.head_sha)

    def mergeable_state(self, pull: PullRequest, mergeable: bool | None) -> str:
        if mergeable is None:
            return "unknown"
        if not mergeable:
            return "dirty"
        return "blocked" if self._missing(pull) else "clean"

    # Opening

    def open(self, actor: str, *, title: str, head: str, base: str, body: str = "") -> PullRequest:
        """Refuses with 422 an unknown branch, a branch with nothing new, and a second one for the same head."""
        with self._store.lock:
            branch = head.removeprefix(f"{OWNER}:")
            head_sha, base_sha = self._ends(branch, base)
            self._refuse_needless(branch, base, head_sha, base_sha)
            now = moment()
            pull = PullRequest(
                self._store.next_number(), title, body, branch, base, head_sha, base_sha, actor, now, now
            )
            self._store.pulls[pull.number] = pull
            self._store.keep()
            self._journal.record("github", "pull_request.opened", key=branch, number=pull.number, by=actor, title=title)
            self._tell.pull_request("opened", pull, actor)
            return pull

    def _ends(self, head: str, base: str) -> tuple[str, str]:
        head_sha, base_sha = self._repository.head(head), self._repository.head(base)
        if base_sha is None:
            raise invalid("PullRequest", "base", "Base does not exist", code="invalid")
        if head_sha is None:
            raise invalid("PullRequest", "head", "Head does not exist", code="invalid")
        return head_sha, base_sha

    def _refuse_needless(self, head: str, base: str, head_sha: str, base_sha: str) -> None:
        if self.listed(head=f"{OWNER}:{head}", base=base):
            words = f"A pull request already exists for {OWNER}:{head}."
            raise Refused(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": words}])
        if self._repository.is_ancestor(head_sha, base_sha):
            words = f"No commits between {base} and {head}"
            raise Refused(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": words}])

    def edit(self, number: int, actor: str, *, title: str, body: str, state: str) -> PullRequest:
        with self._store.lock:
            pull = self.get(number)
            pull.title, pull.body = title, body
            if state == "closed" and pull.open:
                self._close(pull, actor)
            self._touch(pull)
            return pull

    def _close(self, pull: PullRequest, actor: str) -> None:
        pull.state, pull.closed_at = "closed", moment()
        self._journal.record("github", "pull_request.closed", key=str(pull.number), by=actor)
        self._tell.pull_request("closed", pull, actor)

    def branch_moved(self, branch: str, sha: str | None, pusher: str) -> None:
        """After a push: open pull requests of the branch follow its head, or close with its end."""
        with self._store.lock:
            for pull in self.listed(head=f"{OWNER}:{branch}"):
                if sha is None:
                    self._close(pull, pusher)
                elif sha != pull.head_sha:
                    pull.head_sha = sha
                    self._tell.pull_request("synchronize", pull, pusher)
                self._touch(pull)

    # Reviewing

    def request_reviewers(self, number: int, actor: str, logins: list[str]) -> PullRequest:
        """Asking the author for a review is refused; asking somebody twice changes nothing."""
        with self._store.lock:
            pull = self.get(number)
            if pull.author in logins:
                raise Refused(422, "Review cannot be requested from pull request author.")
            fresh = [login for login in logins if login not in pull.requested_reviewers]
            pull.requested_reviewers += fresh
            self._touch(pull)
            for login in fresh:
                self._journal.record("github", "review.requested", key=f"{number}:{login}", by=actor)
            return pull

    def review(self, number: int, actor: str, *, event: str, body: str = "", commit: str = "") -> Review:
        """Nobody approves, or asks for changes on, their own pull request (422): the App neither."""
        with self._store.lock:
            pull = self.get(number)
            state = REVIEW_EVENTS.get(event)
            if state is None:
                raise invalid("PullRequestReview", "event", "event is not one of APPROVE, REQUEST_CHANGES, COMMENT")
            if actor == pull.author and state != COMMENTED:
                what = "approve" if state == APPROVED else "request changes on"
                raise Refused(422, f"Review Can not {what} your own pull request")
            review = Review(self._store.next_id(), actor, state, body, commit or pull.head_sha, moment())
            pull.reviews.append(review)
            pull.requested_reviewers = [login for login in pull.requested_reviewers if login != actor]
            self._touch(pull)
            self._journal.record("github", "review.submitted", key=f"{number}:{actor}", state=state)
            self._tell.review(pull, review)
            return review

    # Merging

    def merge(self, number: int, actor: str, *, method: str = "merge", sha: str = "", title: str = "") -> str:
        """Land it and return the new commit; 405 what the rules forbid, 409 a head that moved.

        https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
        """
        with self._store.lock:
            pull = self.get(number)
            if not pull.open:
                raise Refused(405, "Pull Request is not mergeable")
            if sha and sha != pull.head_sha:
                raise Refused(409, "Head branch was modified. Review and try the merge again.")
            self._refuse_by_rule(pull, actor, method)
            return self._land(pull, actor, method, title)

    def _refuse_by_rule(self, pull: PullRequest, actor: str, method: str) -> None:
        if method not in self._store.rules.merge_methods:
            names = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
            raise Refused(405, f"{names.get(method, 'Such merges')} are not allowed on this repository.")
        missing = self._missing(pull)
        if missing and not (actor == APP and self._store.rules.bypass != "never"):
            raise Refused(405, f"Repository rule violations found\n\n{missing}\n\n")

    def _missing(self, pull: PullRequest) -> str:
        """The first rule of the branch that is not met, in GitHub's words; empty when all are."""
        rules = self._store.rules
        needed = rules.required_approvals
        if rules.merge_queue:
            return "Changes must be made through the merge queue"
        if rules.signed_commits:
            return "Commits must have verified signatures."
        if needed and pull.changes_requested():
            return "Changes have been requested by a reviewer with write access."
        if pull.approvals(of_head_only=rules.dismiss_stale_reviews) < needed:
            return f"At least {needed} approving review is required by reviewers with write access."
        red = [check for check in rules.required_checks if not self._is_green(pull.head_sha, check)]
        return f'Required status check "{red[0]}" is failing.' if red else ""

    def _is_green(self, sha: str, check: str) -> bool:
        """By its newest status where it has one."""
        states = [status.state for status in self._store.statuses_of(sha) if status.context == check]
        return states[0] == "success" if states else check not in self._store.rules.red_checks

    def _land(self, pull: PullRequest, actor: str, method: str, title: str) -> str:
        base = self._repository.commit(f"refs/heads/{pull.base_ref}").sha
        pull.commits = [commit.sha for commit in self._repository.log(f"{base}..{pull.head_sha}")][::-1]
        try:
            landed = self._commits_for(pull, base, actor, method, title)
        except merging.Conflicted as conflict:
            raise Refused(405, "Pull Request is not mergeable") from conflict
        self._repository.move_branch(pull.base_ref, landed[-1], expecting=base)
        pull.landed, pull.merge_sha, pull.merged_by = landed, landed[-1], actor
        pull.base_sha, pull.state, pull.closed_at = base, "closed", moment()
        self._touch(pull)
        self._journal.record("github", "pull_request.merged", key=str(pull.number), sha=landed[-1], by=actor)
        self._tell.pull_request("closed", pull, actor)
        self._tell.landed(pull, base, landed[-1], actor)
        return landed[-1]

    def _commits_for(self, pull: PullRequest, base: str, actor: str, method: str, title: str) -> list[str]:
        now = datetime.now(UTC).replace(microsecond=0)
        by = Stamp(signature_of(actor), now)
        if method == "rebase":
            return merging.rebase(self._repository, base, pull.head_sha, by=by)
        if method == "squash":
            message = f"{title or f'{pull.title} (#{pull.number})'}\n\n{pull.body}".strip()
            author = Stamp(signature_of(pull.author), now)
            return [merging.squash(self._repository, base, pull.head_sha, message=message, by=author)]
        heading = title or f"Merge pull request #{pull.number} from {OWNER}/{pull.head_ref}"
        message = f"{heading}\n\n{pull.title}"
        return [merging.merge(self._repository, base, pull.head_sha, message=message, by=by)]

    def _touch(self, pull: PullRequest) -> None:
        pull.updated_at = moment()
        self._store.keep()
