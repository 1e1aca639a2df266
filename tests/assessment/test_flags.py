"""Feature flags in a change (S2): asked somewhere, or holding all of it."""

import pytest

from incidents.assessment.bad_change import read_undoing
from incidents.assessment.changed_lines import read_changed_files
from incidents.assessment.flags import Flags, FlagVerdict, flags_of
from incidents.assessment.git import scratch
from tests.assessment.repositories import WorkTree, one
from tests.assessment.test_credentials import change

NONE, MENTIONS, GUARDED = FlagVerdict

OLD = '''\
import shop


def price(order):
    """The price."""
    return order.total
'''


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'client.get_boolean_value("new-price", False)'),
        ("a.py", 'client.get_string_value(\n    "new-price", "a")'),
        ("a.ts", 'await client.getBooleanValue("new-price", false)'),
        ("a.go", 'client.BooleanValue(ctx, "new-price", false, ec)'),
        ("a.py", 'ld.variation("new-price", user, False)'),
        ("a.go", 'client.BoolVariation("new-price", user, false)'),
        ("a.py", 'unleash.is_enabled("new-price")'),
        ("a.ts", "unleash.isEnabled('new-price')"),
        ("a.py", 'if flag_is_active(request, "new-price"):'),
        ("a.py", 'if switch_is_active("new-price"):'),
        ("a.html", "{% flag new-price %}"),
        ("a.html", '{% switch "new-price" %}'),
        ("a.rb", 'Flipper.enabled?("new-price")'),
        ("a.rb", "Flipper.enabled?(:new-price, user)"),
        ("a.py", 'posthog.feature_enabled("new-price", user.id)'),
        ("a.py", 'shop_flag("new-price")'),
        ("a.py", 'flags.shop_flag(request, "new-price")'),
    ],
)
def test_s2_a_flag_that_is_asked_is_mentioned(path: str, text: str) -> None:
    read = flags_of([change(path, removed="x", added=text)], wrappers=["shop_flag"])
    assert (read.verdict, {mention.key for mention in read.mentions}) == (MENTIONS, {"new-price"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "client.get_boolean_value(KEY, False)"),
        ("a.py", "is_enabled(user)"),
        ("a.py", 'product_variation("red")'),
        ("a.py", "# the flag new-price"),
        ("tests/test_a.py", 'is_enabled("new-price")'),
        ("docs/flags.md", 'is_enabled("new-price")'),
    ],
)
def test_s2_words_are_no_flags(path: str, text: str) -> None:
    assert flags_of([change(path, removed="x", added=text)]).verdict is NONE


GUARDS = {
    "a branch": OLD.replace(
        "    return order.total\n",
        '    if is_enabled("new"):\n        return order.total * 2\n    return order.total\n',
    ),
    "with what asks imported": OLD.replace("import shop\n", "import shop\nfrom flags import is_enabled\n").replace(
        "    return order.total\n",
        '    if is_enabled("new"):\n        return order.total * 2\n    return order.total\n',
    ),
    "the old code under else": OLD.replace(
        "    return order.total\n",
        '    if is_enabled("new"):\n        return 2 * order.total\n    else:\n        return order.total\n',
    ),
    "leaving early without it": OLD.replace(
        "    return order.total\n",
        '    if not is_enabled("new"):\n        return order.total\n    total = 2 * order.total\n    return total\n',
    ),
    "its answer in a variable": OLD.replace(
        "    return order.total\n",
        '    new = ld.variation("new", 1)\n    if new and order:\n        return 0\n    return order.total\n',
    ),
    "by waffle": OLD.replace(
        "    return order.total\n",
        '    if flag_is_active(order.request, "new"):\n        return 0\n    return order.total\n',
    ),
}
LEAKS = {
    "a line outside": GUARDS["a branch"].replace("import shop", "import shop\nshop.start()"),
    "the old code changed": GUARDS["the old code under else"].replace("return order.total\n", "return order.sum\n"),
    "the old code gone": OLD.replace("    return order.total\n", '    if is_enabled("new"):\n        return 0\n'),
    "under or": GUARDS["its answer in a variable"].replace("new and order", "new or order"),
    "under another side": GUARDS["a branch"].replace('if is_enabled("new")', 'if not is_enabled("new")'),
    "two keys": GUARDS["a branch"].replace(
        "    return order.total\n", '    if is_enabled("other"):\n        return 1\n    return order.total\n'
    ),
    "no Python that compiles": GUARDS["a branch"] + "def\n",
    "an import of more": GUARDS["a branch"].replace("import shop\n", "import shop\nimport price\n"),
}


def flags_in(work: WorkTree, **files: str | None) -> Flags:
    work.commit(price_py=OLD)
    sha = work.commit(**files)
    with scratch(work.folder) as git:
        undoing = read_undoing(git, one(sha))
        return flags_of(read_changed_files(git, undoing.before_tree, undoing.tip.tree))


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_s2_a_change_under_one_flag_is_guarded(work: WorkTree, name: str) -> None:
    read = flags_in(work, price_py=GUARDS[name], tests__test_price_py="def test_price(): ...\n", README_md="New.\n")
    assert (read.verdict, read.key) == (GUARDED, "new")


@pytest.mark.parametrize("name", sorted(LEAKS))
def test_s2_what_runs_without_the_flag_is_not_guarded(work: WorkTree, name: str) -> None:
    assert flags_in(work, price_py=LEAKS[name]).verdict is MENTIONS


@pytest.mark.parametrize(
    "files",
    [
        {"shop__migrations__0002_total_py": "operations = []\n"},
        {"shop_js": "run()\n"},
        {"other_py": "run()\n"},
        {"settings_toml": "a = 1\n"},
    ],
)
def test_s2_a_flag_never_holds_what_is_not_python_under_it(work: WorkTree, files: dict[str, str]) -> None:
    read = flags_in(work, price_py=GUARDS["a branch"], **files)
    assert (read.verdict, read.key) == (MENTIONS, "")


def test_s2_a_change_of_tests_alone_is_no_guarded_one(work: WorkTree) -> None:
    assert flags_in(work, tests__test_a_py="def test(): ...\n").verdict is NONE
