"""What Django's migrations know of the models at one point of their history, as far as the database sees it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from incidents.assessment.migrations.django_fields import Field, Relation
from incidents.assessment.migrations.operations import Column, ColumnType, Kind


@dataclass(frozen=True, slots=True)
class Constraint:
    """A named constraint of a model: what made it, on which columns, where."""

    kind: Kind
    columns: tuple[str, ...] = ()
    where: str = ""
    empty_equal: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `has_table` is false for proxies and for what Django does not manage."""

    label: str
    name: str
    db_table: str = ""
    has_table: bool = True
    known: bool = True
    """Whether its creation was read; else only what later operations told."""
    fields: dict[str, Field] = field(default_factory=dict)
    unique_together: frozenset[tuple[str, ...]] = frozenset()
    removed: dict[str, Field] = field(default_factory=dict)
    """Fields that left the state: the database may keep them for a while."""
    constraints: dict[str, Constraint] = field(default_factory=dict)
    order_with_respect_to: bool = False

    @property
    def table(self) -> str:
        return self.db_table or f"{self.label}_{self.name.lower()}"

    @property
    def key(self) -> tuple[str, str]:
        return self.label, self.name.lower()

    def joining_table(self, many: Field) -> str:
        """The table of a ManyToMany of this model."""
        named = many.relation.table if many.relation else ""
        return named or f"{self.table}_{many.name.lower()}"

    def with_field(self, changed: Field) -> "Model":
        return replace(self, fields={**self.fields, changed.name: changed})

    def without_field(self, name: str) -> "Model":
        kept = {known: each for known, each in self.fields.items() if known != name}
        gone = {name: self.fields[name]} if name in self.fields else {}
        return replace(self, fields=kept, removed={**self.removed, **gone})

    def column_of(self, name: str) -> str:
        """The column of a field, also when it is named by its attribute (`owner_id`)."""
        if known := self.fields.get(name):
            return known.column
        by_attribute = self.fields.get(name.removesuffix("_id"))
        return by_attribute.column if by_attribute and by_attribute.relation else name

    def columns_of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.column_of(name) for name in names)


@dataclass(slots=True)
class State:
    """All models read so far, and what left the state while the database kept it."""

    models: dict[tuple[str, str], Model] = field(default_factory=dict)
    gone: dict[tuple[str, str], Model] = field(default_factory=dict)
    """Models that left the state: the database may keep their tables for a while."""
    released: dict[tuple[str, str], str] = field(default_factory=dict)
    """(table, column or empty for the whole table) → the migration that took it out of the state only."""

    def copy(self) -> "State":
        return State(dict(self.models), dict(self.gone), dict(self.released))

    def find(self, label: str, name: str) -> Model:
        """The model; one of which nothing is known where its creation was not read."""
        key = (label, name.lower())
        return self.models.get(key) or self.gone.get(key) or Model(label, name, known=False)

    def put(self, model: Model) -> None:
        self.models[model.key] = model

    def drop(self, model: Model) -> None:
        self.models.pop(model.key, None)
        self.gone[model.key] = model

    def named(self, reference: str, label: str) -> Model | None:
        """The model that `app.model`, or `model` of the same app, names."""
        app, _, name = reference.rpartition(".")
        return self.models.get((app or label, name.lower()))

    def table_of(self, reference: str, model: Model) -> str:
        """The table at a relation's other end; a setting stands for itself."""
        if reference in ("self", model.name.lower(), f"{model.label}.{model.name.lower()}"):
            return model.table
        found = self.named(reference, model.label)
        app, _, name = reference.rpartition(".")
        return found.table if found else f"{app or model.label}_{name}"

    def settled(self, model: Model, given: Field) -> Field:
        """The field, its type and its reference told by the table it points to."""
        if given.is_many or not given.relation:
            return given
        table = self.table_of(given.relation.to, model)
        definition = replace(given.definition, type=ColumnType(f"key of {table}"), references=table)
        return replace(given, definition=definition)

    def joining_columns(self, model: Model, many: Field) -> tuple[tuple[str, Column], ...]:
        """The columns of a ManyToMany's own table."""
        relation = many.relation or Relation("")
        ends = (model.table, self.table_of(relation.to, model))
        names = (f"{model.name.lower()}_id", f"{relation.to.rpartition('.')[2]}_id")
        return tuple(
            (name, Column(ColumnType(f"key of {table}"), nullable=False, references=table))
            for name, table in zip(names, ends, strict=True)
        )

    def joining_tables(self, model: Model) -> Iterator[str]:
        yield from (model.joining_table(each) for each in model.fields.values() if each.joins)
