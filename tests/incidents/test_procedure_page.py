"""The procedure's own page: every rule with plain words, its places and documents, and the switches as they are."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from incidents.models import Incident
from incidents.procedure.answers import QUESTIONS
from incidents.procedure.rules import LEANS_ON, RULES
from incidents.procedure.steps import FORMS
from incidents.queries.procedure import VIEWS, procedure_page
from incidents.queries.shapes import RuleRow
from incidents.queries.switches import SWITCHES, current_switches
from incidents.services.deciding import decide

ADDRESS = "https://documents.example/policy"


def row(rule: str, **how: str) -> RuleRow:
    return next(each for section in procedure_page(**how).sections for each in section.rules if each.id == rule)


def html(client: Client, person: User, **query: str) -> str:
    client.force_login(person)
    answer = client.get(reverse("incidents:procedure"), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("document", LEANS_ON, ids=lambda document: document.setting)
def test_a_document_is_linked_at_its_rules_once_it_has_an_address(settings: Settings, document) -> None:
    assert all(not each.url for rule in document.rules for each in row(rule).documents)
    setattr(settings, document.setting, ADDRESS)
    assert [each.url for each in procedure_page().documents if each.title == document.title] == [ADDRESS]
    assert all(ADDRESS in [each.url for each in row(rule).documents] for rule in document.rules)


def test_an_administrator_is_told_which_setting_names_a_document_and_nobody_else_is(
    client: Client, administrator: User, oncall: User
) -> None:
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    assert html(client, administrator).count("not linked here yet: name it in DOCUMENT_CODE_REVIEW") == 1
    assert "not linked" not in html(client, oncall)


def test_every_question_and_every_step_stands_at_its_rule() -> None:
    rows = [each for section in procedure_page().sections for each in section.rules]
    assert [each.id for each in rows] == list(RULES)
    assert {words for each in rows for words in each.questions} == {each.text for each in QUESTIONS.values()}
    assert {words for each in rows for words in each.steps} == {each.title for each in FORMS.values()}


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.setting)
def test_a_switch_shows_what_it_is_now(settings: Settings, switch) -> None:
    for value, words in ((True, "on"), (False, "off"), (7, "7"), ("merge", "merge")):
        setattr(settings, switch.setting, value)
        assert [each.value for each in row(switch.rule).switches if each.name == switch.setting] == [words]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("M3", {"M3", "E9", "E10", "E16"}),
        ("small_team", {"E14"}),
        ("MIGRATION  customer dba", {"M3"}),
        ("secrets management", {"C1", "C2"}),
        ("wake by phone", {"E15"}),
        ("no rule says this", set()),
    ],
)
def test_a_search_finds_the_rules_that_contain_every_word(words: str, found: set[str]) -> None:
    page = procedure_page(words=words)
    ids = {each.id for section in page.sections for each in section.rules}
    assert found <= ids
    assert "U1" not in ids
    assert page.found == len(ids)
    assert found or not ids


def test_the_search_works_by_a_plain_form_and_says_what_was_found(client: Client, oncall: User) -> None:
    shown = html(client, oncall, q="<deputy>")
    assert 'value="&lt;deputy&gt;"' in shown
    assert "No rule says that" in shown
    one = html(client, oncall, q="reverse migration")
    assert 'id="M2"' in one
    assert 'id="S1"' not in one


def test_every_tag_leads_to_an_anchor_of_the_page(client: Client, oncall: User) -> None:
    shown = html(client, oncall)
    missing = [rule for rule in RULES if f'<li id="{rule}"' not in shown]
    assert missing == []
    tag = Template("{% load console %}{% rule 'M3' %}").render(Context())
    assert f'href="{reverse("incidents:procedure")}#M3"' in tag


def test_every_place_with_an_address_of_its_own_is_linked(client: Client, oncall: User) -> None:
    shown = html(client, oncall)
    assert [view for view in VIEWS.values() if f'<a href="{reverse(view)}">' not in shown] == []


def test_the_version_history_begins_with_1_0(client: Client, oncall: User) -> None:
    shown = html(client, oncall)
    assert "<strong>1.0</strong></td><td>2026-05-08</td><td>Initial version</td>" in shown


def test_a_past_decision_keeps_the_version_and_the_switches_it_was_taken_under(
    client: Client, settings: Settings, incident: Incident, oncall: User, answers: Callable[..., dict[str, str]], now
) -> None:
    settings.HOLD_AT = "push"
    decision = decide(incident_id=incident.pk, actor=oncall, now=now, version=1, answers=answers(), path="rollback")
    assert decision.switches == current_switches()
    settings.HOLD_AT = "merge"
    client.force_login(oncall)
    shown = client.get(reverse("incidents:detail", args=[incident.number])).content.decode()
    assert "Procedure 1.0, and the switches as they stood then" in shown
    kept = shown[shown.index("<code>HOLD_AT</code>") :].partition("</div>")[0]
    assert "<dd>push" in kept
    assert "today merge" in kept


def test_a_question_links_the_document_it_leans_on(settings: Settings) -> None:
    links = Template("{% load console %}{% documents rules %}")
    assert links.render(Context({"rules": ("C1", "M2")})) == ""
    settings.DOCUMENT_SECRETS_MANAGEMENT = ADDRESS
    shown = links.render(Context({"rules": ("C1", "C2")}))
    assert shown == f'<a class="document" href="{ADDRESS}">Secrets Management</a>'


@pytest.mark.parametrize(
    ("sentence", "tags", "rest"),
    [
        ("Take over if that person gives no sign (E5).", ["E5"], "Take over if that person gives no sign E5."),
        ("Look first (S1, E4), then act (E22).", ["S1", "E4", "E22"], "Look first S1 E4, then act E22."),
        ("The bucket (S9) and the part S3 <b> stay (as they are).", [], None),
    ],
)
def test_a_rule_cited_in_brackets_is_a_tag_that_leads_to_it(sentence: str, tags: list[str], rest: str | None) -> None:
    shown = Template("{% load console %}{{ sentence|cited }}").render(Context({"sentence": sentence}))
    assert re.findall(r'href="/procedure/#(\w+)"', shown) == tags
    assert unescape(re.sub(r"<[^>]+>", "", shown)) == (rest or sentence)


def test_a_rule_that_names_another_leads_to_it(client: Client, oncall: User) -> None:
    shown = html(client, oncall)
    of_e10 = shown[shown.index('<li id="E10"') :].partition("</li>")[0]
    assert set(re.findall(r'href="/procedure/#(\w+)"', of_e10)) == {"R1", "M3"}


def test_the_rules_that_a_services_page_cites_are_tags(client: Client, incident: Incident, oncall: User) -> None:
    client.force_login(oncall)
    shown = client.get(reverse("incidents:service", args=[incident.service.slug])).content.decode()
    assert {"R5", "E12", "M3", "S2", "S3", "S4"} <= set(re.findall(r'href="/procedure/#(\w+)"', shown))
