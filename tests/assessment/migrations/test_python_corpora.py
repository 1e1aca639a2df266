"""Django and Alembic: every row of their tables, and the subtle cases, each as a migration of a few lines (M1, M2)."""

import re
from pathlib import Path

import pytest

from incidents.assessment.migrations.alembic_operations import AlembicReader
from incidents.assessment.migrations.django_operations import DjangoReader
from incidents.assessment.migrations.judging import MigrationFile, judge

CORPUS = Path(__file__).parent / "corpus"

DJANGO_BEFORE = """
from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(name="Shop", fields=[
            ("id", models.AutoField(primary_key=True)),
            ("name", models.CharField(max_length=20)),
            ("slug", models.SlugField(unique=True)),
            ("note", models.TextField(null=True)),
            ("rank", models.IntegerField(default=0)),
            ("city", models.ForeignKey(on_delete=models.CASCADE, to="app.city")),
            ("secret", fields.EncryptedField()),
        ]),
        migrations.CreateModel(
            name="Ledger",
            fields=[("day", models.DateField()), ("page", models.IntegerField()), ("line", models.IntegerField())],
            options={"db_table": "ledger", "unique_together": {("day", "page")}, "constraints": [
                models.CheckConstraint(check=models.Q(line__lt=60), name="full_page"),
            ]},
        ),
    ]
"""
DJANGO_CHANGE = """
from django.db import migrations, models
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from elsewhere import fields, helper, in_pages

DROP_NOTE = "ALTER TABLE app_shop DROP COLUMN note"

def make_colours(apps, schema_editor):
    Colour = apps.get_model("app", "Colour")
    Colour.objects.bulk_create([Colour(name=name) for name in ("red", "blue")])
    Colour.objects.filter(name="red").delete()

def set_tones(apps, schema_editor):
    for shop in apps.get_model("app", "Shop").objects.all().iterator():
        shop.tone = shop.name.lower()
        shop.save(update_fields=["tone"])

def find_towns(apps, schema_editor):
    Shop = apps.get_model("app", "Shop")
    Shop.objects.filter(city__isnull=True).update(city_id=1)

def open_all(apps, schema_editor):
    for shop in apps.get_model("app", "Shop").objects.all():
        if not shop.open:
            shop.open = True
            shop.save(update_fields=["open"])

def delete_empty(apps, schema_editor):
    Shop = apps.get_model("app", "Shop")
    Shop.objects.filter(name="").delete()

def rename_all(apps, schema_editor):
    for shop in apps.get_model("app", "Shop").objects.all():
        shop.name = shop.name.strip()
        shop.save()

def fill_notes(apps, schema_editor):
    apps.get_model("app", "Shop").objects.filter(note__isnull=True).update(note="none")

def make_shops(apps, schema_editor):
    apps.get_model("app", "Shop").objects.get_or_create(name="first")

def call_elsewhere(apps, schema_editor):
    helper(apps)

def through_another(apps, schema_editor):
    Shop = apps.get_model("app", "Shop")
    _empty(Shop)

def _empty(model):
    model.objects.all().delete()

def nothing(apps, schema_editor):
    pass

def by_cursor(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE app_shop SET name = %s", ["x"])

def mysql_only(apps, schema_editor):
    if schema_editor.connection.vendor != "mysql":
        return
    schema_editor.execute("DELETE FROM app_shop")

def by_pages(apps, schema_editor):
    for shop in in_pages(apps.get_model("app", "Shop").objects.all()):
        shop.delete()

class Migration(migrations.Migration):
    operations = [
        {}
    ]
"""
ALEMBIC_BEFORE = """
import sqlalchemy as sa
from alembic import op

def upgrade():
    op.create_table(
        "shop",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("rank", sa.Integer()),
        sa.Column("made", sa.DateTime()),
    )
"""
ALEMBIC_CHANGE = """
import sqlalchemy as sa
from alembic import op
from elsewhere import migrate_everything, send_mail, table_has_column
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql

CLEAN = "DELETE FROM shop WHERE name = ''"

class Shop(orm.declarative_base()):
    __tablename__ = "shop"

def dialect():
    bind = op.get_bind()
    return bind.dialect.name

def drop_from(table, *, column):
    op.drop_column(table, column)

def open_column():
    return sa.Column("open", sa.Boolean(), nullable=True)

def upgrade():
    {}
"""


def cases(name):
    for block in re.split(r"^=== ", (CORPUS / name).read_text(), flags=re.MULTILINE)[1:]:
        title, _, body = block.partition("\n")
        before, _, change = body.partition("--- change\n") if body.startswith("--- before\n") else ("", "", body)
        yield pytest.param(title[0], before.removeprefix("--- before\n"), change, id=title[2:])


def operations(lines):
    return DJANGO_CHANGE.replace("{}", "".join(f"{line},\n        " for line in lines.splitlines()), 1)


@pytest.mark.parametrize(("expected", "before", "change"), list(cases("django.txt")))
def test_m1_m2_djangos_operations_are_judged_by_what_they_do_to_the_database(expected, before, change):
    read = DjangoReader()
    texts = {"app/migrations/0001.py": DJANGO_BEFORE, "app/migrations/0002.py": operations(before)}
    earlier = [MigrationFile(path, tuple(read(text, path=path))) for path, text in texts.items()]
    path = "app/migrations/0003.py"
    judged = judge([MigrationFile(path, tuple(read(operations(change), path=path)))], earlier=earlier)
    assert judged.verdict == expected, judged.findings


@pytest.mark.parametrize(("expected", "before", "change"), list(cases("alembic.txt")))
def test_m1_m2_alembics_operations_are_judged_by_what_they_do_to_the_database(expected, before, change):
    read = AlembicReader()
    earlier = [MigrationFile("1.py", tuple(read(ALEMBIC_BEFORE, path="1.py")))]
    text = ALEMBIC_CHANGE.replace("{}", change.replace("\n", "\n    "))
    judged = judge([MigrationFile("2.py", tuple(read(text, path="2.py")))], earlier=earlier)
    assert judged.verdict == expected, judged.findings
