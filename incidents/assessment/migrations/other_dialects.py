"""MySQL, SQLite and SQL Server, word by word: what PostgreSQL's parser refuses or would misread."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from incidents.assessment.migrations.operations import Column, ColumnType, Default, Kind, Op
from incidents.assessment.migrations.postgres_tree import Place
from incidents.assessment.migrations.words import Reader, words_of

_FOREIGN: Final = re.compile(
    r"`|\bENGINE\s*=|\bAUTO_?INCREMENT\b|\bMODIFY\s+(?:COLUMN\s)?|\bCHANGE\s+COLUMN\b|\[dbo\]|^\s*GO\s*$|\bNVARCHAR\b"
    r"|^\s*PRAGMA\b|\bON\s+DUPLICATE\s+KEY\b|\bUNSIGNED\b|\b(?:LONG|MEDIUM|TINY)(?:TEXT|BLOB|INT)\b|\bsp_rename\b"
    r"|\bDROP\s+FOREIGN\s+KEY\b|\bRENAME\s+TABLE\b|\bINSERT\s+(?:OR\s+)?IGNORE\b|\bREPLACE\s+INTO\b",
    re.IGNORECASE | re.MULTILINE,
)


def looks_foreign(text: str) -> bool:
    """Whether a script speaks another dialect than PostgreSQL's."""
    bare = re.sub(
        r"--[^\n]*|/\*(?!!).*?(?:\*/|\Z)|'(?:[^'\\]|\\.|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)",
        " ",
        text,
        flags=re.DOTALL,
    )
    return bool(_FOREIGN.search(bare))


def read_foreign(text: str, place: Place) -> list[Op] | None:
    """The operations of one statement; None where its form is not known here."""
    reader = Reader(words_of(text))
    if reader.done:
        return [place.op(Kind.HARMLESS)]
    for phrases, read in _STATEMENTS:
        if reader.skip_any(*phrases):
            return list(read(reader, place))
    return None


# Columns


def _column(reader: Reader) -> tuple[str, Column]:
    """A name, a type and what follows it."""
    name = reader.name()
    kind, serial = _type(reader)
    column = Column(type=kind, default=Default.GENERATED if serial else Default.NONE, nullable=not serial)
    while not reader.done:
        column = _attribute(reader, column)
    return name, column


_TYPES: Final = {
    "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean", "decimal": "numeric",
    "dec": "numeric", "nvarchar": "varchar", "character": "char", "nchar": "char", "float8": "double", "float4": "real",
}  # fmt: skip
_SERIALS: Final = {"serial": "integer", "bigserial": "bigint", "smallserial": "smallint"}


_UNSAID: Final = ColumnType("any")
"""SQLite's columns need no type, and Oracle's MODIFY may leave it as it is."""


def _type(reader: Reader) -> tuple[ColumnType, bool]:
    if reader.done or reader.peek().upper in _ATTRIBUTES:
        return _UNSAID, False
    first = reader.name().lower()
    if first == "character" and reader.skip("VARYING"):
        first = "varchar"
    reader.skip("PRECISION")
    name, arguments = _TYPES.get(first, first), tuple[int, ...]()
    if inside := reader.group():
        numbers = [each.text() for each in inside.by_commas()]
        if name in ("enum", "set"):
            name = f"{name}({','.join(numbers)})"
        elif all(number.isdigit() for number in numbers) and name not in _INTEGERS:
            arguments = tuple(map(int, numbers))
    if reader.skip_any("UNSIGNED ZEROFILL", "UNSIGNED"):
        name = f"{name} unsigned"
    return ColumnType(_SERIALS.get(name, name), arguments), name in _SERIALS


_INTEGERS: Final = {"tinyint", "smallint", "mediumint", "integer", "bigint"}


def _attribute(reader: Reader, column: Column) -> Column:
    word = reader.take().upper
    read = _ATTRIBUTES.get(word)
    return read(reader, column) if read else column


def _default(reader: Reader, column: Column) -> Column:
    value, inside = reader.peek(), reader.group()
    text = inside.text() if inside else reader.take().text
    if text in ("-", "+"):
        text += reader.take().text
    calls = reader.group() is not None
    default = Default.CONSTANT
    if text.upper() == "NULL":
        default = Default.NONE
    elif calls or text.upper().startswith("CURRENT") or (inside and "(" in text) or value.upper == "NEWID":
        default = Default.EXPRESSION
    return replace(column, default=default)


def _primary(reader: Reader, column: Column) -> Column:
    reader.skip("KEY")
    rowid = Default.GENERATED if column.type.name == "integer" and column.default is Default.NONE else column.default
    return replace(column, primary=True, nullable=False, default=rowid)


def _not(reader: Reader, column: Column) -> Column:
    return replace(column, nullable=False) if reader.skip("NULL") else column


def _generated(reader: Reader, column: Column) -> Column:
    reader.group()
    return replace(column, default=Default.GENERATED)


def _references(reader: Reader, column: Column) -> Column:
    column = replace(column, references=reader.name())
    reader.group()
    return column


def _checked(reader: Reader, column: Column) -> Column:
    reader.group()
    return replace(column, checked=True)


_ATTRIBUTES: Final[dict[str, Callable[[Reader, Column], Column]]] = {
    "NOT": _not,
    "NULL": lambda _, column: column,
    "DEFAULT": _default,
    "PRIMARY": _primary,
    "UNIQUE": lambda _, column: replace(column, unique=True),
    "AUTO_INCREMENT": lambda _, column: replace(column, default=Default.GENERATED),
    "AUTOINCREMENT": lambda _, column: replace(column, default=Default.GENERATED),
    "IDENTITY": _generated,
    "AS": _generated,
    "GENERATED": _generated,
    "REFERENCES": _references,
    "CHECK": _checked,
    "COMMENT": lambda reader, column: (reader.take(), column)[1],
    "COLLATE": lambda reader, column: (reader.take(), column)[1],
    "CONSTRAINT": lambda reader, column: (reader.take(), column)[1],
}


# Tables


def _create_table(reader: Reader, place: Place) -> Iterator[Op]:
    tolerant = reader.skip("IF NOT EXISTS")
    table, inside = reader.name(), reader.group()
    columns, constraints = [], list[Op]()
    for element in inside.by_commas() if inside else ():
        made = list(_constraint(element, table, place))
        constraints += made
        if not made and not element.done:
            columns.append(_column(element))
    like = reader.name() if reader.skip("LIKE") else ""
    yield place.op(Kind.CREATE_TABLE, table=table, defined=tuple(columns), tolerant=tolerant, references=like)
    yield from constraints


def _constraint(reader: Reader, table: str, place: Place) -> Iterator[Op]:
    """A constraint or an index of a table; nothing where a column stands there."""
    named = reader.skip("CONSTRAINT")
    name = reader.name() if named and reader.peek().upper not in _CONSTRAINTS else ""
    for phrases, kind in _CONSTRAINT_FORMS:
        if reader.skip_any(*phrases):
            yield _constraint_op(kind, reader, table, name, place)
            return


_CONSTRAINTS: Final = {"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"}
_CONSTRAINT_FORMS: Final = (
    (("PRIMARY KEY",), Kind.ADD_PRIMARY_KEY),
    (("UNIQUE KEY", "UNIQUE INDEX", "UNIQUE"), Kind.ADD_UNIQUE),
    (("FOREIGN KEY",), Kind.ADD_FOREIGN_KEY),
    (("CHECK",), Kind.ADD_CHECK),
    (("FULLTEXT KEY", "FULLTEXT INDEX", "FULLTEXT", "SPATIAL KEY", "SPATIAL INDEX", "KEY", "INDEX"), Kind.CREATE_INDEX),
)


def _constraint_op(kind: Kind, reader: Reader, table: str, name: str, place: Place) -> Op:
    reader.skip_any("CLUSTERED", "NONCLUSTERED")
    if reader.peek().text not in ("(", "") and reader.peek().upper != "USING":
        name = reader.name()
    if reader.skip("USING"):
        reader.take()
    inside = reader.group()
    if kind is Kind.ADD_CHECK:
        return place.op(kind, table=table, name=name, where=inside.text() if inside else "")
    columns = tuple(each.name() for each in inside.by_commas()) if inside else ()
    parent = reader.name() if kind is Kind.ADD_FOREIGN_KEY and reader.skip("REFERENCES") else ""
    deleted = re.search(r"ON DELETE (CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION)", reader.text(), re.IGNORECASE)
    where = reader.text().upper().partition("WHERE ")[2] if kind is Kind.ADD_UNIQUE else ""
    return place.op(
        kind, table=table, name=name, columns=columns, references=parent, where=where,
        on_delete=deleted[1].lower() if deleted else "",
    )  # fmt: skip


def _create_index(*, unique: bool) -> Callable[[Reader, Place], Iterator[Op]]:
    def read(reader: Reader, place: Place) -> Iterator[Op]:
        reader.skip_any("CONCURRENTLY", "INDEX")
        tolerant = reader.skip("IF NOT EXISTS")
        name = reader.name() if reader.peek().upper != "ON" else ""
        if reader.skip("USING"):
            reader.take()
        reader.skip("ON")
        kind = Kind.ADD_UNIQUE if unique else Kind.CREATE_INDEX
        yield replace(
            _constraint_op(kind, _after_table(reader), reader.name(), name, place), name=name, tolerant=tolerant
        )

    return read


def _after_table(reader: Reader) -> Reader:
    """What follows the table's name, which is still to be taken."""
    rest = Reader(reader.words)
    rest.at = reader.at
    rest.name()
    return rest


def _alter_table(reader: Reader, place: Place) -> Iterator[Op]:
    tolerant = reader.skip("IF EXISTS")
    table, last = reader.name(), ""
    reader.skip_any("WITH CHECK", "WITH NOCHECK")
    for clause in reader.by_commas():
        verb = clause.skip_any(*_VERBS) or last
        last = verb if verb in ("ADD", "DROP COLUMN") else ""
        ops = _VERBS[verb](clause, table, place) if verb else _table_option(clause, table, place)
        for op in ops:
            yield replace(op, tolerant=op.tolerant or tolerant)


def _table_option(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    known = clause.peek().upper in _OPTIONS or _is_parameters(clause) or _is_unicode(clause)
    yield place.op(Kind.HARMLESS if known else Kind.UNKNOWN, table=table, why="" if known else "What does it alter?")


_OPTIONS: Final = {
    "ENGINE", "COMMENT", "AUTO_INCREMENT", "ALGORITHM", "LOCK", "DEFAULT", "ROW_FORMAT", "ORDER", "FORCE",
    "DISABLE", "ENABLE", "COLLATE", "CHARACTER", "CHARSET", "KEY_BLOCK_SIZE", "STATS_PERSISTENT", "NOCHECK", "CHECK",
}  # fmt: skip


def _is_parameters(clause: Reader) -> bool:
    """`SET (fillfactor = 70)`, not Oracle's `SET UNUSED`."""
    return clause.peek().upper == "SET" and clause.peek(1).text == "(" and clause.peek(2).upper != "UNUSED"


def _is_unicode(clause: Reader) -> bool:
    """The table's texts in a set of characters that holds every other: any less may lose some."""
    return clause.peek().upper == "CONVERT" and "UTF8" in clause.text().upper()


def _add(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    made = list(_constraint(clause, table, place))
    if made:
        yield from made
        return
    clause.skip("COLUMN")
    tolerant = clause.skip("IF NOT EXISTS")
    inside = clause.group()
    for each in inside.by_commas() if inside else (clause,):
        name, definition = _column(each)
        yield place.op(Kind.ADD_COLUMN, table=table, column=name, definition=definition, tolerant=tolerant)


def _drop_columns(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    tolerant = clause.skip("IF EXISTS")
    yield place.op(Kind.DROP_COLUMN, table=table, column=clause.name(), tolerant=tolerant)


def _drop_named(kind: Kind, of: Kind | None = None) -> Callable[[Reader, str, Place], Iterator[Op]]:
    def read(clause: Reader, table: str, place: Place) -> Iterator[Op]:
        tolerant = clause.skip("IF EXISTS")
        yield place.op(kind, table=table, name=clause.name() if not clause.done else "", of=of, tolerant=tolerant)

    return read


def _modify(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    clause = clause.group() or clause
    name, definition = _column(clause)
    if definition.type == _UNSAID:
        kind = Kind.DROP_NOT_NULL if definition.nullable else Kind.SET_NOT_NULL
        yield place.op(kind, table=table, column=name)
        return
    yield place.op(Kind.REDEFINE_COLUMN, table=table, column=name, definition=definition, replaces=True)


def _change(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    old = clause.name()
    name, definition = _column(clause)
    yield place.op(Kind.REDEFINE_COLUMN, table=table, column=old, definition=definition, to=name, replaces=True)


def _alter_column(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    name = clause.name()
    if clause.skip("SET DEFAULT"):
        yield place.op(Kind.SET_DEFAULT, table=table, column=name, definition=_default(clause, Column()))
    elif clause.skip("DROP DEFAULT"):
        yield place.op(Kind.DROP_DEFAULT, table=table, column=name)
    elif clause.skip("SET NOT NULL"):
        yield place.op(Kind.SET_NOT_NULL, table=table, column=name)
    elif clause.skip("DROP NOT NULL"):
        yield place.op(Kind.DROP_NOT_NULL, table=table, column=name)
    elif clause.skip_any("SET DATA TYPE", "TYPE"):
        yield place.op(Kind.ALTER_TYPE, table=table, column=name, definition=Column(type=_type(clause)[0]))
    else:
        clause.at = max(0, clause.at - 1)
        yield place.op(Kind.REDEFINE_COLUMN, table=table, column=name, definition=_column(clause)[1], replaces=True)


def _rename_column(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    name = clause.name()
    clause.skip("TO")
    yield place.op(Kind.RENAME_COLUMN, table=table, column=name, to=clause.name())


def _rename_index(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    name = clause.name()
    clause.skip("TO")
    yield place.op(Kind.RENAME_INDEX, table=table, name=name, to=clause.name())


def _rename_to(clause: Reader, table: str, place: Place) -> Iterator[Op]:
    yield place.op(Kind.RENAME_TABLE, table=table, to=clause.name())


_VERBS: Final[dict[str, Callable[[Reader, str, Place], Iterator[Op]]]] = {
    "ADD": _add,
    "DROP PRIMARY KEY": _drop_named(Kind.DROP_PRIMARY_KEY),
    "DROP FOREIGN KEY": _drop_named(Kind.DROP_CONSTRAINT, Kind.ADD_FOREIGN_KEY),
    "DROP CONSTRAINT": _drop_named(Kind.DROP_CONSTRAINT),
    "DROP CHECK": _drop_named(Kind.DROP_CONSTRAINT, Kind.ADD_CHECK),
    "DROP INDEX": _drop_named(Kind.DROP_INDEX),
    "DROP KEY": _drop_named(Kind.DROP_INDEX),
    "DROP COLUMN": _drop_columns,
    "DROP PARTITION": lambda _, table, place: iter([place.op(Kind.DELETE, table=table)]),
    "DROP": _drop_columns,
    "MODIFY COLUMN": _modify,
    "MODIFY": _modify,
    "CHANGE COLUMN": _change,
    "CHANGE": _change,
    "ALTER INDEX": lambda _, table, place: iter([place.op(Kind.HARMLESS, table=table)]),
    "ALTER COLUMN": _alter_column,
    "ALTER": _alter_column,
    "RENAME COLUMN": _rename_column,
    "RENAME INDEX": _rename_index,
    "RENAME KEY": _rename_index,
    "RENAME TO": _rename_to,
    "RENAME AS": _rename_to,
    "RENAME": _rename_to,
}


def _rename_tables(reader: Reader, place: Place) -> Iterator[Op]:
    for each in reader.by_commas():
        table = each.name()
        each.skip("TO")
        yield place.op(Kind.RENAME_TABLE, table=table, to=each.name())


def _drop_each(kind: Kind) -> Callable[[Reader, Place], Iterator[Op]]:
    def read(reader: Reader, place: Place) -> Iterator[Op]:
        tolerant = reader.skip("IF EXISTS")
        for each in reader.by_commas():
            name = each.name()
            table = name if kind is Kind.DROP_TABLE else ""
            yield place.op(kind, table=table, name="" if table else name, tolerant=tolerant)

    return read


def _drop_index(reader: Reader, place: Place) -> Iterator[Op]:
    tolerant, name = reader.skip("IF EXISTS"), reader.name()
    table = reader.name() if reader.skip("ON") else ""
    yield place.op(Kind.DROP_INDEX, table=table, name=name, tolerant=tolerant)


def _drop_trigger(reader: Reader, place: Place) -> Iterator[Op]:
    yield place.op(Kind.UNKNOWN, why="A trigger is gone: does the old code rely on what it did?")


def _create_trigger(reader: Reader, place: Place) -> Iterator[Op]:
    text = reader.text()
    reader.skip("IF NOT EXISTS")
    name = reader.name()
    while not reader.done and not reader.skip("ON"):
        reader.take()
    yield place.op(
        Kind.CREATE_TRIGGER, table=reader.name(), name=name, body=text, fills="BEFORE INSERT" in text.upper()
    )


def _create_view(*, replaces: bool) -> Callable[[Reader, Place], Iterator[Op]]:
    def read(reader: Reader, place: Place) -> Iterator[Op]:
        reader.skip("IF NOT EXISTS")
        yield place.op(Kind.CREATE_VIEW, name=reader.name(), body=reader.text(), replaces=replaces)

    return read


def _create_routine(reader: Reader, place: Place) -> Iterator[Op]:
    yield place.op(Kind.CREATE_FUNCTION, name=reader.name(), body=reader.text())


# Rows


def _insert(*, overwrites: bool) -> Callable[[Reader, Place], Iterator[Op]]:
    def read(reader: Reader, place: Place) -> Iterator[Op]:
        table = reader.name()
        inside = reader.group()
        columns = tuple(each.name() for each in inside.by_commas()) if inside else ()
        rest = reader.text().upper()
        upserts = overwrites or "ON DUPLICATE KEY UPDATE" in rest or "DO UPDATE" in rest
        if not rest.lstrip("( ").startswith(("SELECT", "WITH")) or not re.search(r"\bFROM (?!DUAL\b)", rest):
            yield place.op(Kind.INSERT_ROWS, table=table, columns=columns, converts=upserts)
            return
        source, taken = _copied(reader)
        yield place.op(
            Kind.INSERT_SELECTED, table=table, columns=columns, converts=upserts, references=source, values=taken,
            where="…" if " WHERE " in rest else "",
        )  # fmt: skip

    return read


def _copied(reader: Reader) -> tuple[str, tuple[str, ...]]:
    """The one table that a plain SELECT takes its rows from, and its columns."""
    if not reader.skip("SELECT"):
        return "", ()
    words = reader.words[reader.at :]
    ends = [at for at, word in enumerate(words) if word.upper == "FROM"]
    taken = [_source_column(each) for each in Reader(words[: ends[-1]]).by_commas()]
    return Reader(words[ends[-1] + 1 :]).name(), tuple(taken)


def _source_column(reader: Reader) -> str:
    """The column itself, or the one that an expression such as `coalesce(x, 0) AS x` names."""
    if len(reader.words) == 1:
        return reader.name()
    names = [word.name for word in reader.words if word.kind == "quoted"]
    return names[0] if names and len(set(names)) == 1 else ""


def _update(reader: Reader, place: Place) -> Iterator[Op]:
    table = reader.name()
    while not reader.done and not reader.skip("SET"):
        reader.take()
    assignments, _, condition = reader.text().partition(" WHERE ")
    targets = tuple(each.name().rpartition(".")[2] for each in Reader(words_of(assignments)).by_commas())
    plain = condition.replace("`", "").replace('"', "").lower()
    fills = bool(targets) and " or " not in plain and all(f"{each.lower()} is null" in plain for each in targets)
    yield place.op(Kind.UPDATE, table=table, columns=targets, fills=fills, where=plain)


def _delete(reader: Reader, place: Place) -> Iterator[Op]:
    reader.skip("FROM")
    yield place.op(Kind.DELETE, table=reader.name())


def _truncate(reader: Reader, place: Place) -> Iterator[Op]:
    yield place.op(Kind.TRUNCATE, table=reader.name())


def _constant(reader: Reader) -> str:
    return reader.text().removeprefix("N").strip("'\" ")


def _sp_rename(reader: Reader, place: Place) -> Iterator[Op]:
    old, new, form = ([_constant(each) for each in reader.by_commas()] + ["", "", ""])[:3]
    parts = [part.strip("[]") for part in old.split(".") if part.strip("[]").lower() != "dbo"]
    if form.upper() == "COLUMN":
        yield place.op(Kind.RENAME_COLUMN, table=".".join(parts[:-1]).lower(), column=parts[-1].lower(), to=new.lower())
    elif form.upper() in ("INDEX", "OBJECT") or len(parts) > 1:
        yield place.op(Kind.RENAME_INDEX, name=parts[-1], to=new)
    else:
        yield place.op(Kind.RENAME_TABLE, table=parts[-1].lower(), to=new.lower())


def _harmless(_: Reader, place: Place) -> Iterator[Op]:
    yield place.op(Kind.HARMLESS)


def _unknown(_: Reader, place: Place) -> Iterator[Op]:
    yield place.op(
        Kind.UNKNOWN, why="A statement is put together at run time, or a procedure is called: what does it do?"
    )


_STATEMENTS: Final[tuple[tuple[tuple[str, ...], Callable[[Reader, Place], Iterator[Op]]], ...]] = (
    (("CREATE TABLE", "CREATE TEMPORARY TABLE", "CREATE TEMP TABLE"), _create_table),
    (("ALTER TABLE", "ALTER IGNORE TABLE"), _alter_table),
    (("DROP TABLE", "DROP TEMPORARY TABLE"), _drop_each(Kind.DROP_TABLE)),
    (("DROP VIEW",), _drop_each(Kind.DROP_VIEW)),
    (("DROP PROCEDURE", "DROP FUNCTION"), _drop_each(Kind.DROP_FUNCTION)),
    (("DROP INDEX",), _drop_index),
    (("DROP TRIGGER",), _drop_trigger),
    (("RENAME TABLE",), _rename_tables),
    (("CREATE UNIQUE INDEX", "CREATE UNIQUE CLUSTERED INDEX", "CREATE UNIQUE NONCLUSTERED INDEX"), _create_index(unique=True)),
    (
        ("CREATE INDEX", "CREATE FULLTEXT INDEX", "CREATE SPATIAL INDEX", "CREATE NONCLUSTERED INDEX", "CREATE CLUSTERED INDEX"),
        _create_index(unique=False),
    ),
    (("CREATE OR REPLACE VIEW", "CREATE OR ALTER VIEW", "ALTER VIEW"), _create_view(replaces=True)),
    (("CREATE VIEW", "CREATE TEMP VIEW"), _create_view(replaces=False)),
    (("CREATE TRIGGER", "CREATE TEMP TRIGGER"), _create_trigger),
    (("CREATE PROCEDURE", "CREATE FUNCTION"), _create_routine),
    (("INSERT IGNORE INTO", "INSERT IGNORE", "INSERT OR IGNORE INTO", "INSERT INTO", "INSERT"), _insert(overwrites=False)),
    (("REPLACE INTO", "INSERT OR REPLACE INTO", "REPLACE"), _insert(overwrites=True)),
    (("UPDATE IGNORE", "UPDATE OR IGNORE", "UPDATE"), _update),
    (("DELETE FROM", "DELETE IGNORE", "DELETE"), _delete),
    (("TRUNCATE TABLE", "TRUNCATE"), _truncate),
    (("EXEC SP_RENAME", "EXECUTE SP_RENAME"), _sp_rename),
    (("EXECUTE", "EXEC", "CALL"), _unknown),
    (
        (
            "PRAGMA", "SET", "USE", "LOCK", "UNLOCK", "START TRANSACTION", "BEGIN TRANSACTION", "BEGIN TRAN", "BEGIN",
            "COMMIT", "END", "ANALYZE", "OPTIMIZE", "PRINT", "GRANT", "SHOW", "PREPARE", "DEALLOCATE", "VACUUM",
            "CREATE DATABASE", "ALTER DATABASE", "CREATE SCHEMA", "FLUSH", "SELECT", "REINDEX", "CREATE USER", "SAVEPOINT",
            "RELEASE",
        ),
        _harmless,
    ),
)  # fmt: skip
