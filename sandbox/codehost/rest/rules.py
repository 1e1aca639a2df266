"""The rules of the branch, the App's tokens and the rate limit."""

from collections.abc import Callable

from starlette.routing import BaseRoute

from sandbox import secrets
from sandbox.codehost.accounts import OWNER
from sandbox.codehost.bodies.people import account_id, user
from sandbox.codehost.bodies.repository import RULESET_ID, branch_rules, ruleset
from sandbox.codehost.forge import DEFAULT_BRANCH
from sandbox.codehost.refusals import not_found
from sandbox.codehost.rest.calls import Answer, Call, Rest
from sandbox.codehost.store import moment

_PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "actions": "read",
    "deployments": "read",
    "checks": "read",
    "statuses": "write",
    "workflows": "write",
}
_EVENTS = ("deployment_status", "pull_request", "pull_request_review", "push", "workflow_run")
_BORN = "2026-01-05T09:00:00Z"


def routes(rest: Rest) -> list[BaseRoute]:
    return [
        rest.route("/app/installations/{installation}/access_tokens", "POST", issue_token, by_app=True),
        rest.route("/app/installations/{installation}", "GET", get_installation, by_app=True),
        rest.route("/rate_limit", "GET", _rate_limit(rest)),
        rest.route("/user", "GET", who_am_i),
        rest.repo_route("/rules/branches/{branch:path}", "GET", rules_of_branch),
        rest.repo_route("/rulesets/{ruleset}", "GET", get_ruleset),
    ]


def issue_token(call: Call) -> Answer:
    token, until = call.forge.tokens.issue(call.bearer, call.path["installation"])
    body = {
        "token": token,
        "expires_at": moment(until),
        "permissions": _permissions(call),
        "repository_selection": "selected",
    }
    return Answer(body, 201)


def get_installation(call: Call) -> Answer:
    """https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app"""
    call.forge.tokens.check(call.bearer, call.path["installation"])
    links, number = call.forge.links, int(secrets.GITHUB_INSTALLATION_ID)
    address = f"{links.api}/app/installations/{number}"
    body = {
        "id": number,
        "account": {**user(links, OWNER), "type": "Organization"},
        "repository_selection": "selected",
        "access_tokens_url": f"{address}/access_tokens",
        "repositories_url": f"{links.api}/installation/repositories",
        "html_url": f"{links.html}/organizations/{OWNER}/settings/installations/{number}",
        "app_id": int(secrets.GITHUB_APP_ID),
        "app_slug": "rollback-console",
        "target_id": account_id(OWNER),
        "target_type": "Organization",
        "permissions": _permissions(call),
        "events": list(_EVENTS),
        "created_at": _BORN,
        "updated_at": _BORN,
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }
    return Answer(body)


def _permissions(call: Call) -> dict[str, str]:
    """What the rules take away is missing here, as at GitHub."""
    rules = call.forge.store.rules
    missing = {"workflows": not rules.workflows_permission, "statuses": not rules.statuses_permission}
    return {name: level for name, level in _PERMISSIONS.items() if not missing.get(name)}


def _rate_limit(rest: Rest) -> Callable[[Call], Answer]:
    def rate_limit(call: Call) -> Answer:
        core = rest.meter.resource()
        return Answer({"resources": {"core": core, "search": core}, "rate": core})

    return rate_limit


def who_am_i(call: Call) -> Answer:
    """Whom the token speaks for, in the short public form."""
    none = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    born = {"created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z"}
    return Answer({**user(call.forge.links, call.login), "id": account_id(call.login), **none, **counts, **born})


def rules_of_branch(call: Call) -> Answer:
    """Not filtered by who asks, as GitHub says; an unprotected branch has none."""
    if call.path["branch"] != DEFAULT_BRANCH:
        return Answer([])
    return Answer(branch_rules(call.forge.links, call.forge.store.rules))


def get_ruleset(call: Call) -> Answer:
    if call.number("ruleset") != RULESET_ID:
        raise not_found()
    return Answer(ruleset(call.forge.links, call.forge.store.rules))
