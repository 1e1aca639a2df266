"""The procedure as data."""

import pytest

from incidents.procedure.answers import QUESTIONS
from incidents.procedure.rules import LEANS_ON, PROCEDURE_VERSION, RULES, SECTIONS, VERSIONS, NoSuchRule, rule, rules_of
from incidents.procedure.steps import FORMS

COUNTS = {"U": 3, "D": 7, "S": 4, "R": 5, "M": 3, "C": 2, "P": 2, "T": 2, "X": 2, "E": 22}


@pytest.mark.parametrize(("section", "count"), COUNTS.items())
def test_every_section_is_complete_and_in_order(section, count):
    assert [each.id for each in rules_of(section)] == [f"{section}{number}" for number in range(1, count + 1)]


def test_every_section_has_a_title():
    assert COUNTS.keys() == SECTIONS.keys()
    assert rule("M3").title == "Schema and data changes"


def test_part_1_gives_no_reasons_and_each_of_our_own_rules_gives_one():
    assert {each.section for each in RULES.values() if each.why} == {"E"}
    assert all(each.why for each in rules_of("E"))


def test_the_switches_are_those_of_the_procedure():
    assert {each.id for each in RULES.values() if each.switch} == {
        "E5", "E10", "E12", "E14", "E15", "E19", "E21", "E22",
    }  # fmt: skip


def test_m3_is_word_for_word():
    assert rule("M3").text == (
        "For any migration touching customer data, the CTO and the on-call DBA approve the rollback path "
        "before execution."
    )


def test_an_unknown_rule_is_refused_by_its_id():
    with pytest.raises(NoSuchRule, match="Z9"):
        rule("Z9")


def test_the_document_is_version_1_0_of_8_may_2026():
    assert [(each.number, each.date, each.change) for each in VERSIONS] == [
        (PROCEDURE_VERSION, "2026-05-08", "Initial version")
    ]
    assert PROCEDURE_VERSION == "1.0"


def test_whatever_cites_a_rule_cites_one_that_exists():
    cited = {each.rule for each in (*QUESTIONS.values(), *FORMS.values())}
    cited |= {rule for document in LEANS_ON for rule in document.rules}
    assert cited <= RULES.keys()
