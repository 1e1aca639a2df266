"""The code host itself: repository, store, pull requests and events, put together for one run of the world."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sandbox import secrets
from sandbox.codehost import hooks, merging
from sandbox.codehost.accounts import OWNER, Tokens, signature_of
from sandbox.codehost.events import Events, Push
from sandbox.codehost.issues import Issues
from sandbox.codehost.links import Links
from sandbox.codehost.pulls import Announcements, Pulls
from sandbox.codehost.records import PullRequest
from sandbox.codehost.refusals import Refused, no_commit
from sandbox.codehost.repository import Repository, Stamp
from sandbox.codehost.rules import Rules
from sandbox.codehost.seeding import SeedCommit, seed, slug
from sandbox.codehost.store import Store
from sandbox.world import World

FULL_NAME = f"{OWNER}/shop"
DEFAULT_BRANCH = "master"
_HEADS = "refs/heads/"


class Forge:
    """Knows how a branch moves and who hears of it. `listeners` are called for every move, from any thread."""

    def __init__(self, world: World, history: Callable[[], Sequence[SeedCommit]]) -> None:
        self.links = Links(world.address, FULL_NAME)
        self.journal = world.journal
        self.store = Store(world.memory("github"))
        self.tokens = Tokens(secrets.public_key(world.app_private_key))
        self.repository = Repository(world.folder("github") / "repositories" / f"{FULL_NAME}.git")
        self.events = Events(world, self.links, self.repository, DEFAULT_BRANCH)
        tell = Announcements(self.events.pull_request, self.events.review, self._landed)
        self.pulls = Pulls(self.store, self.repository, world.journal, tell)
        self.issues = Issues(self.store, world.journal, self.events.issue)
        self.listeners: list[Callable[[Push], None]] = []
        if not self.repository.folder.exists():
            self.repository.create(default_branch=DEFAULT_BRANCH)
            hooks.install(self.repository, DEFAULT_BRANCH)
            seed(self.repository, self.store, DEFAULT_BRANCH, history())

    def ref_moved(self, ref: str, before: str | None, after: str | None, who: str) -> None:
        """A push of a branch is told to everybody; any other ref is only written down, as no workflow starts of it."""
        branch = ref.removeprefix(_HEADS)
        if branch != ref:
            self.pushed(Push(branch, before, after, who))
            return
        effect = "ref.pushed" if after else "ref.deleted"
        self.journal.record("github", effect, key=f"{ref}@{after or before}", by=who)

    def delete_ref(self, ref: str, who: str) -> None:
        before = self.repository.refs()[ref]
        self.repository.delete_ref(ref)
        self.ref_moved(ref, before, None, who)

    def pushed(self, push: Push) -> None:
        """Somebody pushed: write it down, let pull requests follow, tell the console and the listeners."""
        key = f"{push.branch}@{push.after}"
        effect = "branch.pushed" if push.after else "branch.deleted"
        self.journal.record("github", effect, key=key, by=push.pusher, before=push.before)
        self.pulls.branch_moved(push.branch, push.after, push.pusher)
        self._tell(push)

    def _landed(self, pull: PullRequest, before: str, after: str, actor: str) -> None:
        self._tell(Push(pull.base_ref, before, after, actor))

    def _tell(self, push: Push) -> None:
        self.events.push(push)
        for listener in self.listeners:
            listener(push)

    def change_rules(self, **wanted: object) -> Rules:
        """Raises UnknownRule."""
        with self.store.lock:
            self.store.rules = self.store.rules.changed(**wanted)
            self.store.keep()
            hooks.allow_workflows(self.repository, self.store.rules.workflows_permission)
            return self.store.rules

    # What people do outside the console

    def commit_to(self, branch: str, author: str, title: str, files: Mapping[str, str | None]) -> str:
        """Commit and push; the branch is made from the default branch where it does not exist."""
        with self.store.lock:
            before = self.repository.head(branch)
            parent = before or self.repository.head(DEFAULT_BRANCH)
            sha = self.repository.commit_files(parent, files, message=title, author=_now(author))
            self._push(branch, before, sha, author)
            return sha

    def merge_change(
        self, author: str, title: str, files: Mapping[str, str | None], *, method: str
    ) -> tuple[PullRequest, str]:
        """A branch, a pull request, an approving review where the rules want one, and the merge, as `author`."""
        with self.store.lock:
            branch = f"{author}/{slug(title)}-{self.store.next_number()}"
            self.commit_to(branch, author, title, files)
            pull = self.pulls.open(author, title=title, head=branch, base=DEFAULT_BRANCH)
            return pull, self.approve_and_merge(pull, author, method=method)

    def approve_and_merge(self, pull: PullRequest, actor: str, *, method: str) -> str:
        reviewers = [login for login in ("reviewer", "engineer", "cto", "oncall") if login != pull.author]
        for reviewer in reviewers[: self.store.rules.required_approvals]:
            self.pulls.review(pull.number, reviewer, event="APPROVE")
        return self.pulls.merge(pull.number, actor, method=method)

    def revert(self, author: str, sha: str, *, branch: str) -> str:
        """Push a revert of `sha` to `branch`, of all it landed with for a rebase merge; refuses a conflict with 409."""
        with self.store.lock:
            bad = self.repository.resolve(sha)
            if bad is None:
                raise no_commit(sha)
            before = self.repository.head(branch)
            onto = before or self.repository.commit(DEFAULT_BRANCH).sha
            for one in self._landed_with(bad):
                onto = self._reverted(one, onto, author)
            self._push(branch, before, onto, author)
            return onto

    def _landed_with(self, sha: str) -> list[str]:
        for pull in self.store.pulls.values():
            if sha == pull.merge_sha:
                return pull.landed[::-1]
        return [sha]

    def _reverted(self, sha: str, onto: str, author: str) -> str:
        title = self.repository.commit(sha).title
        message = f'Revert "{title}"\n\nThis reverts commit {sha}.'
        try:
            return merging.revert(self.repository, sha, onto, message=message, by=_now(author))
        except merging.Conflicted as conflict:
            raise Refused(409, f"{sha} does not revert cleanly.") from conflict

    def _push(self, branch: str, before: str | None, after: str, author: str) -> None:
        self.repository.move_branch(branch, after, expecting=before)
        self.pushed(Push(branch, before, after, author))


def _now(login: str) -> Stamp:
    return Stamp(signature_of(login), datetime.now(UTC).replace(microsecond=0))
