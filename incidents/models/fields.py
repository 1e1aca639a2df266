"""Columns that several tables share: keys nobody can guess, and choices the database enforces."""

import uuid
from enum import StrEnum

from django.db import models


def choices_of(names: type[StrEnum]) -> list[tuple[str, str]]:
    """The choices of a model field from the procedure's own words; a label is the word without underscores."""
    return [(name.value, name.value.replace("_", " ")) for name in names]


def one_of(column: str, names: type[StrEnum], *, name: str) -> models.CheckConstraint:
    """A database constraint: `column` holds one of the procedure's words, and nothing else ever."""
    return models.CheckConstraint(condition=models.Q(**{f"{column}__in": [word.value for word in names]}), name=name)


class Identified(models.Model):
    """A row whose key is a UUID, so that no old grant can meet a new row with the same key (trust.md §4)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True
