"""Issues: opened, listed, edited.

https://docs.github.com/en/rest/issues/issues
"""

from starlette.routing import BaseRoute

from sandbox.codehost.bodies import issues
from sandbox.codehost.records import Issue, PullRequest
from sandbox.codehost.refusals import Refused, invalid
from sandbox.codehost.rest.calls import Answer, Call, Rest, next_page, paged

_REASONS = ("completed", "not_planned", "duplicate", "reopened")


def routes(rest: Rest) -> list[BaseRoute]:
    return [
        rest.repo_route("/issues", "GET", list_issues),
        rest.repo_route("/issues", "POST", open_issue),
        rest.repo_route("/issues/{number}", "GET", get_issue),
        rest.repo_route("/issues/{number}", "PATCH", edit_issue),
    ]


def list_issues(call: Call) -> Answer:
    """Pull requests are issues as well, and are listed among them."""
    store, state = call.forge.store, call.query.get("state", "open")
    every: list[Issue | PullRequest] = [*store.issues.values(), *store.pulls.values()]
    since = call.query.get("since", "")
    found = [each for each in every if state in ("all", each.state) and each.updated_at >= since]
    found.sort(key=lambda each: each.number, reverse=call.query.get("direction", "desc") == "desc")
    return Answer([_listed(call, each) for each in paged(call, found)], headers=next_page(call, len(found)))


def open_issue(call: Call) -> Answer:
    title, body = call.text("title", of="Issue"), call.text("body", of="Issue", default="")
    if not title.strip():
        raise invalid("Issue", "title", "title is too short", code="missing_field")
    return Answer(issues.issue(call.forge.links, call.forge.issues.open(call.login, title=title, body=body)), 201)


def get_issue(call: Call) -> Answer:
    return Answer(issues.issue(call.forge.links, call.forge.store.issue(call.number("number"))))


def edit_issue(call: Call) -> Answer:
    found = call.forge.store.issue(call.number("number"))
    state = call.text("state", of="Issue", default=found.state)
    reason = call.body.get("state_reason") or ("completed" if state == "closed" else "reopened")
    if state not in ("open", "closed") or reason not in _REASONS:
        raise Refused(422, "Invalid request.\n\nstate is not one of open, closed")
    call.forge.issues.set_state(found.number, call.login, state=state, reason=str(reason))
    return Answer(issues.issue(call.forge.links, found))


def _listed(call: Call, each: Issue | PullRequest) -> dict[str, object]:
    if isinstance(each, Issue):
        return issues.issue(call.forge.links, each)
    return issues.pull_as_issue(call.forge.links, each)
