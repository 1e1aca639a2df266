"""Every rule of the procedure has a test that bears its id, and docs/rules.md says which."""

import re

import pytest

from incidents.procedure.rules import RULES
from tests import rules

PROOFS = rules.tests_by_rule()
TESTS = set(rules.every_test())
TEXT = rules.PAGE.read_text(encoding="utf-8")
LEADING_ID = re.compile(r"^test_([udsrmcptxe][1-9]\d?)_")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_test_that_bears_its_id(rule: str) -> None:
    assert PROOFS[rule], f"no test is named test_{rule.lower()}_…: {RULES[rule].text}"


def test_no_test_begins_with_the_id_of_a_rule_that_does_not_exist() -> None:
    named = {test: LEADING_ID.match(test.rsplit("::", 1)[-1]) for test in TESTS}
    assert [test for test, found in named.items() if found and found[1].upper() not in RULES] == []


def test_a_name_may_bear_several_ids_and_a_word_is_no_id() -> None:
    assert rules.rules_named_by("tests/x.py::test_d1_d2_call_for_the_default_e99") == ["D1", "D2"]
    assert rules.rules_named_by("tests/x.py::test_m31_and_from_r1x") == []


@pytest.mark.parametrize("rule", RULES)
def test_the_page_has_every_rule_with_its_text_and_a_test(rule: str) -> None:
    begin = TEXT.index(f"### {rule}\n\n{RULES[rule].text}\n")
    end = TEXT.find("\n### ", begin + 1)
    assert any(rule in rules.rules_named_by(test) for test in rules.listed_in(TEXT[begin:end]))


def test_every_test_on_the_page_exists() -> None:
    gone = [test for test in rules.listed_in(TEXT) if test not in TESTS]
    assert gone == [], "docs/rules.md names tests that are gone: run `make rules`"
