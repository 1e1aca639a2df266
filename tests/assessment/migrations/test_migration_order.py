"""Which earlier migrations ran, and in which order, by what they say themselves."""

from incidents.assessment.migrations.django_operations import DjangoReader
from incidents.assessment.migrations.migration_order import app_labels, replay_order
from incidents.assessment.migrations.operations import Kind


def django(*after, replaces=()):
    return f"class Migration:\n    dependencies = {list(after)}\n    replaces = {list(replaces)}\n    operations = []\n"


def alembic(name, down):
    return f"revision = {name!r}\ndown_revision = {down!r}\ndef upgrade():\n    pass\n"


def test_django_runs_by_dependencies_not_by_names():
    files = {
        "shop/migrations/0001_initial.py": django(),
        "shop/migrations/0002_a.py": django(("shop", "0003_b")),
        "shop/migrations/0003_b.py": django(("shop", "0001_initial"), ("auth", "0001_initial")),
        "shop/migrations/0004_c.py": django(("shop", "0002_a")),
        "shop/migrations/0005_d.py": django(("shop", "0004_c")),
        "town/migrations/0001_initial.py": django(),
    }
    order = replay_order(files, "shop/migrations/0004_c.py")
    assert [path[-9:-3] for path in order] == ["nitial", "0003_b", "0002_a"]


def test_what_was_squashed_is_read_once():
    files = {
        "shop/migrations/0001_initial.py": django(),
        "shop/migrations/0001_squashed.py": django(replaces=[("shop", "0001_initial"), ("shop", "0002_a")]),
        "shop/migrations/0002_a.py": django(("shop", "0001_initial")),
        "shop/migrations/0003_b.py": django(("shop", "0002_a")),
    }
    assert replay_order(files, "shop/migrations/0003_b.py") == ("shop/migrations/0001_squashed.py",)


def test_what_a_squashed_one_replaces_ran_before_it():
    files = {
        "shop/migrations/0001_initial.py": django(),
        "shop/migrations/0002_a.py": django(("shop", "0001_initial")),
        "shop/migrations/0001_squashed.py": django(replaces=[("shop", "0001_initial"), ("shop", "0002_a")]),
    }
    order = replay_order(files, "shop/migrations/0001_squashed.py")
    assert order == ("shop/migrations/0001_initial.py", "shop/migrations/0002_a.py")
    read = DjangoReader()
    assert [
        op.kind for path in (*order, "shop/migrations/0001_squashed.py") for op in read(files[path], path=path)
    ] == [Kind.HARMLESS]


def test_where_a_dependency_is_missing_the_numbers_tell_the_order():
    files = {
        "shop/migrations/0001_initial.py": django(),
        "shop/migrations/0004_c.py": django(("shop", "0003_lost")),
        "shop/migrations/0005_d.py": django(("shop", "0004_c")),
    }
    assert len(replay_order(files, "shop/migrations/0005_d.py")) == 2


def test_an_apps_label_is_what_its_own_dependencies_call_it():
    files = {
        "lib/core/migrations/0001_initial.py": django(("auth", "0001_initial")),
        "lib/core/migrations/0002_a.py": django(("lib_core", "0001_initial"), ("auth", "0001_initial")),
        "lib/core/migrations/0003_b.py": django(("lib_core", "0002_a"), ("shop", "0001_initial")),
        "shop/migrations/0001_initial.py": django(),
    }
    assert app_labels(files) == {"core": "lib_core"}


def test_alembic_runs_by_down_revision():
    files = {
        "b.py": alembic("1", None),
        "a.py": alembic("2", "1"),
        "c.py": alembic("3", ("1", "2")),
        "d.py": alembic("4", "3"),
    }
    assert replay_order(files, "c.py") == ("b.py", "a.py")
    assert replay_order(files) == ("b.py", "a.py", "c.py", "d.py")
