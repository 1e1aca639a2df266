"""Commits, refs and comparisons."""

from starlette.routing import BaseRoute

from sandbox.codehost.bodies import commits, pulls
from sandbox.codehost.bodies.repository import git_ref, repository
from sandbox.codehost.forge import DEFAULT_BRANCH, Forge
from sandbox.codehost.refusals import no_commit, not_found
from sandbox.codehost.rest.calls import Answer, Call, Rest, next_page, paged


def routes(rest: Rest) -> list[BaseRoute]:
    return [
        rest.repo_route("", "GET", get_repository),
        rest.repo_route("/commits", "GET", list_commits),
        rest.repo_route("/commits/{sha}/pulls", "GET", pulls_of_commit),
        rest.repo_route("/commits/{ref:path}", "GET", get_commit),
        rest.repo_route("/git/ref/heads/{branch:path}", "GET", get_ref),
        rest.repo_route("/compare/{range:path}", "GET", compare),
    ]


def get_repository(call: Call) -> Answer:
    counts: dict[str, object] = {"network_count": 0, "subscribers_count": 0}
    return Answer({**repository(call.forge.links, default_branch=DEFAULT_BRANCH), **counts})


def list_commits(call: Call) -> Answer:
    ref = call.query.get("sha", DEFAULT_BRANCH)
    git = call.forge.repository
    tip = git.resolve(ref)
    if tip is None:
        raise not_found()
    skip, limit = call.page()
    found = git.log(tip, limit=limit, skip=skip)
    headers = next_page(call, git.count(tip))
    return Answer([commits.commit(call.forge.links, commit) for commit in found], headers=headers)


def get_commit(call: Call) -> Answer:
    """422 where the reference names no commit, as GitHub answers."""
    git = call.forge.repository
    sha = _resolved(call.forge, call.path["ref"])
    commit = git.commit(sha)
    files = git.changed_files(commit.parents[0], sha) if commit.parents else []
    return Answer(commits.commit(call.forge.links, commit, files))


def pulls_of_commit(call: Call) -> Answer:
    sha = _resolved(call.forge, call.path["sha"])
    found = paged(call, call.forge.pulls.containing(sha))
    return Answer([pulls.simple(call.forge.links, pull, default_branch=DEFAULT_BRANCH) for pull in found])


def get_ref(call: Call) -> Answer:
    sha = call.forge.repository.head(call.path["branch"])
    if sha is None:
        raise not_found()
    return Answer(git_ref(call.forge.links, call.path["branch"], sha))


def compare(call: Call) -> Answer:
    """`base...head`: what head has that base has not."""
    git = call.forge.repository
    ends = call.path["range"].split("...")
    base, head = (git.resolve(end) for end in ends) if len(ends) == 2 else (None, None)
    if base is None or head is None:
        raise not_found()
    meeting = git.merge_base(base, head)
    if meeting is None:
        raise not_found()
    ahead, behind = git.log(f"{base}..{head}")[::-1], git.count(f"{head}..{base}")
    body = commits.comparison(call.forge.links, git.commit(base), head, git.commit(meeting), ahead)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    files = [commits.changed_file(call.forge.links, head, file) for file in git.changed_files(meeting, head)]
    return Answer({**body, "status": status[bool(ahead), bool(behind)], "behind_by": behind, "files": files})


def _resolved(forge: Forge, ref: str) -> str:
    sha = forge.repository.resolve(ref)
    if sha is None:
        raise no_commit(ref)
    return sha
