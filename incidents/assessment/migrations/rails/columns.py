"""Columns as Rails defines them: the options of one, the several of a reference, of timestamps, of an attachment."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from incidents.assessment.migrations.operations import Column, ColumnType, Default
from incidents.assessment.migrations.rails.names import plural
from incidents.assessment.migrations.rails.types import SELF_FILLING, sized, type_of
from incidents.assessment.migrations.rails.values import Expression, Unresolved

Named = tuple[str, Column]
_SURE: Final = ("Time.", "Date.", "DateTime.", "SecureRandom.")


def column(word: Any, options: Mapping[str, Any]) -> Column:
    """One column by its type's word and its options."""
    kind = type_of(word, options)
    kind = replace(kind, name=sized(kind.name, options.get("limit")))
    primary = word == "primary_key" or options.get("primary_key") is True
    return Column(
        kind,
        nullable=options.get("null", not primary) is not False,
        default=Default.GENERATED if word in (*SELF_FILLING, "virtual") else default_of(options.get("default")),
        primary=primary,
        unique=_unique(options.get("index")),
    )


def default_of(value: Any) -> Default:
    """Rails keeps the default in the database; `nil` is none."""
    if value is None:
        return Default.NONE
    if isinstance(value, Expression):
        return Default.EXPRESSION
    if isinstance(value, Unresolved):
        sure = value.text[:1].isupper() and ("(" not in value.text) and (value.text.isupper() or "::" in value.text)
        return Default.CONSTANT if sure or value.text.startswith(_SURE) else Default.UNKNOWN
    return Default.CONSTANT


def reference(name: str, options: Mapping[str, Any], *, word: Any = "bigint") -> Iterator[Named]:
    """`<name>_id`, and `<name>_type` where it is polymorphic. Its foreign key is an operation of its own."""
    polymorphic = options.get("polymorphic")
    shared = {key: value for key, value in options.items() if key in ("null", "array", "limit")}
    own = {**shared, "default": options.get("default"), "index": None if polymorphic else options.get("index")}
    yield f"{name}_id", column(options.get("type", word), own)
    if polymorphic:
        its = polymorphic if isinstance(polymorphic, Mapping) else {}
        yield f"{name}_type", column("string", {**shared, "limit": its.get("limit"), **its})


def foreign_table(name: str, options: Mapping[str, Any]) -> str:
    """The table that a reference's foreign key points to, "" where it has none."""
    key = options.get("foreign_key")
    if not key:
        return ""
    return str(key.get("to_table") or plural(name)) if isinstance(key, Mapping) else plural(name)


def timestamps(options: Mapping[str, Any], *, legacy: bool) -> list[Named]:
    """NOT NULL since Rails 5; in migrations of older versions they could be empty."""
    own = {"null": legacy, **options}
    return [(name, column("datetime", own)) for name in ("created_at", "updated_at")]


def attachment(name: str) -> list[Named]:
    """Paperclip's four columns."""
    words = (("file_name", "string"), ("content_type", "string"), ("file_size", "bigint"), ("updated_at", "datetime"))
    return [(f"{name}_{last}", column(word, {})) for last, word in words]


def primary_key(options: Mapping[str, Any]) -> list[Named]:
    """The key that `create_table` makes by itself, unless it is told not to."""
    kind = options.get("id", True)
    named = options.get("primary_key", "id")
    if kind is False or isinstance(named, list):
        return []
    word = "bigint" if kind in (True, "primary_key") or not isinstance(kind, str) else kind
    made = Column(type_of(word, {}), nullable=False, default=Default.GENERATED, primary=True)
    return [(str(named), made if word != "string" else replace(made, default=Default.NONE))]


def foreign_id(*, null: bool = False) -> Column:
    return Column(ColumnType("bigint"), nullable=null)


def _unique(index: Any) -> bool:
    return isinstance(index, Mapping) and index.get("unique") is True
