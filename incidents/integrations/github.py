"""The code host that is GitHub, by its REST API (R1-R4); every failure is an IntegrationError."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

import httpx

from incidents.integrations import github_answers as answers
from incidents.integrations.code_host import (
    OWN_REFS,
    BranchRules,
    Commit,
    CommitStatus,
    Deployment,
    Grants,
    Issue,
    Job,
    PendingGate,
    PullRequest,
    Review,
    Run,
    StatusState,
)
from incidents.integrations.credentials import Credentials
from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields
from incidents.integrations.github_rest import PAGE, Rest
from incidents.integrations.github_rules import branch_rules

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
# What git refuses in a name (git-check-ref-format), and what would lead elsewhere within an address.
_NO_REF: Final = re.compile(r"^[-/.]|\.\.|[ ~^:?*\[\\]")
_MOST_COMMITS: Final = 250  # "lists a maximum of 250 commits": docs.github.com, "List commits on a pull request"
_LONGEST_DESCRIPTION: Final = 140  # docs.github.com, "Create a commit status" refuses a longer one with 422
_NEWEST_STATUSES: Final = 300
_MOST_ISSUES: Final = 500
_IS_GONE: Final = "reference does not exist"
_HAS_MOVED_ON: Final = "base branch was modified"


class GitHub:
    """A CodeHost, safe between threads. It repeats nothing by itself: the error says whether it may be."""

    def __init__(self, api_url: str, credentials: Credentials, *, transport: httpx.BaseTransport | None = None) -> None:
        self._credentials = credentials
        self._rest = Rest(api_url, credentials, transport)

    def commit(self, repository: str, ref: str) -> Commit:
        return self._rest.one(
            f"{_at(repository)}/commits/{_ref(ref)}", answers.commit, f"reading {ref} of {repository}"
        )

    def recent_commits(self, repository: str, branch: str, *, limit: int) -> list[Commit]:
        doing = f"reading the newest commits of {branch} in {repository}"
        return self._rest.newest(f"{_at(repository)}/commits", answers.commit, doing, limit, params={"sha": branch})

    def branch_head(self, repository: str, branch: str) -> str | None:
        doing = f"looking up the branch {branch} of {repository}"
        try:
            return self._rest.one(f"{_at(repository)}/git/ref/heads/{_ref(branch)}", _object_sha, doing)
        except IntegrationError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def pull_request(self, repository: str, number: int) -> PullRequest:
        """Asked for unconditionally, since `mergeable` is worked out after an answer was given."""
        doing = f"reading pull request #{number} of {repository}"
        found = self._rest.one(f"{_at(repository)}/pulls/{number:d}", answers.pull_request, doing, fresh=True)
        if found.merged and found.merge_sha is None:
            return replace(found, merge_sha=self._merge_sha(repository, number))
        return found

    def find_pull_request(self, repository: str, *, head: str) -> PullRequest | None:
        """GitHub ignores a `head` without its owner and lists everything: so it is added, and the answer compared."""
        doing = f"looking up the pull request from {head} in {repository}"
        owner, _, branch = head.rpartition(":")
        whole_head = f"{owner or repository.partition('/')[0]}:{branch}"
        params = {"head": whole_head, "state": "all", "sort": "created", "direction": "desc"}
        found = self._rest.newest(f"{_at(repository)}/pulls", answers.pull_request, doing, 10, params=params)
        numbers = [pull.number for pull in found if pull.head_ref == branch]
        return self.pull_request(repository, max(numbers)) if numbers else None

    def pull_requests_of(self, repository: str, sha: str) -> list[PullRequest]:
        doing = f"looking up the pull requests of {sha} in {repository}"
        found = self._rest.newest(f"{_at(repository)}/commits/{_ref(sha)}/pulls", answers.pull_request, doing, 10)
        return [self.pull_request(repository, pull.number) for pull in found]

    def commits_of(self, repository: str, number: int) -> list[str]:
        doing = f"reading the commits of pull request #{number} of {repository}"
        shas = self._rest.all(f"{_at(repository)}/pulls/{number:d}/commits", _sha, doing)
        if len(shas) >= _MOST_COMMITS:
            words = f"Pull request #{number} holds {_MOST_COMMITS} commits or more; GitHub lists no further."
            raise IntegrationError(words, retryable=False)
        return shas

    def open_pull_request(self, repository: str, *, head: str, base: str, title: str, body: str) -> PullRequest:
        doing = f"opening a pull request from {head} to {base} in {repository}"
        content = {"title": title, "head": head, "base": base, "body": body}
        return self._rest.write("POST", f"{_at(repository)}/pulls", content, answers.pull_request, doing)

    def request_reviewers(self, repository: str, number: int, logins: Sequence[str]) -> None:
        doing = f"asking {', '.join(logins)} to review pull request #{number} of {repository}"
        address = f"{_at(repository)}/pulls/{number:d}/requested_reviewers"
        self._rest.write("POST", address, {"reviewers": list(logins)}, _as_is, doing)

    def reviews(self, repository: str, number: int) -> list[Review]:
        doing = f"reading the reviews of pull request #{number} of {repository}"
        return self._rest.all(f"{_at(repository)}/pulls/{number:d}/reviews", answers.review, doing)

    def branch_rules(self, repository: str, branch: str) -> BranchRules:
        doing = f"reading the rules of {branch} in {repository}"
        rules = self._rest.all(f"{_at(repository)}/rules/branches/{_ref(branch)}", _as_is, doing)
        settings = self._rest.one(_at(repository), _as_is, doing)
        classic = self._classic_protection(repository, branch, doing)
        with self._rest.understood(doing):
            rulesets = sorted({rule.number("ruleset_id") for rule in rules if rule.has("ruleset_id")})
            bypasses = [self._rest.one(f"{_at(repository)}/rulesets/{each}", _bypass, doing) for each in rulesets]
            return branch_rules(rules, bypasses, settings, classic)

    def merge(self, repository: str, number: int, *, sha: str, method: str) -> str:
        if not sha:
            raise IntegrationError("A merge names the head that was reviewed (R4); none was named.", retryable=False)
        doing = f"merging pull request #{number} of {repository}"
        content = {"sha": sha, "merge_method": method}
        try:
            return self._rest.write("PUT", f"{_at(repository)}/pulls/{number:d}/merge", content, _sha, doing)
        except IntegrationError as error:
            if error.status == httpx.codes.METHOD_NOT_ALLOWED and _HAS_MOVED_ON in error.words.lower():
                raise IntegrationError(error.words, retryable=True, status=error.status) from error
            raise

    def runs(self, repository: str, *, head_sha: str) -> list[Run]:
        doing = f"looking up the runs of {head_sha} in {repository}"
        address, params = f"{_at(repository)}/actions/runs", {"head_sha": head_sha, "event": "push"}
        return self._rest.newest(address, answers.run, doing, PAGE, params=params, under="workflow_runs")

    def run(self, repository: str, run_id: int) -> Run:
        doing = f"reading run {run_id} of {repository}"
        return self._rest.one(f"{_at(repository)}/actions/runs/{run_id:d}", answers.run, doing)

    def jobs(self, repository: str, run_id: int) -> list[Job]:
        doing = f"reading the jobs of run {run_id} of {repository}"
        address = f"{_at(repository)}/actions/runs/{run_id:d}/jobs"
        return self._rest.all(address, answers.job, doing, params={"filter": "latest"}, under="jobs")

    def pending_gates(self, repository: str, run_id: int) -> list[PendingGate]:
        doing = f"reading what run {run_id} of {repository} waits for"
        address = f"{_at(repository)}/actions/runs/{run_id:d}/pending_deployments"
        return self._rest.all(address, answers.pending_gate, doing)

    def deployments(
        self, repository: str, *, environment: str, sha: str | None = None, limit: int = 30
    ) -> list[Deployment]:
        doing = f"reading the deployments of {repository} to {environment}"
        params = {"environment": environment} | ({"sha": sha} if sha else {})
        found = self._rest.newest(f"{_at(repository)}/deployments", _as_is, doing, limit, params=params)
        with self._rest.understood(doing):
            return [answers.deployment(each, self._statuses(repository, each, doing)) for each in found]

    def contains(self, repository: str, *, sha: str, ancestor: str) -> bool:
        doing = f"asking whether {sha} of {repository} holds {ancestor}"
        address = f"{_at(repository)}/compare/{_ref(ancestor)}...{_ref(sha)}"
        return self._rest.one(address, _status, doing, params={"per_page": 1}) in {"ahead", "identical"}

    def open_pull_requests(self, repository: str, *, base: str) -> list[PullRequest]:
        doing = f"looking for open pull requests into {base} of {repository}"
        params = {"state": "open", "base": base, "sort": "created", "direction": "desc"}
        found = self._rest.all(f"{_at(repository)}/pulls", answers.pull_request, doing, params=params)
        return [pull for pull in found if pull.base_ref == base]

    def statuses(self, repository: str, sha: str) -> list[CommitStatus]:
        """GitHub lists the newest first, one for each time it was set."""
        doing = f"reading the statuses of {sha} in {repository}"
        address = f"{_at(repository)}/commits/{_ref(sha)}/statuses"
        newest: dict[str, CommitStatus] = {}
        for status in self._rest.newest(address, answers.status, doing, _NEWEST_STATUSES):
            newest.setdefault(status.context, status)
        return list(newest.values())

    def set_status(
        self, repository: str, sha: str, *, context: str, state: StatusState, description: str, url: str
    ) -> CommitStatus:
        doing = f"setting the status {context} of {sha} in {repository}"
        content = {"context": context, "state": state.value, "description": _short(description)}
        address = f"{_at(repository)}/statuses/{_ref(sha)}"
        return self._rest.write("POST", address, content | ({"target_url": url} if url else {}), answers.status, doing)

    def open_issue(self, repository: str, *, title: str, body: str) -> Issue:
        doing = f"opening an issue in {repository}"
        return self._rest.write(
            "POST", f"{_at(repository)}/issues", {"title": title, "body": body}, answers.issue, doing
        )

    def find_issue(self, repository: str, *, mark: str, since: datetime) -> Issue | None:
        """By the list, which is true at once: the search is an index that lags. It lists pull requests, too."""
        doing = f"looking up the follow-up's issue in {repository}"
        params = {"state": "all", "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "sort": "created"}
        params |= {"direction": "desc"}
        found = self._rest.newest(f"{_at(repository)}/issues", _as_is, doing, _MOST_ISSUES, params=params)
        with self._rest.understood(doing):
            issues = [answers.issue(each) for each in found if not each.has("pull_request")]
        marked = [each for each in issues if mark in each.body]
        return min(marked, key=lambda each: each.number, default=None)

    def issue(self, repository: str, number: int) -> Issue:
        doing = f"reading issue #{number} of {repository}"
        return self._rest.one(f"{_at(repository)}/issues/{number:d}", answers.issue, doing)

    def close_issue(self, repository: str, number: int, *, completed: bool) -> Issue:
        doing = f"closing issue #{number} of {repository}"
        content = {"state": "closed", "state_reason": "completed" if completed else "not_planned"}
        return self._rest.write("PATCH", f"{_at(repository)}/issues/{number:d}", content, answers.issue, doing)

    def delete_own_ref(self, repository: str, name: str) -> None:
        doing = f"removing the rehearsal's {name} from {repository}"
        try:
            self._rest.remove(f"{_at(repository)}/git/refs/{OWN_REFS}/{_ref(name)}", doing)
        except IntegrationError as error:
            if _IS_GONE not in error.words.lower():
                raise

    def grants(self) -> Grants | None:
        return self._credentials.grants()

    def _merge_sha(self, repository: str, number: int) -> str | None:
        """Since 2026-03-10 a pull request no longer tells its merge; its "merged" event does."""
        doing = f"looking up the merge of pull request #{number} of {repository}"
        events = self._rest.all(f"{_at(repository)}/issues/{number:d}/events", _as_is, doing)
        with self._rest.understood(doing):
            return answers.merge_of(events)

    def _statuses(self, repository: str, deployment: Fields, doing: str) -> list[Fields]:
        address = f"{_at(repository)}/deployments/{deployment.number('id')}/statuses"
        return self._rest.newest(address, _as_is, doing, 30)

    def _classic_protection(self, repository: str, branch: str, doing: str) -> Fields | None:
        """None where there is none, or where only an administrator may see it."""
        try:
            return self._rest.one(f"{_at(repository)}/branches/{_ref(branch)}/protection", _as_is, doing)
        except IntegrationError as error:
            if error.status in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND} and not error.retryable:
                return None
            raise


def _at(repository: str) -> str:
    """The repository's address; a name that could lead anywhere else is refused."""
    if not _REPOSITORY.fullmatch(repository) or {".", ".."} & set(repository.split("/")):
        raise IntegrationError(f"{repository!r} is no repository (owner/name): correct the catalogue.", retryable=False)
    return f"repos/{repository}"


def _ref(name: str) -> str:
    """A sha, branch or tag within an address."""
    if not name or not name.isprintable() or _NO_REF.search(name):
        raise IntegrationError(f"{name!r} is no commit, branch or tag.", retryable=False)
    return quote(name, safe="")


def _short(description: str) -> str:
    whole = " ".join(description.split())
    return whole if len(whole) <= _LONGEST_DESCRIPTION else f"{whole[: _LONGEST_DESCRIPTION - 1]}…"


def _as_is(answer: Fields) -> Fields:
    return answer


def _sha(answer: Fields) -> str:
    return answer.text("sha")


def _object_sha(answer: Fields) -> str:
    return answer.text("object", "sha")


def _status(answer: Fields) -> str:
    return answer.text("status")


def _bypass(answer: Fields) -> str:
    return answer.text("current_user_can_bypass", default="never")
