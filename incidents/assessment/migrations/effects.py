"""What a merge comes to, in the words that the rule table asks for."""

from dataclasses import dataclass
from enum import StrEnum, auto

from incidents.assessment.migrations.operations import Kind, Op


class Fact(StrEnum):
    """What a rule may ask of an effect."""

    CREATED = auto()
    """Everything it touches came with this merge."""
    ABSENT = auto()
    """Nothing happened: what it drops is not there, or what it creates is."""
    SAME = auto()
    """It leaves behind what was there before."""
    REQUIRED = auto()
    """NOT NULL, and the database does not fill it."""
    REQUIRED_UNSURE = auto()
    """NOT NULL, and nobody knows whether the database fills it."""
    TRIGGER = auto()
    """A trigger of the merge may fill it at INSERT."""
    COLLIDES = auto()
    """Unique, and the database fills every row alike."""
    RECREATED = auto()
    """Dropped, and another made under its name."""
    GENERATED = auto()
    """Computed by the database, before and after."""
    WIDER = auto()
    """Takes every old value, and is read as before."""
    WIDER_VALUES = auto()
    """Takes every old value, and values that the old code's variables may not hold."""
    UNKNOWN_BEFORE = auto()
    """Nobody knows what it was before."""
    NULLABLE = auto()
    PROVED = auto()
    """A CHECK that was in force before says the same."""
    WEAKER = auto()
    """Allows all that was allowed before the merge."""
    NEW_COLUMNS = auto()
    """Stands on columns that the old code leaves empty."""
    CHANGED = auto()
    """Another of its name stood there before, or may have."""
    LOST_COLUMNS = auto()
    HOLDS_DELETES = auto()
    """A foreign key that makes the old code's DELETE of a parent fail."""
    FILLS_NULLS = auto()
    OVERWRITES = auto()
    PRIMARY = auto()
    UNIQUE = auto()
    UPSERTED = auto()
    """The old code writes ON CONFLICT to that table."""
    UNMENTIONED = auto()
    """Evidence says that the old code does not name it."""
    STAND_IN = auto()
    """A view, or a table, of the old name was put in its place."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that is different for the old code, with the operation that made it so."""

    kind: Kind
    op: Op
    facts: frozenset[Fact] = frozenset()
    table: str = ""
    column: str = ""
