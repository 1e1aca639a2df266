"""The procedure's own page: every rule with plain words, its place in the console, and how it is set up here."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings

from incidents.procedure.answers import QUESTIONS
from incidents.procedure.plain_words import PLAIN, Place
from incidents.procedure.rules import (
    LEANS_ON,
    PROCEDURE_VERSION,
    SECTIONS,
    SHORT_TITLES,
    VERSIONS,
    LeansOn,
    Rule,
    rules_of,
)
from incidents.procedure.steps import FORMS
from incidents.queries.shapes import (
    DocumentRow,
    PlaceRow,
    ProcedurePage,
    ProcedureSection,
    RuleRow,
    VersionRow,
)
from incidents.queries.switches import OF_A_SERVICE, switches_of

VIEWS: Final = {
    Place.NOW: "incidents:dashboard",
    Place.DECLARE: "incidents:declare",
    Place.APPROVALS: "approvals:inbox",
    Place.CHANGES: "incidents:changes",
    Place.PEOPLE: "incidents:people",
    Place.SERVICES: "incidents:catalogue",
    Place.STATUS: "incidents:status",
    Place.READINESS: "incidents:readiness",
}


def procedure_page(*, words: str = "", administers: bool = False) -> ProcedurePage:
    """The procedure in force; with `words`, the rules that contain each of them.

    Whoever administers the console is told which setting names a document that has no address yet.
    """
    sections = tuple(section for letter in SECTIONS if (section := _section(letter, words)).rules)
    return ProcedurePage(
        version=PROCEDURE_VERSION,
        sections=sections,
        documents=tuple(_document(each, administers=administers) for each in LEANS_ON),
        versions=tuple(
            VersionRow(each.number, each.date, each.change, each.author, each.approver) for each in reversed(VERSIONS)
        ),
        words=words,
        found=sum(len(section.rules) for section in sections),
    )


def documents_for(rule: str) -> tuple[DocumentRow, ...]:
    """The documents that a rule leans on and that have an address."""
    return tuple(found for each in LEANS_ON if rule in each.rules and (found := _document(each)).url)


def _section(letter: str, words: str) -> ProcedureSection:
    rows = (_row(rule) for rule in rules_of(letter))
    matching = tuple(row for row in rows if _matches(row, letter, words))
    return ProcedureSection(letter, SECTIONS[letter], SHORT_TITLES[letter], matching)


def _row(rule: Rule) -> RuleRow:
    plain = PLAIN[rule.id]
    return RuleRow(
        id=rule.id,
        text=rule.text,
        plain=plain.words,
        places=tuple(PlaceRow(place.value, VIEWS.get(place, "")) for place in plain.places),
        steps=tuple(form.title for form in FORMS.values() if form.rule == rule.id),
        questions=tuple(question.text for question in QUESTIONS.values() if question.rule == rule.id),
        documents=tuple(_document(each) for each in LEANS_ON if rule.id in each.rules),
        why=rule.why or "",
        switches=switches_of(rule.id),
        of_service=OF_A_SERVICE.get(rule.id, ""),
    )


def _document(document: LeansOn, *, administers: bool = False) -> DocumentRow:
    address = getattr(settings, document.setting)
    remedy = f"not linked here yet: name it in {document.setting}" if administers and not address else ""
    return DocumentRow(document.title, address, remedy, document.rules)


def _matches(row: RuleRow, letter: str, words: str) -> bool:
    """Whether every word stands somewhere in the rule; a rule's id means that rule, and what mentions it."""
    text = " ".join(_searched(row, letter)).casefold()
    return all(word in text for word in words.casefold().split())


def _searched(row: RuleRow, letter: str) -> Iterator[str]:
    yield from (row.id, SECTIONS[letter], row.text, row.plain, row.why)
    yield from (place.words for place in row.places)
    yield from (*row.steps, *row.questions)
    yield from (document.title for document in row.documents)
    yield from (switch.name for switch in row.switches)
