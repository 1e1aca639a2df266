"""Rails: every row of its table, and the shapes that real migrations have, each of a few lines with its verdict."""

import re
from pathlib import Path

import pytest

from incidents.assessment.migrations.judging import MigrationFile, judge
from incidents.assessment.migrations.operations import Unreadable
from incidents.assessment.migrations.rails_operations import read

CORPUS = Path(__file__).parent / "corpus"
WRAPPED = "class Case < ActiveRecord::Migration[7.0]\n  def change\n{}\n  end\nend\n"


def cases():
    """`# === VERDICT name`, then a file, or what stands in `change`; `# before` and `# change` part an earlier one."""
    for block in re.split(r"^# === ", (CORPUS / "rails.rb").read_text(), flags=re.MULTILINE)[1:]:
        title, _, body = block.partition("\n")
        before, _, change = body.partition("# change\n") if body.startswith("# before\n") else ("", "", body)
        yield pytest.param(title[0], before, change, id=title[2:])


def migration(text, path):
    whole = text if re.search(r"^(class|ActiveRecord::Schema)|^puts", text, re.MULTILINE) else WRAPPED.format(text)
    return MigrationFile(path, tuple(read(whole, path=path)))


@pytest.mark.parametrize(("expected", "before", "change"), list(cases()))
def test_m1_m2_rails_is_judged_by_the_rule_table(expected, before, change):
    earlier = [migration(before, "1.rb")] if before else []
    try:
        judged = judge([migration(change, "2.rb")], earlier=earlier)
    except Unreadable:
        assert expected == "H"
    else:
        assert judged.verdict == expected, judged.findings
