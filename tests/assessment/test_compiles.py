"""A revert that merges cleanly can still break the program (assessment.md §1, fact 4)."""

import pytest

from incidents.assessment.revert import Verdict, preview
from tests.assessment.repositories import WorkTree, one

HELPER = "def helper():\n    return 1\n"


def broken_by(work: WorkTree, sha: str) -> tuple[str, ...]:
    found = preview(work.folder, one(sha), base="master")
    assert found.verdict is Verdict.CLEAN, found.words
    return found.broken


IMPORTERS = [
    "from shop.tools import helper\n",
    "from shop.tools import other, helper as h\n",
    "from .tools import helper\n",
    "def late():\n    from shop.tools import helper\n",
    "from shop import tools\ntools.helper()\n",
    "import shop.tools\nshop.tools.helper()\n",
    "import shop.tools as t\nprint(t.helper)\n",
    "try:\n    from shop.tools import helper\nexcept ValueError:\n    pass\n",
]
INNOCENT = [
    "from shop.tools import other\n",
    "from elsewhere.tools import helper\n",
    "import tools\ntools.helper()\n",
    "helper = 'from shop.tools import helper'\n",
    "try:\n    from shop.tools import helper\nexcept ImportError:\n    helper = None\n",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.tools import helper\n",
    "import shop.tools\nshop.tools.other\n",
    "this is no Python, from shop.tools import helper\n",
]


@pytest.mark.parametrize(("importer", "breaks"), [*((i, True) for i in IMPORTERS), *((i, False) for i in INNOCENT)])
def test_an_importer_of_a_name_that_the_revert_removes_is_broken(work: WorkTree, importer: str, breaks: bool) -> None:
    work.commit_files({"src/shop/__init__.py": "", "src/shop/tools.py": "other = 1\n"})
    bad = work.commit_files({"src/shop/tools.py": "other = 1\n\n\n" + HELPER})
    work.commit_files({"src/shop/views.py": importer})
    assert broken_by(work, bad) == (("src/shop/views.py",) if breaks else ())


@pytest.mark.parametrize(
    "importer",
    [
        "import shop.new\n",
        "from shop import new\n",
        "from shop.new import helper\n",
        "from . import new\n",
        "from .new import *\n",
        "import shop.new.deeper\n",
    ],
)
def test_an_importer_of_a_module_that_the_revert_removes_is_broken(work: WorkTree, importer: str) -> None:
    work.commit_files({"shop/__init__.py": "", "app.py": "1\n"})
    bad = work.commit_files({"shop/new.py": HELPER})
    work.commit_files({"shop/views.py": importer})
    found = preview(work.folder, one(bad), base="master")
    assert found.broken == ("shop/views.py",)
    assert "1 Python file would no longer compile or import (shop/views.py)" in found.words


def test_a_module_that_becomes_a_package_is_still_there(work: WorkTree) -> None:
    work.commit_files({"shop/__init__.py": "", "shop/tools/__init__.py": HELPER})
    bad = work.commit_files({"shop/tools/__init__.py": None, "shop/tools.py": HELPER + "x = 1\n"})
    work.commit_files({"shop/views.py": "from shop.tools import helper\n"})
    assert broken_by(work, bad) == ()


def test_a_standard_module_is_not_taken_for_the_projects_own(work: WorkTree) -> None:
    work.commit_files({"scripts/run.py": "1\n", "app.py": "import json\n"})
    bad = work.commit_files({"scripts/json.py": HELPER})
    work.commit_files({"scripts/later.py": "import json\n", "other.py": "import json\n"})
    assert broken_by(work, bad) == ("scripts/later.py",)


def test_a_revert_that_takes_away_an_opening_bracket_breaks_the_file(work: WorkTree) -> None:
    filler = "".join(f"# {n}\n" for n in range(20))
    work.commit_files({"a.py": f"x = 1\n{filler}y = 2\n"})
    bad = work.commit_files({"a.py": f"x = [\n{filler}y = 2\n"})
    work.commit_files({"a.py": f"x = [\n{filler}]\n"})
    assert broken_by(work, bad) == ("a.py",)


def test_a_file_that_never_parsed_is_not_broken_by_the_revert(work: WorkTree) -> None:
    work.commit_files({"old.py": "print 'two'\n"})
    bad = work.commit_files({"old.py": "print 'two'\nprint 'bad'\n"})
    assert broken_by(work, bad) == ()


@pytest.mark.parametrize(
    "content", ["(" * 5000 + ")" * 5000 + "\n", "-" * 100_000 + "1\n", "x = '\0'\n", "# coding: nonsense\n"]
)
def test_python_that_no_parser_reads_ends_in_a_verdict(work: WorkTree, content: str) -> None:
    work.commit_files({"a.py": "x = 1\n", "b.py": "from a import x\n"})
    bad = work.commit_files({"a.py": content})
    assert broken_by(work, bad) == ()


def test_nothing_of_the_repository_is_imported(work: WorkTree) -> None:
    trap = f"import pathlib\npathlib.Path({str(work.folder / 'ran')!r}).touch()\n"
    work.commit_files({"a.py": trap})
    bad = work.commit_files({"a.py": trap + "y = 1\n"})
    work.commit_files({"b.py": trap + "from a import y\n"})
    assert broken_by(work, bad) == ("b.py",)
    assert not (work.folder / "ran").exists()
