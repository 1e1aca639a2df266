"""Each rule has plain words beside its text: short, whole sentences, and other words than the rule's own."""

import pytest

from incidents.procedure.plain_words import PLAIN
from incidents.procedure.rules import RULES, SECTIONS, SHORT_TITLES


def test_every_rule_has_plain_words_in_the_procedures_order():
    assert list(PLAIN) == list(RULES)
    assert SHORT_TITLES.keys() == SECTIONS.keys()


@pytest.mark.parametrize("rule", RULES)
def test_plain_words_are_one_to_three_sentences_and_name_a_place(rule):
    plain = PLAIN[rule]
    assert plain.words.endswith(".")
    assert len(plain.words) <= 240
    assert plain.places
    assert plain.words.rstrip(".") != RULES[rule].text.rstrip(".")
