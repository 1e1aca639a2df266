"""Hostile migrations in Python end as a question or a refusal, in bounded work, and nothing of them is run."""

import pytest

from incidents.assessment.migrations.alembic_operations import AlembicReader
from incidents.assessment.migrations.django_operations import DjangoReader
from incidents.assessment.migrations.operations import Kind, Unreadable

DOUBLING = "\n".join(f"a{n} = a{n + 1} + a{n + 1}" for n in range(60)) + "\na60 = 'x'\n"
LOOPS = (
    "".join(f"{'    ' * (n + 1)}for a{n} in {list(range(100))}:\n" for n in range(6))
    + "    " * 7
    + "op.drop_table('t')"
)


def kinds(read, text):
    return [op.kind for op in read(text, path="app/migrations/0001.py")]


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000 + ")" * 5000,
        "x = " + "+".join(["1"] * 100_000),
        "class Migration:\n    operations = [" + "[" * 150 + "]" * 150 + "]\ndef upgrade(:",
        "x = 'a'\n" * 200_000,
        "\0",
        "",
    ],
    ids=["nested", "long sum", "no Python", "too large", "a zero", "empty"],
)
@pytest.mark.parametrize("read", [DjangoReader(), AlembicReader()], ids=["Django", "Alembic"])
def test_what_is_no_migration_is_refused(read, text):
    with pytest.raises(Unreadable):
        read(text, path="app/migrations/0001.py")


@pytest.mark.parametrize(
    "head", [DOUBLING, "a0 = '%s' % 10**9\n", "a0 = '{:>999999999}'.format('')\n", "a0 = 'x' * 10**12\n"]
)
def test_a_text_that_would_grow_without_end_is_a_question(head):
    django = head + "class Migration:\n    operations = [migrations.RunSQL(a0)]\n"
    assert kinds(DjangoReader(), django) == [Kind.UNKNOWN]
    assert kinds(AlembicReader(), head + "def upgrade():\n    op.execute(a0)\n") == [Kind.UNKNOWN]


def test_loops_within_loops_end_as_a_question():
    assert Kind.UNKNOWN in kinds(AlembicReader(), f"def upgrade():\n{LOOPS}\n")


def test_functions_that_call_each_other_end():
    assert kinds(AlembicReader(), "def f():\n    g()\ndef g():\n    f()\ndef upgrade():\n    f()\n") == []


def test_nothing_is_run(tmp_path):
    mark = tmp_path / "ran"
    text = f"open({str(mark)!r}, 'w')\nclass Migration:\n    operations = [open({str(mark)!r}, 'w')]\ndef upgrade():\n    open({str(mark)!r}, 'w')\n"
    assert kinds(DjangoReader(), text) == [Kind.UNKNOWN]
    assert kinds(AlembicReader(), text) == [Kind.UNKNOWN]
    assert not mark.exists()
