"""Names as Rails makes them: plurals, join tables, indexes, a type's own name."""

import re

_IRREGULAR = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "move": "moves", "datum": "data",
    "medium": "media", "criterion": "criteria", "index": "indices", "matrix": "matrices", "vertex": "vertices",
    "quiz": "quizzes", "mouse": "mice",
}  # fmt: skip
_ALIKE = {"equipment", "information", "money", "species", "series", "fish", "sheep", "police", "news", "media", "data"}
_PLURALS = (
    (r"(ax|test)is$", r"\1es"), (r"(octop|vir)us$", r"\1i"), (r"(alias|status|bus|campus)$", r"\1es"), (r"sis$", "ses"),
    (r"([^f])fe$", r"\1ves"), (r"([lr])f$", r"\1ves"), (r"([^aeiouy]|qu)y$", r"\1ies"), (r"(x|ch|ss|sh)$", r"\1es"),
    (r"(tomat|buffal)o$", r"\1oes"), (r"s$", "s"), (r"$", "s"),
)  # fmt: skip
_SINGULARS = (
    (r"(alias|status|bus|campus)(es)?$", r"\1"), (r"(ss)$", r"\1"), (r"(database)s$", r"\1"),
    (r"(analy|oa|diagno|parenthe|progno|synop|the)s[ei]s$", r"\1sis"), (r"([^f])ves$", r"\1fe"), (r"([lr])ves$", r"\1f"),
    (r"(m)ovies$", r"\1ovie"), (r"(s)eries$", r"\1eries"), (r"([^aeiouy]|qu)ies$", r"\1y"),
    (r"(x|ch|ss|sh)es$", r"\1"), (r"(o)es$", r"\1"), (r"(cris|test)[ei]s$", r"\1is"), (r"s$", ""),
)  # fmt: skip


def plural(word: str) -> str:
    start, last = _last(word)
    if last in _ALIKE or last in _IRREGULAR.values():
        return word
    return start + (_IRREGULAR.get(last) or _by(_PLURALS, last))


def singular(word: str) -> str:
    start, last = _last(word)
    if last in _ALIKE and last not in ("data", "media"):
        return word
    ones = {many: one for one, many in _IRREGULAR.items()}
    return start + (ones.get(last) or _by(_SINGULARS, last))


def underscored(name: str) -> str:
    """`Admin::UserGroup` is `admin/user_group`."""
    spaced = re.sub(r"([A-Z\d]+)([A-Z][a-z])", r"\1_\2", name.replace("::", "/"))
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", spaced).lower()


def tables_for(model: str) -> tuple[str, ...]:
    """The tables that a model of this name may have, likeliest first.

    A module may lend its name as a prefix; `pluralize_table_names = false` keeps the name as it is.
    """
    path = underscored(model).split("/")
    names = (plural(path[-1]), path[-1])
    return tuple("_".join([*prefix, name]) for name in names for prefix in ((path[:-1], []) if path[:-1] else ([],)))


def join_table(first: str, second: str) -> str:
    """https://api.rubyonrails.org/ `find_join_table_name`: in order, a common start said once."""
    joined = "\0".join(sorted((first, second)))
    return re.sub(r"^(.*[._])(.+)\0\1(.+)", r"\1\2_\3", joined).replace("\0", "_")


def index_name(table: str, columns: tuple[str, ...]) -> str:
    return f"index_{table}_on_{'_and_'.join(columns)}"


def _last(word: str) -> tuple[str, str]:
    start, between, last = word.rpartition("_")
    return start + between, last


def _by(rules: tuple[tuple[str, str], ...], word: str) -> str:
    for pattern, instead in rules:
        if re.search(pattern, word):
            return re.sub(pattern, instead, word)
    return word
