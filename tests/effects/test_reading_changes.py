"""Ahead of the click the console reads what each bad merge of the shop did, and answers for it (M1–M3, C1)."""

import pytest

from incidents.effects import previewing
from incidents.models import Assessment, LedgerEntry
from incidents.procedure.answers import Answer
from incidents.queries.findings import found_in
from tests.effects.conftest import Drill

NO, YES = Answer.NO, Answer.YES
FAILS = {"migration": YES, "incompatible": YES, "customer_data": YES, "credential_restored": NO}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("scenario", "schema", "answers"),
    [
        ("errors", "", {"migration": NO, "credential_restored": NO}),
        ("new_column", "F", {"migration": YES, "incompatible": NO, "customer_data": NO, "credential_restored": NO}),
        ("dropped_column", "B", FAILS),
        ("required_column", "B", FAILS),
        ("rotated_secret", "", {"migration": NO, "credential_restored": YES}),
    ],
)
def test_each_bad_merge_leads_where_the_rules_say(
    drill: Drill, scenario: str, schema: str, answers: dict[str, Answer]
) -> None:
    assessment = drill.break_shop(scenario).assessment
    assert assessment.schema == schema
    assert {field: found.answer for field, found in found_in(assessment).items()} == answers
    assert "SHOP_FLAGS_TOKEN" in str(assessment.read) or scenario != "rotated_secret"


@pytest.mark.django_db(transaction=True)
def test_what_was_read_stands_in_the_record_and_is_not_read_again_on_a_moved_base(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = drill.break_shop("dropped_column")
    drill.declare(change)
    change.assessment.delete()
    drill.refresh()
    entry = LedgerEntry.objects.get(kind="assessment.computed")
    assert entry.data["read"]["findings"][0]["verdict"] == "B"
    read, reader = [], previewing.read_confined
    monkeypatch.setattr(
        previewing, "read_confined", lambda at, bad, **known: read.append(bad.tip) or reader(at, bad, **known)
    )
    later = drill.sandbox.control("push", title="Later", files={"docs/later.md": "later\n"}, branch="master").json()[
        "sha"
    ]
    drill.refresh()
    assert read == [later]
    assert Assessment.objects.get(change=change).base == later
