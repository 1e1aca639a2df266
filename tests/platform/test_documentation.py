"""The documentation keeps up with the code: settings, the catalogue's fields, commands, links."""

import re
from pathlib import Path

import pytest

from incidents.services import catalogue_file
from rollback_console.settings import VARIABLES_READ

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FIELDS = [
    *(name for name in catalogue_file.SERVICE if name not in catalogue_file.PARTS),
    *(f"{part}.{name}" for part, fields in catalogue_file.PARTS.items() for name in fields),
]


def rows_of(page: str) -> str:
    """The lines of the page's tables."""
    return "\n".join(line for line in page.splitlines() if line.startswith("|"))


@pytest.mark.parametrize("name", sorted(VARIABLES_READ))
def test_every_setting_stands_in_the_table(name):
    assert f"`{name}`" in rows_of(OPERATIONS)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_the_catalogue_stands_in_the_table(field):
    assert f"`{field}`" in rows_of(OPERATIONS)


def test_every_command_of_the_makefile_stands_in_the_readme():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [target for target in targets if f"`make {target}`" not in readme] == []


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("http") and not (document.parent / link).exists()] == []


def test_every_decision_record_is_listed():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert records
    assert [record.name for record in records if f"(decisions/{record.name})" not in index] == []
