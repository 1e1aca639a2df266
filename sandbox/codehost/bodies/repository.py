"""The repository, its refs and the rules of its branch, as GitHub shows them."""

from sandbox.codehost.bodies.people import Body, account_id, user
from sandbox.codehost.links import Links
from sandbox.codehost.rules import Rules

RULESET_ID = 1
_BORN = "2026-01-05T09:00:00Z"
_ADDRESSES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_COUNTS = ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "open_issues", "open_issues_count")


def repository(links: Links, *, default_branch: str) -> Body:
    owner, _, name = links.full_name.partition("/")
    features = {f"has_{what}": False for what in ("issues", "projects", "wiki", "pages", "downloads", "discussions")}
    return {
        "id": account_id(links.full_name),
        "node_id": f"R_{account_id(links.full_name)}",
        "name": name,
        "full_name": links.full_name,
        "owner": {**user(links, owner), "type": "Organization"},
        "private": True,
        "html_url": links.page,
        "description": "The shop, in the sandbox",
        "fork": False,
        "url": links.repo,
        **{field: links.repo + path for field, path in _ADDRESSES.items()},
        "git_url": links.git,
        "ssh_url": links.git,
        "clone_url": links.git,
        "svn_url": links.git,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "license": None,
        **dict.fromkeys(_COUNTS, 0),
        **features,
        "size": 1,
        "archived": False,
        "disabled": False,
        "visibility": "private",
        "topics": [],
        "allow_forking": False,
        "is_template": False,
        "web_commit_signoff_required": False,
        "default_branch": default_branch,
        "pushed_at": _BORN,
        "created_at": _BORN,
        "updated_at": _BORN,
    }


def git_ref(links: Links, branch: str, sha: str) -> Body:
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": f"REF_{branch}",
        "url": f"{links.repo}/git/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{links.repo}/git/commits/{sha}"},
    }


def branch_rules(links: Links, rules: Rules) -> list[Body]:
    """The rules in force on the protected branch, each with the ruleset it comes from."""
    source = {
        "ruleset_source_type": "Repository",
        "ruleset_source": links.full_name,
        "ruleset_id": RULESET_ID,
    }
    return [{**rule, **source} for rule in _rules(rules)]


def ruleset(links: Links, rules: Rules) -> Body:
    address = f"{links.repo}/rulesets/{RULESET_ID}"
    bypass_mode = {"pull_requests_only": "pull_request"}.get(rules.bypass, rules.bypass)
    actor = {"actor_id": account_id("rollback-console"), "actor_type": "Integration", "bypass_mode": bypass_mode}
    return {
        "id": RULESET_ID,
        "name": "Protect the deploy branch",
        "target": "branch",
        "source_type": "Repository",
        "source": links.full_name,
        "enforcement": "active",
        "bypass_actors": [] if rules.bypass == "never" else [actor],
        "current_user_can_bypass": rules.bypass,
        "node_id": "RRS_1",
        "_links": {"self": {"href": address}, "html": {"href": f"{links.page}/rules/{RULESET_ID}"}},
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": _rules(rules),
        "created_at": _BORN,
        "updated_at": _BORN,
    }


def _rules(rules: Rules) -> list[Body]:
    listed: list[Body] = [{"type": "deletion"}, {"type": "non_fast_forward"}, _pull_request_rule(rules)]
    if rules.required_checks:
        checks = [{"context": check} for check in rules.required_checks]
        parameters: Body = {"strict_required_status_checks_policy": False, "required_status_checks": checks}
        listed.append({"type": "required_status_checks", "parameters": parameters})
    if rules.signed_commits:
        listed.append({"type": "required_signatures"})
    if rules.merge_queue:
        listed.append({"type": "merge_queue", "parameters": _MERGE_QUEUE})
    return listed


_MERGE_QUEUE = {
    "check_response_timeout_minutes": 60,
    "grouping_strategy": "ALLGREEN",
    "max_entries_to_build": 5,
    "max_entries_to_merge": 5,
    "merge_method": "MERGE",
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}


def _pull_request_rule(rules: Rules) -> Body:
    parameters = {
        "allowed_merge_methods": list(rules.merge_methods),
        "dismiss_stale_reviews_on_push": rules.dismiss_stale_reviews,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": rules.required_approvals,
        "required_review_thread_resolution": False,
    }
    return {"type": "pull_request", "parameters": parameters}
