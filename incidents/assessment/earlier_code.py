"""What the code before the change says of tables and columns: a drop of what nobody names is a contract step (§2)."""

import re
from dataclasses import dataclass, field
from typing import Final

from incidents.assessment.git import Git, RepositoryUnreadable

_NOT_CODE: Final = tuple(
    f":(exclude,glob,icase){pattern}"
    for pattern in (
        "**/migrations/**", "**/migration/**", "**/migrate/**", "**/alembic/**", "**/versions/**", "**/tests/**",
        "**/test/**", "**/spec/**", "**/test_*", "**/*_test.*", "**/*.md", "**/*.rst", "**/*.lock", "**/docs/**",
        "**/*.po", "**/CHANGELOG*",
    )
)  # fmt: skip
_UPSERT: Final = "on conflict|on duplicate key|insert or replace|upsert|update_or_create|insert_all|get_or_create"
_SHORTEST: Final = 3
"""A shorter word is found everywhere, or is no word of its own."""


@dataclass(frozen=True, slots=True)
class EarlierCode:
    """The tree before the change, asked word by word; the same question is asked of git once."""

    git: Git
    tree: str
    known: dict[str, bool] = field(default_factory=dict)

    def mentions(self, table: str, column: str = "") -> bool:
        """Whether the code outside of migrations and tests names it; True where that cannot be said."""
        words = _words_for(column) if column else _words_for_table(table)
        return not words or self._finds(*map(re.escape, words), flag="-w")

    def upserts(self, table: str) -> bool:
        """Whether any file names the table and inserts or updates in one."""
        names = "|".join(re.escape(word) for word in _words_for_table(table))
        return not names or self._finds(_UPSERT, names, flag="--all-match")

    def _finds(self, *patterns: str, flag: str) -> bool:
        """Whether a file has one of the patterns; with `--all-match` all of them, with `-w` as whole words."""
        key = "\0".join((flag, *patterns))
        if key not in self.known:
            self.known[key] = self._grep(patterns, flag)
        return self.known[key]

    def _grep(self, patterns: tuple[str, ...], flag: str) -> bool:
        asked = [part for pattern in patterns for part in ("-e", pattern)]
        try:
            answer = self.git.run(
                "grep", "-q", "-i", "-I", "-E", flag, *asked, self.tree, "--", ".", *_NOT_CODE, codes=(0, 1)
            )
        except RepositoryUnreadable:
            return True
        return answer.code == 0


def _words_for(column: str) -> list[str]:
    """A column, and the relation that an ORM calls by its name without `_id`."""
    words = {column, column.removesuffix("_id"), _camel(column)}
    return sorted(word for word in words if len(word) >= _SHORTEST) if len(column) >= _SHORTEST else []


def _words_for_table(table: str) -> list[str]:
    """A table, and the names that ORMs give to its model: without the app's prefix, in the singular, in camel case."""
    bare = table.rpartition(".")[2]
    stems = {bare, bare.partition("_")[2]} - {""}
    singular = {re.sub(r"ies$", "y", stem) for stem in stems} | {re.sub(r"e?s$", "", stem) for stem in stems}
    singular |= {re.sub(r"s$", "", stem) for stem in stems}
    words = stems | singular | {_camel(stem) for stem in stems | singular}
    return sorted(word for word in words if len(word) >= _SHORTEST) if len(bare) >= _SHORTEST else []


def _camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))
