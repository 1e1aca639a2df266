"""The truth about Django's migrations: run them, and let the old code write and read (M1, M2)."""

import os

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from incidents.assessment.migrations.django_operations import DjangoReader
from incidents.assessment.migrations.findings import Verdict
from incidents.assessment.migrations.judging import MigrationFile, judge

LONG = os.environ.get("PROVE") == "1"
BEFORE = """migrations.CreateModel("Shop", [
    ("id", models.AutoField(primary_key=True)),
    ("name", models.CharField(max_length=20)),
    ("note", models.TextField(null=True)),
    ("rank", models.IntegerField()),
])"""
OLD_ROW = {"name": "n" * 20, "note": None, "rank": 2**31 - 1}
FIELDS = st.sampled_from(
    [
        "models.CharField(max_length=20)",
        "models.CharField(max_length=30)",
        "models.CharField(max_length=10, default='')",
        "models.TextField()",
        "models.TextField(null=True, default='x')",
        "models.TextField(db_default='x')",
        "models.IntegerField(default=1)",
        "models.BigIntegerField()",
        "models.IntegerField(null=True)",
        "models.SmallIntegerField(null=True)",
        "models.DateTimeField(auto_now_add=True)",
        "models.GeneratedField(expression=models.F('id') * 2, output_field=models.IntegerField(), db_persist=True)",
    ]
)
NAMES = st.sampled_from(["name", "note", "rank", "new"])
OPERATIONS = st.one_of(
    st.builds("migrations.AddField('shop', 'new', {})".format, FIELDS),
    st.builds("migrations.AlterField('shop', '{}', {})".format, NAMES, FIELDS),
    st.builds("migrations.RemoveField('shop', '{}')".format, NAMES),
    st.builds("migrations.RenameField('shop', '{}', '{}')".format, NAMES, st.sampled_from(["new", "note", "other"])),
    st.sampled_from(
        [
            "migrations.RenameModel('Shop', 'Store')",
            "migrations.AlterModelTable('Shop', 'shops')",
            "migrations.AlterModelOptions('shop', {'ordering': ['id']})",
            "migrations.AlterUniqueTogether('shop', {('id', 'name')})",
            "migrations.AddIndex('shop', models.Index(fields=['id'], name='by_id'))",
            "migrations.AddConstraint('shop', models.CheckConstraint(condition=models.Q(id__gt=0), name='positive'))",
            "migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField('shop', 'note')])",
            "migrations.RunSQL('ALTER TABLE app_shop DROP COLUMN IF EXISTS note')",
        ]
    ),
)


def judged(changes):
    read = DjangoReader()
    texts = [f"class Migration:\n    operations = [{', '.join(lines)}]" for lines in ([BEFORE], changes)]
    before, change = (
        MigrationFile(f"app/migrations/{n}.py", read(text, path=f"app/migrations/{n}.py"))
        for n, text in enumerate(texts)
    )
    return judge([change], earlier=[before])


def run(state, source):
    operation = eval(source, {"migrations": migrations, "models": models})  # our own words, from above
    after = state.clone()
    operation.state_forwards("app", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("app", editor, state, after)
    return after


def old_code_works():
    """The old code's INSERT, SELECT and UPDATE: its own columns, its own values, and what it reads is what it wrote."""
    columns = ", ".join(OLD_ROW)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO app_shop ({columns}) VALUES (%s, %s, %s)", list(OLD_ROW.values()))
            cursor.execute(f"SELECT {columns} FROM app_shop")
            assert cursor.fetchone() == tuple(OLD_ROW.values())
            cursor.execute("UPDATE app_shop SET name = %s, note = %s, rank = %s", ["m", "n", 0])
    except (DatabaseError, AssertionError):
        return False
    return True


@pytest.mark.timeout(1800 if LONG else 120)
@pytest.mark.django_db
@settings(max_examples=400 if LONG else 10, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(OPERATIONS, min_size=1, max_size=3))
def test_m1_m2_what_is_shown_as_forward_compatible_lets_djangos_old_code_write_and_read(changes):
    with transaction.atomic():
        state = run(ProjectState(), BEFORE)
        try:
            for source in changes:
                with transaction.atomic():
                    state = run(state, source)
        except (DatabaseError, FieldDoesNotExist, KeyError, ValueError):  # no migration that Django takes: another one
            state = None
        works = state is not None and old_code_works()
        transaction.set_rollback(True)
    assume(state is not None)
    found = judged(changes)
    assert works or found.verdict is not Verdict.F, changes
    assert not works or found.verdict is not Verdict.B, (changes, found.findings)
