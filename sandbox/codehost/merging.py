"""How a branch lands on another, as git does it, without a work tree: merge, squash, rebase, revert."""

from sandbox.codehost.repository import GitCommit, GitFailed, Repository, Stamp


class Conflicted(Exception):
    """The two sides change the same lines."""


def merged_tree(repository: Repository, ours: str, theirs: str) -> str:
    """The tree both sides make together; raises Conflicted."""
    try:
        return repository.git("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
    except GitFailed as conflict:
        raise Conflicted(str(conflict)) from conflict


def merges_cleanly(repository: Repository, ours: str, theirs: str) -> bool:
    try:
        merged_tree(repository, ours, theirs)
    except Conflicted:
        return False
    return True


def merge(repository: Repository, base: str, head: str, *, message: str, by: Stamp) -> str:
    """A merge commit of two parents."""
    return repository.commit_tree(merged_tree(repository, base, head), [base, head], message=message, author=by)


def squash(repository: Repository, base: str, head: str, *, message: str, by: Stamp) -> str:
    """All of the branch as one commit of one parent."""
    return repository.commit_tree(merged_tree(repository, base, head), [base], message=message, author=by)


def rebase(repository: Repository, base: str, head: str, *, by: Stamp) -> list[str]:
    """Every commit of the branch anew upon the base, oldest first; merge commits fall away."""
    landed: list[str] = []
    for commit in reversed(repository.log(f"{base}..{head}")):
        if len(commit.parents) == 1:
            onto = landed[-1] if landed else base
            landed.append(_replay(repository, commit, onto, by))
    return landed


def revert(repository: Repository, sha: str, onto: str, *, message: str, by: Stamp) -> str:
    """What `git revert` makes (`-m 1` for a merge commit); raises Conflicted."""
    commit = repository.commit(sha)
    ours = repository.scratch_commit(onto, sha)
    theirs = repository.scratch_commit(commit.parents[0], sha)
    return repository.commit_tree(merged_tree(repository, ours, theirs), [onto], message=message, author=by)


def _replay(repository: Repository, commit: GitCommit, onto: str, by: Stamp) -> str:
    """A cherry-pick: the merge base is made to be the commit's parent, since git 2.39 cannot be told one."""
    ours = repository.scratch_commit(onto, commit.parents[0])
    tree = merged_tree(repository, ours, commit.sha)
    return repository.commit_tree(tree, [onto], message=commit.message, author=commit.author, committer=by)
