"""Conflicts that stop nobody: change logs, documents, lock files and translations stay as the branch has them (§1).

Measured there: 22 % of the conflicts of real reverts touch nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from incidents.assessment.git import Git, listing

_NAMES: Final = re.compile(
    r"""(?:^|/)(?:
        (?:change(?:s|log)|history|news|release[-_]?notes|readme|authors|contributors|upgrading) (?:\.[a-z0-9]{1,8})?
      | package-lock\.json | npm-shrinkwrap\.json | yarn\.lock | pnpm-lock\.yaml | bun\.lockb? | deno\.lock
      | poetry\.lock | uv\.lock | pdm\.lock | pipfile\.lock | cargo\.lock | go\.sum | gemfile\.lock | composer\.lock
      | mix\.lock | flake\.lock | pubspec\.lock | podfile\.lock | package\.resolved
      | [^/]+\.(?:md|mdx|rst|adoc|po|pot|mo|xliff|xlf|arb)
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_FOLDERS: Final = re.compile(
    r"(?:^|/)(?:docs?|documentation|changelogs?|changelog\.d|newsfragments|changes)/", re.IGNORECASE
)
_TRANSLATED: Final = re.compile(
    r"(?:^|/)(?:locales?|i18n|l10n|translations?|lang)/(?:.+/)?[^/]+\.(?:json|ya?ml|properties|strings|php|ts)$",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"\.(?:py|rb|js|jsx|tsx|go|rs|java|kt|c|h|cc|cpp|cs|sh|sql)$", re.IGNORECASE)


def may_keep(path: str) -> bool:
    """Whether the file is read by people, or made anew by a tool: nothing that a revert must take back by hand."""
    if _CODE.search(path):
        return False
    return any(pattern.search(path) for pattern in (_NAMES, _FOLDERS, _TRANSLATED))


def keep(git: Git, merged: str, base: str, paths: Sequence[str]) -> str:
    """The merged tree with these paths as they are in `base`: there as they are there, gone where they are not."""
    index = replace(git, surroundings={**git.surroundings, "GIT_INDEX_FILE": str(git.folder.parent / "keeping")})
    there = {path: (mode, sha) for path, mode, sha in listing(git, base, *paths, deep=False)}
    entries = [_entry(path, *there.get(path, _GONE)) for path in paths]
    index.run("read-tree", merged)
    index.run("update-index", "-z", "--index-info", given=b"".join(entries))
    return index.text("write-tree")


_GONE: Final = ("0", "0" * 40)
"""Mode 0 removes."""


def _entry(path: str, mode: str, sha: str) -> bytes:
    """As `update-index --index-info` reads it."""
    return f"{mode} {sha}\t{path}\0".encode("utf-8", "surrogateescape")
