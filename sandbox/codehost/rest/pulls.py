"""Pull requests, their reviews and their merging."""

from typing import Any

from starlette.routing import BaseRoute

from sandbox.codehost.bodies import commits, pulls
from sandbox.codehost.forge import DEFAULT_BRANCH
from sandbox.codehost.records import PullRequest
from sandbox.codehost.refusals import Refused, invalid, not_found
from sandbox.codehost.rest.calls import Answer, Call, Rest, next_page, paged

_PULL = "/pulls/{number}"


def routes(rest: Rest) -> list[BaseRoute]:
    return [
        rest.repo_route("/pulls", "GET", list_pulls),
        rest.repo_route("/pulls", "POST", open_pull),
        rest.repo_route(_PULL, "GET", get_pull),
        rest.repo_route(_PULL, "PATCH", edit_pull),
        rest.repo_route(_PULL + "/commits", "GET", commits_of_pull),
        rest.repo_route(_PULL + "/reviews", "GET", list_reviews),
        rest.repo_route(_PULL + "/reviews", "POST", submit_review),
        rest.repo_route(_PULL + "/requested_reviewers", "POST", request_reviewers),
        rest.repo_route(_PULL + "/merge", "GET", is_merged),
        rest.repo_route(_PULL + "/merge", "PUT", merge),
        rest.repo_route("/issues/{number}/events", "GET", events_of_pull),
    ]


def list_pulls(call: Call) -> Answer:
    filters = {name: call.query.get(name, "") for name in ("head", "base")}
    found = call.forge.pulls.listed(state=call.query.get("state", "open"), **filters)
    if call.query.get("direction") == "asc":
        found.reverse()
    bodies = [_simple(call, pull) for pull in paged(call, found)]
    return Answer(bodies, headers=next_page(call, len(found)))


def open_pull(call: Call) -> Answer:
    asked = {name: call.text(name, of="PullRequest") for name in ("title", "head", "base")}
    pull = call.forge.pulls.open(call.login, **asked, body=call.body.get("body") or "")
    return Answer(_full(call, pull), 201)


def get_pull(call: Call) -> Answer:
    return Answer(_full(call, _pull(call)))


def edit_pull(call: Call) -> Answer:
    pull = _pull(call)
    wanted: dict[str, Any] = {name: call.body.get(name, getattr(pull, name)) for name in ("title", "body", "state")}
    return Answer(_full(call, call.forge.pulls.edit(pull.number, call.login, **wanted)))


def commits_of_pull(call: Call) -> Answer:
    found = paged(call, call.forge.pulls.commits(_pull(call)))
    return Answer([commits.commit(call.forge.links, commit) for commit in found])


def list_reviews(call: Call) -> Answer:
    pull = _pull(call)
    found = paged(call, pull.reviews)
    headers = next_page(call, len(pull.reviews))
    return Answer([pulls.review(call.forge.links, pull, review) for review in found], headers=headers)


def submit_review(call: Call) -> Answer:
    pull = _pull(call)
    asked = {name: call.text(name, of="PullRequestReview", default="") for name in ("event", "body")}
    commit = call.text("commit_id", of="PullRequestReview", default="")
    review = call.forge.pulls.review(pull.number, call.login, commit=commit, **asked)
    return Answer(pulls.review(call.forge.links, pull, review))


def request_reviewers(call: Call) -> Answer:
    logins = call.body.get("reviewers", [])
    if not isinstance(logins, list) or not all(isinstance(login, str) for login in logins):
        raise invalid("PullRequest", "reviewers", "reviewers is a list of logins")
    return Answer(_simple(call, call.forge.pulls.request_reviewers(_pull(call).number, call.login, logins)), 201)


def is_merged(call: Call) -> Answer:
    if not _pull(call).merged:
        raise not_found()
    return Answer(None, 204)


def merge(call: Call) -> Answer:
    """405 and 409 carry a message and nothing else that matters."""
    asked = {"method": call.text("merge_method", of="PullRequest", default="merge")}
    asked |= {"sha": call.text("sha", of="PullRequest", default="")}
    asked |= {"title": call.text("commit_title", of="PullRequest", default="")}
    if asked["method"] not in ("merge", "squash", "rebase"):
        raise Refused(422, "Invalid request.\n\nmerge_method is not one of merge, squash, rebase")
    sha = call.forge.pulls.merge(_pull(call).number, call.login, **asked)
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def events_of_pull(call: Call) -> Answer:
    """Of all that GitHub lists here, the merge: the one place that names the commit a pull request became."""
    pull = _pull(call)
    return Answer([pulls.merged_event(call.forge.links, pull)] if pull.merged else [])


def _pull(call: Call) -> PullRequest:
    return call.forge.pulls.get(call.number("number"))


def _simple(call: Call, pull: PullRequest) -> dict[str, object]:
    return pulls.simple(call.forge.links, pull, default_branch=DEFAULT_BRANCH)


def _full(call: Call, pull: PullRequest) -> dict[str, object]:
    forge = call.forge
    mergeable = forge.pulls.mergeable(pull)
    meeting = forge.repository.merge_base(pull.base_sha, pull.head_sha)
    files = forge.repository.changed_files(meeting or pull.base_sha, pull.head_sha)
    state, count = forge.pulls.mergeable_state(pull, mergeable), len(forge.pulls.commits(pull))
    return pulls.full(forge.links, pull, pulls.Findings(mergeable, state, count, files), default_branch=DEFAULT_BRANCH)
