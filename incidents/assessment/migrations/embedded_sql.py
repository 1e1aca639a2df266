"""SQL that stands in a migration's Python: read as any other, once its parameters have a place."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from incidents.assessment.migrations.operations import Op
from incidents.assessment.migrations.sql import read_sql

_NAMED: Final = re.compile(r"(?<![:\w\\]):([a-zA-Z_]\w*)(?!:)")
_PERCENT: Final = re.compile(r"%(?:\(\w+\))?s")


def read_named(sql: str, *, path: str, line: int) -> Iterable[Op]:
    """A text of SQLAlchemy's, whose parameters are `:name`."""
    return _read(_NAMED.sub("$1", sql).replace("\\:", ":"), path, line)


def read_percent(sql: str, *, path: str, line: int) -> Iterable[Op]:
    """A text for a cursor, whose parameters are `%s` and `%(name)s`."""
    return _read(_PERCENT.sub("$1", sql).replace("%%", "%"), path, line)


def _read(sql: str, path: str, line: int) -> Iterable[Op]:
    """Every operation stands where the call stands: its own line within the text is not the file's."""
    return [replace(op, line=line) for op in read_sql(sql, path=path, line=line)]
