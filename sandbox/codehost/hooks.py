"""The update hook: what a push over http may not do. git runs it; the code host's own merges do not pass it."""

from pathlib import Path

from sandbox.codehost.repository import Repository

_UPDATE = r"""#!/bin/sh
# Refuses, on the default branch: deletion, force-push, and any push (changes come through a pull request);
# and, where the App was not given the workflows permission, a push that touches a workflow.
ref="$1" old="$2" new="$3"
zero=0000000000000000000000000000000000000000
if [ "$ref" != "refs/heads/{branch}" ]; then
    [ "$(git config --bool sandbox.workflowsPermission)" = false ] && [ "$new" != "$zero" ] || exit 0
    workflow=$(git diff --name-only "{branch}...$new" -- .github/workflows | head -n 1)
    [ -n "$workflow" ] || exit 0
    what="create or update workflow \`$workflow\` without \`workflows\` permission"
    echo "refusing to allow a GitHub App to $what" >&2
    exit 1
fi
echo "error: GH013: Repository rule violations found for $ref." >&2
if [ "$new" = "$zero" ]; then
    echo "- Cannot delete this branch" >&2
elif [ "$(git merge-base "$old" "$new")" != "$old" ]; then
    echo "- Cannot force-push to this branch" >&2
else
    echo "- Changes must be made through a pull request." >&2
fi
exit 1
"""


def install(repository: Repository, branch: str) -> None:
    """Protect `branch`."""
    hook: Path = repository.folder / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_UPDATE.replace("{branch}", branch), encoding="ascii")
    hook.chmod(0o755)


def allow_workflows(repository: Repository, allowed: bool) -> None:
    repository.git("config", "sandbox.workflowsPermission", str(allowed).lower())
