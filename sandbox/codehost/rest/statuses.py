"""Commit statuses, and the removal of refs.

https://docs.github.com/en/rest/commits/statuses and https://docs.github.com/en/rest/git/refs#delete-a-reference
"""

from starlette.routing import BaseRoute

from sandbox.codehost.accounts import APP
from sandbox.codehost.bodies import statuses
from sandbox.codehost.forge import DEFAULT_BRANCH
from sandbox.codehost.records import CommitStatus
from sandbox.codehost.refusals import Refused, invalid, no_commit
from sandbox.codehost.rest.calls import Answer, Call, Rest, next_page, paged
from sandbox.codehost.store import moment

_STATES = ("error", "failure", "pending", "success")
_LONGEST_DESCRIPTION = 140


def routes(rest: Rest) -> list[BaseRoute]:
    return [
        rest.repo_route("/statuses/{sha}", "POST", set_status),
        rest.repo_route("/commits/{ref:path}/statuses", "GET", list_statuses),
        rest.repo_route("/git/refs/{ref:path}", "DELETE", delete_ref),
    ]


def set_status(call: Call) -> Answer:
    if call.login == APP and not call.forge.store.rules.statuses_permission:
        raise Refused(403, "Resource not accessible by integration")
    sha = call.forge.repository.resolve(call.path["sha"])
    if sha is None:
        raise no_commit(call.path["sha"])
    status = _asked(call, sha)
    store = call.forge.store
    store.statuses.append(status)
    store.keep()
    key = f"{status.context}={status.state}@{sha}"
    call.forge.journal.record("github", "commit_status.set", key=key, words=status.description, by=call.login)
    return Answer(statuses.status(call.forge.links, status), 201)


def list_statuses(call: Call) -> Answer:
    sha = call.forge.repository.resolve(call.path["ref"])
    if sha is None:
        raise no_commit(call.path["ref"])
    found = call.forge.store.statuses_of(sha)
    bodies = [statuses.status(call.forge.links, status) for status in paged(call, found)]
    return Answer(bodies, headers=next_page(call, len(found)))


def delete_ref(call: Call) -> Answer:
    """204; 422 for what is not there, and for the protected branch."""
    ref = f"refs/{call.path['ref']}"
    if ref == f"refs/heads/{DEFAULT_BRANCH}":
        raise Refused(422, "Repository rule violations found\n\nCannot delete this branch\n\n")
    if call.forge.repository.refs().get(ref) is None:
        raise Refused(422, "Reference does not exist")
    call.forge.delete_ref(ref, call.login)
    return Answer(None, 204)


def _asked(call: Call, sha: str) -> CommitStatus:
    asked = {name: call.text(name, of="Status", default="") for name in ("state", "description", "target_url")}
    context = call.text("context", of="Status", default="default")
    if asked["state"] not in _STATES:
        raise invalid("Status", "state", f"state is not one of {', '.join(_STATES)}", code="invalid")
    if len(asked["description"]) > _LONGEST_DESCRIPTION:
        words = f"description is too long (maximum is {_LONGEST_DESCRIPTION} characters)"
        raise invalid("Status", "description", words)
    return CommitStatus(call.forge.store.next_id(), sha, context, **asked, creator=call.login, at=moment())
