"""Commits and comparisons as GitHub shows them."""

from datetime import UTC, datetime

from sandbox.codehost.accounts import login_of
from sandbox.codehost.bodies.people import Body, user
from sandbox.codehost.links import Links
from sandbox.codehost.repository import FileChange, GitCommit, Stamp
from sandbox.codehost.store import moment

_UNSIGNED: Body = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def commit(links: Links, of: GitCommit, files: list[FileChange] | None = None) -> Body:
    body: Body = {
        "url": f"{links.repo}/commits/{of.sha}",
        "sha": of.sha,
        "node_id": f"C_{of.sha}",
        "html_url": f"{links.page}/commit/{of.sha}",
        "comments_url": f"{links.repo}/commits/{of.sha}/comments",
        "commit": _git_commit(links, of),
        "author": _account(links, of.author),
        "committer": _account(links, of.committer),
        "parents": [
            {"sha": sha, "url": f"{links.repo}/commits/{sha}", "html_url": f"{links.page}/commit/{sha}"}
            for sha in of.parents
        ],
    }
    if files is not None:
        body |= {"files": [changed_file(links, of.sha, file) for file in files], "stats": _stats(files)}
    return body


def comparison(links: Links, base: GitCommit, head: str, merge_base: GitCommit, ahead: list[GitCommit]) -> Body:
    """What `head` has that `base` has not, oldest first; `behind_by` and `files` are filled in by the caller."""
    address = f"compare/{base.sha}...{head}"
    return {
        "url": f"{links.repo}/{address}",
        "html_url": f"{links.page}/{address}",
        "permalink_url": f"{links.page}/{address}",
        "diff_url": f"{links.page}/{address}.diff",
        "patch_url": f"{links.page}/{address}.patch",
        "base_commit": commit(links, base),
        "merge_base_commit": commit(links, merge_base),
        "ahead_by": len(ahead),
        "total_commits": len(ahead),
        "commits": [commit(links, one) for one in ahead],
    }


def changed_file(links: Links, sha: str, file: FileChange) -> Body:
    return {
        "sha": file.blob,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{links.page}/blob/{sha}/{file.path}",
        "raw_url": f"{links.page}/raw/{sha}/{file.path}",
        "contents_url": f"{links.repo}/contents/{file.path}?ref={sha}",
    }


def simple_commit(of: GitCommit) -> Body:
    """The short form that runs carry."""
    return {
        "id": of.sha,
        "tree_id": of.tree,
        "message": of.message,
        "timestamp": of.committer.at.isoformat(),
        "author": {"name": of.author.who.name, "email": of.author.who.email},
        "committer": {"name": of.committer.who.name, "email": of.committer.who.email},
    }


def pushed_commit(links: Links, of: GitCommit) -> Body:
    """The form that push webhooks carry."""
    return {
        **simple_commit(of),
        "distinct": True,
        "url": f"{links.page}/commit/{of.sha}",
        "added": [],
        "removed": [],
        "modified": [],
    }


def _git_commit(links: Links, of: GitCommit) -> Body:
    return {
        "url": f"{links.repo}/git/commits/{of.sha}",
        "author": _signature(of.author),
        "committer": _signature(of.committer),
        "message": of.message,
        "comment_count": 0,
        "tree": {"sha": of.tree, "url": f"{links.repo}/git/trees/{of.tree}"},
        "verification": _UNSIGNED,
    }


def _signature(stamp: Stamp) -> Body:
    return {"name": stamp.who.name, "email": stamp.who.email, "date": _utc(stamp.at)}


def _utc(at: datetime) -> str:
    return moment(at.astimezone(UTC))


def _account(links: Links, stamp: Stamp) -> Body | None:
    login = login_of(stamp.who.email)
    return user(links, login) if login else None


def _stats(files: list[FileChange]) -> Body:
    additions, deletions = sum(file.additions for file in files), sum(file.deletions for file in files)
    return {"additions": additions, "deletions": deletions, "total": additions + deletions}
