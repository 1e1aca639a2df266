"""The words of a reapply: the change comes back by a revert of its revert, for people to review and merge (R1, R2)."""

from incidents.procedure.words import titled


def reapply_branch(incident: str, change_sha: str) -> str:
    """The branch it is pushed to, create only."""
    return f"reapply/{incident}-{change_sha[:12]}"


def reapply_title(change_title: str) -> str:
    """The pull request's title."""
    return titled("Reapply", change_title)


def reapply_message(*, change_title: str, revert_sha: str, incident: str) -> str:
    """The commit's message, as `git revert` writes one for a revert."""
    return f"{reapply_title(change_title)}\n\nThis reverts commit {revert_sha}, by which {incident} took it back.\n"


def reapply_body(*, change_sha: str, revert_sha: str, incident: str, url: str, asked_by: str) -> str:
    """What a reviewer must know: why it was taken back, and that the fix belongs on this very branch."""
    return (
        f"`{change_sha}` was taken back by `{revert_sha}` in [{incident}]({url}); {asked_by} asks for it again.\n\n"
        "This brings back exactly what was taken back, the fault included: push the fix onto this branch before the"
        " merge. Merging the change's old branch instead would bring nothing back.\n"
    )
