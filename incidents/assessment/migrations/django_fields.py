"""Django's model fields, as the columns that Django makes of them in PostgreSQL.

Django drops a Python default from the database as soon as the column is there: only `db_default`, generated and
automatic fields leave the database something to fill in (Django's documentation of `AddField` and `db_default`).
"""

import ast
from dataclasses import dataclass, field, replace
from typing import Final

from incidents.assessment.migrations.operations import UNREAD, Column, ColumnType, Default, unread_type
from incidents.assessment.migrations.python_values import Arguments, Symbol, Unresolved, Values, keywords

_PLAIN: Final = {
    "AutoField": "integer",
    "BigAutoField": "bigint",
    "SmallAutoField": "smallint",
    "BooleanField": "boolean",
    "NullBooleanField": "boolean",
    "CommaSeparatedIntegerField": "varchar",
    "DateField": "date",
    "DateTimeField": "timestamptz",
    "DurationField": "interval",
    "FloatField": "double",
    "GenericIPAddressField": "inet",
    "IPAddressField": "inet",
    "IntegerField": "integer",
    "BigIntegerField": "bigint",
    "SmallIntegerField": "smallint",
    "PositiveIntegerField": "integer",
    "PositiveBigIntegerField": "bigint",
    "PositiveSmallIntegerField": "smallint",
    "TextField": "text",
    "TimeField": "time",
    "UUIDField": "uuid",
    "BinaryField": "bytea",
    "JSONField": "jsonb",
    "HStoreField": "hstore",
    "CITextField": "citext",
    "CICharField": "citext",
    "CIEmailField": "citext",
    "SearchVectorField": "tsvector",
    "IntegerRangeField": "int4range",
    "BigIntegerRangeField": "int8range",
    "DecimalRangeField": "numrange",
    "DateTimeRangeField": "tstzrange",
    "DateRangeField": "daterange",
}
_LENGTHS: Final = {
    "CharField": 0,
    "CommaSeparatedIntegerField": 0,
    "EmailField": 254,
    "FileField": 100,
    "FilePathField": 100,
    "ImageField": 100,
    "SlugField": 50,
    "URLField": 200,
}
_AUTOMATIC: Final = ("AutoField", "BigAutoField", "SmallAutoField")
_TO_ONE: Final = (
    "ForeignKey",
    "OneToOneField",
    "TreeForeignKey",
    "TreeOneToOneField",
    "ParentalKey",
    "FlexibleForeignKey",
    "AutoOneToOneField",
    "UniqueForeignKey",
    "OneToOneCascadeDeletes",
)
_COLUMNLESS: Final = ("GenericForeignKey", "GenericRelation", "TaggableManager", "ForeignObject", "CompositePrimaryKey")
_DJANGOS: Final = ("django.db.models", "django.contrib.postgres", "django.contrib.gis", "django.db")


@dataclass(frozen=True, slots=True)
class Relation:
    """The model at a relation's other end as the migration names it: `app.model`, `self`, or a setting."""

    to: str
    through: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One model field: the column that it has, or the joining table of a ManyToMany, or neither."""

    name: str
    column: str = ""
    definition: Column = field(default_factory=Column)
    relation: Relation | None = None
    is_many: bool = False
    named_by_hand: bool = False
    """Its column is given: it stays when the field is renamed."""

    @property
    def joins(self) -> bool:
        """A ManyToMany with a table of its own."""
        return self.is_many and not (self.relation and self.relation.through)


def read_field(name: str, node: ast.AST | None, values: Values) -> Field:
    """Unresolved where `node` is no call of a field's class."""
    node = values.module.behind(node)
    if not isinstance(node, ast.Call):
        raise Unresolved("a field")
    kind = values.module.named(node.func)
    short = kind.rpartition(".")[2]
    if short in _COLUMNLESS:
        return Field(name)
    if short.endswith("ManyToManyField"):
        return Field(name, relation=_relation(node, values), is_many=True)
    return _column_field(name, node, values, kind)


def _column_field(name: str, node: ast.Call, values: Values, kind: str) -> Field:
    given = Arguments.of(node, (), values)
    if not given.is_whole:
        raise Unresolved("a field's arguments")
    short = kind.rpartition(".")[2]
    relation = _relation(node, values) if _is_to_one(short, given) else None
    column = given.text("db_column") or (f"{name}_id" if relation else name)
    definition = _definition(short, node, given, kind)
    definition = _referring(definition, short) if relation else definition
    return Field(name, column, definition, relation, named_by_hand="db_column" in given)


def _is_to_one(short: str, given: Arguments) -> bool:
    return short in _TO_ONE or ((short.endswith(("ForeignKey", "OneToOneField"))) and "on_delete" in given)


def _referring(definition: Column, short: str) -> Column:
    """The type is the other table's key: known by the table's name, which the state adds."""
    one = "OneToOne" in short or short == "UniqueForeignKey"
    return replace(definition, type=UNREAD, unique=definition.unique or one)


def _relation(node: ast.Call, values: Values) -> Relation:
    given = Arguments.of(node, ("to",), values)
    through = _model_named(given, "through") if "through" in given else ""
    return Relation(_model_named(given, "to"), through, given.text("db_table"))


def _model_named(given: Arguments, name: str) -> str:
    """`app.model` in lower case; a setting, or what cannot be read, by its own text."""
    try:
        value = given.value(name)
    except Unresolved:
        return ast.unparse(given.given[name]).lower()
    if isinstance(value, Symbol):
        return value.name.removeprefix("django.conf.").lower()
    return value.lower() if isinstance(value, str) else ""


def _definition(short: str, node: ast.Call, given: Arguments, kind: str) -> Column:
    primary = given.flag("primary_key")
    nullable = given.flag("null") or short == "NullBooleanField"
    generated = short in _AUTOMATIC or short == "GeneratedField" or short.endswith("AutoField")
    return Column(
        type=column_type(node, given.values, kind),
        nullable=nullable and not primary,
        default=Default.GENERATED if generated else _database_default(given),
        unique=given.flag("unique") and not primary,
        primary=primary,
        checked=short.startswith("Positive"),
    )


def _database_default(given: Arguments) -> Default:
    node = given.node("db_default")
    if node is None or ast.unparse(node) in ("models.NOT_PROVIDED", "NOT_PROVIDED"):
        return Default.NONE
    return Default.CONSTANT if isinstance(node, ast.Constant) else Default.EXPRESSION


def column_type(node: ast.AST | None, values: Values, kind: str = "") -> ColumnType:
    """The column's type in PostgreSQL; a class that is not Django's own is known by its spelling alone."""
    if not isinstance(node, ast.Call):
        return UNREAD
    kind = kind or values.module.named(node.func)
    short, given = kind.rpartition(".")[2], Arguments.of(node, (), values)
    inner = {"ArrayField": "base_field", "GeneratedField": "output_field"}.get(short)
    if inner and _is_djangos(kind):
        return _inner_type(node, values, inner, array=short == "ArrayField")
    if short in _LENGTHS and _is_djangos(kind):
        return ColumnType("varchar", _numbers(given, ("max_length",), _LENGTHS[short]))
    if short == "DecimalField" and _is_djangos(kind):
        return ColumnType("numeric", _numbers(given, ("max_digits", "decimal_places")))
    if short in _PLAIN and _is_djangos(kind):
        return ColumnType(_PLAIN[short])
    return _foreign_type(short, node, given)


def _is_djangos(kind: str) -> bool:
    return kind.startswith(_DJANGOS) or kind.partition(".")[0] in ("models", "fields", "gismodels")


def _inner_type(node: ast.Call, values: Values, name: str, *, array: bool) -> ColumnType:
    inner = keywords(node).get(name) or (node.args[0] if node.args else None)
    found = column_type(inner, values)
    return replace(found, array=found.array or array)


def _numbers(given: Arguments, names: tuple[str, ...], default: int = 0) -> tuple[int, ...]:
    found = [given.value(name, default) for name in names]
    return tuple(number for number in found if isinstance(number, int) and number)


def _foreign_type(short: str, node: ast.Call, given: Arguments) -> ColumnType:
    """A third party's field: a CharField by its length, else by its own spelling and what could change its type."""
    if short.endswith("CharField") and "max_length" in given and not short.startswith("Enc"):
        return ColumnType("varchar", _numbers(given, ("max_length",)))
    shaping = sorted(name for name in given.given if name in ("max_length", "srid", "dimensions", "max_digits"))
    return unread_type(" ".join([short.lower(), *(ast.unparse(given.given[name]) for name in shaping)]))
